//! What Slack says about a block that is too long, too many, or not there.

use serde_json::Value;

use crate::workspace::fault::Fault;

/// Collects mistakes, each with its place.
#[derive(Debug, Default)]
pub(super) struct Check {
    mistakes: Vec<String>,
}

impl Check {
    pub(super) fn fail(&mut self, at: &str, what: &str) {
        self.mistakes.push(format!("[ERROR] {what} [json-pointer:{at}]"));
    }

    pub(super) fn finish(self) -> Result<(), Fault> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(Fault::InvalidBlocks(self.mistakes)) }
    }

    /// A text object of either kind, not empty and not too long.
    pub(super) fn text_object(&mut self, at: &str, value: &Value, most: usize) {
        match value.get("type").and_then(Value::as_str) {
            Some("mrkdwn" | "plain_text") => self.text(&format!("{at}/text"), value.get("text"), most),
            Some(_) | None => self.fail(&format!("{at}/type"), "must be one of: mrkdwn, plain_text"),
        }
    }

    /// A text object under `key` that must be plain.
    pub(super) fn plain_text(&mut self, at: &str, object: &Value, key: &str, most: usize) {
        let at = format!("{at}/{key}");
        match object.get(key) {
            Some(value) if value.get("type").and_then(Value::as_str) == Some("plain_text") => {
                self.text(&format!("{at}/text"), value.get("text"), most);
            }
            Some(_) => self.fail(&format!("{at}/type"), "must be plain_text"),
            None => self.fail(&at, &format!("missing required field: {key}")),
        }
    }

    fn text(&mut self, at: &str, text: Option<&Value>, most: usize) {
        match text.and_then(Value::as_str).map(|text| text.chars().count()) {
            None => self.fail(at, "missing required field: text"),
            Some(0) => self.fail(at, "must be more than 0 characters"),
            Some(length) if length > most => {
                self.fail(at, &format!("must be less than {} characters", most + 1));
            }
            Some(_) => {}
        }
    }

    /// A text that may be missing but not be too long.
    pub(super) fn short(&mut self, at: &str, object: &Value, key: &str, most: usize) {
        if let Some(value) = object.get(key) {
            match value.as_str() {
                Some(text) if text.chars().count() <= most => {}
                Some(_) => {
                    self.fail(&format!("{at}/{key}"), &format!("must be less than {} characters", most + 1));
                }
                None => self.fail(&format!("{at}/{key}"), "must be a string"),
            }
        }
    }

    /// A list of one to `most`.
    pub(super) fn items(&mut self, at: &str, object: &Value, key: &str, most: usize) -> Vec<Value> {
        let at = format!("{at}/{key}");
        match object.get(key).and_then(Value::as_array) {
            None => self.fail(&at, &format!("missing required field: {key}")),
            Some(items) if items.is_empty() => self.fail(&at, "no less than 1 items allowed"),
            Some(items) if items.len() > most => {
                self.fail(&at, &format!("no more than {most} items allowed"));
            }
            Some(items) => return items.clone(),
        }
        Vec::new()
    }
}
