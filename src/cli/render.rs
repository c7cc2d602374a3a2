//! `tintype render IN QUERY OUT`: renders one file in this process, with the same code as the server's workers.

use crate::sniff::Encoded;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, print};
use crate::blob::Blob;
use crate::limits::Limits;
use crate::param::{self, Location, Parsed};
use crate::plan::{self, Format, Intent, Negotiation, OverlayRole, Plan, Policy, Unsupported};
use crate::render::{self, Input, Job, RenderError, RenderLimits};
use crate::vips;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Original file; ~text for an image of text alone.
    input: PathBuf,
    /// What to do with it, as in a URL: 'w=300&fm=webp'.
    query: String,
    /// Output file. Without `fm`, its extension decides the format; with no parameter at all, it is a copy.
    output: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let limits = Limits::default();
    let parsed = parse(arguments.query.trim_start_matches('?'), &arguments.output)?;
    let object = format!("/{}", arguments.input.display());
    // The user of this command is the operator, so SVG may be drawn.
    let policy = Policy { rasterize_svg: true, ..Policy::default() };
    let intent = plan::resolve_object(&object, &parsed, &Negotiation::default(), &policy).intent;
    let plan = match intent {
        Intent::PassThrough => {
            write(&arguments.output, read(&arguments.input, limits.original_bytes_max)?.as_slice())?;
            return print(&summary(&parsed));
        }
        Intent::Unsupported(why) => return Err(Failure::Usage(unsupported(why).to_owned())),
        Intent::Render(plan) => *plan,
    };
    let input = if object == plan::TEXT_OBJECT {
        Input::Nothing
    } else {
        Input::Original(image(&arguments.input, limits.original_bytes_max)?)
    };
    let overlays = overlays(&plan, &arguments.input, limits.original_bytes_max)?;
    vips::init().map_err(|error| Failure::Runtime(error.to_string()))?;
    let job = Job { overlays, plan, input, limits: RenderLimits::from(&limits), faces: None };
    let rendered =
        render::render(&job).map_err(|error| Failure::Runtime(format!("{}: {error}", arguments.input.display())))?;
    write(&arguments.output, rendered.body.as_slice())?;
    let (width, height) = (rendered.size.width, rendered.size.height);
    let done = format!("{}: {width} x {height}, {} bytes\n", arguments.output.display(), rendered.body.len());
    let instead = param::instead(&parsed.honoured, rendered.answer.content_type()).unwrap_or_default();
    let told = summary(&parsed);
    print(&(done + told.trim_end() + &instead + if told.is_empty() { "" } else { "\n" }))
}

/// Returns what a server sends in `X-Tintype-Params`, on its own line; empty if there is nothing to report.
fn summary(parsed: &Parsed) -> String {
    let text = param::summary(&parsed.honoured, &parsed.ignored, param::SUMMARY_BYTES_MAX);
    if text.is_empty() { text } else { text + "\n" }
}

/// Reads the images of `blend`, `mask` and `mark`: files beside the original, or below its folder.
fn overlays(plan: &Plan, input: &Path, bytes_max: u64) -> Result<Vec<(OverlayRole, Encoded)>, Failure> {
    let folder = input.parent().unwrap_or(Path::new(""));
    let read = |(role, location): (OverlayRole, &Location)| match location {
        Location::Path(path) if !path.contains('?') => {
            Ok((role, image(&folder.join(path.trim_start_matches('/')), bytes_max)?))
        }
        Location::Path(_) | Location::Url(_) => Err(Failure::Usage(
            "blend, mask, mark: this command takes overlays only as files below the folder of IN".to_owned(),
        )),
    };
    plan.overlays().into_iter().map(read).collect()
}

/// Parses the query. If it has parameters but no `fm`, adds `fm` according to the extension of `output`.
fn parse(query: &str, output: &Path) -> Result<Parsed, Failure> {
    let parse = |query: &str| param::parse(query, &[]).map_err(|error| Failure::Usage(error.to_string()));
    let parsed = parse(query)?;
    if query.is_empty() {
        return Ok(parsed);
    }
    if parsed.honoured.iter().any(|honoured| honoured.name == param::FORMAT) {
        return Ok(parsed);
    }
    let extension = output.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let is_written = Format::ALL.iter().any(|format| format.facts().extension == extension);
    let format = match extension.as_str() {
        "jpeg" => "jpg",
        "json" => "json",
        _ if is_written => &extension,
        _ => {
            return Err(Failure::Usage(
                "set fm, or give OUT an extension such as .jpg, .png, .webp or .avif".to_owned(),
            ));
        }
    };
    parse(&format!("{query}&{}={format}", param::FORMAT))
}

const fn unsupported(why: Unsupported) -> &'static str {
    match why {
        Unsupported::Video => "fm: this program does not make videos",
        Unsupported::Privacy => "lp-blur: this program cannot detect licence plates",
        Unsupported::NoText => "~text needs a text; set txt",
        Unsupported::Model => "a parameter needs a generative model, and its fallback is turned off",
    }
}

/// Reads an image file.
fn image(path: &Path, bytes_max: u64) -> Result<Encoded, Failure> {
    let unknown = || Failure::Runtime(format!("{}: {}", path.display(), RenderError::NotAnImage));
    Encoded::sniffed(read(path, bytes_max)?).ok_or_else(unknown)
}

fn read(path: &Path, bytes_max: u64) -> Result<Blob, Failure> {
    let failed =
        |error: std::io::Error| Failure::Runtime(format!("{}: cannot be read: {}", path.display(), error.kind()));
    if fs::metadata(path).map_err(failed)?.len() > bytes_max {
        return Err(Failure::Runtime(format!("{}: larger than {bytes_max} bytes", path.display())));
    }
    Blob::copy_from(&fs::read(path).map_err(failed)?).map_err(failed)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes)
        .map_err(|error| Failure::Runtime(format!("{}: cannot be written: {}", path.display(), error.kind())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, output: &str, fm: Option<&str>) {
        let parsed = parse(query, Path::new(output)).ok();
        let honoured = parsed.map(|p| p.honoured).unwrap_or_default();
        let found = honoured.iter().find(|h| h.name == param::FORMAT).map(|h| h.value.to_string());
        assert_eq!(found.as_deref(), fm, "{query} {output}");
    }

    #[test]
    fn without_fm_the_extension_decides_the_format() {
        check("w=300", "a.webp", Some("webp"));
        check("", "a.webp", None);
        check("w=9", "a.JPEG", Some("jpg"));
        check("w=300&fm=avif", "a.jpg", Some("avif"));
        check("fm=avif", "a", Some("avif"));
        check("fm=nonsense", "a.png", Some("png"));
        check("w=300", "a", None);
        check("w=300", "a.bmp", None);
        check("txt64=%25", "a.png", None);
    }
}
