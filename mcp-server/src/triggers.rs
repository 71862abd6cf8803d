//! Runs tentacles by the clock: each moment at most once, whichever replica it is and whatever it stops in the middle of.
//!
//! A moment belongs to whoever writes it down first, in the transaction that decides and begins the run. There is nobody
//! who is elected, so there is nobody whose absence stops the clock.

mod due;
mod spec;
mod turns;

pub(crate) use spec::{HookSpec, Moment, Moments, Spec};
pub(crate) use turns::Turns;

use crate::call::Call;
use crate::gate::act::TriggerRun;
use crate::gate::{Authorized, unavailable};
use crate::pace::TriggerPace;
use crate::runs;
use crate::server::Server;
use crate::store::{Claim, RunBegin, RunOutcome, Step, StoreError, TriggerRecord, Unmet};
use due::{Verdict, decide};
use jiff::Timestamp;
use policy::State;
use serde_json::json;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turns::Turn;
use wire::Failure;
use workflow::EnclaveName;

/// The shortest pause between two looks.
const SHORTEST: Duration = Duration::from_millis(20);

/// After how many looks at the clock it is said again that a run waits for its turn: every minute.
const SAID_AGAIN: u32 = 12;

/// Looks at the clock until told to stop; comes back when what it began has ended.
pub(crate) async fn forever(server: Arc<Server>, pace: TriggerPace, stop: CancellationToken) {
    let runs = TaskTracker::new();
    loop {
        let now = (pace.now)();
        let until_next = match look(&server, &runs, now).await {
            Ok(next) => next.map(|next| next.duration_since(now).unsigned_abs()),
            Err(error) => {
                tracing::error!(%error, "nothing is run by the clock: the store does not answer");
                None
            }
        };
        let pause = until_next
            .map_or(pace.look_every, |until| until.clamp(SHORTEST.min(pace.look_every), pace.look_every));
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    runs.close();
    runs.wait().await;
}

/// Settles everything that is due; answers when the next is.
async fn look(
    server: &Arc<Server>,
    runs: &TaskTracker,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    for due in server.store.due_triggers(now).await? {
        settle(server, runs, due, now).await?;
    }
    server.store.next_fire().await
}

/// Settles one trigger.
async fn settle(
    server: &Arc<Server>,
    runs: &TaskTracker,
    due: TriggerRecord,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (Spec::Cron(spec), Some(due_at)) = (&due.spec, due.due_at) else { return Ok(()) };
    let rights = server.store.rights().await?;
    let frozen = rights.enclave(&due.of.enclave).is_none_or(|record| record.state != State::Active);
    let verdict = match Moments::of(spec, due.of.to_string()) {
        Some(moments) => decide(&moments, due_at, now, spec.catch_up, frozen),
        None => {
            tracing::error!(trigger = %due.of, "a schedule in the store cannot be read: it rests until the next deploy");
            return pass_over(server, &due, due_at, None, None).await;
        }
    };
    match verdict {
        Verdict::Wait => Ok(()),
        Verdict::Miss { last, missed, next } => {
            let why = if frozen { "the enclave was frozen" } else { "the server was away" };
            let unmet = Unmet { outcome: RunOutcome::Missed, why, last: last.due_at, moments: missed };
            pass_over(server, &due, due_at, next, Some(unmet)).await
        }
        Verdict::Fire { at, missed, next } => {
            let mut tx = server.store.begin().await?;
            let goes_on = !spec.overlap && !due.running.is_empty() && tx.is_going_on(&due.running).await?;
            drop(tx);
            if goes_on {
                let why = "the run before was still going on";
                let unmet = Unmet { outcome: RunOutcome::Skipped, why, last: at.due_at, moments: missed + 1 };
                return pass_over(server, &due, due_at, next, Some(unmet)).await;
            }
            let fire = Fire { due, step: Step { due_at, at, next }, missed };
            let (claimed, settled) = oneshot::channel();
            let server = Arc::clone(server);
            runs.spawn(async move { fire.run(&server, claimed).await });
            // From here on it is somebody's, or an error that was logged.
            let _ = settled.await;
            Ok(())
        }
    }
}

async fn pass_over(
    server: &Server,
    due: &TriggerRecord,
    due_at: Timestamp,
    next: Option<Moment>,
    unmet: Option<Unmet>,
) -> Result<(), StoreError> {
    let mut tx = server.store.begin().await?;
    tx.pass_over(&due.of, due_at, next, unmet).await?;
    tx.commit().await
}

/// A trigger that goes off.
struct Fire {
    due: TriggerRecord,
    step: Step,
    /// How many moments before it were missed.
    missed: u32,
}

impl Fire {
    async fn run(self, server: &Server, claimed: oneshot::Sender<()>) {
        let of = self.due.of.clone();
        if let Err(failure) = self.try_run(server, claimed).await {
            tracing::warn!(trigger = %of, why = failure.text(), "a run by a trigger did not end well");
        }
    }

    /// Takes the moment and runs; `claimed` is let go of as soon as it is known whose the moment is.
    async fn try_run(self, server: &Server, claimed: oneshot::Sender<()>) -> Result<(), Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let of = &self.due.of;
        let call = Call::trigger(of.clone());
        let change = server.gate.change(&call).await?;
        let (change, grant) = change.tentacle::<TriggerRun>(Some(&of.enclave), &of.tentacle).await?;
        let mut changing = change.decided();
        match changing.tx().claim(&grant, of, self.step).await.map_err(failed)? {
            Claim::Ours => {}
            Claim::Moved => return Ok(()),
            Claim::Taken => {
                drop(changing);
                return pass_over(server, &self.due, self.step.due_at, self.step.next, None)
                    .await
                    .map_err(failed);
            }
        }
        if self.missed > 0 {
            let (outcome, why) = (RunOutcome::Missed, "the server was away");
            let unmet = Unmet { outcome, why, last: self.step.at.due_at, moments: self.missed };
            changing.tx().note(of, unmet).await.map_err(failed)?;
        }
        let asked_by = call.shown();
        let begin =
            RunBegin { cause: of.name.as_str(), asked_by: &asked_by, due_at: Some(self.step.at.due_at) };
        let begun = runs::begin(changing, &grant, &begin).await?;
        drop(claimed);
        let _turn = turn(server, &of.enclave, &grant).await;
        let input = json!({"trigger": {"name": of.name, "type": "cron", "due": self.step.at.due_at}});
        runs::unheard((server, &call), &grant, begun, input, &begin).await
    }
}

/// Waits for a turn. For as long as that takes the run is said to go on, so that whatever it takes itself counts from when it
/// really begins, and no replica believes that it is over.
async fn turn(server: &Server, enclave: &EnclaveName, grant: &Authorized<TriggerRun>) -> Turn {
    let mut turn = pin!(server.unasked.take(enclave));
    loop {
        tokio::select! {
            turn = &mut turn => return turn,
            () = tokio::time::sleep(server.clock.look_every * SAID_AGAIN) => {}
        }
        if let Err(error) = waits(server, grant).await {
            tracing::warn!(%error, "it cannot be written down that a run waits still; trying again");
        }
    }
}

async fn waits(server: &Server, grant: &Authorized<TriggerRun>) -> Result<(), StoreError> {
    let mut tx = server.store.begin().await?;
    tx.run_waits(grant).await?;
    tx.commit().await
}
