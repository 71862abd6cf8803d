//! `ask to join`, and the owner's answer to it.

use super::card;
use crate::asked::{Answer, Asked, Stop};
use crate::command::Command;
use crate::slack::blocks::{Button, Message, code, escape};
use crate::slack::envelope::Click;
use uuid::Uuid;
use wire::Nothing;
use wire::tools::enclave::EnclaveArgs;
use wire::tools::joining::{JoinAsk, JoinAskAnswer, JoinDecide, JoinDecideAnswer, JoinDecideArgs};
use wire::tools::person::Whoami;

/// What the buttons are for.
const ASK: &str = "ask_to_join";
const YES: &str = "let_in";
const NO: &str = "keep_out";

/// What a click on one of them says.
pub(super) fn read(click: &Click) -> Option<Command> {
    Some(match click.action.as_str() {
        ASK => Command::AskToJoin,
        YES => Command::LetIn { request: card::id(click)?, yes: true },
        NO => Command::LetIn { request: card::id(click)?, yes: false },
        _ => return None,
    })
}

/// The two buttons under a request, for the owner.
pub(crate) fn buttons(channel: &str, request: Uuid) -> [Button; 2] {
    card::yes_or_no(channel, request, (YES, "Let them in"), (NO, "Not now"))
}

/// What is offered below a refusal: to ask the owner, where their yes would let the person in.
pub(crate) async fn offered(asked: &Asked<'_>) -> Option<Button> {
    asked.channel.as_ref()?;
    let me = asked.call::<Whoami>(Nothing {}).await.ok()?;
    let may = me.enclave.is_some_and(|standing| standing.may_ask_to_join);
    may.then(button)
}

/// The button below a refusal.
pub(super) fn button() -> Button {
    Button { action: ASK, label: "Ask to join", value: "ask".to_owned(), style: Some("primary") }
}

pub(super) async fn ask(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let done = asked.call::<JoinAsk>(EnclaveArgs::default()).await?;
    Ok(Answer::Whisper(asked_told(&done)))
}

/// That the owner was asked.
pub(super) fn asked_told(done: &JoinAskAnswer) -> Message {
    let owner = escape(&done.owner);
    Message::new(if done.asked_before {
        format!("You have asked already. {owner} decides, and I'll tell you.")
    } else {
        format!("I have asked {owner} to let you in, and I'll tell you what they say.")
    })
}

pub(super) async fn decide(asked: &Asked<'_>, request: Uuid, yes: bool) -> Result<Answer, Stop> {
    let decided = asked.call::<JoinDecide>(JoinDecideArgs { name: None, request, allow: yes }).await?;
    let brought = match &decided.bring {
        Some(user) => Some(brings(asked, user).await?),
        None => None,
    };
    Ok(card::settled(asked, told(&decided, brought)).await)
}

/// Invites whoever was let in without being in the channel; answers whether that worked.
async fn brings(asked: &Asked<'_>, user: &str) -> Result<bool, Stop> {
    let invited = asked.kraken.slack.invite(&asked.channel()?.id, user).await;
    if let Err(error) = &invited {
        tracing::info!(%error, "somebody who was let in could not be invited");
    }
    Ok(invited.is_ok())
}

/// What the owner decided, and whether whoever was let in could be invited where they have to be.
pub(super) fn told(decided: &JoinDecideAnswer, brought: Option<bool>) -> Message {
    let (who, enclave) = (escape(&decided.person), code(&decided.enclave));
    Message::new(if brought == Some(true) {
        format!("{who} may be in {enclave}, and I have invited them to the channel.")
    } else if brought == Some(false) {
        format!("{who} may be in {enclave}. I could not invite them to the channel: please do it yourself.")
    } else if decided.allowed {
        format!("{who} is a member of {enclave} now.")
    } else {
        format!("{who} was not let into {enclave}. They can ask again after a day.")
    })
}
