//! Image-only text, data outputs and client hints, over the wire.

use tintype::config::SignScheme::Imgix;
use tintype::sign::sign;

use crate::images::{measure, photos};
use crate::server::{KEY, Reply, Tintype};

fn server() -> Tintype {
    let root = photos().display().to_string();
    Tintype::start(&format!(
        r#"
        [[source]]
        name = "photos"
        hosts = ["img.test"]
        kind = "folder"
        root = "{root}"
        cache_ttl = "1h"
        params_header = true
        [[source]]
        name = "signed"
        hosts = ["signed.test"]
        kind = "folder"
        root = "{root}"
        signing = {{ mode = "required", keys = ["env:E2E_KEY"] }}
        default_params = {{ txt-size = "40" }}
        [[source]]
        name = "proxy"
        hosts = ["proxy.test"]
        kind = "web-proxy"
        allow_hosts = ["nowhere.invalid"]
        signing = {{ mode = "required", keys = ["env:E2E_KEY"] }}
        "#
    ))
}

fn ok(server: &Tintype, target: &str) -> Reply {
    let reply = server.get(target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text_if_any());
    reply
}

#[test]
fn text_alone_makes_an_image() {
    let server = server();
    let reply = ok(&server, "/~text?txt=Hello,+World!");
    let (format, width, height) = measure(&reply.body);
    assert_eq!((format, width, reply.header("content-type")), ("png", 200, Some("image/png")));
    assert!((20..60).contains(&height), "{height}");
    assert_eq!(reply.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(reply.header("x-tintype-params"), Some("txt=Hello%2C%20World%21"));
    assert_eq!(server.get("/~text?txt64=SGVsbG8sIFdvcmxkIQ").cache(), "hit-memory", "the same text in base64");

    let long = "many+words+that+wrap+".repeat(10);
    let (_, _, high) = measure(&ok(&server, &format!("/~text?txt={long}")).body);
    assert!(high > height * 3, "{high}");
    let size = |target: &str| {
        let (format, width, height) = measure(&ok(&server, target).body);
        (format, width, height)
    };
    assert_eq!(size("/~text?txt=x&w=300&h=120&fm=webp&bg=fff"), ("webp", 300, 120));
    assert_eq!(size("/~text?txt=x&w=300&h=120&dpr=2"), ("png", 600, 240));
    assert_eq!(size("/%7Etext?txt=x&w=90&h=30"), ("png", 90, 30), "as some clients encode it");
    let missing = server.get("/~text?w=300");
    assert_eq!((missing.status, missing.header("x-tintype-error")), (400, Some("text-missing")));
}

#[test]
fn text_needs_a_signature_and_defaults_but_no_original() {
    let server = server();
    let ask = |host: &str, target: &str| server.send("GET", target, &[("Host", host)]);
    for (host, source) in [("signed.test", "signed"), ("proxy.test", "proxy")] {
        assert_eq!(ask(host, "/~text?txt=x").status, 403);
        let reply = ask(host, &sign("/~text?txt=x", source, Imgix, KEY.as_bytes()));
        assert_eq!(reply.status, 200, "{}", reply.text_if_any());
        let (_, width, height) = measure(&reply.body);
        assert_eq!(
            (width, height > 55),
            (200, host == "signed.test"),
            "the size of the letters is a default: {height}"
        );
    }
}

#[test]
fn palettes_and_hashes_have_their_types() {
    let server = server();
    let json = ok(&server, "/coffee.jpg?w=200&palette=json&colors=4");
    assert_eq!(json.header("content-type"), Some("application/json"));
    let value: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!(value["colors"].as_array().map(Vec::len), Some(4));
    assert!(value["average_luminance"].is_number() && value["dominant_colors"].is_object());
    assert_eq!(json.header("vary"), None);
    let css = ok(&server, "/coffee.jpg?w=200&palette=css&prefix=cup");
    assert_eq!(css.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(css.text().starts_with(".cup-fg-1 { color:#") && css.text().contains(".cup-bg-6 {"), "{}", css.text());
    let hash = ok(&server, "/coffee.jpg?fm=blurhash");
    assert_eq!((hash.header("content-type"), hash.body.len()), (Some("text/plain; charset=utf-8"), 28));
    let facts = ok(&server, "/coffee.jpg?fm=json");
    assert_eq!(facts.header("content-type"), Some("application/json"));
    let value: serde_json::Value = serde_json::from_slice(&facts.body).unwrap();
    assert_eq!((&value["PixelWidth"], &value["PixelHeight"], &value["Depth"]), (&600.into(), &400.into(), &8.into()));
}

#[test]
fn hints_count_where_the_url_asks_for_them() {
    let server = server();
    let ask = |target: &str, headers: &[(&str, &str)]| {
        let reply = server.send("GET", target, headers);
        assert_eq!(reply.status, 200, "{target}");
        reply
    };
    let width = |reply: &Reply| measure(&reply.body).1;
    let hinted = "/coffee.jpg?w=100&ch=Width,DPR,Save-Data";

    let plain = ask(hinted, &[]);
    assert_eq!(width(&plain), 100, "without hints the URL's own values");
    assert_eq!(plain.header("vary"), Some("Sec-CH-Width, Width, Sec-CH-DPR, DPR, Save-Data"));
    assert_eq!(plain.header("accept-ch"), Some("DPR, Width, Save-Data, Sec-CH-DPR, Sec-CH-Width"));

    // Widths are rounded up to the next width of the default srcset.
    assert_eq!(width(&ask(hinted, &[("Width", "201")])), 210);
    assert_eq!(
        ask(hinted, &[("Sec-CH-Width", "205"), ("Width", "500")]).cache(),
        "hit-memory",
        "one bucket, one rendition"
    );
    assert_eq!(width(&ask(hinted, &[("DPR", "1.5")])), 150);
    assert_eq!(width(&ask(hinted, &[("Sec-CH-DPR", "2")])), 200);
    assert_eq!(width(&ask(hinted, &[("Width", "nonsense"), ("DPR", "-1")])), 100);

    let saved = ask(hinted, &[("Save-Data", "on")]);
    assert!(saved.body.len() < plain.body.len(), "{} < {}", saved.body.len(), plain.body.len());
    assert_eq!(ask("/coffee.jpg?w=100&q=45", &[]).body, saved.body);

    let part = ask("/coffee.jpg?w=100&ch=dpr", &[("Width", "500"), ("Save-Data", "on"), ("DPR", "2")]);
    assert_eq!((width(&part), part.header("vary")), (200, Some("Sec-CH-DPR, DPR")));
    assert_eq!(part.header("accept-ch"), Some("DPR, Sec-CH-DPR"));
    let none = ask("/coffee.jpg?w=100", &[("Width", "500"), ("DPR", "2"), ("Save-Data", "on")]);
    assert_eq!((width(&none), none.header("vary"), none.header("accept-ch")), (100, None, None));
    assert_eq!(width(&ask("/coffee.jpg?ch=width", &[("Width", "300")])), 328, "a hint alone makes a rendition");
}
