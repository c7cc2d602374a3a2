//! The rights that a worker gives up before its first job.
//!
//! * **Files and network** (Landlock, as far as the kernel supports it): libraries, fonts and their configuration can
//!   be read. Nothing else can be read, nothing can be written, executed or connected to, and no outside process can be
//!   signalled.
//! * **System calls** (seccomp): those that rendering needs; others fail with `ENOSYS`. See `sandbox/filter.rs`.
//! * **Resources** (rlimits): private memory, file size, open files, no core dump.
//! * **Life**: it dies with its server, and is the first to be killed when memory runs out.
//!
//! None of this requires privileges, and it confines root too.
#![allow(unsafe_code)]

mod filter;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, Signal};

use super::protocol::{Enforcement, Setup};

/// Directories with libraries, modules, fonts, colour profiles, locales and facts about the CPU.
const READ_DIRECTORIES: [&str; 11] = [
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/usr/share",
    "/usr/local/share",
    "/etc/fonts",
    "/var/cache/fontconfig",
    "/sys/devices/system/cpu",
];

/// Files in which libraries look up facts about the system.
const READ_FILES: [&str; 7] = [
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/dev/urandom",
];

/// Maximum number of open files of a worker: its socket, a job's images, and what fontconfig and codecs read.
const OPEN_FILES_MAX: u64 = 256;

/// Ties this process to the thread that started it, and makes the kernel kill it first when memory runs out.
///
/// Ignores signals that ask a process to do something: a service manager, or Ctrl-C, sends them to all processes at
/// once, but the server handles them and finishes its jobs first.
pub(super) fn bind_to_server() {
    // Each of these is an improvement and none is required, so errors are ignored.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    let _ = rustix::thread::set_name(c"tintype-worker");
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    let _ = rustix::process::chdir("/");
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGUSR1, libc::SIGUSR2] {
        ignore(signal);
    }
}

fn ignore(signal: libc::c_int) {
    // SAFETY: ignoring a signal installs no handler, so no code runs at a bad moment.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// Closes every descriptor above standard error, which can only have leaked from the server through `exec`.
pub(super) fn close_inherited() {
    // SAFETY: this runs first in the process, which holds no descriptor of its own yet, so none that is closed here has
    // an owner. Fails only where the call is unknown, which does no harm.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}

/// Sets the resource limits of `setup`.
pub(super) fn limit_resources(setup: &Setup) {
    let limit = |resource, value: u64| {
        // A lower hard limit set by the operator stays. A refused change leaves the limit as it was.
        let value = rustix::process::getrlimit(resource).maximum.map_or(value, |maximum| maximum.min(value));
        let _ = rustix::process::setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    };
    limit(Resource::Core, 0);
    limit(Resource::Nofile, OPEN_FILES_MAX);
    limit(Resource::Fsize, setup.output_bytes_max);
    limit(Resource::Data, setup.data_bytes_max);
    // With the signal ignored, a write beyond `RLIMIT_FSIZE` fails with `EFBIG`, an error of that job, instead of
    // ending the process.
    ignore(libc::SIGXFSZ);
}

/// Leaves the files readable that rendering needs, and removes all other access to files and network, from this thread
/// and every thread it starts.
pub(super) fn restrict_files(read_paths: &[PathBuf]) -> Enforcement {
    match landlock(read_paths) {
        Ok(RestrictionStatus { ruleset: RulesetStatus::FullyEnforced, .. }) => Enforcement::Full,
        Ok(RestrictionStatus { ruleset: RulesetStatus::PartiallyEnforced, .. }) => Enforcement::Partial,
        Ok(RestrictionStatus { ruleset: RulesetStatus::NotEnforced, .. }) | Err(_) => Enforcement::None,
    }
}

fn landlock(read_paths: &[PathBuf]) -> Result<RestrictionStatus, RulesetError> {
    // The newest rights known when this was written; the crate omits what the kernel lacks.
    let abi = ABI::V6;
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?;
    let directories = READ_DIRECTORIES.iter().map(Path::new).chain(read_paths.iter().map(PathBuf::as_path));
    for path in directories {
        ruleset = allow(ruleset, path, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    for path in library_directories() {
        ruleset = allow(ruleset, &path, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    for path in READ_FILES {
        ruleset = allow(ruleset, Path::new(path), AccessFs::ReadFile.into())?;
    }
    ruleset.restrict_self()
}

/// Returns the directories of the libraries that this program is linked with, because their modules are below them:
/// usually in `/usr/lib`, but a libvips built by hand is elsewhere.
fn library_directories() -> BTreeSet<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let paths = maps.lines().filter_map(|line| line.find('/').map(|start| Path::new(&line[start..])));
    let libraries = paths.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(".so")));
    libraries.filter_map(|path| path.parent().map(Path::to_owned)).collect()
}

fn allow(
    ruleset: landlock::RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<landlock::RulesetCreated, RulesetError> {
    match PathFd::new(path) {
        // On a file, the crate drops the rights that apply only to directories.
        Ok(fd) => ruleset.add_rule(PathBeneath::new(fd, access)),
        // Not every system has all of these paths.
        Err(_) => Ok(ruleset),
    }
}

/// Removes the system calls that rendering does not need, from all threads.
pub(super) fn restrict_system_calls() -> Enforcement {
    let applied = filter::program().is_some_and(|program| seccompiler::apply_filter_all_threads(&program).is_ok());
    if applied { Enforcement::Full } else { Enforcement::None }
}

/// Keeps the memory of one image for the next. By default the allocator returns large blocks at once, and the kernel
/// has to clear all their pages again for the next job. [`trim_heap`] returns what is too much.
pub(super) fn keep_freed_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets two numbers of the allocator, under its own lock; if a value is refused, nothing changes.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 << 20);
    }
}

/// Returns freed memory to the system.
pub(super) fn trim_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: touches only memory that the allocator knows to be free, under the allocator's own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}
