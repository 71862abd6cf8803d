//! From words to a command. Deterministic: whole words, in the documented order, and nothing is guessed.

mod almost;
mod exact;
mod failed;
mod near;
mod people;
mod tentacle;
mod why;

use almost::{almost, names_a_secret, size};
pub(crate) use exact::is_exact;
pub(crate) use failed::Lately;
pub(crate) use near::{near, near_name};
use people::{mentioned, people};

use state_repo::Archived;
use uuid::Uuid;
use workflow::scaffold::Scaffold;
use workflow::{SecretName, TentacleName};

/// What somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Make this channel an enclave, perhaps under another name than the channel's.
    SetUp {
        /// The name.
        name: Option<String>,
    },
    /// What can I say?
    Help,
    /// As whom am I taken?
    Whoami,
    /// Who belongs here?
    Members,
    /// Let people in.
    Add(Vec<String>),
    /// Keep people out.
    Remove(Vec<String>),
    /// Change who may do what.
    SetMode(String),
    /// Change who may do what with a tentacle.
    SetTentacleMode {
        /// Which.
        tentacle: TentacleName,
        /// The mode.
        mode: String,
    },
    /// Which mode holds, and which others are there? For the enclave, or for a tentacle.
    ChooseMode(Option<TentacleName>),
    /// Change how much the enclave may use; without a size: which holds, and which others are there?
    SetSize(Option<String>),
    /// Set a secret of the enclave: asks for it in a form first.
    SetSecret {
        /// Its name.
        name: SecretName,
        /// It was filled in.
        filled_in: bool,
    },
    /// Give a tentacle to somebody.
    Give {
        /// Which.
        tentacle: TentacleName,
        /// Whose Slack account.
        to: String,
    },
    /// How is the enclave, or a tentacle?
    Status(Option<TentacleName>),
    /// Make a tentacle in the working copy.
    New { tentacle: TentacleName, scaffold: Scaffold },
    /// Deploy it.
    Deploy(TentacleName),
    /// Say yes or no to what a deploy would newly reach; only by a button.
    Approve {
        /// The approval's id.
        approval: Uuid,
        /// Yes or no.
        yes: bool,
    },
    /// Run it.
    Run {
        /// Which.
        tentacle: TentacleName,
        /// With what, as JSON or as plain words.
        input: Option<String>,
    },
    /// What did it print?
    Logs(TentacleName),
    /// How did it run?
    History(TentacleName),
    /// Which versions were there?
    Versions(TentacleName),
    /// What is different between two of them? The one that runs and the one before when left out.
    Compare {
        /// Of which tentacle.
        tentacle: TentacleName,
        /// The older and the newer, by number.
        between: Option<(u32, u32)>,
    },
    /// Make it as it was deployed, whatever somebody changed where it runs.
    PutBack(TentacleName),
    /// Make it what it was in an older version.
    RollBack {
        /// Which.
        tentacle: TentacleName,
        /// The version's number.
        to: u32,
    },
    /// Remove a tentacle.
    RemoveTentacle {
        /// Which.
        tentacle: TentacleName,
        /// It was said for the second time.
        confirmed: bool,
    },
    /// Stop all change.
    Freeze,
    /// Allow change again.
    Unfreeze,
    /// Remove the enclave; with the name that was typed to confirm it.
    ShutDown {
        /// What was typed.
        typed: Option<String>,
    },
    /// Why may somebody do something, or not?
    Why {
        /// Who; the one who asks when left out.
        person: Option<String>,
        /// What.
        action: String,
        /// On which tentacle.
        tentacle: Option<TentacleName>,
    },
    /// Which enclaves are mine? In direct messages.
    Enclaves,
    /// What failed lately, and what is to be looked at?
    Failed(Lately),
    /// Look who is in the channel now.
    Sync,
    /// Give the enclave to somebody: asks first.
    Transfer(String),
    /// Offer it to them; only by a button.
    Offer(String),
    /// Take what was offered, or not; only by a button.
    TakeOver {
        /// The offer.
        offer: Uuid,
        /// Yes or no.
        yes: bool,
    },
    /// Ask the owner to be let in.
    AskToJoin,
    /// Let somebody in who asked, or not; only by a button.
    LetIn {
        /// The request.
        request: Uuid,
        /// Yes or no.
        yes: bool,
    },
    /// Whether new members are let in by being here, or by the owner.
    Enrollment {
        /// By being here.
        open: bool,
    },
    /// Move the tentacles of the enclave before back from the archive; only by a button.
    BringBack(Archived),
    /// Something in people's own words, which a model is asked about; only where one is set up.
    InOwnWords,
    /// Whether somebody else must have reviewed what comes to run.
    Review {
        /// They must.
        required: bool,
    },
    /// This Slack account is nobody's any more.
    Unlink,
    /// Sign in.
    Login,
    /// Sign out.
    Logout,
}

/// Why words are no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotUnderstood {
    /// There are none.
    Nothing,
    /// They are none of the known ones.
    Unknown,
    /// They begin like a known one, and something is missing or wrong.
    Almost(String),
    /// They may hold the value of a secret: they are repeated to nobody, and no model reads them.
    MaybeSecret,
}

/// Reads what was said to the Kraken, whose account is `me`.
pub(crate) fn parse(text: &str, me: &str) -> Result<Command, NotUnderstood> {
    let said = without_mention(text, me);
    let words: Vec<&str> = said.split_whitespace().collect();
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match (lower.as_slice(), words.as_slice()) {
        ([], _) => Err(NotUnderstood::Nothing),
        (["help"], _) => Ok(Command::Help),
        (["whoami"] | ["who", "am", "i"] | ["who", "am", "i?"], _) => Ok(Command::Whoami),
        (["members"], _) => Ok(Command::Members),
        (["enclaves"] | ["my", "enclaves"], _) => Ok(Command::Enclaves),
        (["login"] | ["sign", "in"], _) => Ok(Command::Login),
        (["logout"] | ["sign", "out"], _) => Ok(Command::Logout),
        (["what", "failed" | "failed?", when @ ..], _) => failed::when(when).map(Command::Failed),
        (["sync"], _) => Ok(Command::Sync),
        (["unlink"], _) => Ok(Command::Unlink),
        (["ask", "to", "join"], _) => Ok(Command::AskToJoin),
        (["new", "members", "are", "welcome"], _) => Ok(Command::Enrollment { open: true }),
        (["new", "members", "need", "approval"], _) => Ok(Command::Enrollment { open: false }),
        (["changes", "need", "review"] | ["changes", "need", "a", "review"], _) => {
            Ok(Command::Review { required: true })
        }
        (["changes", "need", "no", "review"], _) => Ok(Command::Review { required: false }),
        (["transfer", "to", _], [.., whom]) => match people(&[whom], "transfer to")?.as_slice() {
            [one] => Ok(Command::Transfer(one.clone())),
            _ => Err(almost("transfer")),
        },
        (["freeze"], _) => Ok(Command::Freeze),
        (["unfreeze"], _) => Ok(Command::Unfreeze),
        (["set", "up", "this", "channel"], _) => Ok(Command::SetUp { name: None }),
        (["set", "up", "this", "channel", "as", name], _) => {
            Ok(Command::SetUp { name: Some((*name).to_owned()) })
        }
        (["set", "mode", "of", name, "to", mode @ ..], _) if !mode.is_empty() => {
            named(name).map(|tentacle| Command::SetTentacleMode { tentacle, mode: mode.join("-") })
        }
        (["set", "mode"], _) => Ok(Command::ChooseMode(None)),
        (["set", "mode", "of", name], _) => named(name).map(|name| Command::ChooseMode(Some(name))),
        (["set", "mode", "of", ..], _) => Err(almost("set")),
        (["set", "mode", rest @ ..], _) if !rest.is_empty() => Ok(Command::SetMode(rest.join("-"))),
        (["set", "size", rest @ ..], _) => size(rest),
        (["set", "secret", name], _) => secret(name, false),
        (["set", "secret", name, "as", "filled", "in"], _) => secret(name, true),
        (["set", "secret", ..], _) => Err(NotUnderstood::MaybeSecret),
        (["set" | "store" | "save" | "add" | "change" | "replace", rest @ ..], _) if names_a_secret(rest) => {
            Err(NotUnderstood::MaybeSecret)
        }
        (["shut", "down", "this", "enclave"], _) => Ok(Command::ShutDown { typed: None }),
        (["shut", "down", name] | ["shut", "down", "this", "enclave", name], _) => {
            Ok(Command::ShutDown { typed: Some((*name).to_owned()) })
        }
        (["status"], _) => Ok(Command::Status(None)),
        (["status", name], _) => named(name).map(|name| Command::Status(Some(name))),
        (["new", name], _) => new(name, Scaffold::Hello.name()),
        (["new", name, "from", scaffold], _) => new(name, scaffold),
        (["deploy", name], _) => named(name).map(Command::Deploy),
        (["logs", name], _) => named(name).map(Command::Logs),
        (["history", name], _) => named(name).map(Command::History),
        (["versions", name] | ["versions", "of", name], _) => named(name).map(Command::Versions),
        (["compare", name], _) => compare(name, None),
        (["compare", name, one, "and", other] | ["compare", one, "and", other, "of", name], _) => {
            compare(name, Some((one, other)))
        }
        (["put", name, "back"] | ["put", "back", name], _) => named(name).map(Command::PutBack),
        (["roll", "back", name, "to", to] | ["roll", "back", name, "to", "version", to], _) => {
            Ok(Command::RollBack { tentacle: named(name)?, to: version(to)? })
        }
        (["give", name, "to", _], [.., whom]) => give(name, whom),
        (["run", name], _) => named(name).map(|tentacle| Command::Run { tentacle, input: None }),
        (["run", name, ..], [_, _, ..]) => {
            named(name).map(|tentacle| Command::Run { tentacle, input: Some(after_words(said, 2)) })
        }
        (["add", ..], [_, whom @ ..]) => people(whom, "add").map(Command::Add),
        (["remove", ..], [_, whom @ ..]) => remove(whom),
        (["why", ..], [_, asked @ ..]) => why::read(asked),
        ([first, ..], _) => Err(almost(first)),
    }
}

/// The words without the mention of the Kraken, wherever Slack puts it.
pub(crate) fn without_mention<'t>(text: &'t str, me: &str) -> &'t str {
    let text = text.trim();
    let mention = format!("<@{me}>");
    let rest = text.strip_prefix(&mention).or_else(|| text.strip_suffix(&mention));
    let rest = rest.or_else(|| strip_word(text, "@kraken")).or_else(|| strip_word(text, "kraken"));
    rest.unwrap_or(text).trim_start_matches([',', ':']).trim()
}

fn strip_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (first, rest) = text.split_at_checked(word.len())?;
    let ends = rest.is_empty() || rest.starts_with([' ', ',', ':']);
    (ends && first.eq_ignore_ascii_case(word)).then_some(rest)
}

/// Everything after the first `count` words, as it was typed.
fn after_words(text: &str, count: usize) -> String {
    let mut rest = text.trim_start();
    for _ in 0..count {
        rest =
            rest.find(char::is_whitespace).map_or("", |end| rest.get(end..).unwrap_or_default()).trim_start();
    }
    rest.to_owned()
}

fn named(name: &str) -> Result<TentacleName, NotUnderstood> {
    name.trim_matches('`')
        .parse()
        .map_err(|error: workflow::NameError| NotUnderstood::Almost(error.to_string()))
}

/// `set secret shop.key`.
fn secret(name: &str, filled_in: bool) -> Result<Command, NotUnderstood> {
    let name = name.trim_matches('`').parse().map_err(|_| NotUnderstood::MaybeSecret)?;
    Ok(Command::SetSecret { name, filled_in })
}

/// `remove @ben` is about a person, `remove hello` about a tentacle.
fn remove(words: &[&str]) -> Result<Command, NotUnderstood> {
    match words {
        [name] if mentioned(name).is_none() => {
            Ok(Command::RemoveTentacle { tentacle: named(&name.to_lowercase())?, confirmed: false })
        }
        [name, "for", "good"] => {
            Ok(Command::RemoveTentacle { tentacle: named(&name.to_lowercase())?, confirmed: true })
        }
        _ => people(words, "remove").map(Command::Remove),
    }
}

/// `new hello from price-monitor`.
fn new(name: &str, scaffold: &str) -> Result<Command, NotUnderstood> {
    let names = || Scaffold::ALL.map(|it| format!("`{}`", it.name())).join(", ");
    let unknown = || NotUnderstood::Almost(format!("a new tentacle is made from one of {}", names()));
    let scaffold = Scaffold::named(scaffold.trim_matches('`')).ok_or_else(unknown)?;
    Ok(Command::New { tentacle: named(name)?, scaffold })
}

/// `compare hello 3 and 5`: the lower number is the older version, however they are named.
fn compare(name: &str, between: Option<(&str, &str)>) -> Result<Command, NotUnderstood> {
    let between = match between {
        Some((one, other)) => {
            let (one, other) = (version(one)?, version(other)?);
            Some((one.min(other), one.max(other)))
        }
        None => None,
    };
    Ok(Command::Compare { tentacle: named(name)?, between })
}

/// `3` or `v3`.
fn version(word: &str) -> Result<u32, NotUnderstood> {
    let number = word.strip_prefix('v').unwrap_or(word).parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        NotUnderstood::Almost(
            "name versions by number, e.g. `compare hello 3 and 5` or `roll back hello to 3`".to_owned(),
        )
    })
}

/// `give hello to @ben`.
fn give(name: &str, whom: &str) -> Result<Command, NotUnderstood> {
    let nobody = || NotUnderstood::Almost("mention who gets it, e.g. `give hello to @ben`".to_owned());
    Ok(Command::Give { tentacle: named(name)?, to: mentioned(whom).ok_or_else(nobody)? })
}

#[cfg(test)]
mod tests;
