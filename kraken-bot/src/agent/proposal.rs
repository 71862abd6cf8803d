//! What a model may only propose: a documented command, shown as a card in our own words. A click makes it what the person says.

use super::offered::RUN;
use super::shown::is_hidden;
use crate::asked::{Asked, Stop, place};
use crate::buttons::OVER;
use crate::command::{Command, parse};
use crate::inbox::Open;
use crate::kraken::{Kraken, SayError};
use crate::slack::Place;
use crate::slack::blocks::{Button, Message, code, escape};
use crate::slack::envelope::{Click, Said};
use serde_json::{Map, Value};
use wire::canonical;

/// What the buttons are for.
const DO: &str = "do_proposed";
const LEAVE: &str = "leave_proposed";

/// The most characters of what a card says.
const MOST: usize = 600;

/// A command that a model proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    /// As somebody would type it.
    pub(crate) words: String,
    /// What it does, in our words.
    told: String,
}

impl Proposal {
    /// The proposal to say `words`, where they are a command that can be proposed.
    fn new(words: &str) -> Result<Self, String> {
        if words.split_whitespace().collect::<Vec<_>>().join(" ") != words {
            return Err("there are gaps in it that a command cannot have".to_owned());
        }
        if words.chars().count() > MOST || words.contains('`') || words.chars().any(is_hidden) {
            return Err("it is too long, or has backticks or marks in it that nobody sees".to_owned());
        }
        let command =
            parse(words, "").map_err(|_| "it is no documented command, word for word".to_owned())?;
        let told = told(&command)?;
        Ok(Self { words: words.to_owned(), told })
    }
}

/// What `offer_command` proposes.
pub(super) fn of_words(arguments: &Map<String, Value>) -> Result<Vec<Proposal>, String> {
    let words = text(arguments, "command")?.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(vec![Proposal::new(&words)?])
}

/// The commands that do what a refused call would have done, each with exactly its arguments.
pub(super) fn of_call(tool: &str, arguments: &Map<String, Value>) -> Result<Vec<Proposal>, String> {
    let name = || text(arguments, "name").and_then(one_word);
    let all = match tool {
        "enclave_sync" => return of_sync(arguments),
        "enclave_freeze" => vec!["freeze".to_owned()],
        "enclave_unfreeze" => vec!["unfreeze".to_owned()],
        "enclave_deprovision" => vec!["shut down this enclave".to_owned()],
        RUN => vec![of_run(arguments)?],
        "wf_remove" => vec![format!("remove {} for good", name()?)],
        "wf_set_mode" => {
            vec![format!("set mode of {} to {}", name()?, text(arguments, "mode").and_then(one_word)?)]
        }
        "wf_transfer" => vec![format!("give {} to {}", name()?, account(text(arguments, "to")?)?)],
        _ => return Err("this can only be asked for by a person, in words".to_owned()),
    };
    all.iter().map(|words| Proposal::new(words)).collect()
}

/// The input is JSON in one line, as it is read again.
fn of_run(arguments: &Map<String, Value>) -> Result<String, String> {
    let known = |field: &String| ["name", "input"].contains(&field.as_str());
    if !arguments.keys().all(known) {
        return Err("it can only be asked for with a name and an input".to_owned());
    }
    let name = text(arguments, "name").and_then(one_word)?;
    Ok(match arguments.get("input") {
        None | Some(Value::Null) => format!("run {name}"),
        Some(input @ (Value::Object(_) | Value::Array(_))) => format!("run {name} {input}"),
        Some(_) => return Err("the input is no object and no list".to_owned()),
    })
}

/// Each field is a command of its own.
fn of_sync(arguments: &Map<String, Value>) -> Result<Vec<Proposal>, String> {
    let mut all = Vec::new();
    for (field, value) in arguments.iter().filter(|(_, value)| !value.is_null()) {
        let word = || value.as_str().ok_or_else(|| format!("`{field}` is no text"));
        match field.as_str() {
            "name" | "enclave" => {}
            "add_members" => all.extend(people(value)?.map(|people| format!("add {people}"))),
            "remove_members" => all.extend(people(value)?.map(|people| format!("remove {people}"))),
            "new_mode" => all.push(format!("set mode {}", one_word(word()?)?)),
            "new_enrollment" if word()? == "open" => all.push("new members are welcome".to_owned()),
            "new_enrollment" => all.push("new members need approval".to_owned()),
            "new_status" if word()? == "frozen" => all.push("freeze".to_owned()),
            "new_status" => all.push("unfreeze".to_owned()),
            other => return Err(format!("`{other}` cannot be changed from the chat")),
        }
    }
    match all.is_empty() {
        true => Err("there is nothing to change".to_owned()),
        false => all.iter().map(|words| Proposal::new(words)).collect(),
    }
}

fn text<'a>(arguments: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    arguments.get(name).and_then(Value::as_str).ok_or_else(|| format!("`{name}` is missing"))
}

fn one_word(text: &str) -> Result<&str, String> {
    let fits = !text.is_empty()
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    fits.then_some(text).ok_or_else(|| "a name or a mode is not one".to_owned())
}

/// A mention of an account: people are named by the ids that Slack gives them, never by names that can be chosen.
fn account(id: &str) -> Result<String, String> {
    let id = id.trim_start_matches("<@").trim_end_matches('>');
    let fits = id.starts_with(['U', 'W'])
        && id.len() <= 24
        && id.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
    fits.then(|| format!("<@{id}>")).ok_or_else(|| "name people by their Slack account, `U…`".to_owned())
}

/// The mentions of a list of accounts; `None` where it is empty.
fn people(value: &Value) -> Result<Option<String>, String> {
    let ids = value.as_array().ok_or_else(|| "people are a list".to_owned())?;
    let people: Result<Vec<String>, String> =
        ids.iter().map(|id| account(id.as_str().unwrap_or_default())).collect();
    Ok(Some(people?.join(" ")).filter(|people| !people.is_empty()))
}

/// What a command does; which can be proposed, and which not: nobody is talked out of their own account by a model.
fn told(command: &Command) -> Result<String, String> {
    let everybody = |whom: &[String]| whom.iter().map(|id| format!("<@{id}>")).collect::<Vec<_>>().join(" ");
    Ok(match command {
        Command::SetUp { name: None } => "Make this channel an enclave".to_owned(),
        Command::SetUp { name: Some(name) } => format!("Make this channel an enclave called *{}*", escape(name)),
        Command::Add(whom) => format!("Let {} into this enclave", everybody(whom)),
        Command::Remove(whom) => {
            format!("Remove {} from this enclave: they stay out, and what they own here passes to its owner", everybody(whom))
        }
        Command::SetMode(mode) => format!("Set the mode of this enclave to {}", with_meaning(mode)?),
        Command::SetTentacleMode { tentacle, mode } => format!("Set the mode of *{tentacle}* to {}", with_meaning(mode)?),
        Command::Give { tentacle, to } => format!("Give *{tentacle}* to <@{to}>, who owns it then"),
        Command::New { tentacle, scaffold } => {
            format!("Write the files of a new tentacle *{tentacle}*, from the template {}", scaffold.name())
        }
        Command::Deploy(tentacle) => format!("Deploy *{tentacle}* as its files are now"),
        Command::Run { tentacle, input: None } => format!("Run *{tentacle}*"),
        Command::Run { tentacle, input: Some(input) } => format!("Run *{tentacle}* with the input {}", escape(input)),
        Command::RemoveTentacle { tentacle, .. } => format!("Remove *{tentacle}* with its logs, for good"),
        Command::Freeze => "Freeze this enclave: nothing is deployed, removed or granted until it is unfrozen".to_owned(),
        Command::Unfreeze => "Unfreeze this enclave: it can be changed again".to_owned(),
        Command::ShutDown { .. } => {
            "Shut down this enclave: it is removed with all its tentacles and data, for good. You are asked for its name \
             before that".to_owned()
        }
        Command::Transfer(to) => format!("Offer this enclave to <@{to}>. You are asked once more before that"),
        Command::Enrollment { open: true } => "Let in everybody who is in this channel and signs in".to_owned(),
        Command::Enrollment { open: false } => "Let in only whom the owner approves, from now on".to_owned(),
        Command::AskToJoin => "Ask the owner to let you in".to_owned(),
        Command::Sync => "Look who is in the channel now".to_owned(),
        _ => return Err("this command cannot be offered".to_owned()),
    })
}

fn with_meaning(mode: &str) -> Result<String, String> {
    let parsed = policy::parse_mode(mode).map_err(|_| "there is no such mode".to_owned())?;
    Ok(format!("{}: {}", code(mode), policy::describe(parsed)))
}

/// Shows the card, once.
pub(super) async fn show(asked: &Asked<'_>, proposal: &Proposal) -> Result<(), Stop> {
    let digest = canonical::sha256(&proposal.words).unwrap_or_default();
    let id = format!("{}/{}", asked.incoming.id, digest.get(..16).unwrap_or_default());
    asked.kraken.inbox.make_button(&id, &asked.account.id, &proposal.words).await?;
    let button = |action, label, style| Button { action, label, value: id.clone(), style };
    let user = &asked.account.id;
    let card = Message::new(format!("*Shall I do this, <@{user}>?*"))
        .line(format!("{}.", proposal.told))
        .buttons(&[button(DO, "Do it", Some("danger")), button(LEAVE, "Leave it", None)])
        .note(format!(
            "A model proposes it; what it does stands above in my own words. Nothing happens before your click, which works once, \
             within ten minutes. In words: {}.",
            code(escape(&proposal.words))
        ));
    match asked.kraken.say_once(&place(asked.incoming, asked.said), &card, &format!("card:{id}")).await {
        Ok(_) => Ok(()),
        Err(SayError::Slack(error)) => Err(error.into()),
        Err(SayError::Memory(error)) => Err(error.into()),
    }
}

/// The command that a click on such a card stands for; `None` when it is no such card.
pub(crate) async fn clicked(
    kraken: &Kraken,
    open: &Open,
    said: &Said,
    click: &Click,
) -> Result<Option<Command>, Stop> {
    let yes = match click.action.as_str() {
        DO => true,
        LEAVE => false,
        _ => return Ok(None),
    };
    let over = || Stop::Told(OVER.to_owned());
    let (inbox, event) = (&kraken.inbox, &open.incoming.id);
    if let Some(whose) = inbox.whose_button(&click.value).await?
        && whose != said.user
    {
        return Err(Stop::Told(format!("This is for <@{whose}> to click. Nothing was done.")));
    }
    let words = inbox.button(&click.value, &said.user, event).await?.ok_or_else(over)?;
    let proposal = Proposal::new(&words).map_err(|_| over())?;
    let command = parse(&words, "").map_err(|_| over())?;
    if !inbox.use_button(&click.value, &said.user, event).await? {
        return Err(over());
    }
    let user = &said.user;
    let became =
        if yes { format!("<@{user}> said yes.") } else { format!("<@{user}> left it. Nothing was done.") };
    let settled = Message::new(format!("{}.", proposal.told)).note(became);
    let card = Place { channel: open.incoming.channel.clone(), thread: None };
    if let Err(error) = kraken.slack.change(&card, &said.ts, &settled).await {
        tracing::warn!(%error, "a card could not be changed");
    }
    match yes {
        true => Ok(Some(command)),
        false => Err(Stop::Told("Left as it is. Nothing was done.".to_owned())),
    }
}

#[cfg(test)]
mod tests;
