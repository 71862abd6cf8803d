//! What came into git and does not run, and what runs and was removed there.

use super::telling::{Difference, tell};
use crate::gate::unavailable;
use crate::metrics::Reconciled;
use crate::server::Server;
use crate::state::{AtTip, InGit, StateRepo};
use crate::store::{EnclaveRecord, Rights, StoreError, ToldAbout};
use policy::State;
use state_repo::CommitId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use wire::Failure;
use wire::tools::tentacle::SourceCommit;
use workflow::{EnclaveName, TentacleName};

/// How soon it is tried again where it did not work and nobody polls: what was pushed must not be forgotten.
const AGAIN: Duration = Duration::from_secs(60);

/// Looks into git every so often, and when somebody says that something was pushed, for ever. What is new is left alone for
/// as long as `settles`.
pub(crate) async fn forever(server: &Server, state: &StateRepo, every: Option<Duration>, settles: Duration) {
    let mut seen = Seen::default();
    loop {
        let began = Instant::now();
        let looked = once(server, state, &mut seen, settles).await;
        server.metrics.reconciled(Reconciled::Git, began.elapsed());
        let again = match looked {
            Ok(()) => every,
            Err(failure) => {
                tracing::warn!(why = failure.text(), "what is new in git cannot be told yet");
                Some(every.unwrap_or(AGAIN))
            }
        };
        match again {
            Some(wait) => {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = state.pushed() => {}
                }
            }
            None => state.pushed().await,
        }
    }
}

/// What was looked at last: the newest commit, and the enclaves that it was looked at for.
#[derive(Default)]
struct Seen {
    tip: Option<CommitId>,
    of: BTreeSet<EnclaveName>,
}

/// Looks once. An enclave that is there since, or again, has not been told of a commit that was seen before. What differs is told when
/// it still does after a while, by what git has and what runs then: most often whoever pushed it deploys it meanwhile. A version that
/// waits for an owner is no news to anybody, and is looked at again until it does not.
async fn once(server: &Server, state: &StateRepo, seen: &mut Seen, settles: Duration) -> Result<(), Failure> {
    let failed = |error: StoreError| unavailable(&error);
    let rights = server.store.rights().await.map_err(failed)?;
    let is_told = |record: &&EnclaveRecord| record.state == State::Active && record.channel.is_some();
    let of: BTreeSet<EnclaveName> =
        rights.enclaves().map(AsRef::as_ref).filter(is_told).map(|record| record.name.clone()).collect();
    let known = seen.tip.filter(|_| of.is_subset(&seen.of));
    let Some(AtTip { tip, mut enclaves }) = state.since(known, of.iter().cloned().collect()).await? else {
        seen.of = of;
        return Ok(());
    };
    let already = server.store.told(ToldAbout::Git).await.map_err(failed)?;
    let compare = |rights: &Rights, (name, in_git): &(EnclaveName, InGit)| {
        rights.enclave(name).map(|record| (name.clone(), differences(record, in_git)))
    };
    let found: BTreeMap<_, _> = enclaves.iter().filter_map(|one| compare(&rights, one)).collect();
    if found.values().any(|differences| !differences.is_empty()) {
        tokio::time::sleep(settles).await;
        if let Some(later) = state.since(Some(tip), of.iter().cloned().collect()).await? {
            enclaves = later.enclaves;
        }
    }
    // After what git has: what runs came from there.
    let rights = server.store.rights().await.map_err(failed)?;
    let (unanswered, mut some_wait) = (server.store.unanswered().await.map_err(failed)?, false);
    for one in &enclaves {
        let (Some(record), Some((name, mut now))) = (rights.enclave(&one.0), compare(&rights, one)) else {
            continue;
        };
        let then = found.get(&name);
        let stands =
            |name: &TentacleName, now: &Difference| then?.get(name).map(|then| then.what == now.what);
        now.retain(|tentacle, now| {
            let waits = unanswered.holds(&name, tentacle, &now.what);
            some_wait |= waits;
            !waits && stands(tentacle, now) == Some(true)
        });
        tell(server, ToldAbout::Git, record, &now, &already).await.map_err(failed)?;
    }
    *seen = Seen { tip: Some(tip).filter(|_| !some_wait), of };
    Ok(())
}

fn differences(record: &EnclaveRecord, in_git: &InGit) -> BTreeMap<TentacleName, Difference> {
    let from = SourceCommit::told(Some(&in_git.head));
    let mut found = BTreeMap::new();
    for (name, kept) in &in_git.kept {
        let hash = match kept {
            Ok(hash) => hash,
            Err(why) => {
                found.insert(name.clone(), unreadable(name, why, &from));
                continue;
            }
        };
        let runs = record.tentacles.get(name).map(|tentacle| tentacle.version.as_str());
        let says = match runs.filter(|version| !version.is_empty()) {
            Some(version) if version == hash => continue,
            Some(_) => format!(
                "Git has another version of {name} than the one that runs ({from}). Say `deploy {name}` to run it."
            ),
            None => format!("{name} is in git ({from}) and does not run. Say `deploy {name}` to run it."),
        };
        found.insert(name.clone(), Difference { what: hash.clone(), says });
    }
    let from_git = record.tentacles.iter().filter(|(_, tentacle)| tentacle.commit.is_some());
    for (name, _) in from_git.filter(|(name, _)| !in_git.truncated && !in_git.kept.contains_key(*name)) {
        let says =
            format!("{name} was removed in git and still runs. Say `remove {name}`, or put it back in git.");
        found.insert(name.clone(), Difference { what: "removed".to_owned(), says });
    }
    found
}

/// What is told of a folder in git that is no tentacle: anew when it is for another reason.
fn unreadable(name: &TentacleName, why: &str, from: &str) -> Difference {
    let says = format!(
        "What git has of {name} cannot be deployed ({from}): {why}. What ran before goes on; mend it in git."
    );
    Difference { what: format!("unreadable:{why}"), says }
}
