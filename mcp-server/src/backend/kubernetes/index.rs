//! What is on the cluster, fed by a watch: it knows how old it is, and reads everything anew when it lost its place.

use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::Namespace;
use kube::core::ResourceExt;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::{self, Config, Event, watcher};
use kube::{Api, Client};
use manifest::annotation::{ENCLAVE_ID, MANAGED_BY, MANAGED_BY_LABEL};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How long one watch lasts, in seconds: then the API server ends it, and the next one begins where it stopped.
const WATCH_LASTS: u32 = 30;

/// What the index holds is confirmed at least this often, also where nothing changes: each watch that begins says that
/// nothing was missed, one whose connection is dead is given up some seconds after its time, and one that cannot begin is
/// an error. Twice its time leaves room for both.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(2 * WATCH_LASTS as u64);

/// How soon it is read anew when the watch lost its place.
const ANEW_AFTER: Duration = Duration::from_secs(1);

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
        let ours = Config::default().labels(&format!("{MANAGED_BY_LABEL}={MANAGED_BY}")).timeout(WATCH_LASTS);
        let api = Api::<Namespace>::all(client);
        let mark = Arc::clone(&confirmed);
        let watching = tokio::spawn(async move {
            let mut writer = writer;
            loop {
                follow(watcher(api.clone(), ours.clone()), &mut writer, &mark).await;
                set(&mark, None);
                tokio::time::sleep(ANEW_AFTER).await;
            }
        });
        Self { namespaces, confirmed, watching }
    }

    /// How long ago at most the cluster confirmed what is here; `None` while it is being read.
    pub(super) fn age(&self) -> Option<Duration> {
        let confirmed = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        confirmed.map(|confirmed| confirmed.elapsed().min(CONFIRMED_WITHIN))
    }

    /// What is wrong with the namespace `name` of the enclave with this id, in plain words.
    pub(super) fn amiss(&self, name: &str, id: &str) -> Option<&'static str> {
        if self.age().is_none() {
            return Some(
                "the cluster cannot be watched at the moment: whether the enclave is there is not known",
            );
        }
        match self.namespaces.get(&ObjectRef::new(name)) {
            None => Some("its namespace is gone from the cluster, or not marked as ours any more"),
            Some(there) if there.annotations().get(ENCLAVE_ID).is_none_or(|own| own != id) => {
                Some("its namespace is gone from the cluster, and another has its name")
            }
            Some(there) if there.metadata.deletion_timestamp.is_some() => {
                Some("its namespace is being removed from the cluster")
            }
            Some(_) => None,
        }
    }
}

/// Takes in what is watched until the watch loses its place. Then it is begun anew: a watch that finds its way back by
/// itself says nothing of it, and where nothing changes nobody would ever know.
async fn follow(
    events: impl Stream<Item = Result<Event<Namespace>, watcher::Error>>,
    writer: &mut Writer<Namespace>,
    confirmed: &Mutex<Option<Instant>>,
) {
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                writer.apply_watcher_event(&event);
                // Until everything has been read anew, nobody knows how old what is there is.
                if matches!(event, Event::InitDone | Event::Apply(_) | Event::Delete(_)) {
                    set(confirmed, Some(Instant::now()));
                }
            }
            Err(error) => return tracing::warn!(%error, "the watch on the cluster lost its place"),
        }
    }
}

fn set(confirmed: &Mutex<Option<Instant>>, now: Option<Instant>) {
    *confirmed.lock().unwrap_or_else(PoisonError::into_inner) = now;
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
