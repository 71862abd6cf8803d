//! The arguments of a call, however they were sent: query, form or JSON.

use axum::body::to_bytes;
use axum::extract::Request;
use http::header;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::workspace::fault::Fault;
use crate::workspace::ts::Ts;

/// Larger than anything that Slack takes.
const LARGEST_BODY: usize = 1024 * 1024;

/// The arguments by name.
#[derive(Debug, Default)]
pub(crate) struct Args(Map<String, Value>);

impl Args {
    /// Reads query and body; the body wins.
    pub(crate) async fn read(request: Request) -> Result<Self, Fault> {
        let mut all = pairs(request.uri().query().unwrap_or_default().as_bytes());
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let body = to_bytes(request.into_body(), LARGEST_BODY).await.map_err(|_| Fault::InvalidFormData)?;
        if body.is_empty() {
            return Ok(Self(all));
        }
        match kind.as_str() {
            "application/json" => match serde_json::from_slice(&body) {
                Ok(Value::Object(fields)) => all.extend(fields),
                Ok(_) | Err(_) => return Err(Fault::InvalidJson),
            },
            "application/x-www-form-urlencoded" => all.extend(pairs(&body)),
            _ => return Err(Fault::InvalidPostType),
        }
        Ok(Self(all))
    }

    /// A text that may be missing; numbers count as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(flag)) => Some(flag.to_string()),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => None,
        }
    }

    /// The same, and it is not among the arguments any more.
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        let text = self.text(name);
        self.0.remove(name);
        text
    }

    /// A text that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<String, Fault> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Fault::missing(name))
    }

    /// Yes or no; missing is no.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.text(name).as_deref(), Some("true" | "1" | "True"))
    }

    /// How many results at most.
    pub(crate) fn limit(&self, usual: usize) -> Result<usize, Fault> {
        match self.text("limit").filter(|text| !text.is_empty()) {
            None => Ok(usual),
            Some(text) => match text.parse() {
                Ok(0) => Ok(usual),
                Ok(limit) if limit <= 1000 => Ok(limit),
                Ok(_) | Err(_) => Err(Fault::InvalidLimit),
            },
        }
    }

    /// A list, as JSON or with commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let split = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(text)) => split(text),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
        }
    }

    /// A structure, as JSON or as JSON within a text; `malformed` where it is neither.
    pub(crate) fn json(&self, name: &str, malformed: Fault) -> Result<Option<Value>, Fault> {
        match self.0.get(name) {
            Some(Value::Null) | None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| malformed),
            Some(value @ (Value::Array(_) | Value::Object(_))) => Ok(Some(value.clone())),
            Some(Value::Bool(_) | Value::Number(_)) => Err(malformed),
        }
    }

    /// A time stamp that may be missing.
    pub(crate) fn ts(&self, name: &str, malformed: Fault) -> Result<Option<Ts>, Fault> {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.map(|text| text.parse().map_err(|_| malformed)).transpose()
    }

    /// All of it.
    pub(crate) fn all(&self) -> &Map<String, Value> {
        &self.0
    }
}

fn pairs(encoded: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(encoded)
        .map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())))
        .collect()
}
