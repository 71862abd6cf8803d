//! `set up this channel [as NAME]`

use super::bring_back;
use crate::asked::{Answer, Asked, Stop};
use crate::facts;
use crate::reply::sentence;
use crate::slack::blocks::{Message, code, escape};
use crate::slack::directory::Known;
use wire::tools::enclave::{EnclaveProvision, EnclaveProvisionAnswer, EnclaveProvisionArgs};
use workflow::EnclaveName;

pub(super) async fn run(asked: &Asked<'_>, name: Option<String>) -> Result<Answer, Stop> {
    let channel = asked.channel()?;
    let wanted = name.as_deref().unwrap_or(&channel.name);
    let name: EnclaveName = wanted.parse().map_err(|error| Stop::Told(no_name(&error)))?;
    let args = EnclaveProvisionArgs {
        name: Some(name),
        channel_name: Some(channel.name.clone()),
        ..EnclaveProvisionArgs::default()
    };
    let made = asked.call::<EnclaveProvision>(args).await?;
    // The others in the channel are members from now on. Where this fails, the next report makes up for it.
    if let Err(error) = facts::report_channel(asked.kraken, &channel.id, &mut Known::new()).await {
        tracing::warn!(%error, "a new enclave's channel could not be reported yet");
    }
    let offer = match &made.before {
        Some(before) if asked.kraken.state.is_some() => {
            let (event, account) = (asked.incoming.id.as_str(), asked.account.id.as_str());
            asked.kraken.inbox.make_button(event, account, &bring_back::about(before)).await?;
            Some((event, account))
        }
        _ => None,
    };
    Ok(Answer::Aloud(told(&made, offer)))
}

/// What is told where the channel's name cannot be the enclave's.
pub(super) fn no_name(error: &workflow::NameError) -> String {
    let why = sentence(&error.to_string());
    format!("{why} Say `set up this channel as my-enclave` with a name of your choice.")
}

/// What was made. `offer` is the button that brings back what the channel had, and whose it is.
pub(super) fn told(made: &EnclaveProvisionAnswer, offer: Option<(&str, &str)>) -> Message {
    let mut message = Message::new(format!(
        "*This channel is now the enclave {}.* {} owns it.",
        code(&made.name),
        escape(&made.owner)
    ))
    .line(format!(
        "It is a private place of its own, of size {}. Whoever is in this channel and signs in is a member: {}.",
        made.quota_preset,
        escape(&made.mode_meaning)
    ))
    .line("*Next:* `new hello` writes a first tentacle, `deploy hello` puts it to work, `run hello` runs it. `help` has the rest.");
    if let Some(before) = &made.before {
        message = message.line(format!(
            "*This channel had an enclave before:* {}, shut down on {}. What was in it is in `archive/` of the state repo. To have a \
             tentacle back, move its folder from there to `enclaves/{}/` and deploy it.",
            code(&before.name),
            before.removed_on,
            made.name
        ));
    }
    if let Some((button, account)) = offer {
        message = message.buttons(&[bring_back::button(button)]).note(format!(
            "The button does that for all of them, but for the deploys. It is <@{account}>'s alone, for ten minutes, once."
        ));
    }
    if !made.not_enforced.is_empty() {
        message = message.note(format!("Not enforced here: {}", escape(&made.not_enforced.join("; "))));
    }
    message
}
