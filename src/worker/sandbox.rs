//! What a worker gives up before its first job.
//!
//! * **Files and network** (Landlock, as much as the kernel knows): libraries, fonts and their configuration can be
//!   read; nothing else can, nothing can be written, executed or connected to, no process outside be signalled.
//! * **System calls** (seccomp): those that rendering needs, others fail with `ENOSYS`; see `sandbox/filter.rs`.
//! * **Resources** (rlimits): private memory, size of a file, open files, no core dump.
//! * It dies with its server, and is the first to go when memory runs out.
//!
//! None of it needs a privilege, and root is held by it too.
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

/// Libraries, modules, fonts, colour profiles, locales.
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

/// What libraries ask about the machine.
const READ_FILES: [&str; 7] = [
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/dev/urandom",
];

/// Open files of a worker: its socket, a job's pictures, and what fontconfig and codecs read.
const OPEN_FILES_MAX: u64 = 256;

/// Ties this process to the thread that started it, and lets the kernel take it first when memory runs out.
///
/// Signals that ask for something are left to the server, which finishes its jobs first: a service manager, or Ctrl-C,
/// sends them to all processes at once.
pub(super) fn bind_to_server() {
    // Each of these makes things better and none is needed, hence no error.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    let _ = rustix::thread::set_name(c"tintype-worker");
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    let _ = rustix::process::chdir("/");
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGUSR1, libc::SIGUSR2] {
        ignore(signal);
    }
}

fn ignore(signal: libc::c_int) {
    // SAFETY: to ignore a signal installs no handler, so nothing runs at a bad moment.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// Closes what leaked through `exec` from the server: every descriptor above standard error.
pub(super) fn close_inherited() {
    // SAFETY: this runs first in the process, which holds no descriptor of its own yet, so none that is closed here has
    // an owner. Fails only where the call is unknown, and nothing is lost then.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}

/// Sets the resource limits of `setup`.
pub(super) fn limit_resources(setup: &Setup) {
    let limit = |resource, value: u64| {
        // A lower hard limit than ours, set by the operator, stays; raising it is refused, and then nothing changes.
        let value = rustix::process::getrlimit(resource).maximum.map_or(value, |maximum| maximum.min(value));
        let _ = rustix::process::setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    };
    limit(Resource::Core, 0);
    limit(Resource::Nofile, OPEN_FILES_MAX);
    limit(Resource::Fsize, setup.output_bytes_max);
    limit(Resource::Data, setup.data_bytes_max);
    // Beyond `RLIMIT_FSIZE` a write then fails with `EFBIG`, which is an error of that job, instead of ending the process.
    ignore(libc::SIGXFSZ);
}

/// Leaves files readable that rendering needs, and takes away all other access to files and network, from this thread
/// and every thread it starts.
pub(super) fn restrict_files(read_paths: &[PathBuf]) -> Enforcement {
    match landlock(read_paths) {
        Ok(RestrictionStatus { ruleset: RulesetStatus::FullyEnforced, .. }) => Enforcement::Full,
        Ok(RestrictionStatus { ruleset: RulesetStatus::PartiallyEnforced, .. }) => Enforcement::Partial,
        Ok(RestrictionStatus { ruleset: RulesetStatus::NotEnforced, .. }) | Err(_) => Enforcement::None,
    }
}

fn landlock(read_paths: &[PathBuf]) -> Result<RestrictionStatus, RulesetError> {
    // The newest rights known when this was written; the crate leaves out what the kernel lacks.
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

/// Where the libraries are that this program was linked with, because their modules lie below: usually in `/usr/lib`,
/// but a libvips built by hand is elsewhere.
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
        // On a file, the crate drops the rights that only a directory can have.
        Ok(fd) => ruleset.add_rule(PathBeneath::new(fd, access)),
        // Not every system has every one.
        Err(_) => Ok(ruleset),
    }
}

/// Takes away the system calls that rendering does not need, from all threads.
pub(super) fn restrict_system_calls() -> Enforcement {
    let applied = filter::program().is_some_and(|program| seccompiler::apply_filter_all_threads(&program).is_ok());
    if applied { Enforcement::Full } else { Enforcement::None }
}

/// Keeps the memory of one picture for the next. By itself the allocator returns large blocks at once, and the kernel has
/// to clear every page of them again for the next job; [`trim_heap`] returns what is too much.
pub(super) fn keep_freed_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets two numbers of the allocator, under its own lock; refused values leave it as it was.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 << 20);
    }
}

/// Gives freed memory back to the system.
pub(super) fn trim_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it touches only memory that the allocator knows to be free, under the allocator's own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}
