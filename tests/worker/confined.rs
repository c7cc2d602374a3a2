//! What a confined worker can no longer do, each attempt paired with the same attempt by an unconfined worker.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use tintype::blob::Blob;
use tintype::plan::Format;
use tintype::render::{Input, Job, RenderError, RenderLimits, Rendered, render};
use tintype::sniff::Encoded;
use tintype::worker::{Pool, PoolConfig};

use crate::shared;
use crate::support::{ask, block_on, config, plan, start, text};

/// How many files of each kind are rendered in all three ways.
const A_KIND: usize = 10;

pub(crate) const ALL: &[(&str, fn())] = &[
    ("a_confined_worker_is_denied_everything", a_confined_worker_is_denied_everything),
    ("an_unconfined_worker_is_denied_nothing", an_unconfined_worker_is_denied_nothing),
    ("a_confined_worker_can_use_threads_and_libraries", a_confined_worker_can_use_threads_and_libraries),
    ("rendering_is_the_same_confined_free_and_in_process", rendering_is_the_same_confined_free_and_in_process),
    ("text_is_the_same_confined_free_and_in_process", text_is_the_same_confined_free_and_in_process),
    ("a_hostile_original_fails_one_job", a_hostile_original_fails_one_job),
    ("memory_beyond_the_limit_fails_the_job", memory_beyond_the_limit_fails_the_job),
    ("a_rendition_beyond_the_limit_is_an_error", a_rendition_beyond_the_limit_is_an_error),
    ("the_environment_is_not_inherited", the_environment_is_not_inherited),
];

/// Returns the outcome of each attempt in `rogue::probe`.
fn probe(sandbox: bool) -> Vec<(String, String)> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret.toml");
    std::fs::write(&file, "secret").unwrap();
    let socket = directory.path().join("socket");
    let _unix = UnixListener::bind(&socket).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    let order = format!("probe {} {port} {}", file.display(), socket.display());
    let report = block_on(async {
        let pool = start(PoolConfig { sandbox, ..config() });
        text(&pool, &order).await
    });
    let _ = std::fs::remove_file("/tintype-probe"); // left by the unconfined worker when it runs as root
    report.lines().map(|line| line.split_once('=').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

fn a_confined_worker_is_denied_everything() {
    let allowed: Vec<_> = probe(true).into_iter().filter(|(_, outcome)| outcome != "denied").collect();
    assert_eq!(allowed, []);
}

fn an_unconfined_worker_is_denied_nothing() {
    // Any user who can run this test can do these; the others depend on the user.
    let everyones =
        ["read-file", "read-passwd", "write-existing", "create", "rename", "execute", "connect", "unix-socket"];
    let outcomes = probe(false);
    for name in everyones {
        assert!(outcomes.contains(&(name.to_owned(), "allowed".to_owned())), "{name}: the probe itself is broken");
    }
}

fn a_confined_worker_can_use_threads_and_libraries() {
    block_on(async {
        let pool = start(config());
        assert_eq!(text(&pool, "threads").await, "12");
    });
}

/// Every decoder and encoder, with whatever modules, plugins and fonts it loads on first use: the real worker, confined
/// or not, renders the same as this process.
fn rendering_is_the_same_confined_free_and_in_process() {
    const KINDS: [&str; 13] =
        ["avif", "bmp", "gif", "heic", "ico", "jp2", "jpeg", "jxl", "pdf", "png", "svg", "tiff", "webp"];
    let originals: Vec<_> = KINDS.iter().flat_map(|kind| fixtures(kind, A_KIND)).collect();
    tintype::vips::init().unwrap();
    let (free, confined) = (real_workers(false), real_workers(true));
    let formats = ["jpg", "png", "webp", "avif", "gif", "jxl", "png8", "json"];
    let mut rendered = 0;
    for ((name, bytes), format) in originals.iter().zip(formats.iter().cycle()) {
        let job = image_job(bytes, &format!("w=48&fm={format}"));
        let facts = |outcome: Result<Rendered, RenderError>| {
            outcome.map(|rendered| (crc32fast::hash(rendered.body.as_slice()), rendered.size, rendered.answer))
        };
        let here = facts(render(&job));
        rendered += usize::from(here.is_ok());
        let (free, confined) = block_on(async { (free.render(job.clone()).await, confined.render(job).await) });
        assert_eq!(facts(free), here, "{name} as {format} in an unconfined worker");
        assert_eq!(facts(confined), here, "{name} as {format} in a confined worker");
    }
    assert!(rendered * 2 >= originals.len(), "{rendered} of {}", originals.len());
}

/// Fonts are found and read inside the sandbox: the same text, in many scripts, gives the same image.
fn text_is_the_same_confined_free_and_in_process() {
    const TEXTS: [&str; 6] = [
        "txt=Hello",
        "txt=%CE%95%CE%BB%CE%BB%CE%AC%CE%B4%CE%B1&txt-font=serif,bold",
        "txt=%D9%85%D8%B1%D8%AD%D8%A8%D8%A7&txt-line=1",
        "txt=%E6%97%A5%E6%9C%AC%E8%AA%9E&txt-shad=3",
        "txt=%F0%9F%98%80&txt-size=40",
        "txt=wide&txt-font=monospace,italic&txt-fit=max",
    ];
    tintype::vips::init().unwrap();
    let (free, confined) = (real_workers(false), real_workers(true));
    let original = br##"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"/>"##;
    let blank = render(&image_job(original, "w=200&fm=png")).unwrap();
    for query in TEXTS {
        let job = image_job(original, &format!("w=200&fm=png&{query}"));
        let here = render(&job).unwrap();
        assert_ne!(here.body.as_slice(), blank.body.as_slice(), "{query}");
        let (free, confined) = block_on(async { (free.render(job.clone()).await, confined.render(job).await) });
        assert_eq!(free.unwrap().body.as_slice(), here.body.as_slice(), "{query} in an unconfined worker");
        assert_eq!(confined.unwrap().body.as_slice(), here.body.as_slice(), "{query} in a confined worker");
    }
}

/// Whatever a hostile original does to its worker (one aborts libvips 8.14), the next job is not affected.
fn a_hostile_original_fails_one_job() {
    let mut hostile = fixtures("hostile", usize::MAX);
    // What is of no known kind never comes as far as a worker.
    hostile.retain(|(_, bytes)| Encoded::sniffed(Blob::copy_from(bytes).unwrap()).is_some());
    let good = fixtures("png", 1);
    let pool = real_workers(true);
    for (name, bytes) in &hostile {
        let (outcome, next) = block_on(async {
            let outcome = pool.render(image_job(bytes, "w=48&fm=png")).await;
            (outcome, pool.render(image_job(&good[0].1, "w=48&fm=png")).await)
        });
        if let Err(error) = outcome {
            assert!(!matches!(error, RenderError::QueueFull | RenderError::Unavailable), "{name}: {error}");
        }
        assert!(next.is_ok(), "after {name}: {next:?}");
    }
    assert!(pool.is_ready());
}

fn real_workers(sandbox: bool) -> Pool {
    let executable = env!("CARGO_BIN_EXE_tintype").into();
    start(PoolConfig { sandbox, executable, timeout: Duration::from_secs(60), ..config() })
}

fn image_job(original: &[u8], query: &str) -> Job {
    let limits = RenderLimits { pixels_max: 50_000_000, frames_max: 20, animation_pixels_max: 50_000_000 };
    let mut plan = plan(query);
    plan.vectors.draw = true;
    Job {
        plan,
        input: Input::sniffed(Blob::copy_from(original).unwrap()).unwrap(),
        overlays: vec![],
        limits,
        faces: None,
    }
}

/// Returns the first files of a kind. Without any fixtures the list is empty, which fails in CI only.
fn fixtures(kind: &str, files_max: usize) -> Vec<(String, Vec<u8>)> {
    let Some(root) = shared::corpus() else { return Vec::new() };
    let mut paths: Vec<_> = std::fs::read_dir(root.join(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files = paths.into_iter().filter(|path| path.is_file()).take(files_max);
    files.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect()
}

fn memory_beyond_the_limit_fails_the_job() {
    block_on(async {
        let pool = start(PoolConfig { worker_data_bytes_max: 64 << 20, ..config() });
        assert_eq!(text(&pool, "drop 32").await, "dropped");
        assert_eq!(ask(&pool, "drop 128").await.unwrap_err(), RenderError::WorkerCrashed);
        assert_eq!(text(&pool, "echo on").await, "on");
    });
}

fn a_rendition_beyond_the_limit_is_an_error() {
    block_on(async {
        let pool = start(PoolConfig { output_bytes_max: 4096, ..config() });
        assert_eq!(ask(&pool, "huge 4096").await.unwrap().body.len(), 4096);
        assert_eq!(ask(&pool, "huge 4097").await.unwrap_err(), RenderError::Encode(Format::Png));
        assert_eq!(pool.stats().crashed.load(std::sync::atomic::Ordering::Relaxed), 0);
    });
}

fn the_environment_is_not_inherited() {
    let environment = config().environment;
    let names: Vec<_> = environment.iter().filter_map(|(name, _)| name.to_str()).collect();
    assert!(names.contains(&"LANG") && !names.contains(&"PATH") && !names.contains(&"HOME"), "{names:?}");
    block_on(async {
        let pool = start(PoolConfig { sandbox: false, ..config() });
        let pid = text(&pool, "pid").await;
        let given = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
        let given: Vec<_> = given.split('\0').filter_map(|pair| Some(pair.split_once('=')?.0)).collect();
        assert_eq!(given.len(), environment.len(), "{given:?}");
        assert!(given.iter().all(|name| names.contains(name)), "{given:?}");
    });
}
