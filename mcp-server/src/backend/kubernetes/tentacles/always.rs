//! The fields that this server sets of an object: what somebody took away of them is seen, although the API server notes nothing of
//! it but that they are nobody's any more. They are sets as the API server writes them down.

use k8s_openapi::api::apps::v1::Deployment;
use kube::core::ResourceExt;
use manifest::annotation::{FIELDS, MANAGED_BY_LABEL, REVISION, TENTACLE};
use serde_json::{Map, Value, json};

/// Those of a deployment, which says them itself. That it says so is one of them: who takes that away is seen, too.
pub(super) fn of_deployment(there: &Deployment) -> Value {
    let said = there.annotations().get(FIELDS).and_then(|said| serde_json::from_str(said).ok());
    said.unwrap_or_else(|| json!({"f:metadata": {"f:annotations": {field(FIELDS): {}}}}))
}

/// Those of a network policy, whatever it allows.
pub(super) fn of_policy() -> Value {
    let spec = ["podSelector", "policyTypes", "ingress", "egress"];
    json!({"f:metadata": {"f:labels": said()}, "f:spec": fields(&spec)})
}

/// Those of what holds files, which cannot change by itself.
pub(super) fn of_files() -> Value {
    json!({"f:metadata": {"f:labels": said()}})
}

/// What every object says of what it is of.
fn said() -> Value {
    fields(&[MANAGED_BY_LABEL, TENTACLE, REVISION])
}

fn fields(names: &[&str]) -> Value {
    Value::Object(names.iter().map(|name| (field(name), Value::Object(Map::new()))).collect())
}

fn field(name: &str) -> String {
    format!("f:{name}")
}
