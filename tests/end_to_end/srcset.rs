//! A default `srcset` of imgix' clients in full: every width of a large photograph, for every kind of browser.

use std::process::Command;

use crate::images::{measure, photos};
use crate::server::Tintype;
use tintype::plan::SRCSET_WIDTHS;

/// The `Accept` header for images of Chrome, Firefox, Safari of 2024 and of 2019, and of a client without preferences.
const BROWSERS: [(&str, &[&str]); 5] = [
    ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", &["avif", "webp"]),
    ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", &["avif", "webp"]),
    (
        "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/*;q=0.8,*/*;q=0.5",
        &["avif", "webp"],
    ),
    ("image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5", &["jpeg"]),
    ("*/*", &["jpeg"]),
];

#[test]
fn every_width_of_a_default_srcset_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_tintype"))
        .args(["render", photos().join("coffee.jpg").to_str().unwrap(), "w=6000&h=4000&fit=crop&q=90&fm=jpg"])
        .arg(dir.path().join("large.jpg"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let source = format!(
        "[[source]]\nname = \"img\"\nkind = \"folder\"\nroot = \"{}\"\nparams_header = true\n",
        dir.path().display()
    );
    let server = Tintype::start_with(&source, &["limits.pixels_max=100000000", "render.timeout=60s"]);
    let mut first_without_avif = None;
    // A debug build skips every other large width, because each takes seconds.
    let skip = |index: usize, width: u32| cfg!(debug_assertions) && width > 1000 && index % 2 == 1;
    for (_, width) in SRCSET_WIDTHS.into_iter().enumerate().filter(|(index, width)| !skip(*index, *width)) {
        for (accept, expected) in BROWSERS {
            let reply = server.send("GET", &format!("/large.jpg?auto=format&w={width}"), &[("Accept", accept)]);
            assert_eq!(reply.status, 200, "{width} {accept}: {}", reply.text_if_any());
            let (format, got, _) = measure(&reply.body);
            assert!(expected.contains(&format), "{width} {accept}: {format}");
            assert!(got == width || got == 6000, "{got} instead of {width}");
            if expected[0] == "avif" && format != "avif" {
                first_without_avif.get_or_insert(width);
            }
            assert!(format != "avif" || first_without_avif.is_none(), "{width} is AVIF, and a smaller one is not");
        }
    }
    // The widths that most screens need are AVIF.
    assert!(first_without_avif.is_some_and(|width| width > 1600), "{first_without_avif:?}");

    // The same holds for AVIF requested by name, and then the answer says so.
    let large = server.get("/large.jpg?fm=avif&w=5500");
    assert_eq!((large.status, measure(&large.body).0, large.header("vary")), (200, "jpeg", Some("Accept")));
    let accepting = server.send("GET", "/large.jpg?fm=avif&w=5500", &[("Accept", BROWSERS[0].0)]);
    assert_eq!((accepting.status, measure(&accepting.body).0), (200, "webp"));
    let small = server.get("/large.jpg?fm=avif&w=300");
    assert_eq!((small.status, measure(&small.body).0), (200, "avif"));
    for (reply, tells) in [(large, true), (accepting, true), (small, false)] {
        let header = reply.header("x-tintype-params").unwrap();
        assert!(header.contains("fm=avif"), "{header}");
        assert_eq!(header.contains("instead of fm=avif"), tells, "{header}");
    }
}
