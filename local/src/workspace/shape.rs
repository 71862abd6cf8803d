//! How the workspace's things look in JSON to a client: the fields that Slack documents.

use serde_json::Value;

pub(crate) mod channel;
pub(crate) mod message;
pub(crate) mod user;
pub(crate) mod view;

/// A JSON object with more fields added; other values stay as they are.
pub(crate) fn with(mut value: Value, more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    }
    value
}
