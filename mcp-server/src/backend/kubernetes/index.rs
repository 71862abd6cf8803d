//! What is on the cluster, fed by a watch: it knows how old it is, and reads everything anew when it lost its place.

use futures::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{Store, reflector};
use kube::runtime::watcher::{Config, Event, watcher};
use kube::{Api, Client};
use manifest::annotation::{MANAGED_BY, MANAGED_BY_LABEL};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// The index.
pub(super) struct Index {
    namespaces: Store<Namespace>,
    confirmed: Arc<Mutex<Option<Instant>>>,
    watching: JoinHandle<()>,
}

impl Index {
    /// Begins to watch.
    pub(super) fn start(client: Client) -> Self {
        let (namespaces, writer) = kube::runtime::reflector::store();
        let confirmed = Arc::new(Mutex::new(None));
        let ours = Config::default().labels(&format!("{MANAGED_BY_LABEL}={MANAGED_BY}"));
        let events = reflector(writer, watcher(Api::<Namespace>::all(client), ours)).default_backoff();
        let mark = Arc::clone(&confirmed);
        let watching = tokio::spawn(async move {
            let mut events = std::pin::pin!(events);
            while let Some(event) = events.next().await {
                let mut confirmed = mark.lock().unwrap_or_else(PoisonError::into_inner);
                match event {
                    // Until everything has been read anew, nobody knows how old what is there is.
                    Ok(Event::Init | Event::InitApply(_)) => {}
                    Ok(Event::InitDone | Event::Apply(_) | Event::Delete(_)) => {
                        *confirmed = Some(Instant::now())
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the watch on the cluster lost its place");
                        *confirmed = None;
                    }
                }
            }
        });
        Self { namespaces, confirmed, watching }
    }

    /// How long ago the cluster last confirmed what is here; `None` while it is being read.
    pub(super) fn age(&self) -> Option<Duration> {
        let confirmed = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        confirmed.map(|confirmed| confirmed.elapsed())
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("namespaces", &self.namespaces.len()).finish_non_exhaustive()
    }
}
