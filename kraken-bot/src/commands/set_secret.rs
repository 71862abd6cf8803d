//! `set secret NAME`: a button, then a form. The value is never in a message, and never on the Kraken's disk.

use crate::asked::{Answer, Asked, Stop};
use crate::modals::ASK_SECRET;
use crate::slack::blocks::{Button, Message, code, escape};
use wire::EnclaveRef;
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo};
use wire::tools::secret::{SecretAnswer, SecretSet, SecretSetArgs};
use workflow::SecretName;

/// What is told when the value of a form is gone.
pub(super) const GONE: &str = "I don't have the value any more: I keep it in memory alone, and was started anew. Ask me again with `set secret`.";

pub(super) async fn run(asked: &Asked<'_>, name: SecretName, filled_in: bool) -> Result<Answer, Stop> {
    asked.channel()?;
    if filled_in {
        return set(asked, name).await;
    }
    let info = asked.call::<EnclaveInfo>(EnclaveArgs::default()).await?;
    if info.your_class != "owner" {
        return Ok(Answer::Whisper(not_the_owner(&info.owner)));
    }
    let event = &asked.incoming.id;
    asked.kraken.inbox.make_button(event, &asked.account.id, name.as_str()).await?;
    Ok(Answer::Whisper(question(&name, event)))
}

/// Hands the value of the form to the server.
async fn set(asked: &Asked<'_>, name: SecretName) -> Result<Answer, Stop> {
    let (inbox, event) = (&asked.kraken.inbox, &asked.incoming.id);
    let value = inbox.held(event).ok_or_else(|| Stop::Told(GONE.to_owned()))?;
    let args = SecretSetArgs { enclave: EnclaveRef::default(), name, value: value.expose().to_owned() };
    let done = asked.call::<SecretSet>(args).await;
    // Where it goes on after a sign-in, or when the server is back, it is still needed.
    if matches!(done, Ok(_) | Err(Stop::Refused(_) | Stop::Told(_))) {
        inbox.let_go(event);
    }
    Ok(Answer::Aloud(told(&done?)))
}

pub(super) fn told(done: &SecretAnswer) -> Message {
    Message::new(format!("The secret {} of this enclave is set.", code(&done.name)))
        .note("Tentacles whose approved contract names it are given it from now on. Nobody is shown it.")
}

pub(super) fn not_the_owner(owner: &str) -> Message {
    Message::new(format!("Only {}, who owns this enclave, sets its secrets.", escape(owner)))
}

/// Offers the form; the button is known by `event`.
pub(super) fn question(name: &SecretName, event: &str) -> Message {
    let button =
        Button { action: ASK_SECRET, label: "Enter the value", value: event.to_owned(), style: None };
    Message::new(format!(
        "The secret {} is asked for in a form, so that it stands in no message.",
        code(name)
    ))
    .buttons(&[button])
    .note("The button is yours alone, for ten minutes, once. A value that was set before is replaced.")
}
