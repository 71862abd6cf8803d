//! Bare pods of Busybox: what a pod can do before anything of ours is in it.

use crate::cluster::kubectl;
use crate::outside::apply;
use crate::place::node;
use crate::until::until;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// Where each of them serves.
pub(crate) const PORT: u16 = 8080;

/// A pod that serves, and in which something can be tried.
#[derive(Debug, Clone)]
pub(crate) struct Pod {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) uid: String,
}

impl Pod {
    /// A pod as Pod Security `restricted` takes it, behind gVisor.
    pub(crate) async fn start(namespace: &str, name: &str) -> Self {
        Self::of(&manifest(namespace, name)).await
    }

    /// The same with limits of its own.
    pub(crate) async fn limited(namespace: &str, name: &str, limits: Value) -> Self {
        let mut pod = manifest(namespace, name);
        pod["spec"]["containers"][0]["resources"]["limits"] = limits;
        Self::of(&pod).await
    }

    async fn of(pod: &Value) -> Self {
        let text = |key: &str| pod["metadata"][key].as_str().unwrap().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        until("the namespace has its account", async || {
            kubectl(&["get", "-n", &namespace, "serviceaccount", "default"]).is_ok()
        })
        .await;
        apply(std::slice::from_ref(pod));
        let ready = "--for=condition=Ready";
        kubectl(&["wait", "-n", &namespace, "pod", &name, ready, "--timeout=120s"]).unwrap();
        let is = kubectl(&["get", "-n", &namespace, "pod", &name, "-o", "json"]).unwrap();
        let is: Value = serde_json::from_str(&is).unwrap();
        let address = is["status"]["podIP"].as_str().unwrap().parse().unwrap();
        Self { namespace, name, address, uid: is["metadata"]["uid"].as_str().unwrap().to_owned() }
    }

    /// What a shell in it says to a script, or why it ended badly.
    pub(crate) fn sh(&self, script: &str) -> Result<String, String> {
        kubectl(&["exec", "-n", &self.namespace, &self.name, "--", "/bin/busybox", "sh", "-c", script])
    }
}

/// The pod, which serves an empty site.
pub(crate) fn manifest(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "runtimeClassName": "gvisor",
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65534, "runAsGroup": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{
                "name": "probe", "image": node().probe, "imagePullPolicy": "IfNotPresent",
                "command": ["/bin/busybox", "httpd", "-f", "-p", PORT.to_string(), "-h", "/"],
                // little, so that many fit on a small node
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
                "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
                "securityContext": {
                    "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                    "capabilities": {"drop": ["ALL"]},
                },
            }],
        },
    })
}

/// A namespace of the administrator's, in which nothing is forbidden: for the controls.
#[derive(Debug)]
pub(crate) struct Free {
    pub(crate) name: String,
}

impl Free {
    pub(crate) fn make() -> Self {
        let name = crate::site::unique("free");
        kubectl(&["create", "namespace", &name]).unwrap();
        Self { name }
    }
}

impl Drop for Free {
    fn drop(&mut self) {
        let gone = kubectl(&["delete", "namespace", &self.name, "--wait=false"]);
        assert!(gone.is_ok() || std::thread::panicking(), "{gone:?}");
    }
}
