//! From what is wanted to a living sandbox.

use super::super::attendant::{Enter, Order};
use super::super::disk;
use super::sandbox::{Remains, Sandbox};
use super::{Kind, Mason, SHARED, SOCKET, SOCKET_FOLDER, Wanted, bwrap, runsc};
use serde::Deserialize;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

/// How long the walls may take until there is something within them.
pub(super) const BUILT_WITHIN: Duration = Duration::from_secs(10);

/// The most that Bubblewrap says about what it started.
const MOST_INFO: usize = 4096;

/// Why nothing was put behind walls.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum StartError {
    /// What the system refused.
    #[error("{0}: {1}")]
    System(&'static str, io::Error),
    /// The walls, in the words of who builds them.
    #[error("the walls could not be built: {0}")]
    Walls(String),
}

impl StartError {
    pub(super) fn of<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::System(what, error.into())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Info {
    child_pid: i32,
}

impl Mason {
    /// Puts the wanted program behind walls. What it says goes to `lines`.
    ///
    /// # Errors
    /// When that cannot be done; nothing is left of the attempt then.
    pub(in super::super) async fn start(
        &self,
        wanted: &Wanted,
        lines: mpsc::Sender<String>,
    ) -> Result<Sandbox, StartError> {
        let scratch = self.places.sandboxes().join(&wanted.name);
        let remains = Remains::new(self.groups.group(&wanted.group), scratch);
        let (info, inner) = pipe::pipe().map_err(StartError::of("a pipe"))?;
        let command = match self.prepare(wanted, &remains, info) {
            Ok(command) => command,
            Err(error) => {
                remains.tidy().await.map_err(StartError::of("clearing away"))?;
                return Err(error);
            }
        };
        let child = match self.spawner.spawn(command).await {
            Ok(child) => child,
            Err(error) => {
                remains.tidy().await.map_err(StartError::of("clearing away"))?;
                return Err(StartError::System("starting", error));
            }
        };
        let mut sandbox = Sandbox::keep(child, remains, lines);
        let outer = sandbox.outer;
        let (first, socket) = match self.kind {
            Kind::Runsc => (None, format!("/proc/{outer}/cwd/{SOCKET}")),
            Kind::Bwrap => match tokio::time::timeout(BUILT_WITHIN, first_process(inner)).await {
                Ok(Some(first)) => (Some(first), format!("/proc/{first}/root{SOCKET_FOLDER}/{SOCKET}")),
                Ok(None) | Err(_) => {
                    sandbox.end();
                    return Err(StartError::Walls(sandbox.ended().await.how));
                }
            },
        };
        sandbox.first = first;
        sandbox.socket = PathBuf::from(socket);
        Ok(sandbox)
    }

    /// Makes the sandbox's folder and group, and the command that becomes it.
    pub(super) fn prepare(
        &self,
        wanted: &Wanted,
        remains: &Remains,
        info: pipe::Sender,
    ) -> Result<Command, StartError> {
        disk::make_private(&remains.scratch).map_err(StartError::of("the sandbox's folder"))?;
        if wanted.shared.is_some() {
            let shared = remains.scratch.join(SHARED);
            disk::make_private(&shared).map_err(StartError::of("the folder that is shared"))?;
        }
        let group = self.groups.make(&wanted.group, &wanted.caps);
        let folders = group.map_err(StartError::of("the control group"))?.folders().to_vec();
        let mut wanted = wanted.clone();
        for (number, text) in wanted.texts.iter().enumerate() {
            let file = text.write(&remains.scratch, number).map_err(StartError::of("the sandbox's files"))?;
            wanted.files.push(file);
        }
        let parent = i32::try_from(std::process::id()).unwrap_or_default();
        let enter = match self.kind {
            Kind::Bwrap => bwrap::enter(self, &wanted, &remains.scratch, parent, folders),
            Kind::Runsc => runsc::enter(self, &wanted, &remains.scratch, parent, folders)
                .map_err(StartError::of("the bundle"))?,
        };
        command(enter, info)
    }
}

/// The command that enters.
pub(super) fn command(enter: Enter, info: pipe::Sender) -> Result<Command, StartError> {
    let order = Order::Enter(Box::new(enter)).command();
    let mut command = order.map_err(StartError::of("the order"))?;
    let info: OwnedFd = info.into_blocking_fd().map_err(StartError::of("a pipe"))?;
    command.stdin(info).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

/// The first process within the walls, as Bubblewrap names it; none when it ends without having started one.
pub(super) async fn first_process(mut info: pipe::Receiver) -> Option<i32> {
    let mut told = Vec::new();
    let mut part = [0; 512];
    while told.len() < MOST_INFO {
        let count = info.read(&mut part).await.ok().filter(|count| *count > 0)?;
        told.extend_from_slice(part.get(..count)?);
        if let Ok(Info { child_pid }) = serde_json::from_slice(&told) {
            return Some(child_pid);
        }
    }
    None
}
