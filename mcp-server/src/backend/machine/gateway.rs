//! The egress gateway of this machine: a program of its own, because it reads what strangers send. It is started with the
//! server, started again when it ends, and ends with the server.

use super::places::Places;
use crate::backend::BackendError;
use crate::config::Args;
use crate::supply::Supply;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::task::AbortOnDropHandle;

/// Where a sandbox sees the folder of the gateway's socket, and its pass.
pub(super) const GATEWAY_FOLDER: &str = "/run/egress";
pub(super) const PASS: &str = "/egress.pass";

/// The program's name.
const PROGRAM: &str = "egress";

/// How long it may take until it listens.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// How often it is looked whether it does.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How soon it is started again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// A gateway that listens for as long as this lives.
#[derive(Debug)]
pub(super) struct Gateway {
    socket: PathBuf,
    _kept: AbortOnDropHandle<()>,
}

/// A gateway's process. It ends when the pipe to it closes, which is when this one is gone in whatever way; waiting for a
/// child would close it, so it is held apart.
struct Running {
    child: Child,
    _guard: Option<ChildStdin>,
}

/// How it is started.
#[derive(Debug)]
struct Start {
    program: PathBuf,
    arguments: Vec<String>,
    socket: PathBuf,
}

impl Gateway {
    /// Starts the gateway and waits until it listens.
    ///
    /// # Errors
    /// In plain words, when there is none or it does not start: tentacles that reach nothing run all the same.
    pub(super) async fn start(args: &Args, places: &Places, supply: &Supply) -> Result<Self, String> {
        let program = program(args.egress.as_deref())?;
        let socket = places.gateway();
        let keys = places.gateway_keys();
        let failed = |error: std::io::Error| error.to_string();
        if let Some(folder) = socket.parent() {
            super::disk::make_private(folder).map_err(failed)?;
            // A sandbox is another user than the server.
            fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(failed)?;
        }
        super::disk::put(&keys, supply.pass_keys().to_string().as_bytes()).map_err(failed)?;
        let shown = |path: &Path| path.display().to_string();
        let mut arguments = vec![
            format!("--listen=unix:{}", shown(&socket)),
            format!("--pass-keys={}", shown(&keys)),
            "--guard-stdin".to_owned(),
        ];
        arguments.extend(args.egress_hosts.as_deref().map(|hosts| format!("--hosts={}", shown(hosts))));
        arguments.extend(args.egress_allow_loopback.then(|| "--allow-loopback".to_owned()));
        let start = Start { program, arguments, socket: socket.clone() };
        let child = start.ready().await?;
        let kept = AbortOnDropHandle::new(tokio::spawn(start.keep(child)));
        Ok(Self { socket, _kept: kept })
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Start {
    /// Starts it, and waits until it listens.
    async fn ready(&self) -> Result<Running, String> {
        let mut command = Command::new(&self.program);
        // A program that has the gateway in it knows by its name what it is to be.
        command.arg0(PROGRAM).args(&self.arguments).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", self.program.display()))?;
        let guard = child.stdin.take();
        if let Some(calls) = child.stdout.take() {
            tokio::spawn(pass_on(
                calls,
                |line| tracing::info!(target: "egress", call = line, "a call went through the gateway"),
            ));
        }
        if let Some(complaints) = child.stderr.take() {
            tokio::spawn(pass_on(
                complaints,
                |line| tracing::info!(target: "egress", line, "the gateway says"),
            ));
        }
        let listens = async {
            while UnixStream::connect(&self.socket).await.is_err() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::select! {
            () = listens => {
                let open = fs::set_permissions(&self.socket, Permissions::from_mode(0o666));
                open.map_err(|error| error.to_string())?;
                Ok(Running { child, _guard: guard })
            }
            ended = child.wait() => Err(format!("the egress gateway does not start: it {}", how(ended))),
            () = tokio::time::sleep(READY_WITHIN) => Err("the egress gateway does not listen".to_owned()),
        }
    }

    /// Starts it again whenever it ends.
    async fn keep(self, mut running: Running) {
        loop {
            let ended = running.child.wait().await;
            tracing::error!(how = how(ended), "the egress gateway has ended; starting it again");
            running = loop {
                tokio::time::sleep(AGAIN_AFTER).await;
                match self.ready().await {
                    Ok(again) => break again,
                    Err(error) => tracing::error!(error, "the egress gateway cannot be started"),
                }
            };
        }
    }
}

fn how(ended: std::io::Result<ExitStatus>) -> String {
    ended.map_or_else(|error| error.to_string(), |status| format!("ended with {status}"))
}

async fn pass_on(output: impl AsyncRead + Unpin, say: impl Fn(&str)) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        say(&line);
    }
}

/// The program at the given place, beside this one, or on the PATH.
fn program(given: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(path) = given {
        return path.canonicalize().map_err(|error| format!("--egress `{}`: {error}", path.display()));
    }
    let beside = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join(PROGRAM)));
    match beside.filter(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => which::which(PROGRAM).map_err(|_| {
            format!("the egress gateway `{PROGRAM}` is neither beside this program nor on the PATH; name it with --egress")
        }),
    }
}

/// What tentacles that reach something are told where there is no gateway.
pub(super) fn missing(why: &str) -> BackendError {
    BackendError::NoGateway(why.to_owned())
}
