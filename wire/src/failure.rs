//! How a tool says that it did not do what was asked: one shape for every surface.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a call failed, for programs; `message` is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The caller may not.
    Denied,
    /// The caller's Slack account is not bound to the identity of the token: sign in.
    SignInRequired,
    /// An argument is wrong.
    Invalid,
    /// There is nothing of that name that the caller could see.
    NotFound,
    /// It contradicts what is there: a name that is taken, a request that is still going on.
    Conflict,
    /// What is asked destroys: it must be confirmed by naming it once more.
    ConfirmationRequired,
    /// A model chose it, and it takes the click of a person.
    ClickRequired,
    /// This release cannot do it yet.
    NotYet,
    /// It took too long and was stopped.
    TimedOut,
    /// Something that is needed cannot be reached.
    Unavailable,
    /// A fault of the server; the trace id finds it in the log.
    Internal,
}

/// A failed call, as `structuredContent.error` of a result with `isError`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Why, for programs.
    pub code: FailureCode,
    /// What and why, in one sentence.
    pub message: String,
    /// What to do next, or who can help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Finds the request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

impl Failure {
    /// A failure without more to say than its message.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), remedy: None, trace_id: None }
    }

    /// The same with a next step.
    #[must_use]
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// The whole in one text, as clients that read only text show it.
    #[must_use]
    pub fn text(&self) -> String {
        let kind = match self.code {
            FailureCode::Denied => "permission denied: ",
            _ => "",
        };
        let remedy = self.remedy.as_ref().map_or_else(String::new, |remedy| format!("; {remedy}"));
        let trace = self.trace_id.as_ref().map_or_else(String::new, |id| format!(" (trace {id})"));
        format!("{kind}{}{remedy}{trace}", self.message)
    }
}

/// The envelope of a [`Failure`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureAnswer {
    /// The failure.
    pub error: Failure,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_why_and_what_next() {
        let failure = Failure::new(FailureCode::Denied, "you may not run `hello`").with_remedy("ask ana");
        assert_eq!(failure.text(), "permission denied: you may not run `hello`; ask ana");
    }
}
