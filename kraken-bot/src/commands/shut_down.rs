//! `shut down this enclave`, and with its name typed `shut down NAME`

use super::own_files;
use crate::asked::{Answer, Asked, Stop};
use crate::live::{self, Words};
use crate::modals::ASK_SHUT_DOWN;
use crate::slack::blocks::{Button, Message, code};
use wire::FailureCode;
use wire::tools::enclave::{EnclaveDeprovision, EnclaveDeprovisionAnswer, EnclaveDeprovisionArgs};
use wire::tools::person::Whoami;

pub(super) async fn run(asked: &Asked<'_>, typed: Option<String>) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = EnclaveDeprovisionArgs { name: None, confirm: typed.clone() };
    match live::call::<EnclaveDeprovision>(asked, args, words(), |_| Vec::new()).await {
        Ok(gone) => Ok(Answer::Aloud(told(&gone))),
        Err(Stop::Refused(failure)) if failure.code == FailureCode::ConfirmationRequired => {
            let here = asked.call::<Whoami>(wire::Nothing {}).await?.enclave;
            if let Some(here) = &here {
                // Whatever is made under its name after it does not have its files. Where that cannot be noted the log says so.
                own_files::settle(asked, &here.name, here.id).unwrap_or_default();
            }
            let name = here.map(|here| here.name.to_string()).unwrap_or_default();
            let event = &asked.incoming.id;
            asked.kraken.inbox.make_button(event, &asked.account.id, &name).await?;
            Ok(Answer::Whisper(question(&name, typed.is_some(), event)))
        }
        Err(stop) => Err(stop),
    }
}

/// What is said while it goes on.
pub(super) fn words() -> Words {
    Words {
        going: "This enclave is being shut down.".to_owned(),
        what: "The shutdown of the enclave".to_owned(),
    }
}

pub(super) fn told(gone: &EnclaveDeprovisionAnswer) -> Message {
    let with = match gone.tentacles_removed {
        0 => String::new(),
        1 => " with its tentacle".to_owned(),
        count => format!(" with its {count} tentacles"),
    };
    Message::new(format!("The enclave {} is shut down{with}. Nothing of it is left.", code(&gone.name)))
        .note("The files of the working copy are kept, for whoever runs me to bring back. `set up this channel` begins anew, without them.")
}

/// Asks for the enclave's name, again where another was typed; the button is known by `event`.
pub(super) fn question(name: &str, again: bool, event: &str) -> Message {
    let wrong = if again { "That is not its name. " } else { "" };
    let button =
        Button { action: ASK_SHUT_DOWN, label: "Shut down", value: event.to_owned(), style: Some("danger") };
    Message::new(format!(
        "{wrong}This removes the enclave with all its tentacles and data, for good. To go on, type its name: `@kraken shut down {name}`."
    ))
    .buttons(&[button])
    .note("The button asks for the name as well. It is yours alone, for ten minutes, once.")
}
