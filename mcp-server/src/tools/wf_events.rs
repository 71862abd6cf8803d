//! `wf_events`: what happened to tentacles lately, in sentences.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{Authorized, act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{DeployRecord, MayReadHistory, RunOutcome, RunRecord, StoreError, Window};
use policy::Action;
use wire::Failure;
use wire::tools::history::{TentacleEvent, WfEvents, WfEventsAnswer, WfEventsArgs};
use workflow::{EnclaveName, TentacleName};

/// How many events are answered when nothing is said.
const USUAL: u32 = 100;

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
        let window = Window { before: args.page.cursor.as_deref(), most: args.page.size_or(USUAL) };
        let (events, next_cursor) =
            happened(server, &grants, window).await.map_err(|error| unavailable(&error))?;
        Ok(WfEventsAnswer { events, next_cursor })
    }
}

/// What happened to these tentacles, which are of one enclave, the newest first; and where it goes on.
pub(super) async fn happened<G: MayReadHistory>(
    server: &Server,
    grants: &[G],
    window: Window<'_>,
) -> Result<(Vec<TentacleEvent>, Option<String>), StoreError> {
    let Some(first) = grants.first() else { return Ok((Vec::new(), None)) };
    let enclave = &first.of().record.name;
    // One more than is wanted says whether there is another page.
    let one_more = Window { most: window.most + 1, ..window };
    let runs = server.store.ended_in(grants, one_more).await?;
    let deploys = server.store.deploys_in(grants, one_more).await?;
    let runs = runs.into_iter().filter_map(|run| Some((run.id.clone(), of_run(enclave, &run)?)));
    let deploys = deploys.into_iter().map(|deploy| (deploy.id.clone(), of_deploy(enclave, &deploy)));
    let mut events: Vec<(String, TentacleEvent)> = runs.chain(deploys).collect();
    events.sort_by(|(a, _), (b, _)| b.cmp(a));
    let more = events.len() > window.most;
    events.truncate(window.most);
    let next = events.last().filter(|_| more).map(|(id, _)| id.clone());
    Ok((events.into_iter().map(|(_, event)| event).collect(), next))
}

fn event(
    (enclave, name): (&EnclaveName, &TentacleName),
    warning: bool,
    reason: &str,
    message: String,
) -> TentacleEvent {
    TentacleEvent {
        name: name.clone(),
        enclave: enclave.clone(),
        kind: if warning { "Warning" } else { "Normal" }.to_owned(),
        reason: reason.to_owned(),
        message,
        count: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn of_run(enclave: &EnclaveName, run: &RunRecord) -> Option<TentacleEvent> {
    let RunRecord { tentacle, asked_by, duration_ms, error, .. } = run;
    let of = (enclave, tentacle);
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

fn of_deploy(enclave: &EnclaveName, deploy: &DeployRecord) -> TentacleEvent {
    let DeployRecord { tentacle, version, asked_by, step, error, .. } = deploy;
    let of = (enclave, tentacle);
    let told = if deploy.deployed {
        event(of, false, "Deployed", format!("{version} by {asked_by}"))
    } else {
        event(of, true, "DeployFailed", format!("{version} by {asked_by}, at the step {step}: {error}"))
    };
    TentacleEvent { at: deploy.started_at, ..told }
}
