//! Which fields an object sets, written as the API server writes it down of whoever applies it, as `FieldsV1`:
//! <https://kubernetes.io/docs/reference/using-api/server-side-apply/>. What somebody set past the server is told by what the
//! API server notes; that somebody took a field away it notes nowhere, so that an object says itself which it was made with.

use serde_json::{Map, Value, json};

/// The lists whose items are fields of their own, each by the values of these: `x-kubernetes-list-map-keys` of the API. All
/// other lists are one field each.
const BY_KEYS: [(&str, &[&str]); 7] = [
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("volumes", &["name"]),
    ("env", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeMounts", &["mountPath"]),
    ("hostAliases", &["ip"]),
];

/// The maps that are one field each: `x-kubernetes-map-type: atomic`.
const WHOLE: [&str; 1] = ["selector"];

/// The fields of a deployment, as JSON.
pub(crate) fn fields(object: &Value) -> Value {
    let mut set = within(object);
    if let Some(all) = set.as_object_mut() {
        all.remove("f:apiVersion");
        all.remove("f:kind");
    }
    if let Some(metadata) = set.get_mut("f:metadata").and_then(Value::as_object_mut) {
        metadata.remove("f:name");
        metadata.remove("f:namespace");
    }
    set
}

/// Those of a value; none for what is one field.
fn within(value: &Value) -> Value {
    let field = |(name, value): (&String, &Value)| (format!("f:{name}"), of(name, value));
    value.as_object().map_or_else(|| json!({}), |all| Value::Object(all.iter().map(field).collect()))
}

/// Those of the field of this name.
fn of(name: &str, value: &Value) -> Value {
    let keys = BY_KEYS.iter().find(|(list, _)| *list == name).map(|(_, keys)| *keys);
    match (keys, value.as_array()) {
        (Some(keys), Some(items)) => {
            Value::Object(items.iter().map(|item| (by(keys, item), within(item))).collect())
        }
        _ if WHOLE.contains(&name) => json!({}),
        _ => within(value),
    }
}

/// How an item of a list is called.
fn by(keys: &[&str], item: &Value) -> String {
    let values: Map<String, Value> =
        keys.iter().filter_map(|key| item.get(key).map(|value| ((*key).to_owned(), value.clone()))).collect();
    format!("k:{}", Value::Object(values))
}
