//! Pictures that were looked at, and must stay as they are: `fixtures/golden/NAME.png`, compared by decoded pixels.
//!
//! After a change that is meant, `TINTYPE_WRITE_GOLDEN=1 cargo test --test golden` writes them anew. Look at them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};

use tintype::blob::Blob;
use tintype::config::Limits;
use tintype::param::Location;
use tintype::plan::{self, Intent, Negotiation};
use tintype::render::raster::{Raster, Samples};
use tintype::render::{Job, RenderLimits, render};
use tintype::vips::{self, Call};

/// Name, photo, query. All are small, because all are committed.
const GOLDEN: &[(&str, &str, &str)] = &[
    ("clip", "coffee.jpg", "w=96"),
    ("crop", "astronaut.jpg", "w=96&h=64&fit=crop"),
    ("crop-entropy", "galaxies.jpg", "w=64&h=64&fit=crop&crop=entropy"),
    ("crop-focal-point", "astronaut.jpg", "w=96&h=96&fit=crop&crop=focalpoint&fp-x=.44&fp-y=.25&fp-z=2.5"),
    ("fill-blur", "rocket.jpg", "w=96&h=96&fit=fill&fill=blur"),
    ("fill-solid", "cat.jpg", "w=96&h=96&fit=fill&fill=solid&fill-color=ff8800"),
    ("fit-clamp", "rocket.jpg", "w=96&h=96&fit=clamp"),
    ("fit-scale", "coffee.jpg", "w=48&h=96&fit=scale"),
    ("orientation", "cat-sideways.jpg", "w=96"),
    ("rect", "coffee.jpg", "rect=200,80,240,240&w=96"),
    ("rot-straighten", "coffee.jpg", "w=96&rot=12"),
    ("rot-pivot", "coffee.jpg", "w=96&rot=12&rot-type=pivot&bg=00ff00"),
    ("flip", "cat.jpg", "w=96&flip=h"),
    ("alpha", "cup.png", "w=96"),
    ("alpha-on-colour", "cup.png", "w=96&bg=336699"),
    ("alpha-enlarged", "cup.png", "rect=40,40,24,24&w=96"),
    ("png8", "cup.png", "w=96&fm=png8&colorquant=16"),
    ("jpeg", "cat.jpg", "w=96&fm=jpg&q=60"),
    ("webp", "cat.jpg", "w=96&fm=webp&q=60"),
    ("avif", "cat.jpg", "w=96&fm=avif&q=60"),
    ("border", "coffee.jpg", "w=96&border=6,80ff8800&border-top=14"),
    (
        "border-rounded",
        "coffee.jpg",
        "w=96&border=6,336699&border-radius=20&border-radius-inner=14&border-stroke-size=1&border-stroke-color=fff",
    ),
    ("border-on-mask", "coffee.jpg", "w=96&mask=ellipse&border=5,f00"),
    ("mask-corners", "cat.jpg", "w=96&mask=corners&corner-radius=24,4,24,4&mask-bg=036"),
    ("mask-polygon", "coffee.jpg", "w=96&mask=poly6"),
    ("mask-invert", "coffee.jpg", "w=96&mask=poly5&mask-invert=true"),
    ("mask-picture", "coffee.jpg", "w=96&mask=/cup.png&mask-bg=fff"),
    ("pad", "coffee.jpg", "w=96&pad=8&pad-top=20&bg=336699"),
    ("transparency-grid", "cup.png", "w=96&transparency=grid&grid-size=6"),
    ("fill-gradient", "coffee.jpg", "w=96&h=96&fit=fill&fill=gradient"),
    (
        "fill-gradient-linear",
        "cat.jpg",
        "w=120&h=60&fit=fill&fill=gradient&fill-gradient-linear=f00,00f&fill-gradient-linear-direction=bottom,right&fill-gradient-cs=oklch",
    ),
    (
        "fill-gradient-radial",
        "rocket.jpg",
        "w=96&h=96&fit=fill&fill=gradient&fill-gradient-type=radial&fill-gradient-radial=ff0,00f&fill-gradient-radial-radius=0.2,0.7",
    ),
    ("blend-colour", "coffee.jpg", "w=96&blend=ff6600"),
    ("blend-colour-hue", "coffee.jpg", "w=96&blend-color=00f&blend-mode=color&blend-alpha=80"),
    ("blend-picture", "coffee.jpg", "w=96&h=64&fit=crop&blend=/galaxies.jpg&blend-size=inherit&blend-mode=screen"),
    ("gradient-map", "rocket.jpg", "w=96&gradient-map=1a1a40,e0457b,ffd97a&gradient-map-stops=0,20,100"),
    (
        "gradient-map-equalize",
        "coffee.jpg",
        "w=96&gradient-map=036,fc0,fff&gradient-map-cs=oklch&gradient-map-equalize=true",
    ),
    ("mark", "coffee.jpg", "w=96&mark=/cup.png&mark-w=32&mark-rot=20"),
    ("fade", "coffee.jpg", "w=96&fade=0.2&fade-bottom=0"),
    ("fade-on-mask", "coffee.jpg", "w=96&mask=ellipse&mask-bg=036&fade=12"),
    ("gradient", "coffee.jpg", "w=96&gradient=00000000,cc000000,ffff4400&gradient-stops=30,60,100"),
    (
        "gradient-corner",
        "rocket.jpg",
        "w=96&gradient=ff0000,0000ff&gradient-angle=top,right&gradient-cs=oklch&gradient-mode=softlight",
    ),
    (
        "gradient-radial",
        "coffee.jpg",
        "w=96&gradient=0fff,ff003366&gradient-type=radial&gradient-radial-size=closest-side",
    ),
    ("gradient-mask", "cat.jpg", "w=96&gradient=fff,0fff&gradient-mask=true&gradient-angle=20"),
    (
        "mark-gradient",
        "coffee.jpg",
        "w=96&mark=/cup.png&mark-w=48&mark-rot=20&mark-gradient=f00,00f&mark-gradient-angle=90",
    ),
    (
        "blend-fade",
        "coffee.jpg",
        "w=96&blend=/galaxies.jpg&blend-mode=screen&blend-w=0.8&blend-fade=0.3&blend-align=center,middle",
    ),
    ("mark-fade", "coffee.jpg", "w=96&mark=/cat.jpg&mark-w=40&mark-rot=20&mark-fade=0.3&mark-align=middle,center"),
    ("drop-shadow", "cup.png", "w=72&drop-shadow=4&drop-shadow-x=6&drop-shadow-y=0.1"),
    ("drop-shadow-cast", "cup.png", "w=72&drop-shadow=1&drop-shadow-type=cast&drop-shadow-falloff=60"),
    ("drop-shadow-float", "cup.png", "w=72&drop-shadow=3&drop-shadow-type=float&drop-shadow-y=8"),
    ("drop-shadow-inset", "coffee.jpg", "w=96&mask=ellipse&drop-shadow=4&drop-shadow-type=inset&drop-shadow-y=6"),
    (
        "mark-standing",
        "coffee.jpg",
        "w=96&mark=/cup.png&mark-w=40&mark-align=middle,center&mark-reflection=60&mark-drop-shadow=2&mark-drop-shadow-type=float",
    ),
    ("mark-tiles", "coffee.jpg", "w=96&mark=/cup.png&mark-scale=25&mark-tile=grid&mark-alpha=60"),
];

/// Mean and largest difference of samples that a newer codec may make; anything seen is larger.
const MEAN_MAX: f64 = 0.6;
const LARGEST: u8 = 16;

#[test]
fn pictures_stay_as_they_were_approved() {
    vips::init().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the switch that rewrites the files")]
    let write = std::env::var_os("TINTYPE_WRITE_GOLDEN").is_some();
    let mut faults = Vec::new();
    for (name, photo, query) in GOLDEN {
        let path = folder("golden").join(format!("{name}.png"));
        let now = rendered(photo, query);
        if write {
            std::fs::create_dir_all(folder("golden")).unwrap();
            std::fs::write(&path, png(&now)).unwrap();
        }
        let approved = std::fs::read(&path).map(|bytes| decoded(&bytes));
        match approved {
            Ok(approved) => faults.extend(difference(&approved, &now).map(|what| format!("{name}: {what}"))),
            Err(_) => faults.push(format!("{name}: there is no {}", path.display())),
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The rendition's pixels. What does not say its format is written as PNG.
fn rendered(photo: &str, query: &str) -> Raster {
    let limits = Limits::default();
    let query = if query.contains("fm=") { query.to_owned() } else { format!("{query}&fm=png") };
    let parsed = tintype::param::parse(&query, &[]).unwrap();
    let Intent::Render(plan) = plan::resolve(&parsed, &Negotiation::default(), &limits).intent else {
        panic!("{query} renders nothing")
    };
    let read = |name: &str| Blob::copy_from(&std::fs::read(folder("photos").join(name)).unwrap()).unwrap();
    let overlay = |location: &Location| match location {
        Location::Path(path) => read(path.trim_start_matches('/')),
        Location::Url(url) => panic!("{url} is not at hand"),
    };
    let job = Job {
        overlays: plan.overlays().into_iter().map(|(role, location)| (role, overlay(location))).collect(),
        plan: *plan,
        original: read(photo),
        limits: RenderLimits::from(&limits),
        faces: None,
    };
    decoded(render(&job).unwrap().body.as_slice())
}

fn decoded(bytes: &[u8]) -> Raster {
    let loader = match bytes {
        [0xff, ..] => c"jpegload_buffer",
        [0x89, ..] => c"pngload_buffer",
        [b'R', ..] => c"webpload_buffer",
        _ => c"heifload_buffer",
    };
    Call::new(loader).bytes(c"buffer", bytes).image_out().unwrap().to_raster().unwrap().into_rgba()
}

fn png(raster: &Raster) -> Vec<u8> {
    let image = vips::Image::from_raster(raster).unwrap();
    Call::new(c"pngsave_buffer").image(c"in", &image).bytes_out().unwrap()
}

/// What differs, if it can be seen.
fn difference(approved: &Raster, now: &Raster) -> Option<String> {
    if approved.size != now.size {
        return Some(format!("{:?} became {:?}", approved.size, now.size));
    }
    let (Samples::U8(a), Samples::U8(b)) = (&approved.samples, &now.samples) else {
        return Some("not 8 bits a sample".to_owned());
    };
    // The colour of what is fully transparent is nobody's business.
    let pixels = a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0).filter(|(a, b)| a[3] > 0 || b[3] > 0);
    let differences: Vec<u8> =
        pixels.flat_map(|(a, b)| std::array::from_fn::<u8, 4, _>(|i| a[i].abs_diff(b[i]))).collect();
    let largest = differences.iter().copied().max().unwrap_or(0);
    let mean = differences.iter().map(|&d| f64::from(d)).sum::<f64>() / differences.len().max(1) as f64;
    (largest > LARGEST || mean > MEAN_MAX).then(|| format!("differs by {mean:.2} in the mean, {largest} at most"))
}
