//! Follows the reviews that the Kraken asked for, and tells their channels when one came further: who approved it, what the checks
//! say, that it is merged.

use crate::server::Server;
use crate::state::{StateRepo, has_ended};
use crate::store::{Review, StoreError, ToldAbout, ToldAlready};
use std::collections::BTreeSet;
use std::time::Duration;
use wire::Failure;
use wire::tools::review::{Checks, ProposalState, Proposed};

/// Looks every so often, and when somebody says that something happened, for ever. Where no enclave wants reviews, and none is open, nothing is
/// asked.
pub(crate) async fn forever(server: &Server, state: &StateRepo, every: Duration) {
    loop {
        let open = match once(server, state).await {
            Ok(open) => open,
            Err(failure) => {
                tracing::warn!(why = failure.text(), "how reviews stand cannot be told yet");
                0
            }
        };
        // Each costs some calls, of which GitHub takes five thousand an hour.
        let wait = every.saturating_mul(1 + u32::try_from(open / OPEN_AT_FULL_PACE).unwrap_or(u32::MAX - 1));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = state.happened() => {}
        }
    }
}

/// So many open ones are looked at as often as is meant; more of them less often.
const OPEN_AT_FULL_PACE: usize = 10;

/// Looks once; answers how many are open.
async fn once(server: &Server, state: &StateRepo) -> Result<usize, Failure> {
    let failed = |error: StoreError| crate::gate::unavailable(&error);
    let rights = server.store.rights().await.map_err(failed)?;
    let already = server.store.told(ToldAbout::Review).await.map_err(failed)?;
    // What was asked for while reviews were wanted is followed to its end all the same: somebody waits for it.
    let is_followed = already.values().any(|told| told != END);
    if !is_followed && rights.enclaves().all(|record| record.review == Review::None) {
        return Ok(0);
    }
    let (mut open, mut there) = (0, BTreeSet::new());
    for (of, pull) in state.proposals().await? {
        let Some(record) = rights.enclave(&of.enclave).filter(|record| record.channel.is_some()) else {
            continue;
        };
        let key = format!("{}#{}", of.tentacle, pull.number);
        there.insert((record.name.to_string(), key.clone()));
        let ended = has_ended(pull.state());
        if ended && already.get(&(record.name.to_string(), key.clone())).is_some_and(|told| told == END) {
            continue;
        }
        open += usize::from(!ended);
        let proposed = state.standing(&of, &pull).await?;
        let mut tx = server.store.begin().await.map_err(failed)?;
        if tx.tell_once(ToldAbout::Review, (&record.name, &key), &what(&proposed)).await.map_err(failed)? {
            tx.notify_review(record, &in_words(&proposed), proposed.number).await.map_err(failed)?;
        }
        tx.commit().await.map_err(failed)?;
    }
    forget(server, &already, &there).await.map_err(failed)?;
    Ok(open)
}

/// What is written down of one of which nothing more will come.
const END: &str = "ended";

/// How it stands, to know it again.
fn what(proposed: &Proposed) -> String {
    match proposed.state {
        ProposalState::Open => format!(
            "{} approved by {:?}, changes wanted by {:?}, checks {:?}, {:?}",
            proposed.head, proposed.approved_by, proposed.wants_changes, proposed.checks, proposed.missing
        ),
        ProposalState::Merged | ProposalState::Closed => END.to_owned(),
    }
}

async fn forget(
    server: &Server,
    already: &ToldAlready,
    there: &BTreeSet<(String, String)>,
) -> Result<(), StoreError> {
    let over: Vec<_> = already.keys().filter(|key| !there.contains(*key)).collect();
    if over.is_empty() {
        return Ok(());
    }
    let mut tx = server.store.begin().await?;
    for (enclave, key) in over {
        tx.tell_anew(ToldAbout::Review, (enclave, key)).await?;
    }
    tx.commit().await
}

/// How it stands, for the channel where nobody waits for it any more.
fn in_words(proposed: &Proposed) -> String {
    let Proposed { name, number, url, .. } = proposed;
    match proposed.state {
        ProposalState::Merged => {
            format!(
                "The change of {name} that was reviewed is merged (pull request {number}). Say `deploy {name}`."
            )
        }
        ProposalState::Closed => {
            format!("The change of {name} in pull request {number} was given up without being merged.")
        }
        ProposalState::Open => {
            let who = match (proposed.approved_by.as_slice(), proposed.wants_changes.as_slice()) {
                (_, [_, ..]) => format!("{} wants something changed", proposed.wants_changes.join(", ")),
                ([_, ..], []) => format!("{} approved it", proposed.approved_by.join(", ")),
                ([], []) => "it waits for a review".to_owned(),
            };
            let checks = match &proposed.checks {
                Checks::Failed(which) => format!("; these checks failed: {}", which.join(", ")),
                Checks::Passed => "; its checks are good".to_owned(),
                Checks::Running | Checks::Absent => String::new(),
            };
            format!("The change of {name} in pull request {number}: {who}{checks}. {url}")
        }
    }
}
