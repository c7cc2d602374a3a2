//! A real web server as a source, seen from the client: what its answers turn into.

use std::os::unix::fs::symlink;

use crate::images::{measure, photos};
use crate::server::{KEY, Tintype};
use crate::support::nginx::Nginx;
use crate::support::upstream::{Step, Upstream, head, whole};

fn web_folder(base: &str) -> String {
    format!(
        "[[source]]\nname = \"web\"\nkind = \"web-folder\"\nbase_url = \"{base}\"\nallow_private = [\"127.0.0.0/8\"]\n"
    )
}

#[test]
fn originals_from_nginx_are_rendered_and_passed_through_with_their_lifetimes() {
    let Some(nginx) = Nginx::start(&photos()) else { return };
    let server = Tintype::start(&(web_folder(nginx.base.as_str()) + "cache_ttl = \"1h\"\n"));
    let check = |target: &str, status: u16, max_age: &str| {
        let reply = server.get(target);
        assert_eq!(reply.status, status, "{target}: {:?}", String::from_utf8_lossy(&reply.body));
        assert_eq!(reply.header("cache-control"), Some(max_age), "{target}");
        reply
    };
    let (hour, error) = ("public, max-age=3600", "public, max-age=300");
    assert_eq!(measure(&check("/galaxies.jpg?w=500", 200, hour).body), ("jpeg", 500, 436));
    assert_eq!(measure(&check("/chunked/galaxies.jpg?w=500&fm=webp", 200, hour).body), ("webp", 500, 436));
    assert_eq!(check("/cup.png", 200, hour).body, std::fs::read(photos().join("cup.png")).unwrap());
    let cached = check("/cached/cup.png?w=100", 200, "public, max-age=600");
    assert_eq!(measure(&cached.body), ("png", 100, 91));
    assert_eq!(measure(&check("/moved/rocket.jpg?w=64", 200, hour).body).1, 64);
    check("/nothing.jpg?w=1", 404, error);
    check("/denied/cup.png?w=1", 403, error);
    assert_eq!(
        server.metric("tintype_origin_fetches_total{cause=\"object-missing\",kind=\"web-folder\",outcome=\"missing\"}"),
        1.0
    );
}

#[test]
fn bad_upstreams_become_the_documented_statuses() {
    let upstream = Upstream::start(|request| match request.target.as_str() {
        "/500.jpg" => whole(500, "", b"stack trace of the upstream"),
        "/401.jpg" => whole(401, "", b""),
        "/410.jpg" => whole(410, "", b""),
        "/418.jpg" => whole(418, "", b""),
        "/cut.jpg" => vec![Step::Send(head(200, "Content-Length: 100000\r\n")), Step::Send(vec![0xFF, 0xD8, 0xFF])],
        "/huge.jpg" => whole(200, "", &vec![0; 3 << 20]),
        "/huge-chunked.jpg" => vec![
            Step::Send(head(200, "Transfer-Encoding: chunked\r\n")),
            Step::Forever([b"10000\r\n".as_slice(), &[7; 0x10000], b"\r\n"].concat(), std::time::Duration::ZERO),
        ],
        "/hang.jpg" => vec![Step::Hang],
        "/bomb.jpg" => whole(200, "Location: http://169.254.169.254/\r\n", b"x"),
        "/away.jpg" => whole(302, "Location: http://169.254.169.254/latest/meta-data\r\n", b""),
        "/loop.jpg" => whole(302, "Location: /loop.jpg\r\n", b""),
        other => panic!("{other}"),
    });
    let limits = "[limits]\noriginal_bytes_max = \"2MiB\"\nfirst_byte_timeout = \"1s\"\n";
    let server = Tintype::start(&(limits.to_owned() + &web_folder(&upstream.url("/"))));
    let check = |name: &str, status: u16| {
        let reply = server.get(&format!("/{name}.jpg?w=10"));
        assert_eq!(reply.status, status, "{name}: {}", reply.text());
        assert!(!reply.text().contains("trace") && !reply.text().contains("127.0.0.1"), "{}", reply.text());
        if status >= 500 {
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{name}");
        }
    };
    check("500", 502);
    check("401", 403);
    check("410", 404);
    check("418", 404);
    check("cut", 502);
    check("huge", 413);
    check("huge-chunked", 413);
    check("hang", 504);
    for name in ["away", "loop"] {
        let status = server.get(&format!("/{name}.jpg?w=10")).status;
        assert!((400..=502).contains(&status), "{name}: {status}");
    }
    for request in upstream.seen() {
        for name in ["cookie", "authorization", "accept-language", "x-forwarded-for", "referer"] {
            assert_eq!(request.header(name), None, "no client header is forwarded");
        }
    }
    drop(upstream);
    check("refused", 502);
}

#[test]
fn no_path_leaves_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(dir.path().join("secret.txt"), "SECRET").unwrap();
    std::fs::write(root.join("inside.txt"), "fine").unwrap();
    symlink("../secret.txt", root.join("out.txt")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink("inside.txt", root.join("in.txt")).unwrap();
    let server =
        Tintype::start(&format!("[[source]]\nname = \"f\"\nkind = \"folder\"\nroot = \"{}\"\n", root.display()));
    assert_eq!(server.get("/inside.txt").text(), "fine");
    assert_eq!(server.get("/in.txt").text(), "fine");
    for target in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/%252e%252e/secret.txt",
        "/x/../../secret.txt",
        "//../secret.txt",
        "/out.txt",
        "/up/secret.txt",
        "/inside.txt%00.jpg",
        "/inside.txt/../../secret.txt",
        "/..\\secret.txt",
        "/up",
        "/",
    ] {
        let reply = server.get(target);
        assert!(matches!(reply.status, 400 | 403 | 404), "{target}: {}", reply.status);
        assert!(!reply.text().contains("SECRET"), "{target}");
    }
}

#[test]
fn the_proxy_fetches_only_from_allowed_hosts() {
    let image = std::fs::read(photos().join("cup.png")).unwrap();
    let upstream = Upstream::start(move |_| whole(200, "Content-Type: image/png\r\n", &image));
    let proxy = |name: &str, more: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nhosts = [\"{name}.test\"]\nkind = \"web-proxy\"\n{more}\n\
             signing = {{ mode = \"required\", keys = [\"env:E2E_KEY\"] }}\n"
        )
    };
    let guarded = proxy("guarded", "allow_hosts = [\"127.0.0.1\", \"localhost\", \"2130706433\", \"0x7f.1\"]");
    let open = proxy("open", "allow_hosts = [\"127.0.0.1\"]\nallow_private = [\"127.0.0.0/8\"]");
    let server = Tintype::start(&(guarded + &open));
    let ask = |source: &str, url: &str| {
        let path: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        let target =
            tintype::sign::sign(&format!("/{path}?w=90"), source, tintype::config::SignScheme::Imgix, KEY.as_bytes());
        server.send("GET", &target, &[("Host", &format!("{source}.test"))]).status
    };
    let port = upstream.address.port();
    assert_eq!(ask("open", &upstream.url("/a.png?b=c&d=e")), 200);
    assert_eq!(upstream.seen()[0].target, "/a.png?b=c&d=e");
    for url in [
        upstream.url("/a.png"),
        format!("http://localhost:{port}/a.png"),
        format!("http://2130706433:{port}/a.png"),
        format!("http://0x7f.1:{port}/a.png"),
    ] {
        assert_eq!(ask("guarded", &url), 403, "{url}");
    }
    assert_eq!(ask("open", "http://elsewhere.test/a.png"), 403);
    for url in ["file:///etc/passwd", "ftp://127.0.0.1/a.png", "not a url", "//127.0.0.1/a.png", "http://"] {
        assert_eq!(ask("open", url), 400, "{url}");
    }
    assert_eq!(upstream.seen().len(), 1);
}
