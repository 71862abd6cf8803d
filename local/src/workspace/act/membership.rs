//! Who is in a channel.

use crate::workspace::act::message::notice;
use crate::workspace::change::{Change, ChannelChange};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::state::Kind;
use crate::workspace::state::message::Subtype;
use crate::workspace::turn::Turn;

fn come(turn: &mut Turn<'_>, channel: &ChannelId, user: &UserId, inviter: Option<&UserId>) {
    let what = ChannelChange::Joined { user: user.clone(), inviter: inviter.cloned() };
    turn.make(Change::Channel { id: channel.clone(), what });
    let text = format!("<@{user}> has joined the channel");
    notice(turn, user, channel, Subtype::ChannelJoin { inviter: inviter.cloned() }, text);
}

/// The departure comes first, so that an app that is put out learns of it by its own event and reads nothing more.
fn go(turn: &mut Turn<'_>, channel: &ChannelId, user: &UserId) {
    let what = ChannelChange::Left { user: user.clone() };
    turn.make(Change::Channel { id: channel.clone(), what });
    let text = format!("<@{user}> has left the channel");
    notice(turn, user, channel, Subtype::ChannelLeave, text);
}

fn is_direct(turn: &Turn<'_>, actor: &UserId, channel: &ChannelId) -> Result<bool, Fault> {
    Ok(matches!(turn.channel_for(actor, channel)?.kind, Kind::Direct))
}

/// Joins a public channel; `false` when already there.
pub(crate) fn join(turn: &mut Turn<'_>, user: &UserId, id: &ChannelId) -> Result<bool, Fault> {
    let channel = turn.channel_for(user, id)?;
    match channel.kind {
        Kind::Public { .. } => {}
        Kind::Private { .. } | Kind::Direct => return Err(Fault::NotForThisChannelType),
    }
    if channel.is_archived {
        return Err(Fault::IsArchived);
    }
    if channel.has(user) {
        return Ok(false);
    }
    come(turn, id, user, None);
    Ok(true)
}

/// Leaves; `false` when not there.
pub(crate) fn leave(turn: &mut Turn<'_>, user: &UserId, id: &ChannelId) -> Result<bool, Fault> {
    if is_direct(turn, user, id)? {
        return Err(Fault::NotForThisChannelType);
    }
    let channel = turn.channel_for(user, id)?;
    if channel.is_archived {
        return Err(Fault::IsArchived);
    }
    if channel.is_general {
        return Err(Fault::CantLeaveGeneral);
    }
    if !channel.has(user) {
        return Ok(false);
    }
    go(turn, id, user);
    Ok(true)
}

/// Brings people in; nobody comes where one of them cannot.
pub(crate) fn invite(
    turn: &mut Turn<'_>,
    inviter: &UserId,
    id: &ChannelId,
    users: &[UserId],
) -> Result<(), Fault> {
    if is_direct(turn, inviter, id)? {
        return Err(Fault::NotForThisChannelType);
    }
    if users.is_empty() {
        return Err(Fault::NoUser);
    }
    let channel = turn.open_channel_of(inviter, id)?;
    for user in users {
        turn.active_user(user)?;
        if user == inviter {
            return Err(Fault::CantInviteSelf);
        }
        if channel.has(user) {
            return Err(Fault::AlreadyInChannel);
        }
    }
    for user in users {
        come(turn, id, user, Some(inviter));
    }
    Ok(())
}

/// Puts somebody out.
pub(crate) fn kick(turn: &mut Turn<'_>, actor: &UserId, id: &ChannelId, user: &UserId) -> Result<(), Fault> {
    if is_direct(turn, actor, id)? {
        return Err(Fault::NotForThisChannelType);
    }
    let channel = turn.open_channel_of(actor, id)?;
    if channel.is_general {
        return Err(Fault::CantKickFromGeneral);
    }
    if turn.active_user(actor)?.is_restricted {
        return Err(Fault::RestrictedAction);
    }
    if !turn.users.contains_key(user) {
        return Err(Fault::UserNotFound);
    }
    if user == actor {
        return Err(Fault::CantKickSelf);
    }
    if !channel.has(user) {
        return Err(Fault::NotInChannel);
    }
    go(turn, id, user);
    Ok(())
}
