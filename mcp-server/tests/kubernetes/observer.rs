//! Somebody who watches the cluster and remembers every state that it was in.

use crate::cluster::Cluster;
use crate::until::until;
use futures::StreamExt;
use k8s_openapi::api::core::v1::{LimitRange, Namespace, ResourceQuota, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::core::{Resource, ResourceExt};
use kube::runtime::watcher::{Config, Event, watcher};
use kube::{Api, Client};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

/// An observer.
pub(crate) struct Observer {
    notes: Arc<Mutex<Notes>>,
    watching: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Notes {
    /// How many kinds have been listed: only then nothing is missed any more.
    listed: usize,
    sights: Vec<Sight>,
}

/// One object after one change.
#[derive(Clone)]
struct Sight {
    /// The cluster's revision: one number for all kinds, because all are in one etcd.
    revision: u64,
    enclave: String,
    /// The kind and the name.
    what: String,
    /// The object, unless it is gone.
    now: Option<Value>,
}

/// What an enclave that may be used must have, by kind and name.
const NAMESPACE: &str = "Namespace";
const DENY_ALL: &str = "NetworkPolicy default-deny";
const QUOTA: &str = "ResourceQuota tentacular-quota";
const LIMITS: &str = "LimitRange tentacular-limits";
const ACCOUNT: &str = "ServiceAccount default";
const PARTS: [&str; 5] = [NAMESPACE, DENY_ALL, QUOTA, LIMITS, ACCOUNT];

impl Observer {
    /// Begins to watch, and misses nothing from now on.
    pub(crate) async fn start(cluster: &Cluster) -> Self {
        let notes = Arc::<Mutex<Notes>>::default();
        let client = || cluster.client.clone();
        let watching = vec![
            tokio::spawn(watch::<Namespace>(client(), Arc::clone(&notes))),
            tokio::spawn(watch::<NetworkPolicy>(client(), Arc::clone(&notes))),
            tokio::spawn(watch::<ResourceQuota>(client(), Arc::clone(&notes))),
            tokio::spawn(watch::<LimitRange>(client(), Arc::clone(&notes))),
            tokio::spawn(watch::<ServiceAccount>(client(), Arc::clone(&notes))),
        ];
        let observer = Self { notes, watching };
        until("the observer sees", async || observer.notes.lock().unwrap().listed == PARTS.len()).await;
        observer
    }

    /// Everything that was wrong with the enclave `name` from its beginning to its end, which must have been seen.
    pub(crate) async fn complaints(&self, name: &str) -> Vec<String> {
        let last = |part: &str| {
            let notes = self.notes.lock().unwrap();
            let mut sights = notes.sights.iter().rev();
            sights.find(|sight| sight.enclave == name && sight.what == part).map(|sight| sight.now.is_some())
        };
        until("the observer has seen the end", async || PARTS.iter().all(|part| last(part) == Some(false)))
            .await;
        assert!(self.watching.iter().all(|watching| !watching.is_finished()), "the observer lost its place");
        let mut history: Vec<Sight> = {
            let notes = self.notes.lock().unwrap();
            notes.sights.iter().filter(|sight| sight.enclave == name).cloned().collect()
        };
        history.sort_by_key(|sight| sight.revision);
        assert!(history.iter().any(|sight| is_active(sight.now.as_ref())), "`{name}` was never active");
        replay(&history)
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        for watching in &self.watching {
            watching.abort();
        }
    }
}

/// Notes every change of a kind. It panics when it lost its place: what it missed then, nobody knows.
async fn watch<K>(client: Client, notes: Arc<Mutex<Notes>>)
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Serialize + Debug + Send + 'static,
{
    let mut events = watcher(Api::<K>::all(client), Config::default()).boxed();
    while let Some(event) = events.next().await {
        let mut notes = notes.lock().unwrap();
        match event.unwrap() {
            Event::Init => assert!(!notes.sights.iter().any(|sight| sight.what.starts_with(&*K::kind(&())))),
            Event::InitDone => notes.listed += 1,
            Event::InitApply(object) | Event::Apply(object) => notes.sights.push(sight(&object, true)),
            Event::Delete(object) => notes.sights.push(sight(&object, false)),
        }
    }
}

fn sight<K: Resource<DynamicType = ()> + Serialize>(object: &K, is_there: bool) -> Sight {
    let (kind, name) = (K::kind(&()), object.name_any());
    let (enclave, what) = match object.namespace() {
        Some(namespace) => (namespace, format!("{kind} {name}")),
        None => (name, kind.into_owned()),
    };
    let revision = object.resource_version().unwrap().parse().unwrap();
    Sight { revision, enclave, what, now: is_there.then(|| serde_json::to_value(object).unwrap()) }
}

/// Goes through the history of one enclave and says what was wrong whenever it looked usable.
fn replay(history: &[Sight]) -> Vec<String> {
    let mut now: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut complaints = Vec::new();
    for sight in history {
        match &sight.now {
            Some(object) => now.insert(&sight.what, object),
            None => now.remove(sight.what.as_str()),
        };
        if is_active(now.get(NAMESPACE).copied()) {
            let missing = PARTS.iter().filter(|part| !is_right(part, now.get(**part).copied()));
            complaints.extend(missing.map(|part| format!("{}: active without its {part}", sight.revision)));
        }
    }
    complaints
}

fn is_active(namespace: Option<&Value>) -> bool {
    namespace.is_some_and(|it| it["metadata"]["annotations"]["tentacular.io/enclave-status"] == "active")
}

/// Whether a part of an enclave does what it is there for.
fn is_right(part: &str, object: Option<&Value>) -> bool {
    let Some(object) = object else { return false };
    let is_some = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    match part {
        NAMESPACE => ["enforce", "audit", "warn"].iter().all(|way| {
            object["metadata"]["labels"][format!("pod-security.kubernetes.io/{way}")] == "restricted"
        }),
        DENY_ALL => object["spec"] == json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
        QUOTA => ["pods", "limits.cpu", "limits.memory", "services.nodeports"]
            .iter()
            .all(|counted| object["spec"]["hard"][counted].is_string()),
        LIMITS => is_some(&object["spec"]["limits"]),
        ACCOUNT => object["automountServiceAccountToken"] == false,
        _ => false,
    }
}
