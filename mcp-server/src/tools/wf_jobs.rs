//! `wf_jobs`: what runs now or ran last, and what the clock will run.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::target::OnTentacle;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{RunRecord, TriggerRecord, Window};
use crate::triggers::Spec;
use policy::{Action, State};
use wire::Failure;
use wire::tools::jobs::{CronJobEntry, JobEntry, WfJobs, WfJobsAnswer, WfJobsArgs};
use workflow::EnclaveName;

/// How many runs are answered when nothing is said, and at most.
const USUAL: u32 = 20;
const MOST: u32 = 200;

impl Handler for WfJobs {
    const ABOUT: About = About {
        title: "Runs and schedules",
        description: "What runs now or ran last, the newest first, and what the clock will run: of one tentacle, or of all of an \
                      enclave that the caller may see.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleEvents];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfJobsArgs,
        _: &Progress,
    ) -> Result<WfJobsAnswer, Failure> {
        let named = named(args.enclave)?;
        let look = server.gate.look(call).await?;
        let (enclave, grants): (EnclaveName, Vec<_>) = match &args.name {
            Some(name) => {
                let grant = look.tentacle::<act::TentacleEvents>(named.as_ref(), name)?;
                (grant.target().record.name.clone(), vec![grant])
            }
            None => {
                let all = look.enclave::<act::List>(named.as_ref())?;
                (all.target().record.name.clone(), look.tentacles(all).collect())
            }
        };
        let most = args.limit.unwrap_or(USUAL).clamp(1, MOST) as usize;
        let (mut jobs, mut cronjobs) = (Vec::new(), Vec::new());
        for grant in &grants {
            let (window, of) = (Window { before: None, most }, grant.target());
            let runs = server.store.runs(grant, window).await.map_err(|error| unavailable(&error))?;
            let triggers = server.store.triggers(grant).await.map_err(|error| unavailable(&error))?;
            jobs.extend(runs.into_iter().map(|record| job(of, record)));
            cronjobs.extend(triggers.into_iter().filter_map(|record| cron(of, record)));
        }
        jobs.sort_by_key(|job| std::cmp::Reverse(job.started_at));
        jobs.truncate(most);
        Ok(WfJobsAnswer { namespace: enclave.clone(), enclave, jobs, cronjobs })
    }
}

fn job(of: &OnTentacle, run: RunRecord) -> JobEntry {
    JobEntry {
        name: run.id,
        tentacle: of.name.clone(),
        status: run.outcome.name().to_owned(),
        by: run.asked_by,
        started_at: run.started_at,
        duration_ms: run.duration_ms.unsigned_abs(),
    }
}

fn cron(of: &OnTentacle, trigger: TriggerRecord) -> Option<CronJobEntry> {
    let Spec::Cron(cron) = trigger.spec else { return None };
    Some(CronJobEntry {
        name: trigger.of.name.to_string(),
        tentacle: of.name.clone(),
        schedule: cron.schedule,
        timezone: cron.timezone,
        suspended: of.record.state == State::Frozen,
        next_at: trigger.due_at,
    })
}
