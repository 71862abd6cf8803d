//! What comes of something that a person did: back to the page, or JSON for programs and the page's script.

use axum::Json;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::words;
use crate::door::{Entered, Form};
use crate::workspace::fault::Fault;

/// Where to go, and what to say.
pub(super) struct Outcome {
    /// The page that the form was on, where it says so.
    back: Option<String>,
    wants_json: bool,
}

/// Whether the answer is to be JSON.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json")
}

impl Outcome {
    pub(super) fn of(form: &Form, headers: &HeaderMap) -> Self {
        let back = form.get("back").filter(|path| is_own(path)).map(str::to_owned);
        Self { back, wants_json: wants_json(headers) || form.entered == Entered::Program }
    }

    /// It worked; the page may have moved.
    pub(super) fn done(self, moved: Option<String>, facts: Map<String, Value>) -> Response {
        let there = moved.or(self.back);
        if !self.wants_json {
            return Redirect::to(there.as_deref().unwrap_or("/")).into_response();
        }
        let mut facts = facts;
        facts.insert("ok".to_owned(), json!(true));
        facts.insert("there".to_owned(), json!(there));
        Json(Value::Object(facts)).into_response()
    }

    /// It did not.
    pub(super) fn refused(self, fault: &Fault) -> Response {
        self.problem(&fault.to_string(), words::sentence(fault))
    }

    /// It did not, for a reason that has no code at Slack.
    pub(super) fn problem(self, code: &str, words: &str) -> Response {
        if self.wants_json {
            let body = json!({ "ok": false, "error": code, "message": words });
            return (StatusCode::CONFLICT, Json(body)).into_response();
        }
        let back = self.back.as_deref().unwrap_or("/");
        let (path, query) = back.split_once('?').unwrap_or((back, ""));
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        let kept = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key != "problem");
        pairs.extend_pairs(kept).append_pair("problem", words);
        Redirect::to(&format!("{path}?{}", pairs.finish())).into_response()
    }
}

/// Whether a path is one of the page's own, so that nobody is sent elsewhere.
fn is_own(path: &str) -> bool {
    path.starts_with("/as/") && !path.contains(['\\', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert!(is_own("/as/ana/c/price-watch?thread=1.000000"));
        for path in
            ["//evil.example", "https://evil.example", "/\\evil.example", "/as/\\evil", "", "/as/x\r\ny"]
        {
            assert!(!is_own(path), "{path}");
        }
    }
}
