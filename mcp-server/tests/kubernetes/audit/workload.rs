//! A deployment that is held as a tentacle is held, but for what a test takes away.

use serde_json::{Value, json};

/// The command that makes it, with these changes to its pod and to its container; null takes something away.
pub(super) fn workload(pod: Value, container: Value) -> String {
    let labels = json!({"tentacular.io/tentacle": "seeded"});
    let mut template = json!({
        "runtimeClassName": "gvisor",
        "automountServiceAccountToken": false,
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
    });
    let mut engine = json!({
        "name": "engine",
        "image": format!("engine@sha256:{}", "0".repeat(64)),
        "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
    });
    merge(&mut template, &pod);
    merge(&mut engine, &container);
    template["containers"] = json!([engine]);
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "seeded", "namespace": "NS", "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template},
        },
    });
    format!("echo '{deployment}' | kubectl apply -f -")
}

/// Changes a value as RFC 7396 says.
fn merge(value: &mut Value, change: &Value) {
    let Some(changes) = change.as_object() else { return value.clone_from(change) };
    for (key, change) in changes {
        if change.is_null() {
            value.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut value[key], change);
        }
    }
}
