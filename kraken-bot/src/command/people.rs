//! People who are meant: by the mention that Slack makes of them.

use super::NotUnderstood;

/// The Slack account in `<@U…>` or `<@U…|name>`.
pub(super) fn mentioned(word: &str) -> Option<String> {
    let inner = word.strip_prefix("<@")?.strip_suffix('>')?;
    Some(inner.split('|').next().unwrap_or(inner).to_owned())
}

pub(super) fn people(words: &[&str], verb: &str) -> Result<Vec<String>, NotUnderstood> {
    let whom: Option<Vec<String>> = words.iter().map(|word| mentioned(word.trim_end_matches(','))).collect();
    whom.filter(|whom| !whom.is_empty())
        .ok_or_else(|| NotUnderstood::Almost(format!("mention whom you mean, e.g. `{verb} @ben`")))
}
