//! One process of a service.

mod log;

use log::Log;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child as Process, Command};
use tokio::task::JoinHandle;

/// What a child keeps of the environment of `up`: nothing that could hold a secret or configure a service behind the
/// back of its flags.
const INHERITED: [&str; 10] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "XDG_RUNTIME_DIR",
];

/// A service as a process.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// What people call it.
    pub(super) name: &'static str,
    /// The arguments of this binary.
    pub(super) arguments: Vec<OsString>,
    /// Variables beside the inherited ones.
    pub(super) variables: Vec<(OsString, OsString)>,
    /// Where its output goes.
    pub(super) log: PathBuf,
    /// Whether its output is shown as well.
    pub(super) verbose: bool,
    /// How long it may take to end.
    pub(super) grace: Duration,
}

/// A process that runs.
pub(super) struct Child {
    process: Process,
    log: Log,
    /// Copy its output until there is no more.
    pumps: Vec<JoinHandle<()>>,
    grace: Duration,
}

/// How a process ended.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    /// In words.
    pub(super) how: String,
    /// The last lines that it printed.
    pub(super) last_words: Vec<String>,
}

impl Child {
    /// Starts it from this binary.
    pub(super) fn start(order: &Order) -> io::Result<Self> {
        let log = Log::open(&order.log, order.verbose.then_some(order.name))?;
        let inherited =
            INHERITED.iter().filter_map(|name| Some((OsString::from(*name), std::env::var_os(name)?)));
        let mut process = Command::new(std::env::current_exe()?)
            .args(&order.arguments)
            .env_clear()
            .envs(inherited.chain(order.variables.iter().cloned()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for `up` alone, which ends its children in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let pumps = [
            process.stdout.take().map(|pipe| pump(pipe, log.clone())),
            process.stderr.take().map(|pipe| pump(pipe, log.clone())),
        ];
        Ok(Self { process, log, pumps: pumps.into_iter().flatten().collect(), grace: order.grace })
    }

    /// Waits until it ends by itself. Nothing is lost when the wait is given up.
    pub(super) async fn ended(&mut self) -> Ended {
        let how = match self.process.wait().await {
            Ok(status) => in_words(status),
            Err(error) => format!("lost track of it: {error}"),
        };
        for pump in self.pumps.drain(..) {
            // Whoever holds the other end of the pipe now is no child of ours.
            let _ = tokio::time::timeout(Duration::from_secs(1), pump).await;
        }
        Ended { how, last_words: self.log.last_words() }
    }

    /// Asks it to end, and ends it when it does not.
    pub(super) async fn end(mut self) -> Ended {
        if let Some(pid) = self.process.id().and_then(|id| i32::try_from(id).ok()) {
            // It may have ended just now.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let grace = self.grace;
        if let Ok(ended) = tokio::time::timeout(grace, self.ended()).await {
            return ended;
        }
        let _ = self.process.start_kill();
        let Ended { last_words, .. } = self.ended().await;
        Ended { how: format!("did not end within {} s and was killed", grace.as_secs()), last_words }
    }
}

fn in_words(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(0), _) => "ended".to_owned(),
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

fn pump(mut pipe: impl AsyncRead + Unpin + Send + 'static, log: Log) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut buffer = vec![0; 16 * 1024];
        // A pipe that cannot be read any more has nothing more to say.
        while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
            log.add(buffer.get(..read).unwrap_or_default());
        }
        log.flush();
    })
}
