//! The cards of this module, for the file in which all messages are reviewed.

use super::*;
use crate::snapshot::{Shown, message, words};

/// A command of each kind that can be proposed.
const COMMANDS: [&str; 22] = [
    "set up this channel",
    "set up this channel as prices",
    "add <@UBEN> <@UGIL>",
    "remove <@UBEN>",
    "set mode private",
    "set mode of hello to member-run",
    "give hello to <@UBEN>",
    "new hello",
    "new tea from price-monitor",
    "deploy hello",
    "run hello",
    "run hello {\"name\": \"Ana\"}",
    "remove hello",
    "freeze",
    "unfreeze",
    "shut down this enclave",
    "transfer to <@UBEN>",
    "new members are welcome",
    "new members need approval",
    "ask to join",
    "sync",
    "remove hello for good",
];

/// All of them.
pub(crate) fn all() -> Vec<Shown> {
    let proposal = |words: &str| Proposal::new(words).unwrap();
    let mut all: Vec<Shown> = COMMANDS
        .iter()
        .map(|words| message(format!("a model proposes: {words}"), &card(&proposal(words), "UANA", "id")))
        .collect();
    let freeze = proposal("freeze");
    all.extend([
        message("a proposal, clicked", &settled(&freeze, "UANA", true)),
        message("a proposal, left", &settled(&freeze, "UANA", false)),
        words("a proposal: left, for who left it", LEFT),
        words("a proposal: clicked by somebody else", not_yours("UANA")),
    ]);
    all
}
