//! A machine folder that this server alone uses, and that is cleared of everything alive when the server has ended, in
//! whatever way.

use super::attendant::{Guard, Order, READY};
use super::places::Places;
use crate::backend::BackendError;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// How long the guard may take to lock the folder and to clear it: what a killed server left ends first.
const WITHIN: Duration = Duration::from_secs(30);

/// For as long as this lives, or its process does, the guard waits.
#[derive(Debug)]
pub(super) struct Guarded {
    guard: Child,
}

impl Guarded {
    /// Lets it see that nothing is left, and waits until it has.
    pub(super) async fn end(mut self) {
        drop(self.guard.stdin.take());
        // One that does not come to its end is nothing that whoever waits could change.
        let _ = tokio::time::timeout(WITHIN, self.guard.wait()).await;
    }

    /// Locks the folder, and clears it of what another server left.
    ///
    /// # Errors
    /// When another server uses it.
    pub(super) async fn start(places: &Places) -> Result<Self, BackendError> {
        let failed = |why: String| BackendError::Unreachable(format!("{}: {why}", places.root().display()));
        let order = Order::Guard(Guard { folder: places.root().to_path_buf() });
        let command = order.command().map_err(|error| failed(error.to_string()))?;
        let mut command = Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut guard = command.spawn().map_err(|error| failed(error.to_string()))?;
        let (Some(output), Some(mut complaints)) = (guard.stdout.take(), guard.stderr.take()) else {
            return Err(failed("the guard cannot be heard".to_owned()));
        };
        match tokio::time::timeout(WITHIN, first_line(output)).await {
            Ok(Some(line)) if line == READY => {}
            Ok(_) => {
                let mut why = String::new();
                // Without its words there is only the fact.
                let _ = complaints.read_to_string(&mut why).await;
                return Err(failed(format!("the guard did not start: {}", why.trim())));
            }
            Err(_) => return Err(failed("the guard does not come to an end with what was left".to_owned())),
        }
        tokio::spawn(pass_on(BufReader::new(complaints).lines()));
        Ok(Self { guard })
    }
}

async fn first_line(output: ChildStdout) -> Option<String> {
    BufReader::new(output).lines().next_line().await.ok().flatten()
}

/// What the guard complains about, into the log.
async fn pass_on(mut complaints: Lines<BufReader<ChildStderr>>) {
    while let Ok(Some(line)) = complaints.next_line().await {
        tracing::error!(line, "the guard of the machine folder");
    }
    tracing::error!(
        "the guard of the machine folder has ended: restart this server, so that it has one again"
    );
}
