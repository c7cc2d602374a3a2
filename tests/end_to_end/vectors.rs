//! SVG over the wire: it arrives either as SVG that can neither run nor load anything, or as a raster image.

use std::fs;
use std::io::Write as _;

use crate::images::measure;
use crate::server::{Reply, Tintype};

const CSP: Option<&str> = Some("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// A drawing that would do harm.
const HOSTILE: &str = "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
    xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"40\" height=\"30\" onload=\"alert(1)\">\
    <script>alert(2)</script><script xlink:href=\"https://evil.test/x.js\"/>\
    <a xlink:href=\"javascript:alert(3)\"><rect width=\"40\" height=\"30\" fill=\"#36c\" onclick=\"alert(4)\"/></a>\
    <image xlink:href=\"https://evil.test/pixel.png\" width=\"1\" height=\"1\"/>\
    <foreignObject><body xmlns=\"http://www.w3.org/1999/xhtml\"><iframe src=\"https://evil.test/\"/></body></foreignObject>\
    </svg>";

fn server(dir: &tempfile::TempDir) -> Tintype {
    let compressed = || {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(HOSTILE.as_bytes()).unwrap();
        writer.finish().unwrap()
    };
    for name in ["drawing.svg", "drawing.png", "drawing.html", "drawing"] {
        fs::write(dir.path().join(name), HOSTILE).unwrap();
    }
    fs::write(dir.path().join("packed.svgz"), compressed()).unwrap();
    fs::write(dir.path().join("page.html"), "<!DOCTYPE html><script>alert(5)</script>").unwrap();
    let root = dir.path().display();
    let source = |name: &str, more: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nhosts = [\"{name}.test\"]\nkind = \"folder\"\nroot = \"{root}\"\n{more}\n"
        )
    };
    Tintype::start(&(source("img", "") + &source("drawn", "rasterize_svg = true")))
}

/// Checks that the answer is a document that browsers keep sandboxed.
#[track_caller]
fn check_locked_up(reply: &Reply, content_type: &str) {
    assert_eq!((reply.status, reply.header("content-type")), (200, Some(content_type)));
    assert_eq!(reply.header("content-security-policy"), CSP);
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("content-encoding"), None);
}

#[test]
fn svg_is_sent_as_svg_without_scripts_and_external_references() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(&dir);
    let plain = server.get("/drawing.svg");
    check_locked_up(&plain, "image/svg+xml");
    let text = plain.text();
    for harm in ["script", "alert", "evil", "javascript", "onload", "onclick", "foreignObject", "iframe"] {
        assert!(!text.contains(harm), "{harm} is in {text}");
    }
    assert!(text.contains("<rect") && text.contains("#36c"), "{text}");
    // The same whatever the name claims and whatever is requested, and decompressed if it was compressed.
    for target in [
        "/drawing.png",
        "/drawing.html",
        "/drawing",
        "/packed.svgz",
        "/drawing.svg?w=90",
        "/packed.svgz?q=5",
        "/drawing.svg?auto=format,compress",
        "/drawing.svg?w=90&fm=nonsense",
    ] {
        let reply = server.get(target);
        check_locked_up(&reply, "image/svg+xml");
        assert_eq!(reply.text(), text, "{target}");
    }
    let head = server.send("HEAD", "/drawing.svg", &[]);
    check_locked_up(&head, "image/svg+xml");
    assert_eq!(head.header("content-length"), Some(&*text.len().to_string()));
    let unchanged = server.send("GET", "/drawing.svg", &[("If-None-Match", plain.header("etag").unwrap())]);
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    let part = server.send("GET", "/drawing.svg", &[("Range", "bytes=0-9")]);
    assert_eq!((part.status, part.header("content-security-policy")), (206, CSP));
}

#[test]
fn svg_that_is_sent_unchanged_is_sandboxed() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(&dir);
    for target in ["/drawing.svg?svg-sanitize=false&w=90", "/packed.svgz?rasterize-bypass=true"] {
        let reply = server.get(target);
        check_locked_up(&reply, "image/svg+xml");
        assert_eq!(reply.text(), HOSTILE, "{target}");
    }
    let named = server.get("/drawing.svg?dl=logo.svg");
    check_locked_up(&named, "image/svg+xml");
    assert!(named.header("content-disposition").unwrap().starts_with("attachment; filename=\"logo.svg\""));
    // A page that passes through untouched is sandboxed too.
    let page = server.get("/page.html");
    if page.status == 200 {
        check_locked_up(&page, page.header("content-type").unwrap());
    }
}

#[test]
fn rasterized_svg_is_an_image_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(&dir);
    for (target, format) in [("/drawing.svg?w=80&fm=png", "png"), ("/packed.svgz?w=80&fm=webp", "webp")] {
        let reply = server.send("GET", target, &[("Host", "drawn.test")]);
        assert_eq!((reply.status, measure(&reply.body)), (200, (format, 80, 60)), "{target}");
        assert_eq!(reply.header("content-security-policy"), None);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
    // At this source a size alone is enough.
    let sized = server.send("GET", "/drawing.svg?w=80", &[("Host", "drawn.test")]);
    assert_eq!((sized.status, measure(&sized.body)), (200, ("jpeg", 80, 60)));
    // Without a request for an image it stays SVG.
    let reply = server.send("GET", "/drawing.svg", &[("Host", "drawn.test")]);
    check_locked_up(&reply, "image/svg+xml");
}

/// A request that names a raster format gets it, whatever the source's setting.
#[test]
fn an_explicit_raster_format_draws_svg_at_any_source() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(&dir);
    for host in ["img.test", "drawn.test"] {
        let ask = |target: &str, accept: &str| server.send("GET", target, &[("Host", host), ("Accept", accept)]);
        for (query, format, width, height) in [
            ("fm=png", "png", 40, 30),
            ("w=80&fm=png", "png", 80, 60),
            ("fm64=cG5n&h=60", "png", 80, 60),
            ("w=80&fm=jpeg", "jpeg", 80, 60),
            ("w=80&h=80&fit=crop&fm=webp", "webp", 80, 80),
            ("fm=gif", "gif", 40, 30),
            ("fm=spritesheet&w=80", "jpeg", 80, 60),
        ] {
            let reply = ask(&format!("/drawing.svg?{query}"), "*/*");
            assert_eq!((reply.status, measure(&reply.body)), (200, (format, width, height)), "{host} {query}");
            assert_eq!(reply.header("content-security-policy"), None, "{host} {query}");
        }
        // Negotiation still applies when a format is named as well.
        let negotiated = ask("/drawing.svg?w=80&fm=png&auto=format", "image/webp,*/*");
        assert_eq!((measure(&negotiated.body).0, negotiated.header("vary")), ("webp", Some("Accept")), "{host}");
        // A data output about the pixels has no other form.
        assert_eq!(ask("/drawing.svg?palette=json", "*/*").header("content-type"), Some("application/json"), "{host}");
        let hash = ask("/drawing.svg?fm=blurhash", "*/*");
        assert_eq!(hash.header("content-type"), Some("text/plain; charset=utf-8"), "{host}");
        let facts = ask("/drawing.svg?fm=json", "*/*");
        assert!(facts.text().contains("\"PixelWidth\":40"), "{host}: {}", facts.text());
        // `rasterize-bypass` wins over everything else.
        let bypassed = ask("/drawing.svg?w=80&fm=png&rasterize-bypass=true", "*/*");
        assert_eq!((bypassed.header("content-type"), bypassed.text()), (Some("image/svg+xml"), HOSTILE));
    }
}
