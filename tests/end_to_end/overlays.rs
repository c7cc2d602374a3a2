//! Images placed over images: from the same source, by URL, missing, looping, and from places that may not be fetched
//! from.

use std::fs;
use std::path::Path;

use tintype::config::SignScheme;
use tintype::sign::sign;

use crate::images::{measure, photos};
use crate::server::{KEY, Reply, Tintype};
use crate::support::upstream::{Upstream, whole};

/// Makes a folder with two photographs, a logo and a truncated image.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(photos().join("coffee.jpg"), dir.path().join("photo.jpg")).unwrap();
    fs::create_dir(dir.path().join("brand")).unwrap();
    fs::copy(photos().join("cup.png"), dir.path().join("brand/logo.png")).unwrap();
    fs::copy(photos().join("rocket.jpg"), dir.path().join("rocket.jpg")).unwrap();
    fs::write(dir.path().join("torn.png"), &fs::read(photos().join("cup.png")).unwrap()[..2000]).unwrap();
    dir
}

fn source(name: &str, root: &Path, more: &str) -> String {
    format!(
        "[[source]]\nname = \"{name}\"\nkind = \"folder\"\nroot = \"{}\"\ncache_ttl = \"1h\"\n{more}\n",
        root.display()
    )
}

const LONG: Option<&str> = Some("public, max-age=3600");
const SHORT: Option<&str> = Some("public, max-age=60");

/// Returns the body of a good answer with this lifetime.
#[track_caller]
fn good(reply: Reply, cache_control: Option<&str>) -> Vec<u8> {
    assert_eq!((reply.status, reply.header("cache-control")), (200, cache_control), "{}", reply.text_if_any());
    reply.body
}

#[test]
fn overlays_come_from_the_source_of_the_image_and_are_told_apart() {
    let dir = folder();
    let server = Tintype::start(&source("own", dir.path(), ""));
    let plain = good(server.get("/photo.jpg?w=200&fm=png"), LONG);
    let mut seen = vec![plain.clone()];
    for query in [
        "mark=/brand/logo.png",
        "mark=%2Fbrand%2Flogo.png&mark-w=40",
        "mark-base=/brand&mark=logo.png&mark-w=30",
        "mark64=L2JyYW5kL2xvZ28ucG5n&mark-w=20",
        "blend=/rocket.jpg",
        "mask=/brand/logo.png",
        // With parameters of its own, fully encoded; image-only text works the same way.
        "mark=%2Fbrand%2Flogo.png%3Fw%3D50%26sepia%3D80",
        "mark=%2F~text%3Ftxt%3DHello%2520World%26txt-size%3D30",
        "blend=/rocket.jpg&mark=/brand/logo.png&mark-w=10&mask=ellipse",
    ] {
        let body = good(server.get(&format!("/photo.jpg?w=200&fm=png&{query}")), LONG);
        assert_eq!(measure(&body).1, 200, "{query}");
        assert!(!seen.contains(&body), "{query} changes nothing");
        seen.push(body);
    }
    // Rendered and stored under one name, whatever its spelling.
    assert_eq!(server.get("/photo.jpg?w=200&fm=png&mark=%2Fbrand%2flogo.png&mark-w=40").cache(), "hit-memory");
    // Nothing outside the root is reachable.
    for query in ["mark=/../secret.png", "mark=..%2F..%2Fetc%2Fpasswd", "blend=/%252e%252e/x"] {
        assert_eq!(good(server.get(&format!("/photo.jpg?w=200&fm=png&{query}")), SHORT), plain, "{query}");
    }
}

#[test]
fn an_image_whose_watermark_is_missing_is_cached_briefly() {
    let dir = folder();
    let server = Tintype::start(&source("own", dir.path(), ""));
    let plain = good(server.get("/photo.jpg?w=200&fm=png"), LONG);
    for name in ["none.png", "torn.png", "brand"] {
        let body = good(server.get(&format!("/photo.jpg?w=200&fm=png&mark=/{name}")), SHORT);
        assert_eq!(body, plain, "{name}");
    }
    // A missing base image is still an error.
    assert_eq!(server.get("/none.jpg?w=200&mark=/brand/logo.png").status, 404);
}

#[test]
fn overlay_urls_of_configured_hosts_are_served_by_their_own_source() {
    let dir = folder();
    let open = source("open", dir.path(), "hosts = [\"img.test\"]");
    let signed = source(
        "signed",
        dir.path(),
        "hosts = [\"signed.test\"]\nsigning = { mode = \"required\", schemes = [\"imgix\"], keys = [\"env:E2E_KEY\"] }",
    );
    let server = Tintype::start(&(open + &signed));
    let plain = good(server.get("/photo.jpg?w=200&fm=png"), LONG);
    let marked = |url: &str, lifetime| {
        let encoded: String = url.bytes().map(|byte| format!("%{byte:02X}")).collect();
        good(server.get(&format!("/photo.jpg?w=200&fm=png&mark-w=60&mark={encoded}")), lifetime)
    };
    let own = marked("https://img.test/brand/logo.png?w=100", LONG);
    assert_ne!(own, plain);
    assert_eq!(
        marked("http://IMG.test:8443/brand/logo.png?w=100", LONG),
        own,
        "scheme, case and port make no difference"
    );
    let valid = sign("/brand/logo.png?w=100", "signed", SignScheme::Imgix, KEY.as_bytes());
    assert_eq!(marked(&format!("https://signed.test{valid}"), LONG), own);
    for url in [
        "https://signed.test/brand/logo.png?w=100".to_owned(),
        format!("https://signed.test{}", valid.replace("w=100", "w=101")),
        "https://img.test/none.png".to_owned(),
        "https://img.test/brand/logo.png?w=100&expires=1".to_owned(),
    ] {
        assert_eq!(marked(&url, SHORT), plain, "{url}");
    }
}

#[test]
fn the_host_header_does_not_affect_overlays() {
    let dir = folder();
    let server = Tintype::start(&source("own", dir.path(), ""));
    let plain = good(server.get("/photo.jpg?w=200&fm=png"), LONG);
    // The source answers to every host, and `/brand/logo.png` is one of its objects.
    for (at, host) in ["logo.invalid", "LOGO.invalid:80", "logo.invalid.", "other.invalid"].into_iter().enumerate() {
        for target in ["/photo.jpg?w=200&fm=png".to_owned(), format!("/photo.jpg?w=200&fm=png&mark-w={}", 40 + at)] {
            let marked = format!("{target}&mark=http%3A%2F%2Flogo.invalid%2Fbrand%2Flogo.png");
            let headers = [("Host", host), ("X-Forwarded-Host", "logo.invalid"), ("Forwarded", "host=logo.invalid")];
            assert_eq!(good(server.send("GET", &marked, &headers), SHORT), plain, "{host}");
            assert_eq!(good(server.get(&marked), SHORT), plain, "for everybody after {host}");
        }
    }
}

#[test]
fn the_settings_of_an_overlays_source_are_part_of_the_cache_key() {
    let dir = folder();
    let state = tempfile::tempdir().unwrap();
    let own = source("own", dir.path(), "hosts = [\"img.test\"]");
    let other = |more: &str| own.clone() + &source("other", dir.path(), more);
    let open = other("hosts = [\"logo.test\"]\ndefault_params = { w = 50 }");
    let target = "/photo.jpg?w=200&fm=png&mark=http%3A%2F%2Flogo.test%2Fbrand%2Flogo.png";
    let ask = |sources: &str| {
        let mut server = Tintype::start_in(state.path(), sources);
        let reply = server.get(target);
        let outcome = reply.cache().to_owned();
        server.stop();
        (outcome, good(reply, if sources.contains("logo.test") && !sources.contains("E2E_KEY") { LONG } else { SHORT }))
    };
    let (_, marked) = ask(&open);
    assert_eq!(ask(&open).0, "hit-disk", "nothing has changed");
    let larger = ask(&other("hosts = [\"logo.test\"]\ndefault_params = { w = 90 }"));
    assert_eq!(larger.0, "miss", "the defaults of the other source");
    assert_ne!(larger.1, marked);
    let closed = ask(&other("hosts = [\"logo.test\"]\nsigning = { mode = \"required\", keys = [\"env:E2E_KEY\"] }"));
    assert_eq!(closed.0, "miss", "the signing of the other source");
    assert_ne!(closed.1, marked);
    let moved = ask(&other("hosts = [\"moved.test\"]\noverlay_hosts = []"));
    assert_eq!((moved.0.as_str(), moved.1), ("miss", closed.1), "the hosts of the other source");
}

#[test]
fn an_image_that_contains_itself_is_refused() {
    let dir = folder();
    let defaults =
        "hosts = [\"img.test\"]\ndefault_params = { mark = \"https://img.test/brand/logo.png\", mark-w = \"20\" }";
    let looping = source("looping", dir.path(), defaults);
    let detour = "hosts = [\"a.test\"]\ndefault_params = { blend = \"https://b.test/rocket.jpg\" }";
    let back = "hosts = [\"b.test\"]\ndefault_params = { blend = \"https://a.test/rocket.jpg\" }";
    let server = Tintype::start(&(looping + &source("a", dir.path(), detour) + &source("b", dir.path(), back)));
    let check = |host: &str, target: &str| {
        let reply = server.send("GET", target, &[("Host", host)]);
        assert_eq!((reply.status, reply.text().contains("overlay-loop")), (400, true), "{target}: {}", reply.text());
    };
    check("img.test", "/photo.jpg?w=100");
    check("img.test", "/brand/logo.png");
    check("a.test", "/rocket.jpg?w=9");
    check("b.test", "/rocket.jpg");
    // An image in an image in an image ... has a limit.
    let encoded = |path: &str| path.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let deeper = |path: String| format!("/rocket.jpg?w=10&mark={}", encoded(&path));
    let deep = deeper(deeper("/rocket.jpg?w=11".to_owned()));
    let deepest = deeper(deeper(deep.clone()));
    let photo = |path: &str| format!("/photo.jpg?w=100&mark={}", encoded(path));
    assert_eq!(server.send("GET", &photo(&deep), &[("Host", "img.test")]).status, 200);
    check("img.test", &photo(&deepest));
    assert_eq!(server.send("GET", "/photo.jpg?w=100&mark=/brand/logo.png", &[("Host", "img.test")]).status, 200);
}

#[test]
fn no_overlay_is_fetched_from_a_private_address_even_if_the_source_may() {
    let photo = fs::read(photos().join("coffee.jpg")).unwrap();
    let upstream = Upstream::start(move |_| whole(200, "Content-Type: image/jpeg\r\n", &photo));
    let private = Upstream::start(|_| whole(200, "", b"secret"));
    let server = Tintype::start(&format!(
        "[[source]]\nname = \"web\"\nkind = \"web-folder\"\nbase_url = \"{}\"\nallow_private = [\"127.0.0.0/8\"]\n\
         cache_ttl = \"1h\"\n",
        upstream.url("/")
    ));
    let plain = good(server.get("/photo.jpg?w=200&fm=png"), LONG);
    let port = private.address.port();
    for url in [
        format!("http%3A%2F%2F127.0.0.1:{port}%2Fx.png"),
        format!("http%3A%2F%2Flocalhost:{port}%2Fx.png"),
        format!("http%3A%2F%2F2130706433:{port}%2Fx.png"),
        format!("http%3A%2F%2F[::ffff:127.0.0.1]:{port}%2Fx.png"),
        "http%3A%2F%2F169.254.169.254%2Flatest%2Fmeta-data".to_owned(),
    ] {
        assert_eq!(good(server.get(&format!("/photo.jpg?w=200&fm=png&mark={url}")), SHORT), plain, "{url}");
    }
    assert_eq!(private.seen().len(), 0);
    // By path, the source's own upstream is asked, which the operator allowed.
    let marked = good(server.get("/photo.jpg?w=200&fm=png&mark=/logo.png&mark-w=50"), LONG);
    assert_ne!(marked, plain);
    assert!(upstream.seen().iter().any(|request| request.target == "/logo.png"));
}

#[test]
fn a_proxy_fetches_overlays_from_allow_hosts_or_overlay_hosts() {
    let photo = fs::read(photos().join("coffee.jpg")).unwrap();
    let logo = fs::read(photos().join("cup.png")).unwrap();
    let answers = move || {
        let (photo, logo) = (photo.clone(), logo.clone());
        Upstream::start(move |request| whole(200, "", if request.target == "/photo.jpg" { &photo } else { &logo }))
    };
    let (allowed, other) = (answers(), answers());
    let proxy = |name: &str, more: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nhosts = [\"{name}.test\"]\nkind = \"web-proxy\"\ncache_ttl = \"1h\"\n\
             allow_hosts = [\"{}\"]\nallow_private = [\"127.0.0.0/8\"]\n{more}\n\
             signing = {{ mode = \"required\", schemes = [\"imgix\"], keys = [\"env:E2E_KEY\"] }}\n",
            allowed.address
        )
    };
    let server = Tintype::start(&(proxy("same", "") + &proxy("none", "overlay_hosts = []")));
    let encoded = |url: String| url.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let get = |name: &str, more: &str| {
        let target = format!("/{}?w=200&fm=png{more}", encoded(allowed.url("/photo.jpg")));
        let signed = sign(&target, name, SignScheme::Imgix, KEY.as_bytes());
        server.send("GET", &signed, &[("Host", &format!("{name}.test"))])
    };
    let mark = |upstream: &Upstream| format!("&mark-w=50&mark={}", encoded(upstream.url("/logo.png")));
    let plain = good(get("same", ""), LONG);
    let marked = good(get("same", &mark(&allowed)), LONG);
    assert_ne!(marked, plain);
    assert_eq!(good(get("same", &mark(&other)), SHORT), plain);
    assert_eq!(other.seen().len(), 0);
    assert_eq!(good(get("none", ""), LONG), plain);
    let before = allowed.seen().len();
    assert_eq!(good(get("none", &mark(&allowed)), SHORT), plain);
    assert_eq!(allowed.seen().len(), before);
    // By path, the host of the base image is still asked.
    assert_eq!(good(get("none", "&mark-w=50&mark=/logo.png"), LONG), marked);
}
