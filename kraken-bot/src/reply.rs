//! Refusals and failures in the product's words, with the command that helps where there is one.

use crate::slack::blocks::escape;
use wire::{Failure, FailureCode};

/// A refusal as people read it, in Slack's markup: one sentence for what and why, one for what next. It holds names that
/// people chose, and what a tentacle said; none of that may become a link or a mention.
pub(crate) fn refusal(failure: &Failure) -> String {
    let what = sentence(&escape(&failure.message));
    let next = failure.remedy.as_deref().map(|remedy| sentence(&escape(remedy))).unwrap_or_default();
    let trace = match (&failure.trace_id, failure.code) {
        (Some(trace), FailureCode::Internal | FailureCode::Unavailable) => {
            format!(" (For the operator: `{trace}`.)")
        }
        _ => String::new(),
    };
    let joined = if next.is_empty() { what } else { format!("{what} {next}") };
    format!("{joined}{trace}")
}

/// With a capital letter and a full stop. What begins with the name of a file keeps it.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let is_file = text.split_whitespace().next().is_some_and(|word| word.contains(".yaml:"));
    let mut sentence: String =
        if is_file { text.to_owned() } else { first.to_uppercase().chain(letters).collect() };
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_two_sentences() {
        let failure = Failure::new(FailureCode::Denied, "you may not run `hello`")
            .with_remedy("the owner, ana, can add you back");
        assert_eq!(refusal(&failure), "You may not run `hello`. The owner, ana, can add you back.");
    }

    #[test]
    fn a_name_in_a_refusal_stays_a_name() {
        let failure = Failure::new(FailureCode::Denied, "<!channel> may not")
            .with_remedy("the owner, <https://evil.example|Sign in here>, can add you back");
        let told = refusal(&failure);
        assert!(!told.contains(['<', '>']), "{told}");
        assert!(told.contains("&lt;https://evil.example|Sign in here&gt;"), "{told}");
    }

    #[test]
    fn a_trace_is_told_only_where_the_operator_needs_it() {
        let mut failure = Failure::new(FailureCode::Internal, "something went wrong on our side");
        failure.trace_id = Some("t-1".into());
        assert_eq!(refusal(&failure), "Something went wrong on our side. (For the operator: `t-1`.)");
        failure.code = FailureCode::Denied;
        assert_eq!(refusal(&failure), "Something went wrong on our side.");
    }
}
