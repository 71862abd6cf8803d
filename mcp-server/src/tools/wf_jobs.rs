//! `wf_jobs`: what runs now or ran last, and what the clock will run.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat, bounds};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{RunRecord, TriggerRecord, Window};
use crate::triggers::Spec;
use policy::{Action, State};
use wire::Failure;
use wire::tools::jobs::{CronJobEntry, JobEntry, WfJobs, WfJobsAnswer, WfJobsArgs};
use workflow::EnclaveName;

/// How many of each are answered when nothing is said.
const USUAL: u32 = 20;

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
        let (size, place) = (args.page.size_or(USUAL), Place::of(args.page.cursor.as_deref())?);
        // One more than is wanted says whether there is another page.
        let mut jobs = match place.runs {
            Some(before) => {
                let before = Some(before).filter(|before| !before.is_empty());
                server.store.runs_in(&grants, Window { before, most: size + 1 }).await
            }
            None => Ok(Vec::new()),
        }
        .map_err(|error| unavailable(&error))?;
        let mut crons = match place.crons {
            Some(after) => server.store.crons_in(&grants, after, size + 1).await,
            None => Ok(Vec::new()),
        }
        .map_err(|error| unavailable(&error))?;
        let (more_jobs, more_crons) = (jobs.len() > size, crons.len() > size);
        jobs.truncate(size);
        crons.truncate(size);
        let next = Place {
            runs: jobs.last().filter(|_| more_jobs).map(|run| run.id.as_str()),
            crons: crons
                .last()
                .filter(|_| more_crons)
                .map(|cron| (cron.of.tentacle.as_str(), cron.of.name.as_str())),
        };
        let next_cursor = next.text();
        let suspended = grants.first().is_some_and(|grant| grant.target().record.state == State::Frozen);
        Ok(WfJobsAnswer {
            next_cursor,
            jobs: jobs.into_iter().map(job).collect(),
            cronjobs: crons.into_iter().filter_map(|record| cron(record, suspended)).collect(),
            namespace: enclave.clone(),
            enclave,
        })
    }
}

/// Where the two lists of a page begin. One that has ended begins nowhere.
struct Place<'c> {
    /// Before the run of this id; with the newest where it is empty.
    runs: Option<&'c str>,
    /// After the trigger of this tentacle and name; with the first where they are empty.
    crons: Option<(&'c str, &'c str)>,
}

impl<'c> Place<'c> {
    fn of(cursor: Option<&'c str>) -> Result<Self, Failure> {
        let Some(cursor) = cursor else { return Ok(Self { runs: Some(""), crons: Some(("", "")) }) };
        let parts: Vec<&str> = cursor.split('/').collect();
        let [run, tentacle, name] = parts[..] else { return Err(bounds::cursor()) };
        Ok(Self {
            runs: Some(run).filter(|run| !run.is_empty()),
            crons: Some((tentacle, name)).filter(|(tentacle, _)| !tentacle.is_empty()),
        })
    }

    fn text(&self) -> Option<String> {
        let (tentacle, name) = self.crons.unwrap_or_default();
        let goes_on = self.runs.is_some() || self.crons.is_some();
        goes_on.then(|| format!("{}/{tentacle}/{name}", self.runs.unwrap_or_default()))
    }
}

fn job(run: RunRecord) -> JobEntry {
    JobEntry {
        name: run.id,
        tentacle: run.tentacle,
        status: run.outcome.name().to_owned(),
        by: run.asked_by,
        started_at: run.started_at,
        duration_ms: run.duration_ms.unsigned_abs(),
    }
}

fn cron(trigger: TriggerRecord, suspended: bool) -> Option<CronJobEntry> {
    let Spec::Cron(cron) = trigger.spec else { return None };
    Some(CronJobEntry {
        name: trigger.of.name.to_string(),
        tentacle: trigger.of.tentacle,
        schedule: cron.schedule,
        timezone: cron.timezone,
        suspended,
        next_at: trigger.due_at,
    })
}
