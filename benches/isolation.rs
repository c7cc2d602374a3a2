//! What a separate process adds to the cost of a job: the same work here and through the pool, in alternating rounds.
//!
//! Run with `cargo bench --bench isolation`. Prints medians over all rounds, in microseconds. The work is real: a JPEG
//! the size of a photograph, rendered to 512 pixels. A job without any work shows the overhead alone.
#![expect(clippy::unwrap_used, reason = "a measuring program")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tintype::blob::Blob;
use tintype::config::RenderConfig;
use tintype::limits::Limits;
use tintype::param;
use tintype::pixels::raster::{Raster, Samples};
use tintype::plan::{Answer, Format, Intent, Negotiation, Plan, Policy, resolve};
use tintype::render::{Input, Job, RenderError, RenderLimits, Rendered, Timings, render};
use tintype::units::Size;
use tintype::vips::{Call, Image};
use tintype::worker::{Pool, PoolConfig, child};

const ROUNDS: usize = 100;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("worker") {
        let warm_up = || tintype::vips::init().is_ok();
        return child::exit_code(child::start(warm_up).and_then(|channel| Ok(channel.serve(work)?)));
    }
    tintype::vips::init().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let start = Instant::now();
    let pool = runtime.block_on(async { Pool::start(config()).unwrap() });
    while !pool.is_ready() {
        std::thread::sleep(Duration::from_micros(200));
    }
    println!("first worker ready after {} ms", start.elapsed().as_millis());
    println!("{:28} {:>12} {:>12} {:>12}", "median of", "in-process", "pool", "overhead");
    for (name, original) in [("no work, 30 kB out", Vec::new()), ("2048 px JPEG to 512 px JPEG", photograph())] {
        measure(name, &original, &runtime, &pool);
    }
    runtime.block_on(pool.drain());
    ExitCode::SUCCESS
}

fn measure(name: &str, original: &[u8], runtime: &tokio::runtime::Runtime, pool: &Pool) {
    let plan = plan();
    let limits = RenderLimits { pixels_max: 1 << 30, frames_max: 1, animation_pixels_max: 1 << 30 };
    let (mut inside, mut outside, mut difference) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS + 10 {
        // A new memfd every time, as for every request; created before the clock starts on both sides.
        let job = || Job {
            plan: plan.clone(),
            input: Input::sniffed(Blob::copy_from(original).unwrap()).unwrap_or(Input::Nothing),
            overlays: vec![],
            limits,
            faces: None,
        };
        let (here, there) = (job(), job());
        let start = Instant::now();
        let task = async { tokio::task::spawn_blocking(move || work(&here)).await.unwrap() };
        let rendered = runtime.block_on(task).unwrap();
        let took_inside = start.elapsed();
        let start = Instant::now();
        let answer = runtime.block_on(async { pool.render(there).await }).unwrap();
        let took_outside = start.elapsed();
        assert_eq!(rendered.body.as_slice(), answer.body.as_slice());
        // The first rounds warm the caches.
        if round >= 10 {
            inside.push(took_inside.as_secs_f64());
            outside.push(took_outside.as_secs_f64());
            difference.push(took_outside.as_secs_f64() - took_inside.as_secs_f64());
        }
    }
    println!("{name:28} {:>9.0} us {:>9.0} us {:>9.0} us", median(inside), median(outside), median(difference));
}

/// Returns the median in microseconds.
fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2] * 1e6
}

fn config() -> PoolConfig {
    let render = RenderConfig {
        workers: 1,
        timeout: Duration::from_secs(10),
        queue_max: 1,
        worker_jobs_max: u64::MAX,
        worker_memory_bytes_max: 1 << 30,
        sandbox: true,
        undecodable_is_421: false,
    };
    PoolConfig::new(PoolConfig::this_program(), &render, &Limits::default())
}

fn plan() -> Plan {
    let parsed = param::parse("w=512&h=512&fm=jpg&q=80", &[]).unwrap();
    match resolve(&parsed, &Negotiation::default(), &Policy::default()).intent {
        Intent::Render(plan) => *plan,
        Intent::PassThrough | Intent::Unsupported(_) => unreachable!("it has a size"),
    }
}

/// Renders the job, unless there is nothing to render.
fn work(job: &Job) -> Result<Rendered, RenderError> {
    if matches!(job.input, Input::Original(_)) {
        return render(job);
    }
    let body = Blob::copy_from(&[7; 30_000]).map_err(|_| RenderError::Encode(Format::Png))?;
    Ok(Rendered {
        body,
        answer: Answer::Image(Format::Jpeg),
        size: Size::new(1, 1),
        left_out: false,
        timings: Timings::default(),
        faces: None,
    })
}

/// Makes a JPEG of 2048 x 1360 pixels with detail everywhere.
fn photograph() -> Vec<u8> {
    let size = Size::new(2048, 1360);
    let grain = |x: u32, y: u32| ((x * 5) ^ (y * 3)).wrapping_mul(2_654_435_761) >> 27;
    let pixel = |x: u32, y: u32| [x / 8, y / 6, (x + y) / 14].map(|v| u8::try_from(v + grain(x, y)).unwrap_or(255));
    let samples = (0..size.height).flat_map(|y| (0..size.width).flat_map(move |x| pixel(x, y)));
    let raster = Raster { size, channels: 3, samples: Samples::U8(samples.collect()) };
    let image = Image::from_raster(&raster).unwrap();
    Call::new(c"jpegsave_buffer").image(c"in", &image).int(c"Q", 90).bytes_out().unwrap()
}
