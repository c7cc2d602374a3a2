//! A face that is to be hidden is hidden, or no image is sent (`rendering.md` 18): whatever the original is, whatever
//! else the request asks for, and whatever has been served before.

use std::fs;
use std::path::Path;

use tintype::limits::Limits;
use tintype::param::ColorSpace;
use tintype::pixels::raster::Raster;
use tintype::plan::Select;
use tintype::render::RenderLimits;
use tintype::render::decode::{EncodedOriginal, Opened, Wanted};

use crate::images::photos;
use crate::models::odd_originals;
use crate::server::{Reply, Tintype};

/// Where the face of the portrait is: left, top, right and bottom, as shares of the image.
const FACE: [f64; 4] = [0.36, 0.15, 0.51, 0.35];
/// The largest share of its detail that a hidden face may still show.
const LEFT_MAX: f64 = 0.45;

fn portrait() -> Vec<u8> {
    fs::read(photos().join("astronaut.jpg")).unwrap()
}

/// Makes a folder with the portrait, and `more` files beside it.
fn folder(more: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("portrait.jpg"), portrait()).unwrap();
    fs::copy(photos().join("rocket.jpg"), dir.path().join("rocket.jpg")).unwrap();
    for (name, bytes) in more {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

fn source(name: &str, root: &Path, more: &str) -> String {
    let root = root.display();
    format!(
        "[[source]]\nname = \"{name}\"\nhosts = [\"{name}.test\"]\nkind = \"folder\"\nroot = \"{root}\"\n\
         cache_ttl = \"1h\"\n{more}\n"
    )
}

/// A debug build needs a long time to detect faces.
fn start(sources: &str) -> Tintype {
    Tintype::start_with(sources, &["render.timeout=58s"])
}

#[track_caller]
fn ok(server: &Tintype, target: &str) -> Reply {
    let reply = server.get(target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text_if_any());
    reply
}

/// Returns all frames of an image.
fn frames(bytes: &[u8]) -> Vec<Raster> {
    tintype::vips::init().unwrap();
    let original = EncodedOriginal::new(bytes).unwrap();
    let limits = RenderLimits::from(&Limits::default());
    let opened = Opened::new(&original, &Select::default(), &limits).unwrap();
    let wanted = Wanted { count: opened.measured.frames, ..Wanted::first(ColorSpace::Srgb) };
    opened
        .decode(&wanted, &limits)
        .unwrap()
        .into_frames()
        .map(|frame| frame.unwrap().into_raster().unwrap().into_rgba())
        .collect()
}

/// Returns the mean difference between neighbouring pixels in part of an image: how much detail is visible.
fn detail(raster: &Raster, [left, top, right, bottom]: [f64; 4]) -> f64 {
    let (width, height) = (raster.size.width as usize, raster.size.height as usize);
    let bytes = raster.clone().into_bytes();
    let at = |share: f64, len: usize| (share * len as f64) as usize;
    let mut differences = Vec::new();
    for y in at(top, height)..at(bottom, height) {
        for x in at(left, width).max(1)..at(right, width) {
            let pixel = (y * width + x) * 4;
            differences.extend((0..3).map(|c| f64::from(bytes[pixel + c].abs_diff(bytes[pixel - 4 + c]))));
        }
    }
    differences.iter().sum::<f64>() / differences.len() as f64
}

/// Checks that in every frame of `hidden` the face that the same frame of `plain` shows is gone.
#[track_caller]
fn check_hidden(plain: &[u8], hidden: &[u8], faces: &[[f64; 4]], what: &str) {
    let (plain, hidden) = (frames(plain), frames(hidden));
    assert_eq!(plain.len(), hidden.len(), "{what}");
    assert_eq!(plain.len(), faces.len(), "{what}");
    for (at, face) in faces.iter().enumerate() {
        assert_eq!(plain[at].size, hidden[at].size, "{what}");
        let (before, after) = (detail(&plain[at], *face), detail(&hidden[at], *face));
        assert!(before > 2.0 && after < before * LEFT_MAX, "{what}, frame {at}: {before} {after}");
    }
}

#[test]
fn every_way_of_asking_hides_the_face() {
    let dir = folder(&[]);
    let server = start(
        &(source("img", dir.path(), "") + &source("hiding", dir.path(), "default_params = { face-blur = \"30\" }")),
    );
    // The original and some renditions of it have already been served.
    assert_eq!(ok(&server, "/portrait.jpg").body, portrait());
    let plain = ok(&server, "/portrait.jpg?w=400&fm=png");
    for query in [
        "face-blur=1",
        "face-blur=100",
        "face-blur=900",
        "face-blur=0.2",
        "face-blur=50.0",
        "face-blur64=NTA",
        "face-pixel=1",
        "face-pixelate=100",
        "face-pixelate64=NTA",
        "face-pixel=0.5",
        "face-blur=0&face-pixel=9",
        "face-blur=20&face-pixel=20",
    ] {
        let target = format!("/portrait.jpg?w=400&fm=png&{query}");
        let hidden = ok(&server, &target);
        check_hidden(&plain.body, &hidden.body, &[FACE], query);
        assert_eq!(ok(&server, &target).cache(), "hit-memory");
    }
    for format in ["jpg", "pjpg", "webp", "avif", "gif", "png8", "jp2", "jxl"] {
        let [plain, hidden] =
            ["", "&face-blur=40"].map(|more| ok(&server, &format!("/portrait.jpg?w=300&fm={format}{more}")).body);
        // The ordered dithering of a palette counts as detail too.
        if !matches!(format, "gif" | "png8") {
            check_hidden(&plain, &hidden, &[FACE], format);
        }
        assert!(plain != hidden, "{format}");
    }
    check_hidden(&portrait(), &ok(&server, "/portrait.jpg?face-blur=30").body, &[FACE], "nothing else asked");
    for query in ["face-blur=0", "face-blur=false", "face-pixel=0.0", "face-blur=off", "face-pixelate64=b2Zm"] {
        assert!(ok(&server, &format!("/portrait.jpg?w=400&fm=png&{query}")).body == plain.body, "{query}");
    }
    // A default of the source applies to every request, unless the request sets this very parameter.
    let ask = |target: &str| server.send("GET", target, &[("Host", "hiding.test")]).body;
    check_hidden(&portrait(), &ask("/portrait.jpg"), &[FACE], "by default");
    check_hidden(&plain.body, &ask("/portrait.jpg?w=400&fm=png"), &[FACE], "by default");
    assert!(ask("/portrait.jpg?w=400&fm=png&face-blur=0") == plain.body);
}

#[test]
fn an_invalid_protecting_value_is_an_error_wherever_it_stands() {
    let dir = folder(&[("page.txt", b"no image".to_vec())]);
    let hiding = source("hiding", dir.path(), "default_params = { face-blur = \"30\" }");
    let lenient = source("lenient", dir.path(), "ignore_lp_blur = true");
    let server = start(&(source("img", dir.path(), "") + &hiding + &lenient));
    // Already served and cached.
    ok(&server, "/portrait.jpg?w=90&fm=png");
    ok(&server, "/portrait.jpg");
    let check = |host: &str, target: &str| {
        for method in ["GET", "HEAD"] {
            let headers = [("Host", host), ("If-None-Match", "*"), ("Range", "bytes=0-9")];
            let reply = server.send(method, target, &headers);
            assert_eq!((reply.status, reply.header("x-tintype-error")), (422, Some("param-unreadable")), "{target}");
        }
    };
    for pair in [
        "face-blur=true",
        "face-blur=abc",
        "face-blur=",
        "face-blur",
        "face-blur=-5",
        "face-pixel=on",
        "face-pixelate=x",
        "lp-blur=high",
        "license-plate-blur=yes",
        "face-blur64=dHJ1ZQ",
        "face-blur64=",
        "face-blur64=***",
        "face-pixelate64=b24",
        "face%2Dblur=%61",
        "face-blur=50&face-blur=abc",
        "face-blur=abc&face-blur=50",
    ] {
        for more in
            ["w=90&fm=png", "fm=json", "fm=json&faces=1", "palette=json", "fm=blurhash", "rasterize-bypass=true", ""]
        {
            check("img.test", &format!("/portrait.jpg?{more}&{pair}"));
        }
        for host in ["hiding.test", "lenient.test"] {
            check(host, &format!("/portrait.jpg?w=90&{pair}"));
        }
        check("img.test", &format!("/page.txt?{pair}"));
        check("img.test", &format!("/none.jpg?{pair}"));
        check("img.test", &format!("/~text?txt=Hello&{pair}"));
        // Inside another image: by path, by URL, and one level deeper.
        let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let part = format!("/portrait.jpg?w=50&{pair}");
        for over in ["mark", "blend", "mask"] {
            check("img.test", &format!("/rocket.jpg?w=90&{over}={}", encoded(&part)));
            check("img.test", &format!("/rocket.jpg?w=90&{over}={}", encoded(&format!("http://img.test{part}"))));
        }
        let deeper = format!("/rocket.jpg?w=60&mark={}", encoded(&part));
        check("img.test", &format!("/rocket.jpg?w=90&mark={}", encoded(&deeper)));
    }
}

#[test]
fn hidden_and_plain_images_have_different_cache_keys() {
    let dir = folder(&[]);
    let server = start(&source("img", dir.path(), ""));
    let plain = ok(&server, "/portrait.jpg?w=200&fm=png");
    let target = "/portrait.jpg?w=200&fm=png&face-blur=50";
    let head = server.send("HEAD", target, &[]);
    assert_eq!((head.status, head.cache(), head.body.len()), (200, "miss", 0));
    let hidden = ok(&server, target);
    assert_eq!(hidden.cache(), "hit-memory");
    for name in ["etag", "content-length", "content-type", "last-modified"] {
        assert_eq!(head.header(name), hidden.header(name), "{name}");
    }
    let etag = |reply: &Reply| reply.header("etag").unwrap().to_owned();
    assert_ne!(etag(&plain), etag(&hidden));
    let asked = server.send("GET", target, &[("If-None-Match", &etag(&plain))]);
    assert_eq!(
        (asked.status, &asked.body),
        (200, &hidden.body),
        "a client that has the plain image gets the hidden one"
    );
    let asked = server.send("GET", target, &[("If-None-Match", &etag(&hidden))]);
    assert_eq!((asked.status, asked.body.len()), (304, 0));
    let part = server.send("GET", target, &[("Range", "bytes=100-199"), ("If-Range", &etag(&hidden))]);
    assert_eq!((part.status, &part.body[..]), (206, &hidden.body[100..200]));
    let whole = server.send("GET", target, &[("Range", "bytes=100-199"), ("If-Range", &etag(&plain))]);
    assert_eq!((whole.status, &whole.body), (200, &hidden.body));
}

#[test]
fn descriptions_of_an_image_describe_the_hidden_one() {
    let dir = folder(&[]);
    let server = start(&source("img", dir.path(), ""));
    let part = "rect=170,60,110,130";
    let hidden = ok(&server, &format!("/portrait.jpg?{part}&face-blur=100&fm=png")).body;
    fs::write(dir.path().join("hidden.png"), hidden).unwrap();
    for words in ["palette=json&colors=16", "palette=css", "fm=blurhash"] {
        let said = ok(&server, &format!("/portrait.jpg?{part}&face-blur=100&{words}"));
        assert_eq!(said.text(), ok(&server, &format!("/hidden.png?{words}")).text(), "{words}");
        assert_ne!(said.text(), ok(&server, &format!("/portrait.jpg?{part}&{words}")).text(), "{words}");
    }
    // A description shows nothing: it stays the same, and says where the faces are if asked.
    let facts = |query: &str| ok(&server, &format!("/portrait.jpg?fm=json{query}")).text().to_owned();
    assert_eq!(facts("&face-blur=100"), facts(""));
    assert_eq!(facts("&face-pixel=9&faces=1"), facts("&faces=1"));
    assert!(facts("&faces=1").contains("\"Faces\""));
}

#[test]
fn an_original_that_cannot_be_searched_for_faces_is_not_sent() {
    let odd = odd_originals();
    let dir = folder(&odd);
    let server = start(&source("img", dir.path(), ""));
    for (name, _) in &odd {
        assert!(server.get(&format!("/{name}")).status < 500, "{name}");
        for query in ["face-blur=1", "face-pixel=50", "face-blur=50&w=20&fm=png", "face-blur=50&rasterize-bypass=true"]
        {
            // A drawing requested in a raster format is rasterized, and then searched for faces.
            if *name == "drawing.svg" && query.contains("fm=png") {
                continue;
            }
            let target = format!("/{name}?{query}");
            let reply = server.get(&target);
            assert_eq!(reply.status, 422, "{target}: {}", reply.text_if_any());
            assert_eq!(server.send("HEAD", &target, &[]).status, 422, "{target}");
            assert_eq!(server.send("GET", &target, &[("If-None-Match", "*")]).status, 422, "{target}");
        }
        for query in ["face-blur=50&fm=json", "face-blur=50&palette=json", "face-pixel=1&fm=blurhash"] {
            let reply = server.get(&format!("/{name}?{query}"));
            let is_words =
                ["application/json", "text/plain; charset=utf-8"].contains(&reply.header("content-type").unwrap());
            assert!(reply.status == 422 || is_words && *name == "drawing.svg", "{name}?{query}: {}", reply.status);
        }
        // It does not become part of another image either.
        let target = format!("/rocket.jpg?w=60&fm=png&mark=%2F{name}%3Fface-blur%3D50");
        let marked = ok(&server, &target);
        assert_eq!(marked.header("cache-control"), Some("public, max-age=60"), "{name}");
        assert_eq!(marked.body, ok(&server, "/rocket.jpg?w=60&fm=png").body, "{name}");
    }
}

/// Returns a drawing that contains a photograph.
fn drawing() -> Vec<u8> {
    use base64::Engine as _;
    let photo = base64::engine::general_purpose::STANDARD.encode(portrait());
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"512\" height=\"512\">\
         <image width=\"512\" height=\"512\" xlink:href=\"data:image/jpeg;base64,{photo}\"/></svg>"
    );
    svg.into_bytes()
}

/// Returns an empty page with an annotation that shows the portrait.
fn page() -> Vec<u8> {
    let photo = portrait();
    let stream = |dictionary: &str, data: &[u8]| {
        let head = format!("<< {dictionary} /Length {} >>\nstream\n", data.len());
        [head.as_bytes(), data, b"\nendstream"].concat()
    };
    let resources = "/Resources << /XObject << /P 5 0 R >> >>";
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 512 512] /Contents 4 0 R {resources} /Annots [6 0 R] >>")
            .into_bytes(),
        stream("", b""),
        stream(
            "/Type /XObject /Subtype /Image /Width 512 /Height 512 /ColorSpace /DeviceRGB /BitsPerComponent 8 \
             /Filter /DCTDecode",
            &photo,
        ),
        b"<< /Type /Annot /Subtype /Stamp /Rect [0 0 512 512] /F 4 /AP << /N 7 0 R >> >>".to_vec(),
        stream(
            &format!("/Type /XObject /Subtype /Form /BBox [0 0 512 512] {resources}"),
            b"q 512 0 0 512 0 0 cm /P Do Q",
        ),
    ];
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        offsets.push(pdf.len());
        pdf.extend(format!("{} 0 obj\n", at + 1).into_bytes());
        pdf.extend(object);
        pdf.extend(b"\nendobj\n");
    }
    let table = pdf.len();
    pdf.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    for offset in offsets {
        pdf.extend(format!("{offset:010} 00000 n \n").into_bytes());
    }
    let size = objects.len() + 1;
    pdf.extend(format!("trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").into_bytes());
    pdf
}

#[test]
fn photographs_inside_documents_are_searched_for_faces() {
    let dir = folder(&[("page.pdf", page()), ("drawing.svg", drawing())]);
    let server = start(&(source("img", dir.path(), "") + &source("drawn", dir.path(), "rasterize_svg = true")));
    // Without its annotation the page has no face. That result must not be taken for the page as a whole.
    let bare = ok(&server, "/page.pdf?w=400&fm=png&face-blur=50&pdf-annotation=false").body;
    assert!(detail(&frames(&bare)[0], [0.0, 0.0, 1.0, 1.0]) < 0.1);
    let plain = ok(&server, "/page.pdf?w=400&fm=png").body;
    for query in ["face-blur=50", "face-blur=50&rasterize-bypass=true"] {
        let hidden = ok(&server, &format!("/page.pdf?w=400&fm=png&{query}"));
        check_hidden(&plain, &hidden.body, &[FACE], query);
    }
    assert_eq!(ok(&server, "/page.pdf?rasterize-bypass=true").body, page());

    assert_eq!(server.get("/drawing.svg?face-blur=50").status, 422);
    // Whatever causes it to be drawn, its faces are hidden.
    let named = ok(&server, "/drawing.svg?w=400&fm=png&face-blur=50");
    check_hidden(&ok(&server, "/drawing.svg?w=400&fm=png").body, &named.body, &[FACE], "drawn by its format");
    let ask = |target: &str| server.send("GET", target, &[("Host", "drawn.test")]);
    let plain = ask("/drawing.svg?w=400&fm=png");
    assert_eq!((plain.status, plain.header("content-type")), (200, Some("image/png")));
    let hidden = ask("/drawing.svg?w=400&fm=png&face-blur=50");
    check_hidden(&plain.body, &hidden.body, &[FACE], "a photograph in a drawing");
}

/// Returns frames of 240 x 160 pixels that show the portrait at these distances from the left, or nothing.
fn animation(server: &Tintype, places: &[Option<u32>]) -> Vec<u8> {
    let small = frames(&ok(server, "/portrait.jpg?w=160&fm=png").body).remove(0);
    let (bytes, side) = (small.into_bytes(), 160);
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 240, 160);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(u32::try_from(places.len()).unwrap(), 0).unwrap();
    encoder.set_frame_delay(1, 10).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for place in places {
        let mut canvas = [90_u8, 120, 150, 255].repeat(240 * 160);
        if let Some(left) = place {
            for y in 0..side {
                let at = (y * 240 + *left as usize) * 4;
                canvas[at..at + side * 4].copy_from_slice(&bytes[y * side * 4..][..side * 4]);
            }
        }
        writer.write_image_data(&canvas).unwrap();
    }
    writer.finish().unwrap();
    out
}

#[test]
fn a_face_that_moves_is_hidden_in_every_frame() {
    let dir = folder(&[]);
    let server = start(&source("img", dir.path(), ""));
    let places = [Some(0), None, Some(80), Some(40)];
    fs::write(dir.path().join("moving.png"), animation(&server, &places)).unwrap();
    // The first frame has no face.
    fs::write(dir.path().join("late.png"), animation(&server, &[None, Some(80), Some(0)])).unwrap();
    for (name, format) in [("moving", "webp"), ("moving", "gif"), ("late", "webp")] {
        let body = ok(&server, &format!("/{name}.png?fm={format}&lossless=true")).body;
        fs::write(dir.path().join(format!("{name}.{format}")), body).unwrap();
    }
    let face = |left: u32| {
        let [a, top, b, bottom] = FACE;
        let across = |share: f64| (f64::from(left) + share * 160.0) / 240.0;
        [across(a), top, across(b), bottom]
    };
    let check = |name: &str, query: &str, places: &[u32]| {
        let target = format!("/{name}?fm=webp&lossless=true&{query}");
        let (plain, hidden) = (frames(&ok(&server, &target).body), ok(&server, &format!("{target}&face-blur=20")).body);
        let hidden = frames(&hidden);
        let shown: Vec<usize> = (0..plain.len()).filter(|at| detail(&plain[*at], [0.0, 0.0, 1.0, 1.0]) > 0.5).collect();
        assert_eq!((plain.len(), shown.len()), (hidden.len(), places.len()), "{target}");
        for (at, left) in shown.into_iter().zip(places) {
            let (before, after) = (detail(&plain[at], face(*left)), detail(&hidden[at], face(*left)));
            assert!(before > 2.0 && after < before * LEFT_MAX, "{target}, frame {at}: {before} {after}");
        }
    };
    for name in ["moving.png", "moving.webp", "moving.gif"] {
        check(name, "", &[0, 80, 40]);
    }
    check("late.webp", "", &[80, 0]);
    check("moving.webp", "reverse=true", &[40, 80, 0]);
    check("moving.webp", "skip=2", &[40]);
    check("moving.webp", "interval=2&w=200", &[0, 80]);
    check("moving.webp", "frame=3-4", &[80, 40]);
    check("moving.webp", "frame=3", &[80]);
    check("late.webp", "frame=2-", &[80, 0]);
    // A still of an animation shows its first frame, or the frame that the request names.
    for (query, left) in [("fm=png", 0), ("fm=png&frame=3", 80), ("fm=png&frame=4&w=200", 40)] {
        let [plain, hidden] = ["", "&face-blur=5"].map(|more| ok(&server, &format!("/moving.gif?{query}{more}")).body);
        check_hidden(&plain, &hidden, &[face(left)], query);
    }
}

#[test]
fn overlays_are_hidden_by_their_own_parameters_and_by_those_of_the_source() {
    let dir = folder(&[]);
    let hiding = source("hiding", dir.path(), "default_params = { face-blur = \"40\", w = \"90\" }");
    let server = start(&(source("img", dir.path(), "") + &hiding));
    let ask = |host: &str, query: &str| {
        let reply = server.send("GET", &format!("/rocket.jpg?{query}"), &[("Host", host)]);
        assert_eq!(reply.status, 200, "{query}");
        assert_ne!(reply.header("cache-control"), Some("public, max-age=60"), "{query} lacks a part");
        reply.body
    };
    let base = "w=400&h=400&fit=crop&fm=png";
    for over in ["blend-mode=normal&blend-size=inherit&blend", "mark-w=400&mark-pad=0&mark"] {
        let with = |how: &str| format!("{base}&{over}={how}");
        let plain = ask("img.test", &with("%2Fportrait.jpg"));
        for nested in [
            "%2Fportrait.jpg%3Fface-blur%3D40",
            "%2Fportrait.jpg%3Fw%3D300%26face-pixelate%3D40",
            "%2Fportrait.jpg%3Fface-blur64%3DNTA",
            "https%3A%2F%2Fimg.test%2Fportrait.jpg%3Fface-blur%3D40",
            "https%3A%2F%2Fhiding.test%2Fportrait.jpg%3Fw%3D500",
        ] {
            check_hidden(&plain, &ask("img.test", &with(nested)), &[FACE], nested);
        }
        // By path, defaults do not apply, except those that hide.
        for nested in ["%2Fportrait.jpg", "%2Fportrait.jpg%3Fw%3D450"] {
            check_hidden(&plain, &ask("hiding.test", &with(nested)), &[FACE], nested);
        }
    }
}

#[test]
fn no_thumbnail_shows_the_hidden_face() {
    let resource = |id: u16, data: &[u8]| {
        [b"8BIM", &id.to_be_bytes()[..], &[0, 0], &(data.len() as u32).to_be_bytes(), data].concat()
    };
    let segment =
        |marker: u8, data: &[u8]| [&[0xFF, marker], &(data.len() as u16 + 2).to_be_bytes()[..], data].concat();
    // A thumbnail among Photoshop's resources, one in EXIF, and a caption.
    let caption = b"\x1c\x02\x78\x00\x08A caption.";
    let iptc = [b"Photoshop 3.0\0", &resource(0x0404, &caption[..12])[..], &resource(0x040C, b"small-copy-of-a-face")]
        .concat();
    let exif = [b"Exif\0\0II*\0\x08\0\0\0\0\0\x0e\0\0\0".as_slice(), b"\0\0small-copy-of-a-face"].concat();
    let photo = portrait();
    let tagged = [&photo[..2], &segment(0xE1, &exif), &segment(0xED, &iptc), &photo[2..]].concat();
    let dir = folder(&[("tagged.jpg", tagged)]);
    let server = start(&source("img", dir.path(), ""));
    let copies = |query: &str| {
        let body = ok(&server, &format!("/tagged.jpg?w=200&{query}")).body;
        body.windows(20).filter(|window| window == b"small-copy-of-a-face").count()
    };
    assert_eq!(copies("iptc=allow"), 1, "the whole block survives where it may");
    for query in [
        "fm=jpg",
        "fm=webp",
        "fm=png",
        "fm=avif",
        "face-blur=5",
        "face-blur=5&iptc=allow",
        "face-pixel=9&iptc=allow&q=90",
    ] {
        assert_eq!(copies(query), 0, "{query}");
    }
}

#[test]
fn an_original_is_searched_for_faces_once_for_all_renditions() {
    let dir = folder(&[]);
    let server = start(&source("img", dir.path(), ""));
    let searches = || server.metric("tintype_face_searches_total");
    // Six renditions at once, then more one by one.
    let mut waiting: Vec<_> =
        (0..6).map(|n| server.begin(&format!("/portrait.jpg?w={}&fm=png&face-blur=50", 120 + n))).collect();
    assert!(waiting.iter_mut().all(|stream| crate::server::read_reply(stream).unwrap().status == 200));
    assert_eq!(searches(), 1.0);
    for query in ["face-pixel=20", "face-blur=3&flip=h&w=90", "face-blur=9&rect=0,0,300,300"] {
        ok(&server, &format!("/portrait.jpg?{query}"));
    }
    assert_eq!(searches(), 1.0);
    // To crop by faces, a quicker search is enough; an explicit orientation or other bytes need a search of their own.
    for query in ["fit=crop&crop=faces&w=80&h=90", "fit=facearea&w=80&h=80", "fm=json&faces=1", "auto=redeye&w=80"] {
        ok(&server, &format!("/portrait.jpg?{query}"));
    }
    assert_eq!(searches(), 2.0);
    ok(&server, "/portrait.jpg?face-blur=20&orient=6");
    assert_eq!(searches(), 3.0);
    fs::copy(dir.path().join("portrait.jpg"), dir.path().join("same.jpg")).unwrap();
    ok(&server, "/same.jpg?face-blur=20");
    assert_eq!(searches(), 4.0, "another object, whose faces can be forgotten by its name");
    ok(&server, "/rocket.jpg?face-blur=20");
    ok(&server, "/rocket.jpg?face-blur=20&w=70");
    assert_eq!(searches(), 5.0, "nothing found is an answer as well");
}
