//! Configuration of the pool and its processes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::RenderConfig;
use crate::limits::Limits;

/// Environment variables that a worker may see: where libraries and fonts are. Never credentials.
const ENVIRONMENT_KEPT: [&str; 3] = ["LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH"];

/// How to run workers.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// The program to execute: this one, unless a test has another.
    pub executable: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Directories that a confined worker may read, in addition to the system's own libraries and fonts.
    pub read_paths: Vec<PathBuf>,
    /// Jobs that run at once, at least 1. One more process is kept ready to replace one that ends.
    pub workers: usize,
    /// Maximum wall time of one job, counted from when a worker has it.
    pub timeout: Duration,
    /// Maximum time that a job waits for a worker.
    pub queue_timeout: Duration,
    /// Maximum time for a worker to become ready.
    pub start_timeout: Duration,
    /// Maximum number of waiting jobs.
    pub queue_max: usize,
    /// A worker is replaced after this many jobs.
    pub worker_jobs_max: u64,
    /// A worker is replaced if its resident memory exceeds this after a job.
    pub worker_memory_bytes_max: u64,
    /// Maximum private memory of a worker (`RLIMIT_DATA`); a job that needs more fails.
    pub worker_data_bytes_max: u64,
    /// Maximum bytes of one rendition.
    pub output_bytes_max: u64,
    /// Whether workers confine themselves.
    pub sandbox: bool,
}

impl PoolConfig {
    /// Returns a path to the running program that stays valid even after its file was replaced by a newer one, which
    /// might speak another protocol.
    #[must_use]
    pub fn this_program() -> PathBuf {
        PathBuf::from("/proc/self/exe")
    }

    /// Builds the configuration that `render` and `limits` describe, with `executable worker` as the worker command.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "only passes on where the system's libraries and fonts are")]
    pub fn new(executable: PathBuf, render: &RenderConfig, limits: &Limits) -> Self {
        let kept = ENVIRONMENT_KEPT.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let kept: Vec<_> = kept.collect();
        let mut environment: Vec<(OsString, OsString)> = [
            ("LANG", "C.UTF-8"),
            // Otherwise each thread of a codec would keep freed memory in its own arena.
            ("MALLOC_ARENA_MAX", "2"),
            // A confined worker has no disk to put large images on; `RLIMIT_DATA` limits the memory.
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

/// Returns the private memory that the largest image needs: libraries and stacks (1 GiB), and then either the largest
/// still as 16-bit RGBA three times (decoded, rotated, in linear light) or the largest animation as 8-bit RGBA twice.
fn data_bytes_max(limits: &Limits) -> u64 {
    let still = limits.pixels_max.saturating_mul(8 * 3);
    let animation = limits.animation_pixels_max.saturating_mul(4 * 2);
    still.max(animation).saturating_add(1 << 30)
}
