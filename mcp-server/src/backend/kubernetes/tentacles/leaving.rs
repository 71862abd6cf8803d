//! Which versions of a tentacle are on their way out: one that was replaced goes when its runs have come to their end, which takes as
//! long as they take. Whoever goes back to it meanwhile waits until it is seen to be gone.

use super::Tentacles;
use crate::backend::kubernetes::workloads::Workload;
use k8s_openapi::api::core::v1::Pod;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use workflow::{EnclaveName, TentacleName};

/// How long it may take until a deployment that was removed is seen to be, with the pods that it had.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// How often it is looked, also where nothing is told.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Those of which the deployment was removed, by the name of a version's objects in its enclave.
#[derive(Debug, Default)]
pub(super) struct Leaving(Mutex<HashSet<String>>);

impl Leaving {
    /// A version is on its way out.
    pub(super) fn goes(&self, enclave: &EnclaveName, name: &str) {
        self.known().insert(key(enclave, name));
    }

    /// It is not any more, as nothing of it is left or it comes again; answers whether it was.
    pub(super) fn is_over(&self, enclave: &EnclaveName, name: &str) -> bool {
        self.known().remove(&key(enclave, name))
    }

    fn known(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

fn key(enclave: &EnclaveName, name: &str) -> String {
    format!("{enclave}/{name}")
}
