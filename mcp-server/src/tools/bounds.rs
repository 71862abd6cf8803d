//! How much one call may carry, and one enclave hold, where nothing else says so: what a person sends is kept in the store
//! and in the trail, and told in a channel.

use std::collections::BTreeSet;
use wire::{Failure, FailureCode};

/// How many people one call names in a list.
const PEOPLE: usize = 200;

/// How long the text is that names one of them, in characters.
const PERSON: usize = 200;

/// How long a channel's name is, in characters: Slack's own limit.
const CHANNEL_NAME: usize = 80;

/// How long an operator's reason is, in characters: a channel is told it.
const REASON: usize = 500;

/// How many tentacles are in one enclave.
const TENTACLES: usize = 100;

/// The people that a list names, each once.
pub(super) fn people(list: &str, named: &[String]) -> Result<Vec<String>, Failure> {
    if named.len() > PEOPLE {
        let what = format!("`{list}` names {} people; one call takes {PEOPLE} at most", named.len());
        return Err(Failure::new(FailureCode::Invalid, what).with_remedy("name the others in another call"));
    }
    let is_none = |text: &&String| text.trim().is_empty() || longer(text, PERSON) || text.contains('\0');
    if named.iter().any(|text| is_none(&text)) {
        let what = format!(
            "`{list}` has an entry that names nobody: it is empty, no text, or longer than {PERSON} characters"
        );
        return Err(Failure::new(FailureCode::Invalid, what));
    }
    let mut seen = BTreeSet::new();
    Ok(named.iter().filter(|text| seen.insert(text.as_str())).cloned().collect())
}

/// A channel's name.
pub(super) fn channel_name(name: &str) -> Result<(), Failure> {
    let (empty, long) = (name.trim().is_empty(), longer(name, CHANNEL_NAME));
    let what = || format!("a channel's name has 1 to {CHANNEL_NAME} characters");
    if empty || long { Err(Failure::new(FailureCode::Invalid, what())) } else { Ok(()) }
}

/// An operator's reason.
pub(crate) fn reason(reason: &str) -> Result<(), Failure> {
    let what = || format!("the reason is longer than {REASON} characters");
    let failure = || Failure::new(FailureCode::Invalid, what()).with_remedy("say it in a few words");
    if longer(reason, REASON) { Err(failure()) } else { Ok(()) }
}

/// A place in a list that no answer of ours has named.
pub(super) fn cursor() -> Failure {
    Failure::new(FailureCode::Invalid, "the cursor is not one that this server gave")
        .with_remedy("begin anew without one")
}

/// One tentacle more, in an enclave that has so many.
pub(super) fn one_more_tentacle(there: usize) -> Result<(), Failure> {
    let what = || format!("the enclave has {there} tentacles, and {TENTACLES} are the most that one holds");
    let failure = || Failure::new(FailureCode::Conflict, what()).with_remedy("remove one that is not used");
    if there >= TENTACLES { Err(failure()) } else { Ok(()) }
}

fn longer(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}
