//! The limits of a pod hold behind gVisor, and nothing of it stays on the node.

mod groups;

use crate::cluster::kubectl;
use crate::inside::inside;
use crate::probe::{Free, Pod};
use crate::site::Site;
use crate::until::until;
use groups::of_pod;
pub(crate) use groups::{refused_processes, used_nanoseconds};
use serde_json::json;
use std::time::{Duration, Instant};

/// Takes so much memory at once.
const HOG: &str = "dd if=/dev/zero of=/dev/null bs=400M count=1";

/// Uses as much of a processor as there is.
const SPIN: &str = "while true; do :; done >/dev/null 2>&1 </dev/null &";

impl Pod {
    /// How many thousandths of a processor it uses in a second.
    async fn uses(&self) -> u128 {
        let (before, began) = (used_nanoseconds(&self.uid), Instant::now());
        tokio::time::sleep(Duration::from_secs(1)).await;
        (used_nanoseconds(&self.uid) - before) * 1000 / began.elapsed().as_nanos()
    }

    /// Why its container ended the last time.
    fn ended(&self) -> String {
        let why = "jsonpath={.status.containerStatuses[0].lastState.terminated.reason}";
        kubectl(&["get", "-n", &self.namespace, "pod", &self.name, "-o", why]).unwrap()
    }
}

#[test]
fn memory_is_limited() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("memory").await;
        let roomy = Pod::limited(&enclave, "roomy", json!({"memory": "1Gi", "cpu": "1"})).await;
        roomy.sh(HOG).unwrap();
        assert_eq!(roomy.ended(), "");
        // What it does not say is the enclave's default: 256 MiB.
        let pod = Pod::start(&enclave, "one").await;
        // Now and then containerd hears of the end before it hears why, and tells an error; it is ended each time.
        until("its end is told", async || {
            assert!(pod.sh(HOG).is_err());
            pod.ended() == "OOMKilled"
        })
        .await;
        assert_eq!(roomy.ended(), "");
        site.deprovision("ana", &enclave).await;
    });
}

#[test]
fn processors_are_limited() {
    inside(async {
        let site = Site::start("heads").await;
        let (enclave, free) = (site.enclave("cpu").await, Free::make());
        let (pod, control) = tokio::join!(
            Pod::limited(&enclave, "one", json!({"cpu": "200m", "memory": "256Mi"})),
            Pod::start(&free.name, "control"),
        );
        pod.sh(SPIN).unwrap();
        // It uses what it may, and no more.
        until("it spins", async || pod.uses().await > 100).await;
        let uses = pod.uses().await;
        assert!(uses < 250, "{uses}m of 200m");
        control.sh(SPIN).unwrap();
        until("the control uses more", async || control.uses().await > 300).await;
        site.deprovision("ana", &enclave).await;
    });
}

#[test]
fn nothing_of_an_enclave_stays_on_the_node() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("gone").await;
        let (one, two) = tokio::join!(Pod::start(&enclave, "one"), Pod::start(&enclave, "two"));
        for pod in [&one, &two] {
            assert!(!of_pod(&pod.uid).is_empty(), "{}", pod.name);
        }
        site.deprovision("ana", &enclave).await;
        for pod in [&one, &two] {
            until("its groups are gone", async || of_pod(&pod.uid).is_empty()).await;
        }
    });
}
