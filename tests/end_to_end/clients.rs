//! URLs built and signed by the official libraries verify unchanged and render, srcsets included.

use std::process::Command;

use serde::Deserialize;

use crate::images::{measure, photos};
use crate::server::{KEY, Tintype};
use crate::support::nginx::Nginx;
use crate::support::seaweed::Seaweed;
use crate::support::tools;

/// Object names that clients encode in different ways.
const NAMES: &[&str] = &[
    "coffee.jpg",
    "a folder/two words.jpg",
    "&$+,:;=@.jpg",
    "[square]{curly}.jpg",
    "ünï/ほげ.jpg",
    "100%.jpg",
    "what?.jpg",
    "no#1.jpg",
    "it's(fine)!*~.jpg",
];

/// Output of a script: URLs of `NAMES` at 100 pixels, one URL through the proxy, and two srcsets of `coffee.jpg`.
#[derive(Deserialize)]
struct Made {
    urls: Vec<String>,
    proxied: String,
    fluid: String,
    fixed: String,
}

const NODE: &str = r#"
const ImgixClient = require("@imgix/js-core");
const [names, key, original] = JSON.parse(process.argv[1]);
const client = (domain) => new ImgixClient({ domain, secureURLToken: key, useHTTPS: false });
const c = client("img.test");
console.log(JSON.stringify({
  urls: names.map((name) => c.buildURL(name, { w: 100, fm: "png", txt: "ä b+c&d=e?", "usm": "" })),
  proxied: client("proxy.test").buildURL(original, { w: 100 }),
  fluid: c.buildSrcSet("coffee.jpg", { fit: "max" }),
  fixed: c.buildSrcSet("coffee.jpg", { w: 100 }),
}));
"#;

const PYTHON: &str = r#"
import imgix, json, sys
names, key, original = json.loads(sys.argv[1])
client = lambda domain: imgix.UrlBuilder(domain, sign_key=key, use_https=False)
c = client("img.test")
print(json.dumps({
    "urls": [c.create_url(name, {"w": 100, "fm": "png", "txt": "ä b+c&d=e?", "usm": ""}) for name in names],
    "proxied": client("proxy.test").create_url(original, {"w": 100}),
    "fluid": c.create_srcset("coffee.jpg", {"fit": "max"}),
    "fixed": c.create_srcset("coffee.jpg", {"w": 100}),
}))
"#;

impl Made {
    fn by(mut command: Command, original: &str) -> Self {
        let argument = serde_json::to_string(&(NAMES, KEY, original)).unwrap();
        let output = command.arg(argument).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn by_js_core(original: &str) -> Option<Self> {
        let node = tools::find("node", &["/usr/bin/node", "/usr/local/bin/node"].map(Into::into))?;
        tools::find("@imgix/js-core", &[tools::dir().join("js/node_modules/@imgix/js-core")])?;
        let mut command = Command::new(node);
        command.env("NODE_PATH", tools::dir().join("js/node_modules")).args(["-e", NODE]);
        Some(Self::by(command, original))
    }

    fn by_python(original: &str) -> Option<Self> {
        let python = tools::find("imgix for Python", &[tools::dir().join("venv/bin/python3")])?;
        let mut command = Command::new(python);
        command.args(["-c", PYTHON]);
        Some(Self::by(command, original))
    }
}

/// Splits a URL into host and raw target, unchanged.
fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    let slash = rest.find('/').unwrap();
    (&rest[..slash], &rest[slash..])
}

fn get_width(server: &Tintype, url: &str) -> u32 {
    let (host, target) = split(url);
    let reply = server.send("GET", target, &[("Host", host)]);
    assert_eq!(reply.status, 200, "{url}: {:?}", reply.text());
    measure(&reply.body).1
}

/// Checks that everything a library builds renders, and that it is refused with one character changed.
fn check(server: &Tintype, made: &Made) {
    for url in made.urls.iter().chain([&made.proxied]) {
        assert_eq!(get_width(server, url), 100, "{url}");
        let (host, target) = split(url);
        for forged in [target.replace("w=100", "w=101"), target.split("&s=").next().unwrap().to_owned()] {
            assert_ne!(forged, target);
            let reply = server.send("GET", &forged, &[("Host", host)]);
            assert_eq!(reply.status, 403, "{forged}");
        }
    }

    let fluid: Vec<_> = made.fluid.split(",\n").map(|candidate| candidate.rsplit_once(' ').unwrap()).collect();
    assert_eq!(fluid.len(), 31);
    for (url, descriptor) in fluid {
        let width: u32 = descriptor.strip_suffix('w').unwrap().parse().unwrap();
        assert_eq!(get_width(server, url), width.min(600), "{url}");
    }

    let fixed: Vec<_> = made.fixed.split(",\n").map(|candidate| candidate.rsplit_once(' ').unwrap()).collect();
    assert_eq!(fixed.len(), 5);
    for (url, descriptor) in fixed {
        let density: u32 = descriptor.strip_suffix('x').unwrap().parse().unwrap();
        assert_eq!(get_width(server, url), 100 * density, "{url}");
    }
}

#[test]
fn urls_of_official_libraries_render_from_a_bucket_and_through_the_proxy() {
    let Some(seaweed) = Seaweed::start() else { return };
    let Some(nginx) = Nginx::start(&photos()) else { return };
    let original = format!("{}coffee.jpg?size=full&token=t%2Fu", nginx.base);
    let (Some(js), Some(python)) = (Made::by_js_core(&original), Made::by_python(&original)) else { return };

    let image = std::fs::read(photos().join("coffee.jpg")).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        seaweed.create_bucket("images").await;
        for name in NAMES {
            seaweed.put("images", &format!("originals/{name}"), image.clone(), "image/jpeg").await;
        }
    });
    let server = Tintype::start(&format!(
        r#"
        [[source]]
        name = "bucket"
        hosts = ["img.test"]
        kind = "s3"
        bucket = "images"
        prefix = "originals/"
        region = "us-east-1"
        endpoint = "{endpoint}"
        path_style = true
        access_key = "env:E2E_S3_ACCESS_KEY"
        secret_key = "env:E2E_S3_SECRET_KEY"
        signing = {{ mode = "required", keys = ["env:E2E_OLD_KEY", "env:E2E_KEY"] }}
        [[source]]
        name = "proxy"
        hosts = ["proxy.test"]
        kind = "web-proxy"
        allow_hosts = ["127.0.0.1"]
        allow_private = ["127.0.0.0/8"]
        signing = {{ mode = "required", keys = ["env:E2E_KEY"] }}
        "#,
        endpoint = seaweed.endpoint,
    ));
    check(&server, &js);
    check(&server, &python);
}

/// The native scheme, signed by OpenSSL as any script would.
#[test]
fn hmac_signatures_made_elsewhere_verify_and_are_bound_to_their_source() {
    let Some(openssl) = tools::find("openssl", &["/usr/bin/openssl", "/usr/local/bin/openssl"].map(Into::into)) else {
        return;
    };
    let source = |name: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nhosts = [\"{name}.test\"]\nkind = \"folder\"\nroot = \"{}\"\n\
             signing = {{ mode = \"required\", schemes = [\"hmac-sha256\"], keys = [\"env:E2E_KEY\"] }}\n",
            photos().display()
        )
    };
    let server = Tintype::start(&(source("one") + &source("two")));
    let mut command = Command::new("sh");
    let script = r#"printf 'tintype-v1\none\n/coffee.jpg?w=50' | "$0" dgst -sha256 -hmac "$1" -binary | base64 | tr '+/' '-_' | tr -d '=\n'"#;
    let output = command.args(["-c", script]).arg(openssl).arg(KEY).output().unwrap();
    let target = format!("/coffee.jpg?w=50&sig={}", String::from_utf8(output.stdout).unwrap());
    let ask = |host: &str, target: &str| server.send("GET", target, &[("Host", host)]).status;
    assert_eq!(ask("one.test", &target), 200);
    assert_eq!(ask("two.test", &target), 403);
    assert_eq!(ask("one.test", &target.replace("w=50", "w=51")), 403);
    assert_eq!(ask("one.test", "/coffee.jpg?w=50"), 403);
}
