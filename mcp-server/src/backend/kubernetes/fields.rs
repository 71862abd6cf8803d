//! Who set which fields of an object: the API server notes it, and this reads it.
//!
//! What this server applies is its own until somebody else gives it another value. So whatever another one has, and this
//! server has not, was changed past it.

use crate::backend::apart::Apart;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry};
use manifest::FIELD_MANAGER;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the cluster's own controllers note on every deployment.
const OF_CONTROLLERS: &str = "metadata.annotations.deployment.kubernetes.io/";

/// What the API server calls what is applied.
const APPLIED: &str = "Apply";

/// The fields of `object` that somebody else has set, with the name that each goes by; and those of the set `ours`, which this server
/// set, that are nobody's any more. Where a number is set to zero by way of a subresource nothing is noted of it but that.
pub(super) fn changed(object: &str, entries: &[ManagedFieldsEntry], ours: Option<&Value>) -> Vec<Apart> {
    let own: Vec<&Value> = entries.iter().filter(|entry| is_own(entry)).filter_map(set_of).collect();
    let mut by_field: BTreeMap<String, Option<String>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| is_foreign(entry)) {
        let mut found = Vec::new();
        set_of(entry).into_iter().for_each(|set| beyond(set, &own, "", &mut found));
        found.retain(|path| !path.starts_with(OF_CONTROLLERS));
        by_field.extend(found.into_iter().map(|path| (path, entry.manager.clone())));
    }
    let mut lost = Vec::new();
    ours.into_iter().for_each(|ours| missing(ours, &own, "", &mut lost));
    // Whoever has a part of one, or all that it is a part of, has changed it.
    let is_within = |one: &str, other: &str| {
        one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    for lost in lost {
        if !by_field.keys().any(|path| is_within(path, &lost) || is_within(&lost, path)) {
            by_field.insert(lost, None);
        }
    }
    let told = |(field, by)| Apart::Changed { object: object.to_owned(), field, by };
    by_field.into_iter().map(told).collect()
}

/// The paths in a set of fields that none of the others has as they are.
fn beyond(set: &Value, others: &[&Value], path: &str, found: &mut Vec<String>) {
    for (key, within) in set.as_object().into_iter().flatten().filter(|(key, _)| *key != ".") {
        let (path, others) = (longer(path, key), at(others, key));
        if !is_whole(within) {
            beyond(within, &others, &path, found);
        } else if !others.iter().any(|other| is_whole(other)) {
            found.push(path);
        }
    }
}

/// The paths in a set of fields of which none of the others has anything.
fn missing(set: &Value, others: &[&Value], path: &str, found: &mut Vec<String>) {
    for (key, within) in set.as_object().into_iter().flatten().filter(|(key, _)| *key != ".") {
        let (path, others) = (longer(path, key), at(others, key));
        if !is_whole(within) {
            missing(within, &others, &path, found);
        } else if others.is_empty() {
            found.push(path);
        }
    }
}

/// What is under a key.
fn at<'a>(sets: &[&'a Value], key: &str) -> Vec<&'a Value> {
    sets.iter().filter_map(|set| set.get(key)).collect()
}

/// The entries after this server took over all that others have: what it applies next takes away what it does not name.
pub(super) fn taken_over(entries: &[ManagedFieldsEntry]) -> Vec<ManagedFieldsEntry> {
    let is_applied =
        |entry: &&ManagedFieldsEntry| is_own(entry) && entry.operation.as_deref() == Some(APPLIED);
    let version = entries.iter().find_map(|entry| entry.api_version.clone());
    let applied = entries.iter().find(is_applied).cloned().unwrap_or_else(|| ManagedFieldsEntry {
        api_version: version,
        fields_type: Some("FieldsV1".to_owned()),
        manager: Some(FIELD_MANAGER.to_owned()),
        operation: Some(APPLIED.to_owned()),
        ..ManagedFieldsEntry::default()
    });
    let mut fields = applied.fields_v1.clone().map_or(Value::Object(Map::new()), |fields| fields.0);
    for entry in entries.iter().filter(|entry| is_foreign(entry)) {
        if let Some(more) = &entry.fields_v1 {
            merge(&mut fields, &more.0);
        }
    }
    let others = entries.iter().filter(|entry| !is_foreign(entry) && !is_applied(entry)).cloned();
    let applied = ManagedFieldsEntry { fields_v1: Some(FieldsV1(fields)), ..applied };
    others.chain([applied]).collect()
}

fn is_own(entry: &ManagedFieldsEntry) -> bool {
    entry.manager.as_deref() == Some(FIELD_MANAGER)
}

/// Whether somebody else has set something that counts: what an object says of its own state does not.
fn is_foreign(entry: &ManagedFieldsEntry) -> bool {
    let mut found = Vec::new();
    if is_own(entry) || entry.subresource.as_deref() == Some("status") {
        return false;
    }
    set_of(entry).into_iter().for_each(|set| beyond(set, &[], "", &mut found));
    found.iter().any(|path| !path.starts_with(OF_CONTROLLERS))
}

/// The set of fields that an entry has, as the API server writes such sets down.
fn set_of(entry: &ManagedFieldsEntry) -> Option<&Value> {
    entry.fields_v1.as_ref().map(|fields| &fields.0)
}

/// Whether a field has no others in it, so that it is one whole.
fn is_whole(within: &Value) -> bool {
    within.as_object().is_none_or(|within| within.keys().all(|key| key == "."))
}

/// A path with one more step: a field (`f:name`), an item of a list by its key (`k:{…}`), by its value (`v:…`) or its place (`i:0`).
/// `.` is the thing itself.
fn longer(path: &str, key: &str) -> String {
    match key.split_once(':') {
        Some(("f", name)) if path.is_empty() => name.to_owned(),
        Some(("f", name)) => format!("{path}.{name}"),
        Some(("k", item)) => format!("{path}[{}]", by_key(item)),
        Some((_, item)) => format!("{path}[{item}]"),
        None => format!("{path}.{key}"),
    }
}

/// `{"name":"engine"}` as `name=engine`.
fn by_key(item: &str) -> String {
    let Ok(Value::Object(keys)) = serde_json::from_str(item) else { return item.to_owned() };
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    keys.iter().map(|(key, value)| format!("{key}={}", word(value))).collect::<Vec<_>>().join(",")
}

fn merge(into: &mut Value, from: &Value) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else { return };
    for (key, value) in from {
        merge(into.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(manager: &str, operation: &str, fields: Value) -> ManagedFieldsEntry {
        ManagedFieldsEntry {
            manager: Some(manager.to_owned()),
            operation: Some(operation.to_owned()),
            fields_v1: Some(FieldsV1(fields)),
            ..ManagedFieldsEntry::default()
        }
    }

    fn told(entries: &[ManagedFieldsEntry]) -> Vec<(String, String)> {
        let told = changed("Deployment x", entries, None).into_iter().map(|apart| match apart {
            Apart::Changed { field, by, .. } => (field, by.unwrap()),
            Apart::Gone { .. } => panic!("{apart:?}"),
        });
        told.collect()
    }

    #[test]
    fn what_another_has_and_this_server_has_not_is_told_by_its_path() {
        let image =
            json!({"f:spec": {"f:containers": {"k:{\"name\":\"engine\"}": {".": {}, "f:image": {}}}}});
        let own = entry(FIELD_MANAGER, "Apply", json!({"f:spec": {"f:paused": {}}}));
        let edit = entry("kubectl-edit", "Update", image);
        let path = "spec.containers[name=engine].image".to_owned();
        assert_eq!(told(&[own.clone(), edit]), [(path, "kubectl-edit".to_owned())]);
        // The same value from two hands is no difference.
        assert_eq!(told(&[own.clone(), entry("helm", "Apply", json!({"f:spec": {"f:paused": {}}}))]), []);
    }

    #[test]
    fn what_the_cluster_itself_writes_is_nobody_s_change() {
        let revision =
            json!({"f:metadata": {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}}});
        let controller = entry("kube-controller-manager", "Update", revision);
        let status = ManagedFieldsEntry {
            subresource: Some("status".to_owned()),
            ..entry("kubelet", "Update", json!({"f:status": {"f:replicas": {}}}))
        };
        assert_eq!(told(&[controller, status]), []);
        let scaled = ManagedFieldsEntry {
            subresource: Some("scale".to_owned()),
            ..entry("kubectl", "Update", json!({"f:spec": {"f:replicas": {}}}))
        };
        assert_eq!(told(&[scaled]), [("spec.replicas".to_owned(), "kubectl".to_owned())]);
    }

    #[test]
    fn what_this_server_sets_and_nobody_has_any_more_was_changed() {
        let ours = json!({"f:spec": {"f:replicas": {}}});
        let fields = |entries: &[ManagedFieldsEntry]| changed("Deployment x", entries, Some(&ours));
        let own = entry(FIELD_MANAGER, "Apply", json!({"f:spec": {"f:paused": {}, "f:replicas": {}}}));
        assert_eq!(fields(&[own]), []);
        let left = entry(FIELD_MANAGER, "Apply", json!({"f:spec": {"f:paused": {}}}));
        let (object, field) = ("Deployment x".to_owned(), "spec.replicas".to_owned());
        assert_eq!(fields(&[left]), [Apart::Changed { object, field, by: None }]);
    }

    #[test]
    fn taking_over_leaves_nothing_to_others_but_their_state() {
        let own = entry(FIELD_MANAGER, "Apply", json!({"f:spec": {"f:replicas": {}}}));
        let shown = entry(FIELD_MANAGER, "Update", json!({"f:metadata": {"f:annotations": {"f:mode": {}}}}));
        let edit = entry("kubectl-edit", "Update", json!({"f:spec": {"f:paused": {}}}));
        let after = taken_over(&[own, shown.clone(), edit]);
        assert_eq!(told(&after), []);
        assert_eq!(after[0], shown);
        let fields = json!({"f:spec": {"f:paused": {}, "f:replicas": {}}});
        assert_eq!(after[1], entry(FIELD_MANAGER, "Apply", fields));
        // Also where all of it is somebody else's.
        let alone = taken_over(&[entry("kubectl-create", "Update", json!({"f:data": {"f:a": {}}}))]);
        assert_eq!(alone.len(), 1);
        assert_eq!(alone[0].manager.as_deref(), Some(FIELD_MANAGER));
    }
}
