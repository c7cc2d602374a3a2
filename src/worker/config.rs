//! How the pool and its processes are set up.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::RenderConfig;
use crate::limits::Limits;

/// Environment that a worker may see: where libraries and fonts are. Never credentials.
const ENVIRONMENT_KEPT: [&str; 3] = ["LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH"];

/// How workers are run.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// What to execute: this program, unless a test has another.
    pub executable: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Directories a confined worker may read beside the system's own libraries and fonts.
    pub read_paths: Vec<PathBuf>,
    /// Jobs that run at once, at least 1. One process more is kept ready to take the place of one that ends.
    pub workers: usize,
    /// Wall time of one job, from when a worker has it.
    pub timeout: Duration,
    /// Time that a job may wait for a worker.
    pub queue_timeout: Duration,
    /// Time for a worker to become ready.
    pub start_timeout: Duration,
    /// Jobs that may wait.
    pub queue_max: usize,
    /// A worker is replaced after this many jobs.
    pub worker_jobs_max: u64,
    /// A worker is replaced when its resident memory is above this after a job.
    pub worker_memory_bytes_max: u64,
    /// Private memory a worker may have at all (`RLIMIT_DATA`); the job that needs more fails.
    pub worker_data_bytes_max: u64,
    /// Bytes of one rendition.
    pub output_bytes_max: u64,
    /// Whether workers confine themselves.
    pub sandbox: bool,
}

impl PoolConfig {
    /// This very program, even after its file was replaced by a newer one that might speak another protocol.
    #[must_use]
    pub fn this_program() -> PathBuf {
        PathBuf::from("/proc/self/exe")
    }

    /// The pool that `render` and `limits` describe, run by `executable worker`.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "only passes on where the system's libraries and fonts are")]
    pub fn new(executable: PathBuf, render: &RenderConfig, limits: &Limits) -> Self {
        let kept = ENVIRONMENT_KEPT.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let kept: Vec<_> = kept.collect();
        let mut environment: Vec<(OsString, OsString)> = [
            ("LANG", "C.UTF-8"),
            // Threads of a codec would each keep freed memory in an arena of their own.
            ("MALLOC_ARENA_MAX", "2"),
            // A confined worker has no disk to put large pictures on; `RLIMIT_DATA` bounds the memory.
            ("VIPS_DISC_THRESHOLD", "4096g"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        environment.extend(kept.iter().cloned());
        Self {
            executable,
            arguments: vec!["worker".into()],
            environment,
            read_paths: kept.iter().flat_map(|(_, paths)| std::env::split_paths(paths)).collect(),
            workers: render.workers.max(1),
            timeout: render.timeout,
            queue_timeout: render.timeout,
            start_timeout: Duration::from_secs(20),
            queue_max: render.queue_max,
            worker_jobs_max: render.worker_jobs_max.max(1),
            worker_memory_bytes_max: render.worker_memory_bytes_max,
            worker_data_bytes_max: data_bytes_max(limits),
            output_bytes_max: 512 << 20,
            sandbox: render.sandbox,
        }
    }
}

/// Libraries and stacks, and then either the largest still as 16-bit RGBA three times over (decoded, turned, in linear
/// light) or the largest animation as 8-bit RGBA twice.
fn data_bytes_max(limits: &Limits) -> u64 {
    let still = limits.pixels_max.saturating_mul(8 * 3);
    let animation = limits.animation_pixels_max.saturating_mul(4 * 2);
    still.max(animation).saturating_add(1 << 30)
}
