//! `tintype gallery OUT_DIR`: a page with an image for every parameter and class of values, to look through.
//!
//! The images are rendered the way the server renders them, in worker processes, from a folder of photographs. Each is
//! what the URL below it shows while `make run` serves that folder.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use super::{Failure, print};
use crate::app::{App, Stopwatch};
use crate::clock::SystemClock;
use crate::config::{self, Environment};
use crate::param::{self, Category, Effect, Kind, PARAMS, ParamSpec, State, Tier};
use crate::plan::{self, Intent, Negotiation, Policy};

/// The address where `make run` listens.
const ORIGIN: &str = "http://127.0.0.1:8080";
/// Width of an image whose example states no size.
const WIDTH_PX: u32 = 240;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Folder for the page and its images; created if missing.
    output: PathBuf,
    /// Folder with the originals.
    #[arg(long, value_name = "DIR", default_value = "fixtures/photos")]
    root: PathBuf,
    /// Photograph to show in addition to the one that suits a parameter.
    #[arg(long, value_name = "NAME", default_value = "coffee.jpg")]
    photo: String,
    /// Only parameters whose name starts with this.
    #[arg(long, value_name = "PREFIX", default_value = "")]
    only: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let started = Instant::now();
    let failed = |what: &str, error: &dyn std::fmt::Display| Failure::Runtime(format!("{what}: {error}"));
    fs::create_dir_all(&arguments.output)
        .map_err(|error| failed(&format!("{}: cannot be created", arguments.output.display()), &error.kind()))?;
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
         [[source]]\nname = \"photos\"\nkind = \"folder\"\nroot = {:?}\n",
        arguments.root.display().to_string()
    );
    let config = config::parse("gallery", &text, &Environment::new(), &[]).map_err(Failure::Config)?;
    let executable = std::env::current_exe().map_err(|error| failed("cannot find this program", &error.kind()))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| failed("cannot start threads", &error.kind()))?;
    let page = runtime.block_on(async {
        let app =
            App::build(config, Arc::new(SystemClock), executable).await.map_err(|error| failed("gallery", &error))?;
        let page = page(&app, arguments).await;
        app.pool.drain().await;
        Ok(page)
    })?;
    write(&arguments.output.join("index.html"), page.html.as_bytes())?;
    print(&format!(
        "{}: {} images, {} of them errors, in {:.0} s\n",
        arguments.output.join("index.html").display(),
        page.count,
        page.errors,
        started.elapsed().as_secs_f64()
    ))
}

#[derive(Debug, Default)]
struct Page {
    html: String,
    count: usize,
    errors: usize,
}

const HEAD: &str = "<!doctype html><meta charset=utf-8><title>Tintype gallery</title><style>
body { font: 13px/1.4 sans-serif; margin: 16px; background: #eee }
section { display: inline-block; vertical-align: top; margin: 4px; padding: 6px; background: #fff; max-width: 520px }
h2 { margin: 16px 4px 4px } h3 { margin: 0 0 4px; font-size: 13px } code { font-size: 11px; word-break: break-all }
figure { display: inline-block; margin: 0 4px 0 0; vertical-align: top; max-width: 250px }
img { max-width: 250px; max-height: 250px; display: block;
  background: repeating-conic-gradient(#ccc 0 25%, #fff 0 50%) 0 0/16px 16px }
pre { max-width: 240px; max-height: 200px; overflow: hidden; font-size: 10px; white-space: pre-wrap } .error { color: #b00 }
</style><h1>Tintype gallery</h1>
";

async fn page(app: &Arc<App>, arguments: &Arguments) -> Page {
    let mut page = Page { html: HEAD.to_owned(), ..Page::default() };
    for category in Category::ALL {
        let shown =
            |spec: &&ParamSpec| spec.category == *category && spec.name.starts_with(&arguments.only) && is_shown(spec);
        let members: Vec<&ParamSpec> = PARAMS.iter().filter(shown).collect();
        if members.is_empty() {
            continue;
        }
        let _ = write!(page.html, "<h2>{}</h2>", category.heading());
        for spec in members {
            for query in queries(spec) {
                section(&mut page, app, arguments, spec, &query).await;
            }
        }
    }
    page
}

/// Returns whether an image can show the parameter. Excludes signatures, video, and models that this server does not
/// have.
fn is_shown(spec: &ParamSpec) -> bool {
    let silent = spec.effect == Effect::Control || spec.secret || spec.tier == Tier::Video;
    !silent && (spec.tier != Tier::Ai || spec.state == State::Rendered)
}

/// Returns the example of a parameter, and the same with a value of each other class: other words, the other sign,
/// other forms.
fn queries(spec: &ParamSpec) -> Vec<String> {
    let given = |pair: &&str| pair.split_once('=').is_some_and(|(name, _)| name == spec.name);
    let pair = spec.example.split('&').find(given).unwrap_or_default();
    let value = pair.split_once('=').map_or("", |(_, value)| value);
    let mut values = vec![value.to_owned()];
    // A layer takes the same gradient words as the image itself, where they are already shown.
    let of_image = spec.name.split_once('-').and_then(|(_layer, name)| param::find(name));
    let of_layer = of_image.is_some_and(|shown| shown.category == Category::GradientOverlay);
    for kind in spec.kinds.iter().filter(|_| !of_layer) {
        if let Kind::Word(words) | Kind::Words(words) | Kind::FaceArea(words) = kind {
            values.extend(words.iter().map(|word| (*word).to_owned()));
        }
        values.extend(samples(kind).iter().map(|value| (*value).to_owned()));
        let signed = matches!(kind, Kind::Whole(range) if *range.start() < 0)
            || matches!(kind, Kind::Number(range) if *range.start() < 0.0);
        if let (true, Ok(number)) = (signed, value.parse::<f64>()) {
            values.push((-number).to_string());
        }
    }
    let mut seen = std::collections::HashSet::new();
    values.retain(|value| !value.is_empty() && seen.insert(value.clone()));
    values.truncate(VALUES_MAX);
    values.iter().map(|value| sized(&spec.example.replacen(pair, &format!("{}={value}", spec.name), 1))).collect()
}

/// Returns values of a form that is neither words nor numbers.
const fn samples(kind: &Kind) -> &'static [&'static str] {
    if matches!(kind, Kind::Polygon) {
        &["poly3", "poly4", "poly5", "poly6", "poly12"]
    } else if matches!(kind, Kind::Location) {
        &["/cup.png", "/galaxies.jpg"]
    } else {
        &[]
    }
}

/// Most values shown of one parameter; the blend modes need the most.
const VALUES_MAX: usize = 20;

/// Returns the query with the width of the page, unless it states a size.
fn sized(query: &str) -> String {
    let states_size = query.split('&').any(|pair| ["w=", "h="].iter().any(|name| pair.starts_with(name)));
    if states_size { query.to_owned() } else { format!("w={WIDTH_PX}&{query}") }
}

async fn section(page: &mut Page, app: &Arc<App>, arguments: &Arguments, spec: &ParamSpec, query: &str) {
    let _ = write!(page.html, "<section><h3>{}</h3>", escaped(spec.name));
    // A parameter shown on an animation, a document or a drawing has no effect on a photograph.
    let is_photograph = [".jpg", ".png"].iter().any(|extension| spec.photo.ends_with(extension));
    let second = is_photograph.then_some(arguments.photo.as_str());
    for photo in [spec.photo].into_iter().chain(second) {
        page.count += 1;
        let shown = match rendition(app, photo, query).await {
            Ok((body, content_type)) => shown(page.count, &arguments.output, &body, &content_type),
            Err(message) => {
                page.errors += 1;
                format!("<pre class=error>{}</pre>", escaped(&message))
            }
        };
        let url = format!("/{photo}?{query}");
        let _ =
            write!(page.html, "<figure>{shown}<code><a href=\"{ORIGIN}{0}\">{0}</a></code></figure>", escaped(&url));
    }
    page.html.push_str("</section>\n");
}

/// Renders one example. Returns body and type, or status and code.
async fn rendition(app: &Arc<App>, photo: &str, query: &str) -> Result<(bytes::Bytes, String), String> {
    let parsed = param::parse(query, &[]).map_err(|error| error.to_string())?;
    let intent = plan::resolve(&parsed, &Negotiation::default(), &Policy::new(&app.config.limits, false, false)).intent;
    let site = app.sites.get("gallery").ok_or("no source")?;
    if intent == Intent::PassThrough {
        return Err("passed through".to_owned());
    }
    let variant = app.door().variant(site, photo.to_owned(), intent).map_err(|error| error.to_string())?;
    match app.rendition(variant, &Stopwatch::default()).await {
        Ok((rendition, _)) => Ok((rendition.body, rendition.content_type)),
        Err(error) => {
            let answer = error.answer(false);
            Err(format!("{} {}", answer.status.as_u16(), answer.code))
        }
    }
}

/// Returns the HTML for a body: an image becomes a file beside the page, anything else becomes text in it.
fn shown(number: usize, output: &Path, body: &[u8], content_type: &str) -> String {
    let Some(extension) = content_type.strip_prefix("image/") else {
        return format!("<pre>{}</pre>", escaped(&String::from_utf8_lossy(body)));
    };
    let name = format!("{number:04}.{}", extension.trim_end_matches("+xml"));
    match write(&output.join(&name), body) {
        Ok(()) => format!("<img src=\"{name}\" alt=\"\">"),
        Err(_) => "<pre class=error>cannot be written</pre>".to_owned(),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes)
        .map_err(|error| Failure::Runtime(format!("{}: cannot be written: {}", path.display(), error.kind())))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_value_is_shown() {
        for spec in PARAMS.iter().filter(|spec| is_shown(spec)) {
            let own = |query: &String| {
                let pair = query.split('&').rev().find_map(|pair| pair.strip_prefix(&format!("{}=", spec.name)));
                pair.unwrap_or_default().to_owned()
            };
            let values: Vec<String> = queries(spec).iter().map(own).collect();
            for kind in spec.kinds.iter().filter(|kind| matches!(kind, Kind::Polygon | Kind::Location | Kind::Color)) {
                let first = |value: &String| spec.kinds.iter().find(|kind| kind.parse(value).is_some());
                assert!(values.iter().any(|value| first(value) == Some(kind)), "{}: {kind:?}", spec.name);
            }
        }
    }

    #[test]
    fn every_word_and_every_sign_gets_an_image() {
        let of = |name| queries(param::find(name).unwrap());
        assert_eq!(of("bri"), ["w=240&bri=20", "w=240&bri=-20"]);
        assert!(of("fit").contains(&"w=300&h=300&fit=clamp".to_owned()));
        assert_eq!(of("w"), ["w=400"]);
        let masks = of("mask");
        for mask in ["ellipse", "corners", "poly3", "poly6", "/cup.png"] {
            assert!(masks.contains(&format!("w=240&mask={mask}")), "{mask} is not among {masks:?}");
        }
        let all: usize = PARAMS.iter().filter(|spec| is_shown(spec)).map(|spec| queries(spec).len()).sum();
        assert!((150..500).contains(&all), "{all} are too many to look through, or too few");
    }
}
