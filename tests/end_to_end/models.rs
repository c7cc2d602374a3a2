//! Parameters that need an absent model, over the wire (`rendering.md` 18): ignored without changing a byte, or refused
//! with the documented status and code.

use std::fmt::Write as _;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tintype::param::{PARAMS, ParamSpec, State, Tier};

use crate::images::{measure, photos};
use crate::server::{Reply, Tintype};

fn source(name: &str, host: &str, more: &str) -> String {
    let root = photos().display().to_string();
    format!(
        "[[source]]\nname = \"{name}\"\nhosts = [\"{host}\"]\nkind = \"folder\"\nroot = \"{root}\"\ncache_ttl = \"1h\"\n\
         params_header = true\n{more}\n"
    )
}

fn server() -> Tintype {
    // A debug build needs a long time to detect faces.
    Tintype::start_with(&source("photos", "img.test", ""), &["render.timeout=58s"])
}

#[track_caller]
fn ok(server: &Tintype, target: &str) -> Vec<u8> {
    let reply = server.get(target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text_if_any());
    reply.body
}

/// Checks that a target is refused the same way for every method, in words that say nothing about the request.
#[track_caller]
fn refused(server: &Tintype, target: &str, status: u16, code: &str) {
    let reply = server.get(target);
    assert_eq!((reply.status, reply.header("x-tintype-error")), (status, Some(code)), "{target}");
    assert!(reply.header("content-type").unwrap().starts_with("text/plain"), "{target}");
    assert_eq!((reply.header("etag"), reply.header("last-modified")), (None, None), "{target}");
    assert!(reply.text().len() < 200 && reply.text().contains(code), "{target}: {}", reply.text());
    let head = server.send("HEAD", target, &[]);
    assert_eq!((head.status, head.header("x-tintype-error"), head.body.len()), (status, Some(code), 0), "{target}");
    for condition in
        [("If-None-Match", "*"), ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"), ("Range", "bytes=0-9")]
    {
        let reply = server.send("GET", target, &[condition]);
        assert_eq!(reply.status, status, "{target} with {condition:?}");
    }
}

/// Returns the `example` of a parameter without the parameters that have no effect here.
fn rest(spec: &ParamSpec) -> String {
    let find = |name: &str| PARAMS.iter().find(|spec| spec.name == name);
    let has_effect =
        |pair: &&str| find(pair.split('=').next().unwrap()).is_some_and(|spec| spec.state == State::Rendered);
    spec.example.split('&').filter(has_effect).collect::<Vec<_>>().join("&")
}

#[test]
fn parameters_without_a_model_change_no_byte() {
    let server = server();
    let original = fs::read(photos().join("coffee.jpg")).unwrap();
    let mut seen = 0;
    for spec in PARAMS.iter().filter(|spec| spec.tier >= Tier::Ai && spec.state == State::Accepted) {
        let refuses = spec.name == "lp-blur" || spec.name.ends_with("-fallback") || spec.example.contains("fm=mp4");
        if refuses {
            continue;
        }
        seen += 1;
        let rest = rest(spec);
        let with = ok(&server, &format!("/coffee.jpg?{}", spec.example));
        assert!(with == ok(&server, &format!("/coffee.jpg?{rest}")), "{}", spec.example);
        assert!(with == original || !rest.is_empty(), "{}", spec.example);
        let more = "w=80&fm=png";
        let with = server.get(&format!("/coffee.jpg?{}&{more}", spec.example));
        assert_eq!(with.body, ok(&server, &format!("/coffee.jpg?{rest}&{more}")), "{}", spec.example);
        let header = with.header("x-tintype-params").unwrap();
        let (honoured, ignored) = header.split_once("; ignored: ").unwrap_or_else(|| panic!("{}: {header}", spec.name));
        assert!(!honoured.contains(spec.name) && honoured.contains("w=80"), "{header}");
        assert!(ignored.split(", ").any(|item| item.split(' ').next() == Some(spec.name)), "{}: {header}", spec.name);
    }
    assert!(seen >= 19, "{seen}");
    // One rendition, whichever names the request uses.
    assert_eq!(server.get("/coffee.jpg?w=80&fm=png&background-remove=true&upscale=1").cache(), "hit-memory");
}

#[test]
fn a_generated_fill_leaves_the_letterbox_out() {
    let server = server();
    let clip = ok(&server, "/coffee.jpg?w=90&h=120&fit=clip&fm=png");
    assert_eq!(measure(&clip), ("png", 90, 60));
    for query in [
        "fit=fill&fill=gen",
        "fit=fill&fill=generative",
        "fit=fill&fill=gen&fill-gen-fallback=true&fill-gen-prompt=grass&fill-gen-neg-prompt=people",
        "fit=fill&fill=gen&fill-gen-pos=left,top&fill-gen-seed=4&bg=f00&fill-color=0f0",
        "fit=facearea,fill&fill=gen",
    ] {
        assert!(ok(&server, &format!("/coffee.jpg?w=90&h=120&fm=png&{query}")) == clip, "{query}");
    }
    // Without letterbox bars there is nothing to generate, and so nothing fails.
    for query in ["fit=crop&fill=gen&fill-gen-fallback=false", "fit=fill&fill=solid&fill-gen-fallback=false"] {
        assert_eq!(
            measure(&ok(&server, &format!("/coffee.jpg?w=90&h=120&fm=png&{query}"))),
            ("png", 90, 120),
            "{query}"
        );
    }
}

#[test]
fn a_fallback_of_false_is_400_when_the_model_is_asked_for() {
    let server = server();
    let original = fs::read(photos().join("coffee.jpg")).unwrap();
    for (asked, fallback) in [
        ("bg-remove=true", "bg-remove-fallback"),
        ("background-remove=1", "bg-remove-fallback"),
        ("bg-replace=a+beach", "bg-replace-fallback"),
        ("upscale=true", "upscale-fallback"),
        ("fit=fill&fill=gen&w=90&h=90", "fill-gen-fallback"),
    ] {
        for no in ["false", "0"] {
            refused(&server, &format!("/coffee.jpg?{asked}&{fallback}={no}"), 400, "model-unsupported");
        }
        let twin = URL_SAFE_NO_PAD.encode("false");
        refused(&server, &format!("/coffee.jpg?{asked}&{fallback}64={twin}&w=50"), 400, "model-unsupported");
        refused(&server, &format!("/coffee.jpg?{asked}&{fallback}=false&fm=json"), 400, "model-unsupported");
        let plain = ok(&server, &format!("/coffee.jpg?{asked}"));
        for yes in ["true", "1", "maybe", ""] {
            assert!(ok(&server, &format!("/coffee.jpg?{asked}&{fallback}={yes}")) == plain, "{fallback}={yes}");
        }
        assert!(ok(&server, &format!("/coffee.jpg?{fallback}=false")) == original, "{fallback} alone");
    }
    for inert in [
        "bg-remove=false&bg-remove-fallback=false",
        "upscale=0&upscale-fallback=false",
        "bg-replace=&bg-replace-fallback=0",
    ] {
        assert!(ok(&server, &format!("/coffee.jpg?{inert}")) == original, "{inert}");
    }
    assert_eq!(server.get("/none.jpg?upscale=true").status, 404);
    let kept = server.get("/coffee.jpg?upscale=true&upscale-fallback=false");
    assert_eq!(kept.header("cache-control"), Some("public, max-age=300"), "for error_ttl");
}

#[test]
fn video_is_not_written_and_its_parameters_are_ignored() {
    let server = server();
    for query in ["fm=mp4", "fm=webm", "fm=mp4&video-codec=h264&w=80", "fm=mp4&face-blur=50", "fm=webm&auto=format"] {
        refused(&server, &format!("/coffee.jpg?{query}"), 422, "output-unsupported");
    }
    let plain = ok(&server, "/coffee.jpg?w=80&fm=png");
    let all = "video-bitrate=2m&video-clip-start=2&video-clip-end=8&video-codec=av1&video-thumbnail=3";
    assert!(ok(&server, &format!("/coffee.jpg?w=80&fm=png&{all}")) == plain);
    assert!(ok(&server, &format!("/coffee.jpg?{all}")) == fs::read(photos().join("coffee.jpg")).unwrap());
}

#[test]
fn crop_words_that_find_nothing_are_skipped() {
    let server = server();
    let body = |query: &str| ok(&server, &format!("/coffee.jpg?w=90&h=90&fm=png&{query}"));
    let centre = body("fit=crop");
    for nothing in ["crop=car", "crop=person,dog", "crop=faces", "crop=faces,center", "crop=car,faces"] {
        assert!(body(&format!("fit=crop&{nothing}")) == centre, "{nothing}");
    }
    let left = body("fit=crop&crop=left");
    assert!(left != centre);
    for then in ["crop=car,left", "crop=faces,left", "crop=faces,car,left", "crop=zebra,car,left"] {
        assert!(body(&format!("fit=crop&{then}")) == left, "{then}");
    }
    // Something always stands out or has edges.
    let found = body("fit=crop&crop=auto");
    assert!(found != centre && found != left);
    for same in ["crop=car,auto", "crop=faces,auto", "crop=auto,left", "crop=faces,car,auto,left"] {
        assert!(body(&format!("fit=crop&{same}")) == found, "{same}");
    }
    assert!(body("fit=facearea") == centre && body("fit=facearea&facepad=4&faceindex=2") == centre);
    let plain = body("fit=clip");
    for nothing in ["auto=redeye", "facepad=3", "faceindex=1", "faces=1"] {
        assert!(body(&format!("fit=clip&{nothing}")) == plain, "{nothing}");
    }
    let rocket = ok(&server, "/rocket.jpg?w=90&fm=png");
    for nothing in ["face-blur=90", "face-pixel=90"] {
        assert!(ok(&server, &format!("/rocket.jpg?w=90&fm=png&{nothing}")) == rocket, "{nothing}");
    }
    let facts: serde_json::Value = serde_json::from_slice(&ok(&server, "/coffee.jpg?fm=json&faces=1")).unwrap();
    assert_eq!(facts["Faces"], serde_json::json!([]));
    let facts: serde_json::Value = serde_json::from_slice(&ok(&server, "/coffee.jpg?fm=json")).unwrap();
    assert!(facts.get("Faces").is_none());
}

/// An SVG, a PDF and an EPS in name only, a font, a web page, a video, text, unknown bytes and an empty file.
pub fn odd_originals() -> Vec<(&'static str, Vec<u8>)> {
    let svg = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>";
    vec![
        ("drawing.svg", svg.to_vec()),
        ("page.pdf", b"%PDF-1.4\n%%EOF".to_vec()),
        ("figure.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n".to_vec()),
        ("font.woff2", b"wOF2\0\x01\0\0 what a font holds".to_vec()),
        ("page.html", b"<!DOCTYPE html><p>hello".to_vec()),
        ("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08mdat".to_vec()),
        ("notes.txt", b"some words".to_vec()),
        ("unknown.bin", vec![7; 300]),
        ("empty.jpg", Vec::new()),
    ]
}

#[test]
fn an_image_whose_plates_cannot_be_hidden_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in odd_originals() {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    fs::copy(photos().join("coffee.jpg"), dir.path().join("coffee.jpg")).unwrap();
    let root = format!("kind = \"folder\"\nroot = \"{}\"\n", dir.path().display());
    let mut sources = String::new();
    for (host, more) in [
        ("img.test", ""),
        ("hiding.test", "default_params = { lp-blur = \"20\" }"),
        ("careless.test", "ignore_lp_blur = true\nparams_header = true"),
    ] {
        writeln!(sources, "[[source]]\nname = \"{host}\"\nhosts = [\"{host}\"]\n{root}{more}").unwrap();
    }
    let server = Tintype::start(&sources);
    let plain = server.get("/coffee.jpg?w=80&fm=png");
    assert_eq!(plain.status, 200);
    for name in dir.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        // The original may already be cached; its kind makes no difference.
        assert!(server.get(&format!("/{name}")).status < 500);
        for query in ["lp-blur=1", "lp-blur=50&rasterize-bypass=true"] {
            refused(&server, &format!("/{name}?{query}"), 422, "privacy-unsupported");
        }
    }
    for query in [
        "lp-blur=100",
        "lp-blur=400",
        "lp-blur=0.5",
        "lp-blur=50.0",
        "lp-blur=+7",
        "license-plate-blur=50",
        "lp-blur64=NTA",
        "license-plate-blur64=NTA",
        "lp-blur=9&w=80&fm=png",
        "lp-blur=9&fm=json",
        "lp-blur=9&fm=blurhash",
        "lp-blur=9&palette=css",
        "lp-blur=9&face-blur=50",
        "lp-blur=9&frame=2",
        "lp-blur=9&dl=x.jpg",
    ] {
        refused(&server, &format!("/coffee.jpg?{query}"), 422, "privacy-unsupported");
    }
    let etag = plain.header("etag").unwrap();
    let reply = server.send("GET", "/coffee.jpg?w=80&fm=png&lp-blur=1", &[("If-None-Match", etag)]);
    assert_eq!(reply.status, 422, "a cache that has the image is not told that it may show it");
    for query in ["lp-blur=0", "lp-blur=false", "lp-blur=off"] {
        assert!(server.get(&format!("/coffee.jpg?w=80&fm=png&{query}")).body == plain.body, "{query}");
        assert!(server.get(&format!("/coffee.jpg?{query}")).body == server.get("/coffee.jpg").body, "{query}");
    }
    // As an overlay of another image it is left out.
    let marked = server.get("/coffee.jpg?w=80&fm=png&mark=%2Fcoffee.jpg%3Flp-blur%3D5");
    assert_eq!((marked.body == plain.body, marked.header("cache-control")), (true, Some("public, max-age=60")));

    let ask = |host: &str, target: &str| -> Reply { server.send("GET", target, &[("Host", host)]) };
    assert_eq!(ask("hiding.test", "/coffee.jpg?w=80&fm=png").status, 422);
    assert_eq!(ask("hiding.test", "/coffee.jpg").status, 422, "not even unrendered");
    assert_eq!(ask("hiding.test", "/coffee.jpg?w=80&fm=png&lp-blur=0").body, plain.body);
    let ignored = ask("careless.test", "/coffee.jpg?w=80&fm=png&lp-blur=70");
    assert_eq!((ignored.status, ignored.body == plain.body), (200, true), "the operator said so");
    assert_eq!(ignored.header("x-tintype-params"), Some("w=80&fm=png; ignored: lp-blur"));
}
