//! What no tentacle's manifest may hold, by name.

use super::{KINDS, Own, text, workflow_shown};
use serde_json::Value;

/// How deep a manifest is looked into; none that means well is half as deep.
const DEPTH: usize = 40;

/// Annotations that the server alone writes: who owns something, and what it may do.
const OURS: [&str; 12] = [
    "enclave",
    "owner",
    "mode",
    "member",
    "auth-provider",
    "created-at",
    "updated-",
    "deployed-",
    "status",
    "release",
    "content",
    "managed-by",
];

/// Labels that say whose a pod is: those of the original, and ours.
const NAMES: [&str; 3] = ["app.kubernetes.io/name", "tentacular.io/release", "tentacular.io/tentacle"];

/// Keys that are dangerous with any value but `false`, `null`, an empty one, or those of [`HARMLESS`].
const KEYS: [&str; 28] = [
    "hostPath",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "hostPort",
    "hostUsers",
    "privileged",
    "allowPrivilegeEscalation",
    "ephemeralContainers",
    "serviceAccountName",
    "serviceAccount",
    "automountServiceAccountToken",
    "serviceAccountToken",
    "procMount",
    "shareProcessNamespace",
    "nodeName",
    "externalName",
    "externalIPs",
    "loadBalancerIP",
    "persistentVolumeClaim",
    "nfs",
    "iscsi",
    "rbd",
    "glusterfs",
    "flexVolume",
    "csi",
    "windowsOptions",
    "sysctls",
];

/// What those keys may say all the same.
const HARMLESS: [(&str, &str); 4] = [
    ("serviceAccountName", "default"),
    ("serviceAccount", "default"),
    ("procMount", "Default"),
    ("hostUsers", "false"),
];

/// Everything dangerous in a manifest, each in one line.
pub(super) fn of(manifest: &Value, own: Own<'_>) -> Vec<String> {
    let Some(kind) = manifest.get("kind").and_then(Value::as_str) else {
        return vec!["a manifest has no kind".to_owned()];
    };
    let name = text(manifest, "/metadata/name");
    let at = format!("{} `{}`", workflow_shown(kind), workflow_shown(name));
    let mut found = Vec::new();
    if !KINDS.contains(&kind) {
        found.push(format!("{at}: a tentacle has no {}", workflow_shown(kind)));
        return found;
    }
    metadata(manifest, name, own, &mut found);
    match kind {
        "Service" => selector(manifest, "/spec/selector", own, &mut found),
        "NetworkPolicy" => policy(manifest, own, &mut found),
        "Deployment" => deployment(manifest, own, &mut found),
        _ => {}
    }
    walk(manifest, "", 0, &mut found);
    found.into_iter().map(|what| format!("{at}: {what}")).collect()
}

fn metadata(manifest: &Value, name: &str, own: Own<'_>, found: &mut Vec<String>) {
    let tentacle = own.tentacle.as_str();
    if name != tentacle && !name.strip_prefix(tentacle).is_some_and(|rest| rest.starts_with('-')) {
        found.push(format!("it is not of `{tentacle}`"));
    }
    for key in ["generateName", "ownerReferences", "finalizers", "managedFields", "uid"] {
        if manifest.pointer(&format!("/metadata/{key}")).is_some_and(|value| !value.is_null()) {
            found.push(format!("metadata.{key} is not a tentacle's to say"));
        }
    }
    let namespace = text(manifest, "/metadata/namespace");
    if !namespace.is_empty() && namespace != own.enclave.as_str() {
        found.push(format!("it is for namespace `{}`, not for the enclave", workflow_shown(namespace)));
    }
    let release = text(manifest, "/metadata/labels/tentacular.io~1release");
    if !release.is_empty() && release != tentacle {
        found.push("it has the release label of another tentacle".to_owned());
    }
    for pointer in ["/metadata/annotations", "/spec/template/metadata/annotations"] {
        for key in
            manifest.pointer(pointer).and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key)
        {
            let part = key.strip_prefix("tentacular.io/").or_else(|| key.strip_prefix("tentacular.dev/"));
            if part.is_some_and(|part| OURS.iter().any(|ours| part.starts_with(ours))) {
                found.push(format!("the annotation {} is the server's to write", workflow_shown(key)));
            }
        }
    }
}

/// A selector that finds this tentacle's pods and no others.
fn selector(manifest: &Value, pointer: &str, own: Own<'_>, found: &mut Vec<String>) {
    let labels = manifest.pointer(pointer).and_then(Value::as_object);
    let names = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
    if !NAMES.iter().any(|key| names(key) == Some(own.tentacle.as_str())) {
        found.push("its selector is not of this tentacle's own pods".to_owned());
    }
}

/// What is put to work beside a tentacle takes its pods over by their labels, and what looks like one is sent its calls.
fn deployment(manifest: &Value, own: Own<'_>, found: &mut Vec<String>) {
    if manifest.pointer("/spec/selector").is_some_and(|it| !it.is_null()) {
        selector(manifest, "/spec/selector/matchLabels", own, found);
    }
    for (pointer, what) in [
        ("/spec/selector/matchLabels", "its selector"),
        ("/spec/template/metadata/labels", "the pod's label"),
    ] {
        let labels = manifest.pointer(pointer).and_then(Value::as_object);
        for key in NAMES {
            let name = labels.and_then(|labels| labels.get(key));
            if name.is_some_and(|name| name != own.tentacle.as_str()) {
                found.push(format!("{what} {key} is of another tentacle"));
            }
        }
    }
}

fn policy(manifest: &Value, own: Own<'_>, found: &mut Vec<String>) {
    selector(manifest, "/spec/podSelector/matchLabels", own, found);
    for (direction, end) in [("ingress", "from"), ("egress", "to")] {
        let rules = manifest.pointer(&format!("/spec/{direction}")).and_then(Value::as_array);
        for rule in rules.into_iter().flatten() {
            let peers = rule.get(end).and_then(Value::as_array);
            let all = |peer: &Value| {
                let object = peer.as_object();
                object.is_none_or(|peer| peer.is_empty() || peer.values().all(is_everything))
            };
            if peers.is_none_or(|peers| peers.is_empty() || peers.iter().any(all)) {
                found.push(format!("a rule of {direction} is for everybody"));
            }
        }
    }
}

/// A selector without a condition, or the whole internet.
fn is_everything(value: &Value) -> bool {
    let cidr = value.get("cidr").and_then(Value::as_str);
    match value.as_object() {
        Some(selector) if selector.is_empty() => true,
        // What is excepted from it may make it fit; earlier clients wrote hosts of the internet so.
        Some(block) => cidr.is_some_and(|cidr| cidr.ends_with("/0")) && !block.contains_key("except"),
        None => true,
    }
}

fn walk(value: &Value, path: &str, depth: usize, found: &mut Vec<String>) {
    if depth > DEPTH {
        found.push("it is deeper than any manifest is".to_owned());
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let here = format!("{path}.{}", workflow_shown(key));
                if KEYS.contains(&key.as_str()) && !is_harmless(key, field) || is_lowered(key, field) {
                    found.push(format!("{} is not for tentacles", here.trim_start_matches('.')));
                }
                // What is data is no manifest.
                if !(depth == 0 && matches!(key.as_str(), "data" | "stringData" | "binaryData")) {
                    walk(field, &here, depth + 1, found);
                }
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{number}]"), depth + 1, found);
            }
        }
        _ => {}
    }
}

fn is_harmless(key: &str, value: &Value) -> bool {
    let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let empty = match value {
        Value::Null | Value::Bool(false) => key != "hostUsers",
        Value::Bool(true) => key == "hostUsers",
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty() && key == "windowsOptions",
        Value::Number(_) => false,
    };
    empty || HARMLESS.contains(&(key, said.as_str()))
}

/// A wall that is lowered.
fn is_lowered(key: &str, value: &Value) -> bool {
    match key {
        "runAsNonRoot" | "readOnlyRootFilesystem" => *value == Value::Bool(false),
        "runAsUser" | "runAsGroup" | "fsGroup" => value.as_i64() == Some(0),
        "supplementalGroups" => value.as_array().is_some_and(|groups| groups.contains(&Value::from(0))),
        "add" => value.as_array().is_some_and(|added| !added.is_empty()),
        "type" => ["Unconfined", "ExternalName", "NodePort", "LoadBalancer"].iter().any(|bad| value == bad),
        "runtimeClassName" => value.as_str().is_some_and(|class| class != "gvisor"),
        _ => false,
    }
}
