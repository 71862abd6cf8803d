//! `enclave_list`: the enclaves that the caller may see.

use super::people::{caller_word, everybody, members};
use super::wf_list::age;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::act::{List, TentacleList, Waiting};
use crate::gate::{Authorized, Look, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{EnclaveRecord, Waits};
use jiff::Timestamp;
use policy::Action;
use wire::Failure;
use wire::tools::enclave::{
    EnclaveEntry, EnclaveList, EnclaveListAnswer, EnclaveListArgs, LastDeploy, NewestRun,
};

impl Handler for EnclaveList {
    const ABOUT: About = About {
        title: "List enclaves",
        description: "Lists the enclaves that the caller may see, each with how its tentacles are and what waits for its owner; in \
                      a Slack channel only the channel's own.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleList];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveListArgs,
        _: &Progress,
    ) -> Result<EnclaveListAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let size = args.page.size();
        let wanted = |record: &EnclaveRecord| {
            args.status.as_deref().is_none_or(|status| status == record.state.name())
        };
        let mut listed =
            look.list(args.page.cursor.as_deref())?.filter(|grant| wanted(&grant.target().record));
        let granted: Vec<_> = listed.by_ref().take(size).collect();
        let owned: Vec<_> = granted.iter().filter_map(|grant| look.also::<_, Waiting>(grant)).collect();
        let waits = server.store.waits(&owned).await.map_err(|error| unavailable(&error))?;
        let (mut enclaves, mut seen): (Vec<EnclaveEntry>, Vec<_>) = Default::default();
        for grant in granted {
            let mut entry = entry(call, &look, &grant.target().record);
            let Waits { approvals, joins } = waits.get(&entry.name).copied().unwrap_or_default();
            (entry.approvals_waiting, entry.joins_waiting) = (approvals, joins);
            seen.extend(glance(server, &look, grant, &mut entry));
            enclaves.push(entry);
        }
        let newest = server.store.newest_runs(&seen).await.map_err(|error| unavailable(&error))?;
        for entry in &mut enclaves {
            entry.newest_run = newest.get(&entry.name).map(|(tentacle, run)| NewestRun {
                tentacle: tentacle.clone(),
                success: run.success,
                age: age(run.started_at, Timestamp::now()),
            });
        }
        let more = listed.next().is_some();
        let next_cursor = enclaves.last().filter(|_| more).map(|last| last.name.to_string());
        Ok(EnclaveListAnswer { enclaves, next_cursor })
    }
}

/// How its tentacles are, as far as the caller may see them; answers those.
fn glance(
    server: &Server,
    look: &Look<'_>,
    listed: Authorized<List>,
    entry: &mut EnclaveEntry,
) -> Vec<Authorized<TentacleList>> {
    let mut newest: Option<Timestamp> = None;
    let seen: Vec<_> = look.tentacles::<TentacleList>(listed).collect();
    for grant in &seen {
        let target = grant.target();
        let Some(tentacle) = &target.tentacle else { continue };
        entry.tentacles += 1;
        entry.tentacles_ready += u64::from(server.backend.state(target).ready);
        // Until its first deploy has come to its end nobody has deployed it.
        let is_deployed = !tentacle.version.is_empty();
        if is_deployed && newest.is_none_or(|newest| newest < tentacle.deployed_at) {
            newest = Some(tentacle.deployed_at);
            entry.last_deploy = Some(LastDeploy {
                tentacle: target.name.clone(),
                by: tentacle.deployed_by.clone(),
                age: age(tentacle.deployed_at, Timestamp::now()),
            });
        }
    }
    seen
}

fn entry(call: &Call, look: &Look<'_>, record: &EnclaveRecord) -> EnclaveEntry {
    let rights = look.rights();
    let channel = record.channel.as_ref();
    EnclaveEntry {
        name: record.name.clone(),
        owner: rights.shown(&record.owner).to_owned(),
        status: record.state.name().to_owned(),
        frozen_by: crate::store::frozen_by(record.frozen),
        platform: channel.map(|_| "slack".to_owned()).unwrap_or_default(),
        channel_name: channel.map(|channel| channel.name.clone()).unwrap_or_default(),
        created_at: record.created_at,
        members: members(&everybody(record, rights)),
        mode: record.mode.map_or_else(|| "unreadable".to_owned(), |mode| mode.to_string()),
        your_class: caller_word(call, look, record),
        channel_id: channel.map(|channel| channel.id.clone()).unwrap_or_default(),
        tentacles: 0,
        tentacles_ready: 0,
        last_deploy: None,
        newest_run: None,
        approvals_waiting: 0,
        joins_waiting: 0,
    }
}
