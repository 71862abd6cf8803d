//! Makes the backend follow the records that it is behind.

use crate::call::Call;
use crate::gate::act::{Repair, Revoke};
use crate::gate::{Changed, is_ours};
use crate::server::Server;
use crate::store::Behind;
use std::collections::BTreeMap;
use wire::Failure;
use workflow::EnclaveName;

/// What was decided about each enclave that the backend is behind. One decision serves until the record changes again: a
/// backend that cannot be reached for hours must not fill the trail.
#[derive(Default)]
pub(super) struct Mirrors {
    decided: BTreeMap<EnclaveName, Decided>,
}

struct Decided {
    wanted: i64,
    /// Nothing where it was denied.
    grant: Option<Box<dyn Changed>>,
}

impl Mirrors {
    /// Makes the backend follow every record that it is behind.
    pub(super) async fn follow(&mut self, server: &Server) {
        let behind = match server.store.behind_mirrors().await {
            Ok(behind) => behind,
            Err(error) => return tracing::error!(%error, "the mirrors cannot be compared"),
        };
        self.decided.retain(|name, decided| {
            behind.iter().any(|behind| behind.name == *name && behind.wanted == decided.wanted)
        });
        for behind in behind {
            self.follow_one(server, behind).await;
        }
    }

    async fn follow_one(&mut self, server: &Server, behind: Behind) {
        let name = &behind.name;
        if !self.decided.contains_key(name) {
            let decided = decide(server, &behind).await;
            if let Err(failure) = &decided {
                tracing::warn!(enclave.name = %name, why = failure.text(), "the backend does not show the record yet");
            }
            let grant = match decided {
                Err(failure) if is_ours(&failure) => return,
                decided => decided.ok(),
            };
            self.decided.insert(name.clone(), Decided { wanted: behind.wanted, grant });
        }
        if let Some(Decided { grant: Some(grant), .. }) = self.decided.get(name) {
            server.follow(grant.as_ref(), name).await;
        }
    }
}

/// The reconciler's right to make the backend follow. While an enclave is frozen nothing is repaired in it, but its record
/// can only have changed to take something away: there, to follow is to revoke, which the reconciler always may.
async fn decide(server: &Server, behind: &Behind) -> Result<Box<dyn Changed>, Failure> {
    let call = Call::reconciler();
    let (change, name) = (server.gate.change(&call).await?, Some(&behind.name));
    if behind.frozen {
        let (change, grant) = change.enclave::<Revoke>(name).await?;
        change.decided().done().await?;
        return Ok(Box::new(grant));
    }
    let (change, grant) = change.enclave::<Repair>(name).await?;
    change.decided().done().await?;
    Ok(Box::new(grant))
}
