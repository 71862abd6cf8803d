//! What a model may only propose: a documented command, shown as a card in our own words. A click makes it what the person says.

mod read;

pub(super) use read::{of_call, of_words};

use crate::asked::{Asked, Stop, place};
use crate::buttons::OVER;
use crate::command::{Command, parse};
use crate::inbox::Open;
use crate::kraken::Kraken;
use crate::slack::Place;
use crate::slack::blocks::{Button, Message, code, escape};
use crate::slack::envelope::{Click, Said};
use wire::canonical;

/// What the buttons are for.
const DO: &str = "do_proposed";
const LEAVE: &str = "leave_proposed";

/// A command that a model proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    /// As somebody would type it.
    pub(crate) words: String,
    /// What it does, in our words.
    told: String,
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
        Command::Review { required: true } => {
            "Deploy only what somebody else has reviewed, from now on".to_owned()
        }
        Command::Review { required: false } => "Deploy without a review, from now on".to_owned(),
        Command::AskToJoin => "Ask the owner to let you in".to_owned(),
        Command::Sync => "Look who is in the channel now".to_owned(),
        _ => return Err("this command cannot be offered".to_owned()),
    })
}

fn with_meaning(mode: &str) -> Result<String, String> {
    let parsed = policy::parse_mode(mode).map_err(|_| "there is no such mode".to_owned())?;
    Ok(format!("{}: {}", code(mode), policy::describe(parsed)))
}

/// The card for `user` to click.
fn card(proposal: &Proposal, user: &str, id: &str) -> Message {
    let button = |action, label, style| Button { action, label, value: id.to_owned(), style };
    Message::new(format!("*Shall I do this, <@{user}>?*"))
        .line(format!("{}.", proposal.told))
        .buttons(&[button(DO, "Do it", Some("danger")), button(LEAVE, "Leave it", None)])
        .note(format!(
            "A model proposes it; what it does stands above in my own words. Nothing happens before your click, which works once, \
             within ten minutes. In words: {}.",
            code(escape(&proposal.words))
        ))
}

/// The card after the click of `user`.
fn settled(proposal: &Proposal, user: &str, yes: bool) -> Message {
    let became =
        if yes { format!("<@{user}> said yes.") } else { format!("<@{user}> left it. Nothing was done.") };
    Message::new(format!("{}.", proposal.told)).note(became)
}

/// What is told to whoever clicks another's card.
pub(crate) fn not_yours(whose: &str) -> String {
    format!("This is for <@{whose}> to click. Nothing was done.")
}

/// What is told to whoever leaves it.
const LEFT: &str = "Left as it is. Nothing was done.";

/// Shows the card, once.
pub(super) async fn show(asked: &Asked<'_>, proposal: &Proposal) -> Result<(), Stop> {
    let digest = canonical::sha256(&proposal.words).unwrap_or_default();
    let id = format!("{}/{}", asked.incoming.id, digest.get(..16).unwrap_or_default());
    asked.kraken.inbox.make_button(&id, &asked.account.id, &proposal.words).await?;
    let card = card(proposal, &asked.account.id, &id);
    asked.kraken.say_once(&place(asked.incoming, asked.said), &card, &format!("card:{id}")).await?;
    Ok(())
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
        return Err(Stop::Told(not_yours(&whose)));
    }
    let words = inbox.button(&click.value, &said.user, event).await?.ok_or_else(over)?;
    let proposal = Proposal::new(&words).map_err(|_| over())?;
    let command = parse(&words, "").map_err(|_| over())?;
    if !inbox.use_button(&click.value, &said.user, event).await? {
        return Err(over());
    }
    let settled = settled(&proposal, &said.user, yes);
    let card = Place { channel: open.incoming.channel.clone(), thread: None };
    if let Err(error) = kraken.slack.change(&card, &said.ts, &settled).await {
        tracing::warn!(%error, "a card could not be changed");
    }
    match yes {
        true => Ok(Some(command)),
        false => Err(Stop::Told(LEFT.to_owned())),
    }
}

#[cfg(test)]
pub(crate) mod tests;
