//! What is missing where somebody began a command and did not end it.

use super::{Command, NotUnderstood};

/// What is missing of a command whose first word is known.
pub(super) fn almost(first: &str) -> NotUnderstood {
    let usage = match first {
        "set" => {
            "say `set up this channel`, `set up this channel as my-enclave`, `set mode member-read` or `set mode of hello to private`"
        }
        "shut" => "say `shut down this enclave`",
        "new" | "deploy" | "run" | "logs" | "history" | "versions" => {
            return NotUnderstood::Almost(format!("name a tentacle, e.g. `{first} hello`"));
        }
        "put" => "say `put hello back`",
        "roll" => "say `roll back hello to 3`; `versions hello` has the numbers",
        "compare" => "say `compare hello`, or name two versions: `compare hello 3 and 5`",
        "status" => "say `status`, or name one tentacle: `status hello`",
        "add" | "remove" => {
            return NotUnderstood::Almost(format!("mention whom you mean, e.g. `{first} @ben`"));
        }
        "give" => "say `give hello to @ben`",
        "transfer" => "mention who gets the enclave, e.g. `transfer to @ben`",
        "ask" => "say `ask to join`",
        "what" => {
            "ask `what failed`, `what failed today`, `what failed yesterday` or `what failed last night`"
        }
        "why" => "ask e.g. `why run hello` or `why @ben deploy hello`",
        "help" | "whoami" | "members" | "login" | "logout" | "unlink" | "sync" | "freeze" | "unfreeze" => {
            return NotUnderstood::Almost(format!("`{first}` stands alone"));
        }
        _ => return NotUnderstood::Unknown,
    };
    NotUnderstood::Almost(usage.to_owned())
}

/// What is said after `set size`: nothing, or which.
pub(super) fn size(rest: &[&str]) -> Result<Command, NotUnderstood> {
    match rest {
        [] => Ok(Command::SetSize(None)),
        [size] | ["to", size] => Ok(Command::SetSize(Some((*size).to_owned()))),
        _ => Err(almost("set")),
    }
}

/// Whether a secret is what is to be set, and something is said of it.
pub(super) fn names_a_secret(rest: &[&str]) -> bool {
    rest.len() > 1 && rest.iter().take(3).any(|word| matches!(*word, "secret" | "secrets"))
}
