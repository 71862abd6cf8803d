//! `what failed`: what is to be looked at, in a channel's enclave, or in a direct message in every enclave of the person's.

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code, escape};
use wire::EnclaveRef;
use wire::tools::enclave::{EnclaveList, EnclaveListArgs};
use wire::tools::health::{HealthEntry, WfHealthEnclave, WfHealthEnclaveArgs};
use workflow::EnclaveName;

/// How many enclaves are looked at.
const MOST: usize = 50;

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    if asked.channel.is_some() {
        let health = asked.call::<WfHealthEnclave>(WfHealthEnclaveArgs::default()).await?;
        return Ok(Answer::Aloud(told(&[(None, health.workflows)], 0)));
    }
    let list = asked.call::<EnclaveList>(EnclaveListArgs::default()).await?;
    let left_out = list.enclaves.len().saturating_sub(MOST);
    let mut looked = Vec::new();
    for entry in list.enclaves.into_iter().take(MOST) {
        let args = WfHealthEnclaveArgs {
            enclave: EnclaveRef::from(entry.name.clone()),
            ..WfHealthEnclaveArgs::default()
        };
        match asked.call::<WfHealthEnclave>(args).await {
            Ok(health) => looked.push((Some(entry.name), health.workflows)),
            // What may not be seen there is not theirs to hear of.
            Err(Stop::Refused(_)) => {}
            Err(stop) => return Err(stop),
        }
    }
    Ok(Answer::Whisper(told(&looked, left_out)))
}

/// What is to be looked at, by enclave where there are several.
pub(super) fn told(looked: &[(Option<EnclaveName>, Vec<HealthEntry>)], left_out: usize) -> Message {
    let mut lines = Vec::new();
    for (enclave, tentacles) in looked {
        for tentacle in tentacles.iter().filter(|tentacle| tentacle.status != "green") {
            let place = enclave.as_ref().map(|name| format!("{}, ", code(name))).unwrap_or_default();
            let how = if tentacle.status == "red" { "cannot run" } else { "is to be looked at" };
            lines.push(format!("• {place}{} {how}: {}", code(&tentacle.name), escape(&tentacle.reason)));
        }
    }
    let count: usize = looked.iter().map(|(_, tentacles)| tentacles.len()).sum();
    let mut message = match (lines.is_empty(), count) {
        (true, 0) => Message::new("There are no tentacles that you can see."),
        (true, 1) => Message::new("Nothing failed: the one tentacle that you can see is well."),
        (true, _) => {
            Message::new(format!("Nothing failed: all {count} tentacles that you can see are well."))
        }
        (false, _) => Message::new("*To be looked at*").line(lines.join("\n")),
    };
    if left_out > 0 {
        message = message.note(format!("{left_out} more enclaves were not looked at."));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, status: &str) -> HealthEntry {
        let reason = "its last run failed".to_owned();
        HealthEntry { name: name.parse().unwrap(), status: status.to_owned(), reason }
    }

    #[test]
    fn only_what_is_not_well_is_named_and_where() {
        let here = |entries: Vec<HealthEntry>| (Some("price-watch".parse().unwrap()), entries);
        let looked = [here(vec![entry("hello", "green"), entry("tea", "amber"), entry("ink", "red")])];
        let message = told(&looked, 2).plain();
        assert!(
            message.contains("• `price-watch`, `tea` is to be looked at: its last run failed"),
            "{message}"
        );
        assert!(message.contains("`ink` cannot run") && !message.contains("hello"), "{message}");
        assert!(message.ends_with("2 more enclaves were not looked at."), "{message}");
        let well = told(&[here(vec![entry("hello", "green")])], 0).plain();
        assert_eq!(well, "Nothing failed: the one tentacle that you can see is well.");
    }
}
