//! `reach_observe`: runs a version once where it serves nobody, and tells what its contract lacks. It opens nothing: the run
//! has what the contract names and the owner has approved before, and what is denied stays denied.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::backend::{BackendError, RunOrder, RunReport};
use crate::call::Call;
use crate::gate::act::Apply;
use crate::gate::{Authorized, Changing, unavailable};
use crate::observation::Observation;
use crate::progress::Progress;
use crate::review::{Cleared, Finding};
use crate::rollout::Source;
use crate::runs;
use crate::server::Server;
use crate::store::StoreError;
use policy::Action;
use serde_json::Value;
use std::time::{Duration, Instant};
use wire::tools::observe::{ReachObserve, ReachObserveAnswer, ReachObserveArgs};
use wire::{Failure, FailureCode};
use workflow::Workflow;

/// How long the run may take when nothing else is said, and at most.
const USUAL: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(300);

impl Handler for ReachObserve {
    const ABOUT: About = About {
        title: "Observe what a contract lacks",
        description: "Runs a tentacle's source (`files`) once with an input, in a sandbox of its own that serves nobody, and tells all \
                      that its nodes asked for and were denied, with the smallest contract that would allow it (`proposal`, lines \
                      for workflow.yaml). Nothing is deployed and nothing is opened: only what the running version may reach already \
                      is reached, and that for real.",
        effect: Effect::Changes,
        repeat: Repeat::Never,
    };
    const ACTIONS: &'static [Action] = &[Action::Apply, Action::ApplyNew];

    async fn handle(
        server: &Server,
        call: &Call,
        args: ReachObserveArgs,
        progress: &Progress,
    ) -> Result<ReachObserveAnswer, Failure> {
        let named = named(args.enclave.clone())?;
        let (change, grant) = server.gate.change(call).await?.deploy(named.as_ref(), &args.name).await?;
        let target = grant.target();
        let mut changing = change.decided();
        let source = Source::read(&target.record.name, &args.name, &args.files).and_then(|source| {
            let takes = server.backend.takes(&source.version.sandbox);
            takes.map(|()| source).map_err(BackendError::into_failure)
        });
        // Files in a call are nobody's but the caller's: where changes are reviewed, they do not run before that.
        let cleared = source.as_ref().map_err(Clone::clone);
        let cleared = cleared.and_then(|source| Cleared::by(&target.record, source, &Finding::Unknown));
        let trial = match cleared {
            Ok(cleared) => {
                Trial::of(&mut changing, &grant, cleared).await.map_err(|error| unavailable(&error))?
            }
            Err(failure) => return Err(changing.failed(failure).await),
        };
        if let Some(failure) = trial.modules {
            return Err(changing.failed(failure).await);
        }
        let workflow = match Workflow::of(&trial.cleared.version().bundle) {
            Ok(workflow) => workflow,
            Err(problems) => {
                let failure = Failure::new(FailureCode::Invalid, problems.to_string());
                return Err(changing.failed(failure).await);
            }
        };
        let effect = changing.begin_once().await?;
        let limit = args.timeout_seconds.map_or(USUAL, |seconds| Duration::from_secs(seconds.max(1).into()));
        let input = args.input.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let (watch, telling) = progress.watch();
        let order = RunOrder { input, limit: limit.min(LONGEST), watch };
        let began = Instant::now();
        let observed = async {
            match run((server, call), &grant, &trial.cleared, order).await {
                Ok(report) => {
                    effect.end().await?.done().await?;
                    Ok(report)
                }
                Err(failure) => Err(effect.failed(failure).await),
            }
        };
        let report = runs::while_heard((server, call), &grant, observed, telling).await?;
        let observation = Observation::read(&report.output);
        Ok(ReachObserveAnswer {
            missing_secrets: trial.missing_secrets,
            new_reach: trial.new_reach,
            version: trial.cleared.version().hash.clone(),
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            not_enforced: server.backend.enforces().not_enforced(),
            ..observation.answer(&workflow, &target.record.name)
        })
    }
}

/// A version that is to be run once.
struct Trial<'s> {
    /// Its sandbox has no more than the running version may reach, and no secret that is not set.
    cleared: Cleared<'s>,
    new_reach: Vec<String>,
    missing_secrets: Vec<String>,
    /// Why its modules are not among what it has.
    modules: Option<Failure>,
}

impl<'s> Trial<'s> {
    async fn of(
        changing: &mut Changing<'_>,
        grant: &Authorized<Apply>,
        cleared: Cleared<'s>,
    ) -> Result<Self, StoreError> {
        let source = cleared.source();
        let sandbox = &source.version.sandbox;
        let running = changing.tx().running_reach(grant).await?;
        let missing_secrets = changing.tx().missing_secrets(grant, &sandbox.secrets).await?;
        let new_reach = sandbox.reach.beyond(&running).iter().map(ToString::to_string).collect();
        // INVARIANT: whoever may deploy has not approved anything by that, so that nothing new is within reach.
        let held = sandbox.within(&running).without_secrets(&missing_secrets);
        let unapproved = held.modules != sandbox.modules;
        let modules = unapproved.then(|| {
            let what = "it imports modules that the enclave's owner has not approved: code that nobody has approved is not \
                        fetched from a registry";
            let remedy = "deploy it first, so that the owner is asked; then observe what it lacks besides";
            Failure::new(FailureCode::Conflict, what).with_remedy(remedy)
        });
        // What lies in git beside it came with a deploy, and is approved with it.
        let secrets = changing.tx().git_secrets(grant, &source.version.hash).await?;
        let cleared = cleared.held_to(held, secrets);
        Ok(Self { cleared, new_reach, missing_secrets, modules })
    }
}

/// One at a time in an enclave, whose share of the machine it takes; and by whoever may still deploy it when its turn has come.
async fn run(
    (server, call): (&Server, &Call),
    grant: &Authorized<Apply>,
    cleared: &Cleared<'_>,
    order: RunOrder,
) -> Result<RunReport, Failure> {
    let _turn = server.rollouts.observation(&grant.target().record.name).await?;
    server.gate.look(call).await?.deploys_still(grant)?;
    server.backend.observe(grant, cleared, order).await.map_err(BackendError::into_failure)
}
