//! `transfer to @SOMEBODY`: a card to click, then a card for the other. The enclave changes hands when they accept.

use super::card;
use crate::asked::{Answer, Asked, Stop};
use crate::command::Command;
use crate::slack::blocks::{Button, Message, code, escape};
use crate::slack::envelope::Click;
use uuid::Uuid;
use wire::tools::ownership::{
    EnclaveAccept, EnclaveAcceptAnswer, EnclaveAcceptArgs, EnclaveOffer, EnclaveOfferArgs,
};
use workflow::EnclaveName;

/// What the buttons are for.
pub(crate) const OFFER: &str = "offer_enclave";
const YES: &str = "accept_enclave";
const NO: &str = "decline_enclave";

/// What a click on the other's card says.
pub(super) fn read(click: &Click) -> Option<Command> {
    Some(match click.action.as_str() {
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
pub(super) async fn ask(asked: &Asked<'_>, to: &str) -> Result<Answer, Stop> {
    asked.channel()?;
    let event = &asked.incoming.id;
    asked.kraken.inbox.make_button(event, &asked.account.id, to).await?;
    Ok(Answer::Whisper(question(to, event)))
}

/// Asks whether it is meant; the button is known by `event`.
pub(super) fn question(to: &str, event: &str) -> Message {
    let said = format!("Offer this enclave to <@{to}>?");
    let button = Button { action: OFFER, label: "Offer it", value: event.to_owned(), style: Some("danger") };
    Message::new(said)
        .line("Once they accept, they decide who belongs to it, what it may reach, and whether it stays. You stay a member.")
        .buttons(&[button])
        .note("The button is yours alone, for ten minutes, once. Nothing changes before they have accepted; the offer is good for a day.")
}

pub(super) async fn offer(asked: &Asked<'_>, to: String) -> Result<Answer, Stop> {
    asked.channel()?;
    let offered = asked.call::<EnclaveOffer>(EnclaveOfferArgs { name: None, to: to.clone() }).await?;
    Ok(Answer::Aloud(offered_told(&offered.enclave, &to)))
}

/// That it is offered.
pub(super) fn offered_told(enclave: &EnclaveName, to: &str) -> Message {
    Message::new(format!(
        "{} is offered to <@{to}>, who has a card in their direct messages and a day to accept. Until then nothing changes.",
        code(enclave)
    ))
}

pub(super) async fn take_over(asked: &Asked<'_>, offer: Uuid, yes: bool) -> Result<Answer, Stop> {
    let answered = asked.call::<EnclaveAccept>(EnclaveAcceptArgs { offer, accept: yes }).await?;
    Ok(card::settled(asked, told(&answered)).await)
}

/// What became of it.
pub(super) fn told(answered: &EnclaveAcceptAnswer) -> Message {
    Message::new(if answered.accepted {
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
    })
}
