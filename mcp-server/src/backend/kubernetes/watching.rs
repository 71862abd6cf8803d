//! A watch: what is on the cluster of one kind, and how old at most it is. Where it lost its place everything is read anew.

use futures::{Stream, StreamExt};
use kube::Api;
use kube::core::Resource;
use kube::runtime::reflector::Store;
use kube::runtime::reflector::store::Writer;
use kube::runtime::watcher::{self, Config, Event, watcher};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// How long one watch lasts, in seconds: then the API server ends it, and the next one begins where it stopped.
const WATCH_LASTS: u32 = 30;

/// What is held is confirmed at least this often, also where nothing changes: each watch that begins says that nothing was
/// missed, one whose connection is dead is given up some seconds after its time, and one that cannot begin is an error. Twice
/// its time leaves room for both.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(2 * WATCH_LASTS as u64);

/// How soon it is read anew when the watch lost its place.
const ANEW_AFTER: Duration = Duration::from_secs(1);

/// A watch on objects of one kind.
pub(super) struct Watch<K>
where
    K: Resource<DynamicType: Eq + Hash> + 'static,
{
    store: Store<K>,
    confirmed: Arc<Mutex<Option<Instant>>>,
    changed: watch::Receiver<u64>,
    _watching: AbortOnDropHandle<()>,
}

impl<K> Watch<K>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    /// Begins to watch the objects with these labels.
    pub(super) fn start(api: Api<K>, labels: &str) -> Self {
        let (store, mut writer) = kube::runtime::reflector::store();
        let (changes, changed) = watch::channel(0);
        let confirmed = Arc::new(Mutex::new(None));
        let (mark, config) = (Arc::clone(&confirmed), Config::default().labels(labels).timeout(WATCH_LASTS));
        let watching = tokio::spawn(async move {
            loop {
                follow(watcher(api.clone(), config.clone()), &mut writer, &mark, &changes).await;
                set(&mark, None);
                tokio::time::sleep(ANEW_AFTER).await;
            }
        });
        Self { store, confirmed, changed, _watching: AbortOnDropHandle::new(watching) }
    }

    /// How long ago at most the cluster confirmed what is here; `None` while it is being read.
    pub(super) fn age(&self) -> Option<Duration> {
        let confirmed = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        confirmed.map(|confirmed| confirmed.elapsed().min(CONFIRMED_WITHIN))
    }

    /// What is there.
    pub(super) const fn store(&self) -> &Store<K> {
        &self.store
    }

    /// Changes with whatever is there.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }
}

/// Takes in what is watched until the watch loses its place. Then it is begun anew: a watch that finds its way back by
/// itself says nothing of it, and where nothing changes nobody would ever know.
async fn follow<K>(
    events: impl Stream<Item = Result<Event<K>, watcher::Error>>,
    writer: &mut Writer<K>,
    confirmed: &Mutex<Option<Instant>>,
    changes: &watch::Sender<u64>,
) where
    K: Resource<DynamicType = ()> + Clone,
{
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                writer.apply_watcher_event(&event);
                // Until everything has been read anew, nobody knows how old what is there is.
                if matches!(event, Event::InitDone | Event::Apply(_) | Event::Delete(_)) {
                    set(confirmed, Some(Instant::now()));
                    changes.send_modify(|number| *number += 1);
                }
            }
            Err(error) => {
                let kind = K::kind(&());
                return tracing::warn!(%error, %kind, "the watch on the cluster lost its place");
            }
        }
    }
}

fn set(confirmed: &Mutex<Option<Instant>>, now: Option<Instant>) {
    *confirmed.lock().unwrap_or_else(PoisonError::into_inner) = now;
}
