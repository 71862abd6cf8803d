//! Which command a model means, by words or by a call that was refused. Why not is told to the model alone.

use super::{Proposal, told};
use crate::agent::offered::RUN;
use crate::agent::shown::is_hidden;
use crate::command::parse;
use serde_json::{Map, Value};

/// The most characters of what a card says.
const MOST: usize = 600;

impl Proposal {
    /// The proposal to say `words`, where they are a command that can be proposed.
    pub(super) fn new(words: &str) -> Result<Self, String> {
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
pub(in crate::agent) fn of_words(arguments: &Map<String, Value>) -> Result<Vec<Proposal>, String> {
    let words = text(arguments, "command")?.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(vec![Proposal::new(&words)?])
}

/// The commands that do what a refused call would have done, each with exactly its arguments.
pub(in crate::agent) fn of_call(tool: &str, arguments: &Map<String, Value>) -> Result<Vec<Proposal>, String> {
    let name = || text(arguments, "name").and_then(one_word);
    let all = match tool {
        "enclave_sync" => return of_sync(arguments),
        "enclave_review" => match arguments.get("required").and_then(Value::as_bool) {
            Some(true) => vec!["changes need review".to_owned()],
            Some(false) => vec!["changes need no review".to_owned()],
            None => return Err("`required` is missing".to_owned()),
        },
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
