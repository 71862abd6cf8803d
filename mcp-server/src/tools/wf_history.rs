//! `wf_history`: the runs or the deploys of a tentacle, the newest first.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{DeployRecord, NodeTime, RunRecord, Window};
use policy::Action;
use std::slice;
use wire::Failure;
use wire::tools::history::{
    DeployEntry, HistoryOf, NodeEntry, RunEntry, WfHistory, WfHistoryAnswer, WfHistoryArgs,
};

impl Handler for WfHistory {
    const ABOUT: About = About {
        title: "History of a tentacle",
        description: "The runs of a tentacle (who or which trigger asked, how they ended, how long each node took), or its deploys \
                      (`of`: `deploys`), the newest first. The last 500 runs and 100 deploys of 90 days are kept.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::TentacleHistory];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfHistoryArgs,
        _: &Progress,
    ) -> Result<WfHistoryAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.tentacle::<act::TentacleHistory>(named(args.enclave)?.as_ref(), &args.name)?;
        let size = args.page.size();
        // One more than is wanted says whether there is another page.
        let window = Window { before: args.page.cursor.as_deref(), most: size + 1 };
        let (mut runs, mut deploys) = (Vec::new(), Vec::new());
        match args.of {
            HistoryOf::Runs => {
                runs = server
                    .store
                    .runs_in(slice::from_ref(&grant), window)
                    .await
                    .map_err(|error| unavailable(&error))?;
            }
            HistoryOf::Deploys => {
                deploys = server
                    .store
                    .deploys_in(slice::from_ref(&grant), window)
                    .await
                    .map_err(|error| unavailable(&error))?;
            }
        }
        let more = runs.len().max(deploys.len()) > size;
        runs.truncate(size);
        deploys.truncate(size);
        let last = runs.last().map(|run| run.id.clone()).or(deploys.last().map(|deploy| deploy.id.clone()));
        let enclave = grant.target().record.name.clone();
        // The same content can have been deployed more than once: what runs is the newest of them.
        let running = grant.target().tentacle.as_ref().map(|tentacle| tentacle.version.as_str());
        let first = args.page.cursor.is_none();
        let of_running = |deploy: &DeployRecord| deploy.deployed && running == Some(deploy.version.as_str());
        let newest =
            deploys.iter().find(|deploy| first && of_running(deploy)).map(|deploy| deploy.id.clone());
        let deploy = |record: DeployRecord| DeployEntry {
            runs: newest.as_deref() == Some(record.id.as_str()),
            commit_page: server.page_of(record.commit.as_ref()),
            ..deploy(record)
        };
        Ok(WfHistoryAnswer {
            name: args.name,
            namespace: enclave.clone(),
            enclave,
            runs: runs.into_iter().map(run).collect(),
            deploys: deploys.into_iter().map(deploy).collect(),
            next_cursor: last.filter(|_| more),
        })
    }
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn run(record: RunRecord) -> RunEntry {
    RunEntry {
        id: record.id,
        version: record.version,
        trigger: some(record.cause),
        by: record.asked_by,
        due_at: record.due_at,
        started_at: record.started_at,
        duration_ms: record.duration_ms.unsigned_abs(),
        outcome: record.outcome.name().to_owned(),
        moments: record.moments.unsigned_abs(),
        nodes: record.nodes.into_iter().map(node).collect(),
        error: some(record.error),
    }
}

fn node(NodeTime { name, duration_ms, success }: NodeTime) -> NodeEntry {
    NodeEntry { name, duration_ms, success }
}

fn deploy(record: DeployRecord) -> DeployEntry {
    DeployEntry {
        id: record.id,
        number: u64::try_from(record.number).ok().filter(|number| *number > 0),
        runs: false,
        version: record.version,
        reach: record.reach,
        source: record.source,
        commit: record.commit,
        commit_page: None,
        by: record.asked_by,
        via: record.client,
        started_at: record.started_at,
        duration_ms: record.duration_ms.unsigned_abs(),
        outcome: if record.deployed { "deployed" } else { "failed" }.to_owned(),
        step: some(record.step),
        error: some(record.error),
    }
}
