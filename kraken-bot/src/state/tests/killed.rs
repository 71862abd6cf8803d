//! A piece of work in a process of its own, which dies before one of the calls that change something on a disk: which one is
//! chosen beforehand, so that the same history dies the same way again.

use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where the process finds what it is to do.
const JOB: &str = "TENTACULAR_TEST_JOB";

/// How a process ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was killed.
    Killed,
    /// It came to its end before, and says this.
    Said(String),
}

/// The job of this process, if it is one that was started for one. It is not begun before this answers.
pub(super) fn job() -> Option<String> {
    let job = std::env::var(JOB).ok()?;
    let thread = std::fs::read_link("/proc/thread-self").unwrap();
    said(thread.file_name().unwrap().to_str().unwrap());
    std::io::stdin().read_line(&mut String::new()).unwrap();
    Some(job)
}

/// Says something to whoever started this process.
pub(super) fn said(line: &str) {
    std::io::stdout().write_all(format!("\n> {line}\n").as_bytes()).unwrap();
}

/// Starts the test `name` of this program as a process with this job, and kills it before its change of this number within a
/// folder.
pub(super) fn run(name: &str, job: &str, at: (&Path, usize)) -> End {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--quiet"])
        .env(JOB, job)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let thread = Pid::from_raw(line_of(&mut out).parse().unwrap());
    ptrace::seize(thread, ptrace::Options::PTRACE_O_TRACESYSGOOD).unwrap();
    ptrace::interrupt(thread).unwrap();
    stopped(thread);
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"go on\n").unwrap();
    if killed_before(&mut child, thread, at) {
        child.wait().unwrap();
        return End::Killed;
    }
    let told = line_of(&mut out);
    out.read_to_end(&mut Vec::new()).unwrap();
    child.wait().unwrap();
    End::Said(told)
}

fn line_of(out: &mut impl std::io::BufRead) -> String {
    let mut lines = out.lines().map(Result::unwrap);
    lines.find_map(|line| line.strip_prefix("> ").map(str::to_owned)).unwrap()
}

fn stopped(thread: Pid) -> WaitStatus {
    waitpid(thread, Some(WaitPidFlag::__WALL)).unwrap()
}

/// Lets the thread go on from call to call, up to the change that it does not make any more.
fn killed_before(child: &mut Child, thread: Pid, (within, at): (&Path, usize)) -> bool {
    let (mut changes, mut enters, mut signal) = (0, true, None);
    loop {
        ptrace::syscall(thread, signal.take()).unwrap();
        match stopped(thread) {
            WaitStatus::PtraceSyscall(_) => {
                let what = if enters { about_to_change(thread) } else { None };
                if what.is_some_and(|what| place(thread, &what).starts_with(within)) {
                    if changes == at {
                        child.kill().unwrap();
                        // Whoever watches a thread is told of its end, and nobody else before.
                        while !matches!(stopped(thread), WaitStatus::Signaled(..) | WaitStatus::Exited(..)) {}
                        return true;
                    }
                    changes += 1;
                }
                enters = !enters;
            }
            WaitStatus::Stopped(_, other) if other != Signal::SIGTRAP => signal = Some(other),
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return false,
            _ => {}
        }
    }
}

/// What a call is about to change.
enum What {
    /// The path at this address.
    Path(u64),
    /// What is open under this number.
    Open(u64),
}

/// What a thread is about to change that outlives it.
#[cfg(target_arch = "x86_64")]
fn about_to_change(thread: Pid) -> Option<What> {
    use nix::libc::{self, O_CREAT};
    let registers = ptrace::getregs(thread).unwrap();
    let created = |flags: u64| flags & u64::from(O_CREAT.unsigned_abs()) != 0;
    match i64::try_from(registers.orig_rax).unwrap_or(-1) {
        libc::SYS_open if created(registers.rsi) => Some(What::Path(registers.rdi)),
        libc::SYS_openat if created(registers.rdx) => Some(What::Path(registers.rsi)),
        libc::SYS_write | libc::SYS_pwrite64 => Some(What::Open(registers.rdi)),
        libc::SYS_rename | libc::SYS_unlink | libc::SYS_rmdir | libc::SYS_mkdir | libc::SYS_link => {
            Some(What::Path(registers.rdi))
        }
        libc::SYS_renameat
        | libc::SYS_renameat2
        | libc::SYS_unlinkat
        | libc::SYS_mkdirat
        | libc::SYS_linkat => Some(What::Path(registers.rsi)),
        _ => None,
    }
}

#[cfg(target_arch = "aarch64")]
fn about_to_change(thread: Pid) -> Option<What> {
    use nix::libc::{self, O_CREAT};
    let [first, second, third, .., number] =
        ptrace::getregs(thread).unwrap().regs.first_chunk::<9>().unwrap();
    match i64::try_from(*number).unwrap_or(-1) {
        libc::SYS_openat if third & u64::from(O_CREAT.unsigned_abs()) != 0 => Some(What::Path(*second)),
        libc::SYS_write | libc::SYS_pwrite64 => Some(What::Open(*first)),
        libc::SYS_renameat
        | libc::SYS_renameat2
        | libc::SYS_unlinkat
        | libc::SYS_mkdirat
        | libc::SYS_linkat => Some(What::Path(*second)),
        _ => None,
    }
}

/// Where that is.
fn place(thread: Pid, what: &What) -> PathBuf {
    match what {
        What::Open(number) => std::fs::read_link(format!("/proc/{thread}/fd/{number}")).unwrap_or_default(),
        What::Path(address) => {
            let mut text = Vec::new();
            for at in (*address..).step_by(8) {
                let Ok(word) = ptrace::read(thread, at as ptrace::AddressType) else { break };
                let bytes = word.to_ne_bytes();
                text.extend(bytes.iter().take_while(|byte| **byte != 0));
                if bytes.contains(&0) {
                    break;
                }
            }
            PathBuf::from(OsString::from_vec(text))
        }
    }
}
