//! `wf_logs`: what a tentacle printed.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::backend::{BackendError, LogOrder, Logs};
use crate::call::Call;
use crate::gate::{Authorized, act};
use crate::progress::Progress;
use crate::server::Server;
use futures::StreamExt;
use policy::Action;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, interval_at, sleep_until};
use wire::tools::logs::{WfLogs, WfLogsAnswer, WfLogsArgs};
use wire::{Failure, FailureCode};
use workflow::{PartName, PartNameError, TentacleName};

/// How many lines are answered when nothing is said, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 10_000;

/// How many bytes the lines of one answer have at most.
const ROOM: usize = 1024 * 1024;

/// The part that runs a tentacle's own code.
const CODE: &str = "engine";

/// How long and how much somebody may follow at once.
const LONGEST: Duration = Duration::from_secs(600);
const MOST_FOLLOWED: usize = 5_000;

/// How often it is decided anew whether they may.
const ALLOWED_FOR: Duration = Duration::from_secs(5);

impl Handler for WfLogs {
    const ABOUT: About = About {
        title: "Logs of a tentacle",
        description: "Answers the last lines that a tentacle printed: 100 when nothing is said, 10,000 at most. With `follow_seconds` \
                      progress tells each line as it comes, and the answer holds the last ones. With `container` they are those \
                      of a sidecar of that name.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::TentacleLogs];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfLogsArgs,
        progress: &Progress,
    ) -> Result<WfLogsAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let named = named(args.enclave)?;
        let name = match (args.name, args.pod) {
            (Some(name), _) => name,
            (None, Some(copy)) => look.tentacle_of(named.as_ref(), &copy).map_or_else(|| read(&copy), Ok)?,
            (None, None) => return Err(Failure::new(FailureCode::Invalid, "no tentacle is named")),
        };
        let grant = look.tentacle::<act::TentacleLogs>(named.as_ref(), &name)?;
        let lines = args.tail_lines.unwrap_or(USUAL).clamp(1, MOST) as usize;
        let sidecar = args.container.as_deref().filter(|part| *part != CODE).map(sidecar).transpose()?;
        let container = sidecar.as_ref().map_or_else(|| CODE.to_owned(), ToString::to_string);
        let what = LogOrder { lines, sidecar };
        let logs = match args.follow_seconds {
            None => server.backend.logs(&grant, &what).await.map_err(BackendError::into_failure)?,
            Some(seconds) => {
                let follow = Follow { server, call, grant: &grant, what: &what, progress };
                follow.during(Duration::from_secs(seconds.into()).min(LONGEST)).await?
            }
        };
        let logs = bounded(logs);
        let enclave = grant.target().record.name.clone();
        Ok(WfLogsAnswer {
            name,
            namespace: enclave.clone(),
            enclave,
            pod: logs.copy,
            container,
            lines: logs.lines,
            truncated: logs.truncated,
        })
    }
}

/// As many of the last lines as one answer has room for.
fn bounded(mut logs: Logs) -> Logs {
    let mut room = ROOM;
    let fits = |line: &&String| {
        let left = room.checked_sub(line.len() + 1);
        room = left.unwrap_or_default();
        left.is_some()
    };
    let fitting = logs.lines.iter().rev().take_while(fits).count();
    let too_many = logs.lines.len() - fitting;
    logs.truncated |= too_many > 0;
    logs.lines.drain(..too_many);
    logs
}

/// Somebody who follows what a tentacle prints.
struct Follow<'a> {
    server: &'a Server,
    call: &'a Call,
    grant: &'a Authorized<act::TentacleLogs>,
    what: &'a LogOrder,
    progress: &'a Progress,
}

impl Follow<'_> {
    /// Tells every line for this long; answers the last ones.
    async fn during(&self, time: Duration) -> Result<Logs, Failure> {
        let Self { server, grant, what, progress, .. } = self;
        let copy = server.backend.state(grant.target()).copies.into_iter().next().unwrap_or_default().name;
        let mut said = server.backend.follow(grant, what).await.map_err(BackendError::into_failure)?;
        let (mut last, mut number) = (VecDeque::new(), 0);
        let mut again = interval_at(Instant::now() + ALLOWED_FOR, ALLOWED_FOR);
        let ends = Instant::now() + time;
        while number < MOST_FOLLOWED {
            let line = tokio::select! {
                line = said.next() => line,
                _ = again.tick() => {
                    self.still_may().await?;
                    continue;
                }
                () = sleep_until(ends) => break,
            };
            let Some(line) = line else { break };
            number += 1;
            progress.line(number, &line).await;
            last.push_back(line);
            if last.len() > what.lines {
                last.pop_front();
            }
        }
        Ok(Logs { copy, truncated: number > last.len(), lines: last.into() })
    }

    /// Whoever may no longer read it hears no more.
    async fn still_may(&self) -> Result<(), Failure> {
        let target = self.grant.target();
        let look = self.server.gate.look(self.call).await?;
        look.tentacle::<act::TentacleLogs>(Some(&target.record.name), &target.name).map(drop)
    }
}

/// A sidecar's name.
fn sidecar(text: &str) -> Result<PartName, Failure> {
    text.parse().map_err(|error: PartNameError| Failure::new(FailureCode::Invalid, error.to_string()))
}

/// A copy that nobody knows is asked for as a tentacle of that name, which is refused as one.
fn read(copy: &str) -> Result<TentacleName, Failure> {
    copy.parse().map_err(|error: workflow::NameError| Failure::new(FailureCode::Invalid, error.to_string()))
}
