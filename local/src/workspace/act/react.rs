//! Reactions to messages.

use crate::workspace::change::{Change, MessageChange};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::state::Message;
use crate::workspace::ts::Ts;
use crate::workspace::turn::Turn;

/// A reaction's name without its colons, e.g. `+1` or `wave::skin-tone-3`.
fn known(name: &str) -> Result<(), Fault> {
    let base = name.split("::").next().unwrap_or_default();
    if emojis::get_by_shortcode(base).is_some() { Ok(()) } else { Err(Fault::InvalidName) }
}

fn left_by(message: &Message, name: &str, user: &UserId) -> bool {
    message.reactions.iter().any(|reaction| reaction.name == name && reaction.users.contains(user))
}

/// Leaves a reaction.
pub(crate) fn add(
    turn: &mut Turn<'_>,
    user: &UserId,
    channel: &ChannelId,
    ts: Ts,
    name: &str,
) -> Result<(), Fault> {
    known(name)?;
    let place = turn.open_channel_of(user, channel)?;
    let message = place.messages.get(&ts).ok_or(Fault::MessageNotFound)?;
    if left_by(message, name, user) {
        return Err(Fault::AlreadyReacted);
    }
    let what = MessageChange::Reacted { ts, name: name.to_owned(), user: user.clone() };
    turn.make(Change::Message { channel: channel.clone(), what });
    Ok(())
}

/// Takes it back.
pub(crate) fn remove(
    turn: &mut Turn<'_>,
    user: &UserId,
    channel: &ChannelId,
    ts: Ts,
    name: &str,
) -> Result<(), Fault> {
    let place = turn.open_channel_of(user, channel)?;
    let message = place.messages.get(&ts).ok_or(Fault::MessageNotFound)?;
    if !left_by(message, name, user) {
        return Err(Fault::NoReaction);
    }
    let what = MessageChange::Unreacted { ts, name: name.to_owned(), user: user.clone() };
    turn.make(Change::Message { channel: channel.clone(), what });
    Ok(())
}
