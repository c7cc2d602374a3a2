//! What a confined worker can no longer do, each next to the same attempt by an unconfined one.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use tintype::blob::Blob;
use tintype::render::worker::PoolConfig;
use tintype::render::{Job, RenderError};

use crate::support::{ask, block_on, config, job, start, text};

pub(crate) const ALL: &[(&str, fn())] = &[
    ("a_confined_worker_is_denied_everything", a_confined_worker_is_denied_everything),
    ("an_unconfined_worker_is_not", an_unconfined_worker_is_not),
    ("a_confined_worker_can_use_threads_and_libraries", a_confined_worker_can_use_threads_and_libraries),
    ("libvips_does_the_same_confined_and_free", libvips_does_the_same_confined_and_free),
    ("memory_beyond_the_limit_costs_the_job", memory_beyond_the_limit_costs_the_job),
    ("a_rendition_beyond_the_limit_is_an_error", a_rendition_beyond_the_limit_is_an_error),
    ("the_environment_is_not_inherited", the_environment_is_not_inherited),
];

/// What became of each attempt in `rogue::probe`.
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
    let _ = std::fs::remove_file("/tintype-probe"); // by the unconfined one, as root
    report.lines().map(|line| line.split_once('=').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

fn a_confined_worker_is_denied_everything() {
    let allowed: Vec<_> = probe(true).into_iter().filter(|(_, outcome)| outcome != "denied").collect();
    assert_eq!(allowed, []);
}

fn an_unconfined_worker_is_not() {
    // Who may run this test may do these; the others depend on the user.
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

/// Every decoder and encoder, with whatever modules, plugins and fonts they load when they are first used.
fn libvips_does_the_same_confined_and_free() {
    let Some(originals) = fixtures() else { return };
    let (free, confined) = block_on(async {
        let render = async |sandbox| {
            let pool = start(PoolConfig { sandbox, timeout: Duration::from_secs(60), ..config() });
            let mut outcomes = Vec::new();
            for (name, bytes) in &originals {
                let order = Blob::copy_from(&[b"libvips\n", bytes.as_slice()].concat()).unwrap();
                let answer = pool.render(Job { original: order, ..job("") }).await;
                let said = answer.map(|rendered| String::from_utf8_lossy(rendered.body.as_slice()).into_owned());
                outcomes.push((name.clone(), said));
            }
            outcomes
        };
        (render(false).await, render(true).await)
    });
    for (free, confined) in free.iter().zip(&confined) {
        assert_eq!(free, confined);
    }
    let formats: BTreeSet<_> =
        confined.iter().filter_map(|(_, said)| Some(said.as_ref().ok()?.split_once(": Size")?.0)).collect();
    assert!(formats.len() >= 7, "decoded in the worker: {formats:?}");
}

/// A few files of every kind, or `None` where there are none.
fn fixtures() -> Option<Vec<(String, Vec<u8>)>> {
    const A_KIND: usize = 12;
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures"));
    if !root.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "the fixtures are missing");
        eprintln!("skipped: there are no fixtures");
        return None;
    }
    let mut files = Vec::new();
    for kind in ["avif", "gif", "heic", "hostile", "jp2", "jpeg", "jxl", "pdf", "png", "svg", "tiff", "webp"] {
        let mut paths: Vec<_> =
            std::fs::read_dir(root.join(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.into_iter().filter(|path| path.is_file()).take(A_KIND) {
            files.push((path.display().to_string(), std::fs::read(path).unwrap()));
        }
    }
    Some(files)
}

fn memory_beyond_the_limit_costs_the_job() {
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
        assert_eq!(ask(&pool, "huge 4097").await.unwrap_err(), RenderError::Encode { format: "test".into() });
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
