//! `wf_events`: what happened to tentacles lately, in sentences.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{DeployRecord, RunOutcome, RunRecord, Window};
use policy::Action;
use wire::Failure;
use wire::tools::history::{TentacleEvent, WfEvents, WfEventsAnswer, WfEventsArgs};

/// How many events are answered when nothing is said, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 200;

impl Handler for WfEvents {
    const ABOUT: About = About {
        title: "Events of tentacles",
        description: "What happened lately to a tentacle, or to all of an enclave that the caller may see: deploys, runs that \
                      failed, triggers that were missed. The newest first.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleEvents];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfEventsArgs,
        _: &Progress,
    ) -> Result<WfEventsAnswer, Failure> {
        let named = named(args.enclave)?;
        let look = server.gate.look(call).await?;
        let grants: Vec<Authorized<act::TentacleEvents>> = match &args.name {
            Some(name) => vec![look.tentacle(named.as_ref(), name)?],
            None => look.tentacles(look.enclave::<act::List>(named.as_ref())?).collect(),
        };
        let most = args.limit.unwrap_or(USUAL).clamp(1, MOST) as usize;
        let mut events = Vec::new();
        for grant in &grants {
            let (window, of) = (Window { before: None, most }, grant.target());
            let runs = server.store.runs(grant, window).await.map_err(|error| unavailable(&error))?;
            let deploys = server.store.deploys(grant, window).await.map_err(|error| unavailable(&error))?;
            events.extend(runs.iter().filter_map(|record| run(of, record)));
            events.extend(deploys.iter().map(|record| deploy(of, record)));
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.at));
        events.truncate(most);
        Ok(WfEventsAnswer { events })
    }
}

fn event(of: &OnTentacle, warning: bool, reason: &str, message: String) -> TentacleEvent {
    TentacleEvent {
        name: of.name.clone(),
        enclave: of.record.name.clone(),
        kind: if warning { "Warning" } else { "Normal" }.to_owned(),
        reason: reason.to_owned(),
        message,
        count: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn run(of: &OnTentacle, run: &RunRecord) -> Option<TentacleEvent> {
    let RunRecord { asked_by, duration_ms, error, .. } = run;
    let told = match run.outcome {
        RunOutcome::Running => return None,
        RunOutcome::Succeeded => {
            event(of, false, "RunSucceeded", format!("run by {asked_by}, {duration_ms} ms"))
        }
        RunOutcome::Failed => event(of, true, "RunFailed", format!("run by {asked_by}: {error}")),
        RunOutcome::Interrupted => event(
            of,
            true,
            "RunInterrupted",
            format!("run by {asked_by}: the server was stopped in the middle"),
        ),
        RunOutcome::Missed => event(of, true, "RunMissed", format!("{asked_by} was due: {error}")),
        RunOutcome::Skipped => event(of, false, "RunSkipped", format!("{asked_by} was due: {error}")),
    };
    let unmet = matches!(run.outcome, RunOutcome::Missed | RunOutcome::Skipped);
    let at = run.due_at.filter(|_| unmet).unwrap_or(run.started_at);
    Some(TentacleEvent { count: run.moments.unsigned_abs(), at, ..told })
}

fn deploy(of: &OnTentacle, deploy: &DeployRecord) -> TentacleEvent {
    let DeployRecord { version, asked_by, step, error, .. } = deploy;
    let told = if deploy.deployed {
        event(of, false, "Deployed", format!("{version} by {asked_by}"))
    } else {
        event(of, true, "DeployFailed", format!("{version} by {asked_by}, at the step {step}: {error}"))
    };
    TentacleEvent { at: deploy.started_at, ..told }
}
