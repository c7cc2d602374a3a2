//! The system calls of a worker: a list of those allowed. Every other call fails with `ENOSYS`.
//!
//! `ENOSYS` rather than death, because libraries probe for newer calls and fall back. The filter does not replace
//! Landlock, because it cannot see paths. It removes what has nothing to do with paths: sockets, processes, tracing and
//! the kernel's larger interfaces; and, on kernels without Landlock, opening anything for writing.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// System calls allowed with any arguments.
const ALLOWED: &[c_long] = &[
    // Reading and writing files that are already open.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fadvise64,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_memfd_create,
    libc::SYS_pipe2,
    libc::SYS_eventfd2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    // The socket to the server; no allowed call can create another.
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    // Inspecting files; Landlock decides which.
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fstatfs,
    libc::SYS_statfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    // Memory.
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_brk,
    libc::SYS_membarrier,
    // Threads.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min,
    libc::SYS_getcpu,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    // Handling signals.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Time, randomness, and facts about the system.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_times,
    libc::SYS_getrandom,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_umask,
];

/// Older forms of calls that exist only on this architecture.
#[cfg(target_arch = "x86_64")]
const ALLOWED_HERE: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_dup2,
    libc::SYS_lstat,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_HERE: &[c_long] = &[];

/// Flags that make an `open` do more than read.
const OPEN_WRITES: i32 = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | (libc::O_TMPFILE & !libc::O_DIRECTORY);

/// `prctl` operations that name threads and memory.
const PRCTL_ALLOWED: [i32; 3] = [libc::PR_SET_NAME, libc::PR_GET_NAME, libc::PR_SET_VMA];

/// `fcntl` operations needed to read files. The operations that name a process to be signalled when data arrives are
/// left out: they would be a way to signal the server.
const FCNTL_ALLOWED: [i32; 12] = [
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_GETLK,
    libc::F_SETLK,
    libc::F_SETLKW,
    libc::F_OFD_SETLK,
    libc::F_ADD_SEALS,
    libc::F_GET_SEALS,
];

/// Returns the filter for this process, or `None` on an architecture that has none.
pub(super) fn program() -> Option<BpfProgram> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).ok()?;
    let pid = u64::try_from(rustix::process::getpid().as_raw_nonzero().get()).ok()?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for call in ALLOWED.iter().chain(ALLOWED_HERE) {
        rules.insert(*call, Vec::new());
    }
    for (call, conditions) in restricted(pid)? {
        rules.entry(call).or_default().push(SeccompRule::new(conditions).ok()?);
    }
    let deny = SeccompAction::Errno(u32::try_from(libc::ENOSYS).ok()?);
    SeccompFilter::new(rules, deny, SeccompAction::Allow, arch).ok()?.try_into().ok()
}

/// Returns the calls that are allowed with some arguments only; each entry is one way to be allowed.
fn restricted(pid: u64) -> Option<Vec<(c_long, Vec<SeccompCondition>)>> {
    let mut rules = vec![
        (libc::SYS_openat, vec![masked(2, OPEN_WRITES, 0)?]),
        // Allows threads, not processes. `clone3` hides its flags in memory, and glibc falls back from it to `clone`.
        (libc::SYS_clone, vec![masked(0, libc::CLONE_THREAD, libc::CLONE_THREAD)?]),
        // `abort` signals its own process.
        (libc::SYS_tgkill, vec![equal(0, pid)?]),
        (libc::SYS_kill, vec![equal(0, pid)?]),
        // A process may read its own limits: no other process named, no new limit given.
        (libc::SYS_prlimit64, vec![equal(0, 0)?, equal_pointer(2, 0)?]),
        // `isatty`, which C libraries call on files they open.
        (libc::SYS_ioctl, vec![equal(1, libc::TCGETS)?]),
    ];
    #[cfg(target_arch = "x86_64")]
    rules.push((libc::SYS_open, vec![masked(1, OPEN_WRITES, 0)?]));
    for operation in PRCTL_ALLOWED {
        rules.push((libc::SYS_prctl, vec![equal(0, u64::try_from(operation).ok()?)?]));
    }
    for operation in FCNTL_ALLOWED {
        rules.push((libc::SYS_fcntl, vec![equal(1, u64::try_from(operation).ok()?)?]));
    }
    Some(rules)
}

fn equal(argument: u8, value: u64) -> Option<SeccompCondition> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value).ok()
}

fn equal_pointer(argument: u8, value: u64) -> Option<SeccompCondition> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value).ok()
}

fn masked(argument: u8, mask: i32, value: i32) -> Option<SeccompCondition> {
    let (mask, value) = (u64::try_from(mask).ok()?, u64::try_from(value).ok()?);
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_compiles_on_this_architecture() {
        let program = program().expect("every supported architecture has a filter");
        assert!(program.len() > ALLOWED.len());
    }

    #[test]
    fn no_call_is_listed_twice_and_none_of_the_dangerous_ones_is() {
        let mut calls: Vec<c_long> = ALLOWED.iter().chain(ALLOWED_HERE).copied().collect();
        let len = calls.len();
        calls.extend(restricted(1).unwrap().iter().map(|(call, _)| *call));
        for call in [
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_bind,
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_ptrace,
            libc::SYS_clone3,
            libc::SYS_openat2,
            libc::SYS_unlinkat,
            libc::SYS_io_uring_setup,
            libc::SYS_process_vm_writev,
        ] {
            assert!(!calls.contains(&call), "call {call}");
        }
        calls.truncate(len);
        calls.sort_unstable();
        calls.dedup();
        assert_eq!(calls.len(), len);
    }
}
