//! What a button does: it is a command, or it opens a modal.

use crate::agent::proposal::{self, not_yours};
use crate::asked::Stop;
use crate::buttons::OVER;
use crate::command::Command;
use crate::commands;
use crate::commands::bring_back::{self, BRING_BACK};
use crate::commands::transfer::OFFER;
use crate::commands::unlink::UNLINK;
use crate::inbox::Open;
use crate::kraken::Kraken;
use crate::modals::{self, ASK_ADD, ASK_ANYTHING, ASK_MODE, ASK_REMOVE, ASK_SECRET, ASK_SHUT_DOWN, ASK_SIZE};
use crate::slack::Place;
use crate::slack::blocks::Message;
use crate::slack::envelope::{Card, Click, Said};
use crate::slack::view::Origin;

/// The button under a question whether a tentacle is to be removed.
pub(crate) const REMOVE_TENTACLE: &str = "remove_tentacle";

/// What is told of a button that is not known.
pub(crate) const UNKNOWN: &str = "This button does nothing any more.";

/// What is told when a form can no longer be opened.
pub(crate) const TOO_LATE: &str = "That took me too long. Try it once more.";

/// The command that a button stands for; `None` when it has opened a modal.
pub(crate) async fn pressed(
    kraken: &Kraken,
    open: &Open,
    said: &Said,
    click: &Click,
) -> Result<Option<Command>, Stop> {
    if let Some(command) = commands::clicked(click) {
        return Ok(Some(command));
    }
    if let Some(command) = proposal::clicked(kraken, open, said, click).await? {
        return Ok(Some(command));
    }
    let over = || Stop::Told(OVER.to_owned());
    let event = &open.incoming.id;
    let origin = Origin {
        channel: open.incoming.channel.clone(),
        thread: said.thread.clone(),
        ts: said.ts.clone(),
        ..Origin::default()
    };
    let modal = match click.action.as_str() {
        REMOVE_TENTACLE => {
            let about = used(kraken, open, said, click).await?;
            let tentacle = about.parse().map_err(|_| over())?;
            return Ok(Some(Command::RemoveTentacle { tentacle, confirmed: true }));
        }
        OFFER => return Ok(Some(Command::Offer(used(kraken, open, said, click).await?))),
        BRING_BACK => {
            // It stands where everybody sees it.
            if let Some(whose) = kraken.inbox.whose_button(&click.value).await?
                && whose != said.user
            {
                return Err(Stop::Told(not_yours(&whose)));
            }
            let from = bring_back::read(&used(kraken, open, said, click).await?).ok_or_else(over)?;
            used_up(kraken, open, said, click).await;
            return Ok(Some(Command::BringBack(from)));
        }
        UNLINK => {
            used(kraken, open, said, click).await?;
            used_up(kraken, open, said, click).await;
            return Ok(Some(Command::Unlink));
        }
        ASK_SHUT_DOWN => {
            kraken.inbox.button(&click.value, &said.user, event).await?.ok_or_else(over)?;
            modals::shut_down(Origin { button: Some(click.value.clone()), ..origin })
        }
        ASK_MODE => {
            let (tentacle, present) = click.value.split_once('/').unwrap_or(("", &click.value));
            let tentacle = (!tentacle.is_empty()).then(|| tentacle.to_owned());
            modals::set_mode(Origin { tentacle, ..origin }, present)
        }
        ASK_SIZE => modals::set_size(origin, &click.value),
        ASK_SECRET => {
            let name = kraken.inbox.button(&click.value, &said.user, event).await?.ok_or_else(over)?;
            modals::secret(Origin { button: Some(click.value.clone()), ..origin }, &name)
        }
        ASK_ANYTHING => modals::anything(origin, &click.value),
        ASK_ADD => modals::add(origin),
        ASK_REMOVE => modals::remove(origin),
        // A button of another release.
        _ => return Err(Stop::Told(UNKNOWN.to_owned())),
    };
    match kraken.slack.open(&click.trigger, &modal).await {
        Ok(()) => Ok(None),
        // It was opened, and the Kraken was restarted right after it.
        Err(error) if error.code() == Some("exchanged_trigger_id") => Ok(None),
        Err(error) if error.code() == Some("expired_trigger_id") => Err(Stop::Told(TOO_LATE.to_owned())),
        Err(error) => Err(error.into()),
    }
}

/// What a dangerous button is about, which is used up by this; or that it is over.
async fn used(kraken: &Kraken, open: &Open, said: &Said, click: &Click) -> Result<String, Stop> {
    let (inbox, event) = (&kraken.inbox, &open.incoming.id);
    let over = || Stop::Told(OVER.to_owned());
    let about = inbox.button(&click.value, &said.user, event).await?.ok_or_else(over)?;
    if inbox.use_button(&click.value, &said.user, event).await? { Ok(about) } else { Err(over()) }
}

/// The card of a button that was used has none any more, and says who used it. Where that fails, a press is refused all the same.
async fn used_up(kraken: &Kraken, open: &Open, said: &Said, click: &Click) {
    let Some(card) = click.card.as_deref().and_then(|card| settled(card, &said.user)) else { return };
    let place = Place { channel: open.incoming.channel.clone(), thread: None };
    if let Err(error) = kraken.slack.change(&place, &said.ts, &card).await {
        tracing::warn!(%error, "a card could not be changed");
    }
}

/// A card whose button somebody has used.
pub(crate) fn settled(card: &Card, user: &str) -> Option<Message> {
    Some(Message::without_buttons(card)?.note(format!("<@{user}> has used its button.")))
}
