//! The filter of system calls: a list of those that Deno needs. Every other one does not exist within the walls.
//!
//! A list of what is forbidden would miss what the next kernel brings, and the other ways that this one has to say the
//! same. What is missing here is answered with `ENOSYS`, as an older kernel would, so that programs and libraries take
//! the way around that they have.

use libc::*;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// Reading files, and writing to what is open. That the files are all for reading is up to the mounts.
const FILES: &[c_long] = &[
    SYS_chdir,
    SYS_close,
    SYS_close_range,
    SYS_dup,
    SYS_dup3,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_fadvise64,
    SYS_fallocate,
    SYS_fchdir,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fcntl,
    SYS_fdatasync,
    SYS_flock,
    SYS_fstat,
    SYS_fstatfs,
    SYS_fsync,
    SYS_ftruncate,
    SYS_getcwd,
    SYS_getdents64,
    SYS_lseek,
    SYS_memfd_create,
    SYS_mkdirat,
    SYS_newfstatat,
    SYS_openat,
    SYS_pipe2,
    SYS_pread64,
    SYS_preadv,
    SYS_preadv2,
    SYS_pwrite64,
    SYS_pwritev,
    SYS_pwritev2,
    SYS_read,
    SYS_readlinkat,
    SYS_readv,
    SYS_sendfile,
    SYS_statfs,
    SYS_statx,
    SYS_umask,
    SYS_unlinkat,
    SYS_write,
    SYS_writev,
];

/// Giving files their names and times, which only whoever keeps something needs.
const NAMES: &[c_long] = &[SYS_renameat, SYS_renameat2, SYS_utimensat];

/// Older calls for the same, which only this architecture has.
#[cfg(target_arch = "x86_64")]
const OLDER_NAMES: &[c_long] = &[SYS_rename];

#[cfg(not(target_arch = "x86_64"))]
const OLDER_NAMES: &[c_long] = &[];

/// What programs do with files that do not know of walls, and waiting for changes of files.
const BESIDE: &[c_long] = &[
    SYS_copy_file_range,
    SYS_getcpu,
    SYS_inotify_add_watch,
    SYS_inotify_init1,
    SYS_inotify_rm_watch,
    SYS_linkat,
    SYS_splice,
    SYS_symlinkat,
    SYS_sync_file_range,
    SYS_tee,
    SYS_truncate,
];

/// Older calls for the same, which only this architecture has.
#[cfg(target_arch = "x86_64")]
const OLDER_BESIDE: &[c_long] =
    &[SYS_creat, SYS_eventfd, SYS_inotify_init, SYS_link, SYS_signalfd, SYS_symlink, SYS_utime, SYS_utimes];

#[cfg(not(target_arch = "x86_64"))]
const OLDER_BESIDE: &[c_long] = &[];

/// Memory.
const MEMORY: &[c_long] = &[
    SYS_brk,
    SYS_madvise,
    SYS_membarrier,
    SYS_mincore,
    SYS_mlock,
    SYS_mmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_msync,
    SYS_munlock,
    SYS_munmap,
    SYS_pkey_alloc,
    SYS_pkey_free,
    SYS_pkey_mprotect,
];

/// Processes and threads of its own. To make one is checked further: [`conditions`].
const PROCESSES: &[c_long] = &[
    SYS_execve,
    SYS_exit,
    SYS_exit_group,
    SYS_futex,
    SYS_get_robust_list,
    SYS_getegid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getgroups,
    SYS_getpgid,
    SYS_getpid,
    SYS_getppid,
    SYS_getpriority,
    SYS_getresgid,
    SYS_getresuid,
    SYS_getrusage,
    SYS_getsid,
    SYS_gettid,
    SYS_getuid,
    SYS_kill,
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    SYS_prctl,
    SYS_prlimit64,
    SYS_restart_syscall,
    SYS_rseq,
    SYS_sched_getaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_sched_setaffinity,
    SYS_sched_yield,
    SYS_set_robust_list,
    SYS_set_tid_address,
    SYS_setpgid,
    SYS_setpriority,
    SYS_setsid,
    SYS_sysinfo,
    SYS_tgkill,
    SYS_times,
    SYS_tkill,
    SYS_uname,
    SYS_wait4,
    SYS_waitid,
];

/// Signals, time, chance, and waiting for something.
const EVENTS: &[c_long] = &[
    SYS_clock_getres,
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_pwait2,
    SYS_eventfd2,
    SYS_getitimer,
    SYS_getrandom,
    SYS_gettimeofday,
    SYS_nanosleep,
    SYS_ppoll,
    SYS_pselect6,
    SYS_rt_sigaction,
    SYS_rt_sigpending,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigsuspend,
    SYS_rt_sigtimedwait,
    SYS_setitimer,
    SYS_sigaltstack,
    SYS_signalfd4,
    SYS_timerfd_create,
    SYS_timerfd_gettime,
    SYS_timerfd_settime,
];

/// Sockets. Of which kind is checked where they are made: [`conditions`].
const SOCKETS: &[c_long] = &[
    SYS_accept,
    SYS_accept4,
    SYS_bind,
    SYS_connect,
    SYS_getpeername,
    SYS_getsockname,
    SYS_getsockopt,
    SYS_listen,
    SYS_recvfrom,
    SYS_recvmmsg,
    SYS_recvmsg,
    SYS_sendmmsg,
    SYS_sendmsg,
    SYS_sendto,
    SYS_setsockopt,
    SYS_shutdown,
];

/// Older calls for the same, which only this architecture has.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    SYS_access,
    SYS_alarm,
    SYS_arch_prctl,
    SYS_chmod,
    SYS_dup2,
    SYS_epoll_create,
    SYS_epoll_wait,
    SYS_fork,
    SYS_getdents,
    SYS_getpgrp,
    SYS_getrlimit,
    SYS_lstat,
    SYS_mkdir,
    SYS_open,
    SYS_pause,
    SYS_pipe,
    SYS_poll,
    SYS_readlink,
    SYS_rmdir,
    SYS_select,
    SYS_setrlimit,
    SYS_stat,
    SYS_time,
    SYS_unlink,
    SYS_vfork,
];

#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// With any of these flags `clone` makes a new namespace. `clone3`, whose flags a filter cannot see, is missing here:
/// libraries use `clone` then.
const NEW_NAMESPACES: c_int =
    CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS;

/// What a filter is for: which sockets there are within the walls, and what is done with files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Purpose {
    /// Sockets of the machine's files.
    Local,
    /// Those of TCP too: within a network namespace that has nothing but its loopback, where the engine takes what is to
    /// go out through the gateway.
    Tcp,
    /// The same, and files are named when they are whole.
    Keeping,
    /// The same, for programs that are not Deno.
    Beside,
}

/// The part of a socket's type that is its kind; the rest are flags.
const SOCKET_KIND: u64 = 0xf;

/// The filter, as the kernel takes it.
pub(in super::super) fn filter(purpose: Purpose) -> Result<Vec<u8>, BackendError> {
    let mut listed = [FILES, MEMORY, PROCESSES, EVENTS, SOCKETS, OLDER].concat();
    if matches!(purpose, Purpose::Keeping | Purpose::Beside) {
        listed.extend([NAMES, OLDER_NAMES].concat());
    }
    if purpose == Purpose::Beside {
        listed.extend([BESIDE, OLDER_BESIDE].concat());
    }
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        listed.into_iter().map(|call| (call, Vec::new())).collect();
    rules.extend(conditions(purpose)?);
    let missing = SeccompAction::Errno(ENOSYS.unsigned_abs());
    let arch: TargetArch = std::env::consts::ARCH.try_into()?;
    let program: BpfProgram = SeccompFilter::new(rules, missing, SeccompAction::Allow, arch)?.try_into()?;
    Ok(program
        .into_iter()
        .flat_map(|step| {
            let [code_0, code_1] = step.code.to_ne_bytes();
            let [k_0, k_1, k_2, k_3] = step.k.to_ne_bytes();
            [code_0, code_1, step.jt, step.jf, k_0, k_1, k_2, k_3]
        })
        .collect())
}

/// The calls that are there for some arguments only.
fn conditions(purpose: Purpose) -> Result<Vec<(i64, Vec<SeccompRule>)>, BackendError> {
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let argument =
        |index, operator, value: u64| SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, value);
    // A socket of another family would reach kernel code, and with AF_VSOCK a machine's host, that no namespace hides.
    let local = || argument(0, Eq, AF_UNIX.unsigned_abs().into());
    let namespaces = NEW_NAMESPACES.unsigned_abs().into();
    // Typing into a terminal is a way out of a sandbox that was started from one.
    let no_typing = vec![argument(1, Ne, TIOCSTI)?, argument(1, Ne, TIOCLINUX)?];
    let mut made = vec![SeccompRule::new(vec![local()?])?];
    if purpose != Purpose::Local {
        for protocol in [IPPROTO_IP, IPPROTO_TCP] {
            made.push(SeccompRule::new(vec![
                argument(0, Eq, AF_INET.unsigned_abs().into())?,
                argument(1, MaskedEq(SOCKET_KIND), SOCK_STREAM.unsigned_abs().into())?,
                argument(2, Eq, protocol.unsigned_abs().into())?,
            ])?);
        }
    }
    Ok(vec![
        (SYS_socket, made),
        (SYS_socketpair, vec![SeccompRule::new(vec![local()?])?]),
        (SYS_clone, vec![SeccompRule::new(vec![argument(0, MaskedEq(namespaces), 0)?])?]),
        (SYS_ioctl, vec![SeccompRule::new(no_typing)?]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_into_what_the_kernel_takes_and_into_a_pipe() {
        let bytes = filter(Purpose::Beside).unwrap();
        assert_eq!(bytes.len() % 8, 0);
        assert!(bytes.len() / 8 <= 4096 && bytes.len() < 64 * 1024, "{}", bytes.len());
    }

    #[test]
    fn nothing_dangerous_is_on_the_list() {
        let files = [FILES, NAMES, OLDER_NAMES, BESIDE, OLDER_BESIDE].concat();
        let listed = [&files, MEMORY, PROCESSES, EVENTS, SOCKETS, OLDER].concat();
        let forbidden = [
            SYS_ptrace,
            SYS_process_vm_readv,
            SYS_process_vm_writev,
            SYS_mount,
            SYS_umount2,
            SYS_pivot_root,
            SYS_unshare,
            SYS_setns,
            SYS_clone3,
            SYS_bpf,
            SYS_perf_event_open,
            SYS_keyctl,
            SYS_add_key,
            SYS_request_key,
            SYS_io_uring_setup,
            SYS_userfaultfd,
            SYS_open_by_handle_at,
            SYS_init_module,
            SYS_finit_module,
            SYS_kexec_load,
            SYS_reboot,
            SYS_setuid,
            SYS_chroot,
            SYS_mknodat,
            SYS_socket,
            SYS_clone,
        ];
        assert!(forbidden.iter().all(|call| !listed.contains(call)));
    }
}
