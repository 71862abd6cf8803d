//! `wf_list`: the tentacles that the caller may see, of one enclave or of all.

use super::people::goes_by;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Look, act};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{Rights, TentacleRecord};
use jiff::Timestamp;
use policy::Action;
use wire::tools::tentacle::{TentacleEntry, WfList, WfListAnswer, WfListArgs};
use wire::{EnclaveRef, Failure, FailureCode};
use workflow::EnclaveName;

impl Handler for WfList {
    const ABOUT: About = About {
        title: "List tentacles",
        description: "Lists the tentacles that the caller may see, of one enclave or of all that the caller may see; only those of \
                      an owner or with a tag, where one is named.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleList];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfListArgs,
        _: &Progress,
    ) -> Result<WfListAnswer, Failure> {
        let named = named(args.enclave)?;
        let look = server.gate.look(call).await?;
        let cursor = args.page.cursor.as_deref().and_then(|cursor| cursor.split_once('/'));
        let after = |target: &OnTentacle| {
            let here = (target.record.name.as_str(), target.name.as_str());
            cursor.is_none_or(|cursor| here > cursor)
        };
        let wanted = |target: &OnTentacle| {
            let Some(record) = &target.tentacle else { return false };
            let owned =
                args.owner.as_deref().is_none_or(|owner| goes_by(&record.owner, owner, look.rights()));
            owned && args.tag.as_ref().is_none_or(|tag| record.metadata.tags.contains(tag))
        };
        let mut seen = enclaves(&look, named.as_ref())?
            .into_iter()
            .flat_map(|listed| look.tentacles::<act::TentacleList>(listed))
            .filter(|grant| after(grant.target()) && wanted(grant.target()));
        let page: Vec<_> = seen.by_ref().take(args.page.size()).collect();
        let last = page.last().filter(|_| seen.next().is_some()).map(Authorized::target);
        Ok(WfListAnswer {
            next_cursor: last.map(|last| format!("{}/{}", last.record.name, last.name)),
            workflows: page.iter().filter_map(|grant| entry(server, look.rights(), grant.target())).collect(),
        })
    }
}

/// The enclaves whose tentacles are wanted: the one that is named, or all that the caller may see.
fn enclaves(look: &Look<'_>, named: Option<&EnclaveName>) -> Result<Vec<Authorized<act::List>>, Failure> {
    match named {
        Some(_) => Ok(vec![look.enclave::<act::List>(named)?]),
        None => Ok(look.list(None)?.collect()),
    }
}

/// The enclave that is named, under either of its names.
pub(super) fn named(reference: EnclaveRef) -> Result<Option<EnclaveName>, Failure> {
    reference.name().map_err(|error| Failure::new(FailureCode::Invalid, error.to_string()))
}

/// A tentacle as lists show it.
pub(super) fn entry(server: &Server, rights: &Rights, target: &OnTentacle) -> Option<TentacleEntry> {
    let record: &TentacleRecord = target.tentacle.as_ref()?;
    let state = server.backend.state(target);
    let enclave = target.record.name.clone();
    Some(TentacleEntry {
        name: target.name.clone(),
        namespace: enclave.clone(),
        enclave,
        description: record.description.clone(),
        version: record.version.clone(),
        owner: rights.shown(&record.owner).to_owned(),
        mode: record.mode.map_or_else(|| "unreadable".to_owned(), |mode| mode.to_string()),
        team: record.metadata.group.clone(),
        environment: record.metadata.environment.clone(),
        tags: record.metadata.tags.clone(),
        commit: record.commit.clone(),
        deployed_by: record.deployed_by.clone(),
        deployed_via: record.deployed_via.clone(),
        created_at: record.created_at,
        age: age(record.deployed_at, Timestamp::now()),
        replicas: 1,
        available: u32::from(state.ready),
        ready: state.ready,
    })
}

/// How long ago, in the largest unit that fits: `45s`, `3m`, `5h`, `12d`.
pub(super) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let fits = units.into_iter().find(|(unit, _)| seconds >= *unit);
    fits.map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let told = [5, 65, 7_300, 200_000].map(|second| age(at(0), at(second)));
        assert_eq!(told, ["5s", "1m", "2h", "2d"]);
        assert_eq!(age(at(9), at(3)), "0s");
    }
}
