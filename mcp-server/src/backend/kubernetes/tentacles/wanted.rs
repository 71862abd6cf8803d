//! Which versions of a tentacle are wanted. One that was replaced goes when its runs have come to their end, which takes as long as
//! they take; whoever goes back to it meanwhile finds it, or finds it gone, and never on its way.

use super::Tentacles;
use crate::backend::kubernetes::workloads::Workload;
use crate::keyed_lock::KeyedLocks;
use k8s_openapi::api::core::v1::Pod;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OwnedRwLockWriteGuard;
use workflow::{EnclaveName, TentacleName};

/// How long it may take until a deployment that was removed is seen to be, with the pods that it had.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// How often it is looked, also where nothing is told.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What is known of all of them, by the name of a version's objects in its enclave.
#[derive(Debug, Default)]
pub(super) struct Versions {
    /// Whoever brings a version and whoever takes one away do it in turn.
    turns: KeyedLocks,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The version that serves, or is to, of each tentacle to which one came since this server was started.
    serves: HashMap<String, String>,
    /// Those that are just being brought, and how often.
    coming: HashMap<String, u32>,
    /// Those of which the deployment was removed.
    going: HashSet<String>,
}

/// A version that is just being brought: nobody takes it away.
#[derive(Debug)]
pub(super) struct Coming {
    versions: Arc<Versions>,
    object: String,
}

impl Versions {
    /// Says that a version is being brought, when it is nobody's turn to take it away; and whether it was on its way out.
    pub(super) async fn coming(self: &Arc<Self>, enclave: &EnclaveName, name: &str) -> (Coming, bool) {
        let object = key(enclave.as_str(), name);
        let _turn = self.turns.lock(&object).await;
        let mut known = self.known();
        *known.coming.entry(object.clone()).or_default() += 1;
        let was_going = known.going.remove(&object);
        drop(known);
        (Coming { versions: Arc::clone(self), object }, was_going)
    }

    /// Says that a version serves from now on.
    pub(super) fn serves(&self, (enclave, tentacle): (&EnclaveName, &TentacleName), name: &str) {
        let tentacle = key(enclave.as_str(), tentacle.as_str());
        self.known().serves.insert(tentacle, key(enclave.as_str(), name));
    }

    /// The turn to take something of a version away; nothing where somebody wants it. It is on its way out from then on.
    pub(super) async fn take_away(
        &self,
        (enclave, tentacle): (&str, &TentacleName),
        name: &str,
    ) -> Option<OwnedRwLockWriteGuard<()>> {
        let object = key(enclave, name);
        let turn = self.turns.lock(&object).await;
        let mut known = self.known();
        let serves = known.serves.get(&key(enclave, tentacle.as_str())) == Some(&object);
        let wanted = serves || known.coming.contains_key(&object);
        if !wanted {
            known.going.insert(object);
        }
        (!wanted).then_some(turn)
    }

    /// Nothing of a version is left.
    pub(super) fn gone(&self, enclave: &str, name: &str) {
        self.known().going.remove(&key(enclave, name));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        let mut known = self.versions.known();
        if let Some(count) = known.coming.get_mut(&self.object) {
            *count -= 1;
            if *count == 0 {
                known.coming.remove(&self.object);
            }
        }
    }
}

impl Tentacles {
    /// Waits until what was removed of a version is seen to be: what is left of it would pass for what comes. After a while what is
    /// seen is what is there, also where it could not be removed.
    pub(super) async fn seen_gone(&self, workload: &Workload, tentacle: &TentacleName, revision: &str) {
        let began = Instant::now();
        while began.elapsed() < SEEN_WITHIN {
            let seen = workload.version(tentacle, revision);
            let ends = |pod: &Arc<Pod>| pod.metadata.deletion_timestamp.is_some();
            if seen.deployment.is_none() && seen.pods.iter().all(ends) {
                return;
            }
            workload.changes(LOOK_AGAIN).await;
        }
    }
}

fn key(enclave: &str, name: &str) -> String {
    format!("{enclave}/{name}")
}
