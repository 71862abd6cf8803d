//! How a run goes, whoever or whatever asked for it: written down, carried out, and written down again.

use crate::backend::{BackendError, RunOrder, RunReport, Watch};
use crate::call::Call;
use crate::gate::act::{Act, Run, TriggerRun};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Changing, Effect, MayRun, is_ours, unavailable};
use crate::progress::{Progress, Telling};
use crate::server::Server;
use crate::store::{LastRun, NodeTime, RunBegin, RunEnd, RunOutcome, StoreError, Tx, brief};
use crate::telemetry;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::pin::pin;
use std::time::{Duration, Instant};
use wire::{Failure, FailureCode};
use workflow::TentacleName;

/// The most that a run may take.
const LONGEST: Duration = Duration::from_secs(600);

/// How long a run waits for its turn while as many go on as may, and how often it asks. Those who ask at the same moment are then
/// all answered, where runs are short; and where they are long, it is told before anybody wonders.
const TURN_WITHIN: Duration = Duration::from_secs(30);
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// A right that was had so long ago is asked for anew: before the run, and of whoever hears of it while it goes on.
const FRESH: Duration = Duration::from_millis(100);
const HEARD_FOR: Duration = Duration::from_secs(2);

/// A run that is on record and has not ended.
pub(crate) struct Begun<'g> {
    effect: Effect<'g>,
    at: Instant,
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) report: RunReport,
    pub(crate) duration_ms: u64,
}

/// Writes down that a run begins, and begins it.
pub(crate) async fn begin<'g>(
    mut changing: Changing<'g>,
    grant: &dyn MayRun,
    begin: &RunBegin<'_>,
) -> Result<Begun<'g>, Failure> {
    let (target, at) = (grant.target(), Instant::now());
    if target.tentacle.as_ref().is_none_or(|tentacle| tentacle.version.is_empty()) {
        let what = format!("`{}` cannot run yet: its first deploy has not come to its end", target.name);
        let failure = Failure::new(FailureCode::Conflict, what).with_remedy("deploy it again");
        return Err(changing.failed(failure).await);
    }
    changing.tx().begin_run(grant, begin).await.map_err(|error| unavailable(&error))?;
    Ok(Begun { effect: changing.begin("").await?, at })
}

/// Runs what a trigger began, of which nobody hears anything.
pub(crate) async fn unheard(
    (server, call): (&Server, &Call),
    grant: &Authorized<TriggerRun>,
    begun: Begun<'_>,
    input: Value,
    begin: &RunBegin<'_>,
) -> Result<(), Failure> {
    let order = RunOrder { input, limit: LONGEST, watch: Watch::default() };
    carry_out((server, call), grant, begun, order, begin).await.map(drop)
}

/// Runs what somebody began, for so long at most, and tells them how it goes. The run itself goes on whoever hears of it, and its
/// end is on record.
pub(crate) async fn heard(
    (server, call): (&Server, &Call),
    grant: &Authorized<Run>,
    begun: Begun<'_>,
    (input, limit): (Value, Duration),
    (begin, progress): (&RunBegin<'_>, &Progress),
) -> Result<Ran, Failure> {
    let (watch, telling) = progress.watch();
    let order = RunOrder { input, limit: limit.min(LONGEST), watch };
    let run = carry_out((server, call), grant, begun, order, begin);
    while_heard((server, call), grant, run, telling).await
}

/// Waits for what comes of a run that `grant` is for. Whoever may no longer hear of it hears nothing more: neither what becomes of
/// its nodes nor what came of it.
pub(crate) async fn while_heard<A, T>(
    (server, call): (&Server, &Call),
    grant: &Authorized<A>,
    run: impl Future<Output = Result<T, Failure>>,
    telling: Telling,
) -> Result<T, Failure>
where
    A: Act<Target = OnTentacle>,
{
    let hears = async || server.gate.look(call).await.and_then(|look| look.hears(grant));
    let (mut run, mut telling, began) = (pin!(run), Some(telling), Instant::now());
    let ran = loop {
        tokio::select! {
            ran = &mut run => break ran,
            () = tokio::time::sleep(HEARD_FOR), if telling.is_some() => {
                if hears().await.is_err() {
                    telling = None;
                }
            }
        }
    };
    if began.elapsed() > FRESH
        && let Err(mut refused) = hears().await
    {
        if is_ours(&refused) {
            // It is not known whether they may. What went wrong with the run itself says more.
            return ran.and(Err(refused));
        }
        let name = &grant.target().name;
        refused.message = format!("the run of `{name}` has ended, but you may no longer see what came of it");
        return Err(refused);
    }
    if let Some(telling) = telling {
        telling.end().await;
    }
    ran
}

/// Runs what was begun, and writes down how it ended. Nobody calls it for somebody but [`heard`].
async fn carry_out<A>(
    (server, call): (&Server, &Call),
    grant: &Authorized<A>,
    Begun { effect, at }: Begun<'_>,
    order: RunOrder,
    begin: &RunBegin<'_>,
) -> Result<Ran, Failure>
where
    A: Act<Target = OnTentacle>,
    Authorized<A>: MayRun,
{
    let name = &grant.target().name;
    let (started_at, took, ran) = in_turn((server, call), grant, order, at).await;
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    trace(server, grant, begin, started_at, &ran);
    let end = end(&ran, duration_ms, server.backend.simulated());
    let ending = effect.end().await;
    match ran {
        Ok(report) => {
            let mut ending = ending.map_err(|_| unrecorded(name))?;
            record(ending.tx(), grant, begin, (started_at, &end)).await.map_err(|_| unrecorded(name))?;
            ending.ran(report.success).await.map_err(|_| unrecorded(name))?;
            Ok(Ran { report, duration_ms })
        }
        Err(failure) => {
            // Where this cannot be written the outcome stays open; whoever asked hears what came first.
            let Ok(mut ending) = ending else { return Err(failure) };
            match record(ending.tx(), grant, begin, (started_at, &end)).await {
                Ok(()) => Err(ending.failed(failure).await),
                Err(_) => Err(failure),
            }
        }
    }
}

/// Runs when its turn has come, if it still may. What it may take counts from there, as does what it took, so that who waits
/// ends nobody's run.
async fn in_turn<A>(
    (server, call): (&Server, &Call),
    grant: &Authorized<A>,
    order: RunOrder,
    asked: Instant,
) -> (Timestamp, Duration, Result<RunReport, Failure>)
where
    A: Act<Target = OnTentacle>,
    Authorized<A>: MayRun,
{
    loop {
        let (started_at, began) = (Timestamp::now(), Instant::now());
        if asked.elapsed() > FRESH
            && let Err(failure) = server.gate.look(call).await.and_then(|look| look.again(grant))
        {
            return (started_at, began.elapsed(), Err(failure));
        }
        match server.backend.run(grant, order.clone()).await {
            Err(BackendError::Busy) if asked.elapsed() < TURN_WITHIN => tokio::time::sleep(ASK_AGAIN).await,
            ran => return (started_at, began.elapsed(), ran.map_err(told)),
        }
    }
}

/// Tells the operator's collector.
fn trace(
    server: &Server,
    grant: &dyn MayRun,
    begin: &RunBegin<'_>,
    started_at: Timestamp,
    ran: &Result<RunReport, Failure>,
) {
    let target = grant.target();
    server.telemetry.ran(&telemetry::Ran {
        enclave: target.record.name.as_str(),
        tentacle: target.name.as_str(),
        version: target.tentacle.as_ref().map_or("", |tentacle| &tentacle.version),
        trigger: match (begin.cause, begin.due_at) {
            ("", _) => "other",
            (_, Some(_)) => "timer",
            (_, None) => "http",
        },
        started_at,
        ended: ran.as_ref().map(|report| &report.output),
    });
}

async fn record(
    tx: &mut Tx,
    grant: &dyn MayRun,
    begin: &RunBegin<'_>,
    (started_at, end): (Timestamp, &RunEnd),
) -> Result<(), StoreError> {
    let last = LastRun {
        started_at,
        duration_ms: end.duration_ms,
        success: end.outcome == RunOutcome::Succeeded,
        asked_by: begin.asked_by.to_owned(),
    };
    tx.put_last_run(grant, &last).await?;
    tx.end_run(grant, end).await?;
    if begin.cause.is_empty() || end.outcome != RunOutcome::Failed {
        return Ok(());
    }
    if tx.fails_now(grant, begin.cause).await? {
        let name = &grant.target().name;
        let told = format!(
            "{name} failed when its trigger {} ran it. Say `logs {name}` to see what it printed.",
            begin.cause
        );
        tx.notify(&grant.target().record, &told).await?;
    }
    Ok(())
}

/// How a run ended, in what is kept of it: where no code was run, that.
fn end(ran: &Result<RunReport, Failure>, duration_ms: u64, simulated: Option<&str>) -> RunEnd {
    let duration_ms = i64::try_from(duration_ms).unwrap_or(i64::MAX);
    match ran {
        Ok(report) => {
            let errors = report.output.get("errors").and_then(Value::as_object);
            let failed = errors.filter(|_| !report.success).map(summary);
            let error = failed.unwrap_or_else(|| simulated.unwrap_or_default().to_owned());
            let outcome = if report.success { RunOutcome::Succeeded } else { RunOutcome::Failed };
            RunEnd { outcome, duration_ms, nodes: nodes(&report.output, errors), error }
        }
        Err(failure) => RunEnd {
            outcome: RunOutcome::Failed,
            duration_ms,
            nodes: Vec::new(),
            error: brief(&failure.message),
        },
    }
}

/// Which nodes failed and why, in a few words.
fn summary(errors: &Map<String, Value>) -> String {
    let told: Vec<String> = errors
        .iter()
        .take(NodeTime::MOST)
        .map(|(node, error)| format!("{node}: {}", brief(error.as_str().unwrap_or_default())))
        .collect();
    brief(&told.join("; "))
}

/// How long each node took, as the engine says.
fn nodes(output: &Value, errors: Option<&Map<String, Value>>) -> Vec<NodeTime> {
    let times = output.pointer("/timing/nodeTimings").and_then(Value::as_object);
    let took = |(name, time): (&String, &Value)| NodeTime {
        name: name.chars().take(workflow::PartName::MAX).collect(),
        duration_ms: time.get("durationMs").and_then(Value::as_u64).unwrap_or_default(),
        success: errors.is_none_or(|errors| !errors.contains_key(name)),
    };
    times.into_iter().flatten().take(NodeTime::MOST).map(took).collect()
}

/// The run has ended, and that is not on record: its outcome stays open.
fn unrecorded(name: &TentacleName) -> Failure {
    let what =
        format!("`{name}` has run, but how that ended could not be put on record: the store does not answer");
    Failure::new(FailureCode::Unavailable, what).with_remedy("look at its logs before you run it again")
}

/// A run is never gone on with and never repeated by itself, and where the way to it broke nobody knows how far it came.
fn told(error: BackendError) -> Failure {
    let broke =
        matches!(error, BackendError::Fault(_) | BackendError::Unreachable(_) | BackendError::Lost(_));
    let failure = error.into_failure();
    if broke {
        return failure.with_remedy("look at its logs before you run it again: it may have run, or begun to");
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_engine_says_is_kept_in_a_few_words() {
        let output = json!({
            "errors": {"tell": "x".repeat(2000)},
            "timing": {"nodeTimings": {"fetch": {"durationMs": 12}, "tell": {"durationMs": 3}}},
        });
        let report = RunReport { success: false, output, copy: String::new() };
        let end = end(&Ok(report), 20, None);
        assert!(end.error.starts_with("tell: xxx") && end.error.chars().count() <= 501, "{}", end.error);
        let times: Vec<_> =
            end.nodes.iter().map(|node| (node.name.as_str(), node.duration_ms, node.success)).collect();
        assert_eq!(times, [("fetch", 12, true), ("tell", 3, false)]);
    }
}
