//! Renders files in this process: `render_one QUERY OUT_DIR IN...`. Prints one line a file: outcome, size, time.
//!
//! Run over a directory of odd files by a driver that starts one process a file, it shows which of them crash.

use std::path::Path;

use tintype::blob::Blob;
use tintype::config::Limits;
use tintype::plan::{self, Intent, Negotiation};
use tintype::render::{Job, RenderLimits, render};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [query, out_dir, files @ ..] = args.as_slice() else { anyhow::bail!("render_one QUERY OUT_DIR IN...") };
    let limits = Limits::default();
    let parsed = tintype::param::parse(query, &[])?;
    let Intent::Render(plan) = plan::resolve(&parsed, &Negotiation::default(), &limits).intent else {
        anyhow::bail!("nothing to render")
    };
    let bounds = RenderLimits {
        pixels_max: limits.pixels_max,
        frames_max: limits.frames_max,
        animation_pixels_max: limits.animation_pixels_max,
    };
    for file in files {
        let original = Blob::copy_from(&std::fs::read(file)?)?;
        match render(&Job { plan: (*plan).clone(), original, limits: bounds }) {
            Ok(done) => {
                let name =
                    format!("{}.{:?}", file.trim_start_matches('/').replace('/', "_"), done.format).to_lowercase();
                std::fs::write(Path::new(out_dir).join(name), done.body.as_slice())?;
                let (size, timings) = (done.size, done.timings);
                println!(
                    "ok {file} {:?} {}x{} {} bytes, render {:?} encode {:?}",
                    done.format,
                    size.width,
                    size.height,
                    done.body.len(),
                    timings.render,
                    timings.encode
                );
            }
            Err(error) => println!("err {file} {error:?}"),
        }
    }
    Ok(())
}
