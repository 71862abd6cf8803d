//! A living sandbox: what it says is passed on, and when it ends, in whatever way, everything of it goes.

use super::super::disk;
use super::super::groups::Group;
use super::lines;
use nix::sys::signal::Signal;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the last words may take to be read.
const READ_WITHIN: Duration = Duration::from_secs(2);

/// What a sandbox has on disk and in control groups.
#[derive(Debug)]
pub(super) struct Remains {
    group: Group,
    pub(super) scratch: PathBuf,
}

/// A living sandbox. It ends when this is dropped.
#[derive(Debug)]
pub(in super::super) struct Sandbox {
    /// Its name.
    pub(super) name: String,
    /// The process that the server has started for it.
    pub(super) outer: u32,
    /// The first process within the walls, where it is one of this kernel's.
    pub(in super::super) first: Option<i32>,
    /// Where the server finds the engine's socket.
    pub(in super::super) socket: PathBuf,
    /// What holds it to its share.
    pub(in super::super) group: Group,
    end: CancellationToken,
    why: Arc<OnceLock<String>>,
    ended: watch::Receiver<Option<End>>,
}

/// What ends a sandbox for a reason that is not its own and not the server's wish.
#[derive(Debug, Clone)]
pub(in super::super) struct Ender {
    end: CancellationToken,
    why: Arc<OnceLock<String>>,
}

impl Ender {
    /// Ends it now; whoever asks how it ended is told this, unless it has ended already.
    pub(in super::super) fn end(&self, why: String) {
        // The first reason holds.
        let _ = self.why.set(why);
        self.end.cancel();
    }
}

/// How a sandbox ended.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct End {
    /// In plain words, after the last lines that it said: for whoever wrote the tentacle.
    pub(in super::super) how: String,
    /// The same without those lines: for the log.
    pub(in super::super) status: String,
    /// How many of its processes were killed because it had no memory left.
    pub(in super::super) memory_kills: u64,
    /// Whether it was the server that ended it.
    pub(in super::super) wanted: bool,
}

impl Remains {
    pub(super) fn new(group: Group, scratch: PathBuf) -> Self {
        Self { group, scratch }
    }

    /// Ends what still lives of the sandbox, and removes all that is left.
    pub(super) async fn tidy(&self) -> io::Result<()> {
        self.group.remove().await?;
        disk::remove_tree(&self.scratch)
    }
}

impl Sandbox {
    /// Watches over what was just started. What it says goes to `said`.
    pub(super) fn keep(child: Child, remains: Remains, said: mpsc::Sender<String>) -> Self {
        let (end, why) = (CancellationToken::new(), Arc::new(OnceLock::new()));
        let outer = child.id().unwrap_or_default();
        let name = remains.scratch.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (tell, ended) = watch::channel(None);
        let group = remains.group.clone();
        let ender = Ender { end: end.clone(), why: Arc::clone(&why) };
        tokio::spawn(keep(child, remains, said, ender, tell));
        Self { name, outer, first: None, socket: PathBuf::new(), group, end, why, ended }
    }

    /// Ends it now.
    pub(in super::super) fn end(&self) {
        self.end.cancel();
    }

    /// What ends it for a reason of its own.
    pub(in super::super) fn ender(&self) -> Ender {
        Ender { end: self.end.clone(), why: Arc::clone(&self.why) }
    }

    /// Whether it lives.
    pub(in super::super) fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Waits until nothing of it is left.
    pub(in super::super) fn ended(&self) -> impl Future<Output = End> + Send + 'static {
        let ended = self.ended.clone();
        async move { until_ended(ended).await }
    }

    /// How it ended, if it has.
    pub(in super::super) fn end_of_it(&self) -> Option<End> {
        self.ended.borrow().clone()
    }
}

async fn until_ended(mut ended: watch::Receiver<Option<End>>) -> End {
    match ended.wait_for(Option::is_some).await {
        Ok(end) => end.clone().unwrap_or_default(),
        Err(_) => End { how: "the server is ending".to_owned(), ..End::default() },
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end();
    }
}

async fn keep(
    mut child: Child,
    remains: Remains,
    said: mpsc::Sender<String>,
    Ender { end, why }: Ender,
    tell: watch::Sender<Option<End>>,
) {
    let last = lines::Last::default();
    let mut readers = JoinSet::new();
    if let Some(output) = child.stdout.take() {
        readers.spawn(lines::pass_on(output, said.clone(), last.clone()));
    }
    if let Some(complaints) = child.stderr.take() {
        readers.spawn(lines::pass_on(complaints, said, last.clone()));
    }
    let status = tokio::select! {
        status = child.wait() => status,
        () = end.cancelled() => child.kill().await.and_then(|()| child.try_wait()).map(Option::unwrap_or_default),
    };
    let why = why.get().filter(|_| end.is_cancelled()).cloned();
    let (memory_kills, wanted) = (remains.group.memory_kills(), end.is_cancelled() && why.is_none());
    if let Err(error) = remains.tidy().await {
        // The guard tries again when the server has ended.
        tracing::error!(%error, scratch = %remains.scratch.display(), "something of a sandbox is left");
    }
    // With the last process the pipes are closed; who holds one all the same is not waited for.
    let _ = tokio::time::timeout(READ_WITHIN, readers.join_all()).await;
    let status = why.unwrap_or_else(|| status.map_or_else(|error| error.to_string(), told));
    tell.send_replace(Some(End { how: last.after(&status), status, memory_kills, wanted }));
}

/// How a process ended, in plain words.
fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal().map(Signal::try_from)) {
        (Some(code), _) => format!("ended with code {code}"),
        (None, Some(Ok(signal))) => format!("was ended by {signal}"),
        (None, _) => "was ended".to_owned(),
    }
}
