//! `wf_health`: whether a tentacle can run, and whether something is to be looked at.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{Authorized, act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{RunOutcome, RunRecord, Window};
use policy::Action;
use std::slice;
use wire::Failure;
use wire::tools::health::{WfHealth, WfHealthAnswer, WfHealthArgs};

/// How many runs are told in detail.
const TOLD: usize = 10;

impl Handler for WfHealth {
    const ABOUT: About = About {
        title: "Health of a tentacle",
        description: "`green`: nothing to look at. `amber`: it can run, and its last run failed, was interrupted or was missed. \
                      `red`: it cannot run. `detail` tells the last runs.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::TentacleHealth];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfHealthArgs,
        _: &Progress,
    ) -> Result<WfHealthAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.tentacle::<act::TentacleHealth>(named(args.enclave)?.as_ref(), &args.name)?;
        let ended = server.store.last_ended(slice::from_ref(&grant)).await;
        let health = of(server, &grant, ended.map_err(|error| unavailable(&error))?.get(&args.name));
        let enclave = grant.target().record.name.clone();
        let runs = if args.detail {
            let last = Window { before: None, most: TOLD };
            server.store.runs_in(slice::from_ref(&grant), last).await.map_err(|error| unavailable(&error))?
        } else {
            Vec::new()
        };
        Ok(WfHealthAnswer {
            name: args.name,
            namespace: enclave.clone(),
            enclave,
            status: health.status.to_owned(),
            reason: health.reason,
            pod_ready: health.ready,
            detail: runs.iter().map(line).collect::<Vec<_>>().join("\n"),
        })
    }
}

/// How a tentacle is.
pub(super) struct Health {
    pub(super) status: &'static str,
    pub(super) reason: String,
    ready: bool,
}

/// How the tentacle is for which there is a grant, with the last run of it that has ended.
pub(super) fn of(
    server: &Server,
    grant: &Authorized<act::TentacleHealth>,
    ended: Option<&RunRecord>,
) -> Health {
    let target = grant.target();
    let state = server.backend.state(target);
    let deployed = target.tentacle.as_ref().is_some_and(|tentacle| !tentacle.version.is_empty());
    let (status, reason) = match (deployed, state.ready) {
        (false, _) => ("red", "its first deploy has not come to its end".to_owned()),
        (true, false) => ("red", format!("it cannot run: it is {}", state.state)),
        (true, true) => last(ended),
    };
    let simulated = server.backend.simulated().filter(|simulated| !reason.contains(simulated));
    let reason = simulated.map_or(reason.clone(), |simulated| format!("{reason} ({simulated})"));
    Health { status, reason, ready: state.ready }
}

/// What the last run says of one that can run.
fn last(ended: Option<&RunRecord>) -> (&'static str, String) {
    let not_yet = || ("green", "it can run, and has not run yet".to_owned());
    let Some(run) = ended else { return not_yet() };
    match run.outcome {
        RunOutcome::Failed => ("amber", format!("its last run failed: {}", run.error)),
        RunOutcome::Interrupted => ("amber", "its last run was interrupted".to_owned()),
        RunOutcome::Missed => ("amber", format!("it was due and did not run: {}", run.error)),
        RunOutcome::Succeeded => ("green", "its last run succeeded".to_owned()),
        RunOutcome::Running | RunOutcome::Skipped => not_yet(),
    }
}

fn line(run: &RunRecord) -> String {
    let RunRecord { started_at, asked_by, duration_ms, error, .. } = run;
    let outcome = run.outcome.name();
    let why = if error.is_empty() { String::new() } else { format!(": {error}") };
    format!("{started_at} {outcome} by {asked_by}, {duration_ms} ms{why}")
}
