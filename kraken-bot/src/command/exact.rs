//! Which replies without a mention are taken for a command. People talk in threads, too, so it has to be one exactly, and one
//! that nobody says to anybody else.

use super::{Command, parse, without_mention};
use crate::modals::SIZES;

/// What stands where a tentacle's name could, in sentences that begin like a command: `run it`, `deploy tomorrow`, `status
/// update`. A tentacle that is called so is named with a mention, or in backticks.
const TALK: [&str; 56] = [
    "again",
    "all",
    "anything",
    "anyway",
    "attached",
    "away",
    "back",
    "below",
    "both",
    "credit",
    "everything",
    "first",
    "friday",
    "green",
    "he",
    "her",
    "here",
    "him",
    "is",
    "it",
    "later",
    "lesson",
    "me",
    "monday",
    "notes",
    "nothing",
    "now",
    "one",
    "please",
    "quo",
    "red",
    "repeats",
    "saturday",
    "she",
    "something",
    "soon",
    "stuff",
    "sunday",
    "that",
    "them",
    "there",
    "these",
    "they",
    "things",
    "this",
    "those",
    "thursday",
    "today",
    "tomorrow",
    "tonight",
    "tuesday",
    "unknown",
    "update",
    "us",
    "wednesday",
    "you",
];

/// Whether `text` is a command and nothing more: what could be talk is taken for talk.
pub(crate) fn is_exact(text: &str, me: &str) -> bool {
    let Ok(command) = parse(text, me) else { return false };
    let quotes = text.contains('`');
    let named = match &command {
        Command::Deploy(name) => Some(name),
        other => other.tentacle(),
    };
    if !quotes && named.is_some_and(|name| TALK.contains(&name.as_str())) {
        return false;
    }
    match command {
        // `new idea` and `set up this channel as discussed` are the beginnings of sentences.
        Command::New { .. } => {
            quotes || text.split_whitespace().any(|word| word.eq_ignore_ascii_case("from"))
        }
        Command::SetUp { name } => quotes || name.is_none(),
        // An input in plain words is the rest of a sentence as well.
        Command::Run { input, .. } => {
            input.is_none_or(|input| input.trim_start_matches('`').starts_with(['{', '[']))
        }
        Command::SetMode(mode) | Command::SetTentacleMode { mode, .. } => policy::parse_mode(&mode).is_ok(),
        Command::SetSize(size) => size.is_none_or(|size| SIZES.iter().any(|(name, _)| *name == size)),
        // What only a form says.
        Command::SetSecret { filled_in, .. } => !filled_in,
        // `why not deploy` and `why run it` are asked among people, too.
        Command::Why { .. } => asks_the_kraken_why(text, me),
        // What cannot be undone has to be said to the Kraken.
        Command::ShutDown { typed } => typed.is_none(),
        Command::RemoveTentacle { confirmed, .. } => !confirmed,
        // Sentences: `changes need review`, `new members are welcome`, `ask to join`.
        Command::Review { .. } | Command::Enrollment { .. } | Command::AskToJoin => false,
        // `sign in` is what one person tells another to do.
        Command::Login | Command::Logout => !without_mention(text, me).contains(char::is_whitespace),
        Command::Help
        | Command::Whoami
        | Command::Members
        | Command::Add(_)
        | Command::Remove(_)
        | Command::ChooseMode(_)
        | Command::Give { .. }
        | Command::Status(_)
        | Command::Deploy(_)
        | Command::Logs(_)
        | Command::History(_)
        | Command::Versions(_)
        | Command::Compare { .. }
        | Command::PutBack(_)
        | Command::RollBack { .. }
        | Command::Freeze
        | Command::Unfreeze
        | Command::Enclaves
        | Command::Failed(_)
        | Command::Sync
        | Command::Transfer(_)
        | Command::Unlink => true,
        // Only by a button, or in somebody's own words.
        Command::Approve { .. }
        | Command::Offer(_)
        | Command::TakeOver { .. }
        | Command::LetIn { .. }
        | Command::BringBack(_)
        | Command::InOwnWords => false,
    }
}

/// Whether a question with `why` names somebody by a mention, or is what people ask who were refused: `why can't i run hello`.
fn asks_the_kraken_why(text: &str, me: &str) -> bool {
    let said = without_mention(text, me).to_lowercase();
    let words: Vec<&str> = said.split_whitespace().skip(1).collect();
    matches!(words.as_slice(), ["can't" | "cannot", "i", ..])
        || words.first().is_some_and(|word| word.starts_with("<@"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talk_is_no_command() {
        let commands = [
            "status",
            "status hello",
            "run hello",
            "run `it`",
            "run hello {\"a\": 1}",
            "logs hello",
            "deploy hello",
            "new `idea`",
            "new tea from price-monitor",
            "set mode private",
            "set mode of hello to private",
            "set size small",
            "add <@UBEN>",
            "remove <@UBEN>",
            "remove hello",
            "give hello to <@UBEN>",
            "transfer to <@UBEN>",
            "what failed",
            "what failed?",
            "what failed last night",
            "what failed today?",
            "compare hello 3 and 5",
            "roll back hello to 3",
            "put hello back",
            "why can't i run hello",
            "why <@UBEN> run hello",
            "set up this channel",
            "shut down this enclave",
            "logout",
            "freeze",
        ];
        for command in commands {
            assert!(is_exact(command, "UKRAKEN"), "{command}");
        }
        let talk = [
            "run hello once more",
            "run it",
            "run away",
            "set mode of hello to whatever",
            "set mode of it",
            "set size to whatever",
            "statsu",
            "status update",
            "status quo",
            "thanks",
            "",
            "what failed was our plan",
            "what failed here?",
            "what failed last year",
            "new idea",
            "new co-worker",
            "new members are welcome",
            "new members need approval",
            "changes need review",
            "changes need a review",
            "changes need no review",
            "ask to join",
            "set up this channel as discussed",
            "help me",
            "members only",
            "who am i to judge",
            "my enclaves are fine",
            "sign in",
            "sign out",
            "login first",
            "sync with ben",
            "unlink it",
            "add <@UBEN> to the call",
            "add it",
            "remove it",
            "remove that",
            "remove hello for good",
            "remove <@UBEN> from the call",
            "transfer to sales",
            "transfer to <@UBEN> tomorrow",
            "give it to <@UBEN>",
            "give credit to <@UBEN>",
            "deploy it",
            "deploy friday",
            "deploy on friday",
            "logs please",
            "logs attached",
            "history repeats",
            "history lesson",
            "versions of it",
            "compare notes",
            "compare apples and pears",
            "put it back",
            "put that back",
            "put back everything",
            "roll back it to 3",
            "roll back to 3",
            "freeze the budget",
            "unfreeze it",
            "shut down everything",
            "shut down price-watch",
            "set secret santa",
            "why not deploy",
            "why run hello",
            "why freeze?",
            "why should deploy hello",
            "why did it fail",
            "enclaves are rooms",
        ];
        for talk in talk {
            assert!(!is_exact(talk, "UKRAKEN"), "{talk}");
        }
    }
}
