//! `transfer to @SOMEBODY`: a card to click, then a card for the other. The enclave changes hands when they accept.

use super::card;
use crate::asked::{Answer, Asked, Stop};
use crate::command::Command;
use crate::slack::blocks::{Button, Message, code, escape};
use crate::slack::envelope::Click;
use uuid::Uuid;
use wire::tools::ownership::{EnclaveAccept, EnclaveAcceptArgs, EnclaveOffer, EnclaveOfferArgs};

/// What the buttons are for.
const OFFER: &str = "offer_enclave";
const YES: &str = "accept_enclave";
const NO: &str = "decline_enclave";

/// What a click on one of them says.
pub(super) fn read(click: &Click) -> Option<Command> {
    Some(match click.action.as_str() {
        OFFER => Command::Offer(click.value.clone()),
        YES => Command::TakeOver { offer: card::id(click)?, yes: true },
        NO => Command::TakeOver { offer: card::id(click)?, yes: false },
        _ => return None,
    })
}

/// The two buttons under an offer.
pub(crate) fn buttons(channel: &str, offer: Uuid) -> [Button; 2] {
    card::yes_or_no(channel, offer, (YES, "Take it"), (NO, "No, thanks"))
}

/// Asks the owner whether they mean it: words could be put into anybody's mouth.
pub(super) fn ask(asked: &Asked<'_>, to: String) -> Result<Answer, Stop> {
    asked.channel()?;
    let button = Button { action: OFFER, label: "Offer it", value: to.clone(), style: Some("danger") };
    Ok(Answer::Whisper(
        Message::new(format!("Offer this enclave to <@{to}>?"))
            .line("Once they accept, they decide who belongs to it, what it may reach, and whether it stays. You stay a member.")
            .buttons(&[button])
            .note("Nothing changes before they have accepted. The offer is good for a day."),
    ))
}

pub(super) async fn offer(asked: &Asked<'_>, to: String) -> Result<Answer, Stop> {
    asked.channel()?;
    let offered = asked.call::<EnclaveOffer>(EnclaveOfferArgs { name: None, to: to.clone() }).await?;
    Ok(Answer::Aloud(Message::new(format!(
        "{} is offered to <@{to}>, who has a card in their direct messages and a day to accept. Until then nothing changes.",
        code(&offered.enclave)
    ))))
}

pub(super) async fn take_over(asked: &Asked<'_>, offer: Uuid, yes: bool) -> Result<Answer, Stop> {
    let answered = asked.call::<EnclaveAccept>(EnclaveAcceptArgs { offer, accept: yes }).await?;
    let told = if answered.accepted {
        format!(
            "The enclave {} is yours now. {} is a member.",
            code(&answered.enclave),
            escape(&answered.from)
        )
    } else {
        format!(
            "You did not take the enclave {}. It stays with {}.",
            code(&answered.enclave),
            escape(&answered.from)
        )
    };
    card::settle(asked, &Message::new(told.clone())).await;
    Ok(Answer::Whisper(Message::new(told)))
}
