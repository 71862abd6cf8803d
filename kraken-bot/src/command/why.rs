//! `why`: whose right is asked about, to what, and on which tentacle.

use super::people::mentioned;
use super::{Command, NotUnderstood, named};

/// What a word that was typed as an action means to `why`.
const ACTIONS_OF_TWO_WORDS: [&str; 2] = ["set mode", "shut down"];

/// `why [person] action [tentacle]`.
pub(super) fn read(words: &[&str]) -> Result<Command, NotUnderstood> {
    const EXAMPLE: &str = "ask e.g. `why run hello` or `why @ben deploy hello`";
    let clean: Vec<&str> = words.iter().map(|word| word.trim_end_matches('?')).collect();
    let example = || NotUnderstood::Almost(EXAMPLE.to_owned());
    let (person, rest) = match clean.as_slice() {
        ["can't" | "cannot" | "can" | "may", "i", rest @ ..] => (None, rest),
        // `why did it fail` is a question in somebody's own words.
        [first, rest @ ..] if mentioned(first).is_none() && !is_action(&clean) && !is_action(rest) => {
            return Err(example());
        }
        [first, rest @ ..] if mentioned(first).is_some() || !is_action(&clean) => {
            let person = mentioned(first).unwrap_or_else(|| first.trim_start_matches('@').to_owned());
            (Some(person), rest)
        }
        rest => (None, rest),
    };
    let joined = rest.join(" ").to_lowercase();
    let two =
        ACTIONS_OF_TWO_WORDS.into_iter().find(|two| joined == *two || joined.starts_with(&format!("{two} ")));
    let length = if two.is_some() { 2 } else { 1 };
    let (action, object) = rest.split_at_checked(length).ok_or_else(example)?;
    let tentacle = match object {
        [] => None,
        [name] => Some(named(&name.to_lowercase())?),
        _ => return Err(example()),
    };
    Ok(Command::Why { person, action: action.join(" ").to_lowercase(), tentacle })
}

/// Whether the first word names an action, so that nobody is named before it.
fn is_action(words: &[&str]) -> bool {
    const WORDS: [&str; 18] = [
        "run", "deploy", "new", "logs", "status", "remove", "add", "set", "freeze", "unfreeze", "shut",
        "see", "info", "members", "restart", "read", "apply", "create",
    ];
    words.first().is_some_and(|word| WORDS.contains(&word.to_lowercase().as_str()) || word.contains('.'))
}
