//! Statuses, headers and conditional requests, as a CDN in front sees them (`delivery.md` 3 and 4).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tintype::config::SignScheme::{HmacSha256, Imgix};

use crate::images::{measure, photos};
use crate::server::{KEY, Tintype};

fn sources() -> String {
    let root = photos().display().to_string();
    format!(
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
        cache_ttl = "1h"
        signing = {{ mode = "required", keys = ["env:E2E_OLD_KEY", "env:E2E_KEY"] }}
        [[source]]
        name = "automatic"
        hosts = ["auto.test"]
        kind = "folder"
        root = "{root}"
        default_params = {{ auto = "format" }}
        "#
    )
}

const CHROME: &str = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8";

#[test]
fn a_rendition_has_the_headers_of_a_cacheable_image() {
    let server = Tintype::start(&sources());
    let reply = server.get("/coffee.jpg?w=200&h=200&fit=crop&fm=webp&nonsense=1");
    assert_eq!(reply.status, 200);
    assert_eq!(measure(&reply.body), ("webp", 200, 200));
    let expected = [
        ("content-type", "image/webp"),
        ("content-length", &*reply.body.len().to_string()),
        ("cache-control", "public, max-age=3600"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("x-content-type-options", "nosniff"),
        ("timing-allow-origin", "*"),
        ("accept-ranges", "bytes"),
        ("x-cache", "miss"),
    ];
    for (name, value) in expected {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    let etag = reply.header("etag").unwrap();
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 20, "{etag}");
    let rendered = httpdate::parse_http_date(reply.header("last-modified").unwrap()).unwrap();
    assert!(now().duration_since(rendered).unwrap() < Duration::from_secs(60));
    let timing = reply.header("server-timing").unwrap();
    for stage in ["fetch", "queue", "render", "encode", "total"] {
        assert!(timing.contains(&format!("{stage};dur=")), "{timing}");
    }
    assert_eq!(reply.header("vary"), None, "nothing was negotiated");
    let honoured = reply.header("x-tintype-params").unwrap();
    assert_eq!(honoured, "w=200&h=200&fit=crop&fm=webp; ignored: nonsense");

    let head = server.send("HEAD", "/coffee.jpg?w=200&h=200&fit=crop&fm=webp&nonsense=1", &[]);
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    for name in ["content-type", "content-length", "etag", "last-modified", "cache-control"] {
        assert_eq!(head.header(name), reply.header(name), "{name}");
    }
}

#[expect(clippy::disallowed_methods, reason = "compared with the real clock of the server")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[test]
fn vary_says_accept_exactly_when_the_choice_used_it() {
    let server = Tintype::start(&sources());
    let ask = |host: &str, target: &str, accept: &str| {
        let reply = server.send("GET", target, &[("Host", host), ("Accept", accept)]);
        assert_eq!(reply.status, 200, "{target}");
        (reply.header("content-type").unwrap().to_owned(), reply.header("vary").map(str::to_owned))
    };
    let accept = Some("Accept".to_owned());
    assert_eq!(ask("img.test", "/coffee.jpg?w=60&auto=format", CHROME), ("image/avif".to_owned(), accept.clone()));
    assert_eq!(
        ask("img.test", "/coffee.jpg?w=60&auto=format", "image/webp"),
        ("image/webp".to_owned(), accept.clone())
    );
    assert_eq!(ask("img.test", "/coffee.jpg?w=60&auto=format", "*/*"), ("image/jpeg".to_owned(), accept.clone()));
    assert_eq!(ask("auto.test", "/coffee.jpg?w=60", "image/webp"), ("image/webp".to_owned(), accept.clone()));
    assert_eq!(ask("auto.test", "/coffee.jpg", "image/webp"), ("image/webp".to_owned(), accept));
    assert_eq!(ask("img.test", "/coffee.jpg?w=60", CHROME), ("image/jpeg".to_owned(), None));
    assert_eq!(ask("img.test", "/coffee.jpg", CHROME), ("image/jpeg".to_owned(), None));
}

#[test]
fn without_rendering_parameters_the_original_passes_byte_for_byte() {
    let server = Tintype::start(&sources());
    let original = std::fs::read(photos().join("cat-sideways.jpg")).unwrap();
    for target in ["/cat-sideways.jpg", "/cat-sideways.jpg?", "/cat-sideways.jpg?ixlib=js-3.8.0&utm_source=x&s=ignored"]
    {
        let reply = server.get(target);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/jpeg")), "{target}");
        assert_eq!(reply.body, original, "{target}");
    }
    assert_eq!(measure(&server.get("/cat-sideways.jpg?w=100").body).1, 100, "rendered, and upright");
    assert_eq!(measure(&server.get("/cat-sideways.jpg?w=100&fm=png").body), ("png", 100, 67));
}

#[test]
fn conditional_and_range_requests_are_answered_from_the_stored_rendition() {
    let server = Tintype::start(&sources());
    let target = "/coffee.jpg?w=120&fm=png";
    let whole = server.get(target);
    let (etag, modified) = (whole.header("etag").unwrap(), whole.header("last-modified").unwrap());
    let ask = |headers: &[(&str, &str)]| server.send("GET", target, headers);
    for headers in [
        vec![("If-None-Match", etag)],
        vec![("If-None-Match", "*")],
        vec![("If-None-Match", &*format!("\"x\", W/{etag}"))],
        vec![("If-Modified-Since", modified)],
    ] {
        let reply = ask(&headers);
        assert_eq!((reply.status, reply.body.len()), (304, 0), "{headers:?}");
        assert_eq!((reply.header("etag"), reply.header("content-length")), (Some(etag), None));
        assert_eq!(reply.header("cache-control"), whole.header("cache-control"));
    }
    assert_eq!(ask(&[("If-None-Match", "\"x\""), ("If-Modified-Since", modified)]).status, 200);
    assert_eq!(ask(&[("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")]).status, 200);

    let length = whole.body.len();
    let check = |range: &str, expected: std::ops::Range<usize>| {
        let reply = ask(&[("Range", range)]);
        assert_eq!(reply.status, 206, "{range}");
        let content_range = format!("bytes {}-{}/{length}", expected.start, expected.end - 1);
        assert_eq!(reply.header("content-range"), Some(&*content_range));
        assert_eq!(reply.body, whole.body[expected]);
    };
    check("bytes=0-9", 0..10);
    check("bytes=10-", 10..length);
    check("bytes=-5", length - 5..length);
    check("bytes=5-99999999", 5..length);
    let beyond = ask(&[("Range", "bytes=99999999-")]);
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some(&*format!("bytes */{length}"))));
    for ignored in ["bytes=0-1,3-4", "pages=1-2", "bytes=9-2", "bytes=x"] {
        let reply = ask(&[("Range", ignored)]);
        assert_eq!((reply.status, reply.body.len()), (200, length), "{ignored}");
    }
    assert_eq!(ask(&[("Range", "bytes=0-9"), ("If-Range", etag)]).status, 206);
    assert_eq!(ask(&[("Range", "bytes=0-9"), ("If-Range", "\"old\"")]).status, 200);
    assert_eq!(server.metric("tintype_stage_duration_seconds_count{stage=\"render\"}"), 1.0);
}

#[test]
fn errors_have_the_documented_status_a_code_and_nothing_of_the_request() {
    let server = Tintype::start(&sources());
    let long = format!("/coffee.jpg?txt={}", "x".repeat(8000));
    let cases: &[(&str, &str, &str, u16, &str)] = &[
        ("GET", "img.test", "/missing-4711.jpg?w=1", 404, "original-missing"),
        ("GET", "img.test", "/missing-4711.jpg", 404, "original-missing"),
        ("GET", "img.test", "/../Cargo.toml", 404, "original-missing"),
        ("GET", "img.test", "/%2e%2e/%2e%2e/Cargo.toml", 404, "original-missing"),
        ("GET", "img.test", "/coffee.jpg?txt64=%25%25%25", 400, "param-base64-invalid"),
        ("GET", "nobody.test", "/coffee.jpg", 410, "host-unknown"),
        ("GET", "signed.test", "/coffee.jpg", 403, "signature-missing"),
        ("GET", "signed.test", "/coffee.jpg?w=1&s=c7b86f666a832434dd38577e38cf86d1", 403, "signature-invalid"),
        ("GET", "img.test", "/caf\u{e9}.jpg", 400, "target-malformed"),
        ("GET", "img.test", &long, 414, "uri-too-long"),
        ("POST", "img.test", "/coffee.jpg", 405, "method-not-allowed"),
        ("DELETE", "img.test", "/coffee.jpg?w=100", 405, "method-not-allowed"),
    ];
    for (method, host, target, status, code) in cases {
        let reply = server.send(method, target, &[("Host", host)]);
        assert_eq!(reply.status, *status, "{target}: {}", reply.text());
        let text = reply.text();
        assert!(text.contains(code), "{target}: {text}");
        assert!(text.len() < 200 && !text.contains("4711") && !text.contains("coffee"), "{text}");
        assert!(reply.header("content-type").unwrap().starts_with("text/plain"), "{target}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("etag"), None);
    }
    let missing = server.get("/missing-4711.jpg?w=1");
    assert_eq!(missing.header("cache-control"), Some("public, max-age=300"), "errors are kept for error_ttl");
    let allowed = server.send("POST", "/coffee.jpg", &[]);
    assert!(allowed.header("allow").is_some_and(|allow| allow.contains("GET")), "{allowed:?}");
}

#[test]
fn what_cannot_be_decoded_is_422() {
    let dir = tempfile::tempdir().unwrap();
    let coffee = std::fs::read(photos().join("coffee.jpg")).unwrap();
    std::fs::write(dir.path().join("page.html"), "<!DOCTYPE html><p>hello").unwrap();
    std::fs::write(dir.path().join("page.jpg"), "<html>not an image</html>").unwrap();
    std::fs::write(dir.path().join("head.jpg"), &coffee[..40]).unwrap();
    std::fs::write(dir.path().join("style.css"), "body { color: red }").unwrap();
    let root = dir.path().display();
    let server = Tintype::start(&format!("[[source]]\nname = \"x\"\nkind = \"folder\"\nroot = \"{root}\"\n"));
    for target in ["/page.html?w=10", "/page.jpg?w=10", "/head.jpg?w=10"] {
        let reply = server.get(target);
        assert_eq!(reply.status, 422, "{target}: {}", reply.text());
        assert!(!reply.text().to_lowercase().contains("vips"), "{}", reply.text());
    }
    let css = server.get("/style.css?w=10");
    assert_eq!((css.status, css.text()), (200, "body { color: red }"), "no image passes through");
}

#[test]
fn preflights_are_answered() {
    let server = Tintype::start(&sources());
    let headers = [("Origin", "https://shop.example"), ("Access-Control-Request-Method", "GET")];
    let reply = server.send("OPTIONS", "/coffee.jpg?w=100", &headers);
    assert!(matches!(reply.status, 200 | 204), "{}", reply.status);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert!(reply.header("access-control-allow-methods").unwrap().contains("GET"));
    assert!(reply.body.is_empty());
}

#[test]
fn expires_is_honoured_for_both_schemes_to_the_second() {
    let server = Tintype::start(&sources());
    let unix = now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for scheme in [Imgix, HmacSha256] {
        let ask = |expires: &str| {
            let url = format!("/coffee.jpg?w=40&expires={expires}");
            let target = tintype::sign::sign(&url, "signed", scheme, KEY.as_bytes());
            server.send("GET", &target, &[("Host", "signed.test")])
        };
        let soon = ask(&(unix + 100).to_string());
        assert_eq!(soon.status, 200);
        let max_age: u64 =
            soon.header("cache-control").unwrap().strip_prefix("public, max-age=").unwrap().parse().unwrap();
        assert!((40..=100).contains(&max_age), "{max_age}");
        assert_eq!(ask(&unix.to_string()).status, 404);
        assert_eq!(ask("0").status, 404);
        assert_eq!(ask("tomorrow").status, 404, "fails closed");
        let forged = format!("/coffee.jpg?w=40&expires={}&s=c7b86f666a832434dd38577e38cf86d1", unix + 100);
        assert_eq!(server.send("GET", &forged, &[("Host", "signed.test")]).status, 403, "checked before expires");
    }
    let renders = server.metric("tintype_stage_duration_seconds_count{stage=\"render\"}");
    assert_eq!(renders, 1.0, "neither expires nor signatures split the cache");
}

#[test]
fn http_2_with_prior_knowledge_is_served_too() {
    let server = Tintype::start(&sources());
    // No TLS is spoken, but the client needs a provider anyway. Another test may have installed it already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let address = ([127, 0, 0, 1], server.port).into();
    let url = format!("http://img.test:{}/coffee.jpg?w=50&fm=png", server.port);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let client = reqwest::Client::builder().http2_prior_knowledge().resolve("img.test", address).build().unwrap();
        // Unknown parameters make the URLs differ, but not the images.
        let requests = (0..8).map(|n| client.get(format!("{url}&n={n}")).send());
        for reply in futures_util::future::join_all(requests).await {
            let reply = reply.unwrap();
            assert_eq!((reply.status().as_u16(), reply.version()), (200, http::Version::HTTP_2));
            assert_eq!(measure(&reply.bytes().await.unwrap()), ("png", 50, 33));
        }
    });
}
