//! Which replies without a mention are taken for a command. People talk in threads, too, so it has to be one exactly.

use super::{Command, parse};
use crate::modals::SIZES;

/// Whether `text` is a command and nothing more: what could be talk is taken for talk.
pub(crate) fn is_exact(text: &str, me: &str) -> bool {
    match parse(text, me) {
        // An input in plain words is the rest of a sentence as well.
        Ok(Command::Run { input: Some(input), .. }) => input.trim_start_matches('`').starts_with(['{', '[']),
        Ok(Command::SetMode(mode) | Command::SetTentacleMode { mode, .. }) => {
            policy::parse_mode(&mode).is_ok()
        }
        Ok(Command::SetSize(Some(size))) => SIZES.iter().any(|(name, _)| *name == size),
        // What only a form says.
        Ok(Command::SetSecret { filled_in, .. }) => !filled_in,
        Ok(_) => true,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talk_is_no_command() {
        for command in ["status", "run hello", "run hello {\"a\": 1}", "set mode private", "add <@UBEN>"] {
            assert!(is_exact(command, "UKRAKEN"), "{command}");
        }
        let talk = [
            "run hello once more",
            "set mode of hello to whatever",
            "set size to whatever",
            "statsu",
            "thanks",
            "",
        ];
        for talk in talk {
            assert!(!is_exact(talk, "UKRAKEN"), "{talk}");
        }
    }
}
