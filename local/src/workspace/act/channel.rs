//! Making, naming, archiving channels, and opening direct conversations.

use crate::workspace::act::message::notice;
use crate::workspace::change::{Change, ChannelChange};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::state::channel::Topic;
use crate::workspace::state::message::Subtype;
use crate::workspace::state::{Kind, State};
use crate::workspace::turn::Turn;

/// What a channel may be called: lower case, digits, `-` and `_`, at most 80 characters.
fn check_name(state: &State, name: &str) -> Result<(), Fault> {
    let allowed = |letter: char| {
        letter.is_ascii_digit()
            || matches!(letter, '-' | '_')
            || (letter.is_alphabetic() && !letter.is_uppercase())
    };
    if name.is_empty() {
        Err(Fault::InvalidNameRequired)
    } else if name.chars().count() > 80 {
        Err(Fault::InvalidNameMaxLength)
    } else if !name.chars().all(allowed) || !name.chars().any(char::is_alphanumeric) {
        Err(Fault::InvalidNameSpecials)
    } else if state.channel_named(name).is_some() {
        Err(Fault::NameTaken)
    } else {
        Ok(())
    }
}

/// Makes a channel with `creator` in it.
pub(crate) fn create(
    turn: &mut Turn<'_>,
    creator: &UserId,
    name: &str,
    is_private: bool,
) -> Result<ChannelId, Fault> {
    if turn.active_user(creator)?.is_restricted {
        return Err(Fault::UserIsRestricted);
    }
    check_name(turn, name)?;
    let id = ChannelId::random();
    let name = name.to_owned();
    let kind = if is_private { Kind::Private { name } } else { Kind::Public { name } };
    let (creator, at) = (creator.clone(), turn.now());
    turn.make(Change::ChannelCreated {
        id: id.clone(),
        kind,
        creator: creator.clone(),
        at,
        is_general: false,
    });
    let what = ChannelChange::Joined { user: creator.clone(), inviter: None };
    turn.make(Change::Channel { id: id.clone(), what });
    let text = format!("<@{creator}> has joined the channel");
    notice(turn, &creator, &id, Subtype::ChannelJoin { inviter: None }, text);
    Ok(id)
}

/// Whether `actor` may change the channel as such.
fn check_keeper(turn: &Turn<'_>, actor: &UserId, id: &ChannelId) -> Result<(), Fault> {
    if matches!(turn.channel_for(actor, id)?.kind, Kind::Direct) {
        return Err(Fault::NotForThisChannelType);
    }
    if turn.active_user(actor)?.is_restricted { Err(Fault::RestrictedAction) } else { Ok(()) }
}

/// Archives: everybody is out, the app too, and nothing can be said.
pub(crate) fn archive(turn: &mut Turn<'_>, actor: &UserId, id: &ChannelId) -> Result<(), Fault> {
    check_keeper(turn, actor, id)?;
    let channel = turn.channel_for(actor, id)?;
    if channel.is_archived {
        return Err(Fault::AlreadyArchived);
    }
    if channel.is_general {
        return Err(Fault::CantArchiveGeneral);
    }
    if !channel.has(actor) {
        return Err(Fault::NotInChannel);
    }
    let text = format!("<@{actor}> archived the channel");
    notice(turn, actor, id, Subtype::ChannelArchive, text);
    let what = ChannelChange::Archived { by: actor.clone() };
    turn.make(Change::Channel { id: id.clone(), what });
    Ok(())
}

/// Opens an archived channel again. Bots cannot. A private one gets its people back, but no bot; of a public one only
/// `actor` is in it.
pub(crate) fn unarchive(turn: &mut Turn<'_>, actor: &UserId, id: &ChannelId) -> Result<(), Fault> {
    check_keeper(turn, actor, id)?;
    let channel = turn.channel_for(actor, id)?;
    if turn.active_user(actor)?.is_bot {
        return Err(Fault::NotInChannel);
    }
    if !channel.is_archived {
        return Err(Fault::NotArchived);
    }
    let bot = &turn.app.user;
    let mut members: Vec<UserId> = match channel.kind {
        Kind::Private { .. } => {
            channel.members_before_archive.iter().filter(|id| *id != bot).cloned().collect()
        }
        Kind::Public { .. } | Kind::Direct => Vec::new(),
    };
    if !members.contains(actor) {
        members.push(actor.clone());
    }
    let what = ChannelChange::Unarchived { by: actor.clone(), members };
    turn.make(Change::Channel { id: id.clone(), what });
    let text = format!("<@{actor}> un-archived the channel");
    notice(turn, actor, id, Subtype::ChannelUnarchive, text);
    Ok(())
}

/// Gives the channel another name.
pub(crate) fn rename(turn: &mut Turn<'_>, actor: &UserId, id: &ChannelId, name: &str) -> Result<(), Fault> {
    check_keeper(turn, actor, id)?;
    let channel = turn.open_channel_of(actor, id)?;
    let Some(old_name) = channel.kind.name().map(str::to_owned) else {
        return Err(Fault::NotForThisChannelType);
    };
    if old_name == name {
        return Ok(());
    }
    check_name(turn, name)?;
    let name = name.to_owned();
    turn.make(Change::Channel { id: id.clone(), what: ChannelChange::Renamed { name: name.clone() } });
    let text = format!("<@{actor}> has renamed the channel from \"{old_name}\" to \"{name}\"");
    notice(turn, actor, id, Subtype::ChannelName { old_name, name }, text);
    Ok(())
}

/// Says what the channel is about.
pub(crate) fn set_topic(
    turn: &mut Turn<'_>,
    actor: &UserId,
    id: &ChannelId,
    topic: &str,
) -> Result<(), Fault> {
    if topic.chars().count() > 250 {
        return Err(Fault::TooLong);
    }
    let channel = turn.open_channel_of(actor, id)?;
    if matches!(channel.kind, Kind::Direct) {
        return Err(Fault::NotForThisChannelType);
    }
    let last_set = u64::try_from(turn.now().as_second()).unwrap_or_default();
    let value = Topic { value: topic.to_owned(), creator: Some(actor.clone()), last_set };
    turn.make(Change::Channel { id: id.clone(), what: ChannelChange::TopicSet(value) });
    let text = format!("<@{actor}> set the channel topic: {topic}");
    notice(turn, actor, id, Subtype::ChannelTopic { topic: topic.to_owned() }, text);
    Ok(())
}

/// The direct conversation between two, made where there is none; `true` when it was there.
pub(crate) fn open_direct(
    turn: &mut Turn<'_>,
    one: &UserId,
    other: &UserId,
) -> Result<(ChannelId, bool), Fault> {
    turn.active_user(other)?;
    if one == other {
        return Err(Fault::UserNotFound);
    }
    if let Some(channel) = turn.direct(one, other) {
        return Ok((channel.id.clone(), true));
    }
    let id = ChannelId::random_direct();
    let at = turn.now();
    turn.make(Change::ChannelCreated {
        id: id.clone(),
        kind: Kind::Direct,
        creator: one.clone(),
        at,
        is_general: false,
    });
    for user in [one, other] {
        let what = ChannelChange::Joined { user: user.clone(), inviter: None };
        turn.make(Change::Channel { id: id.clone(), what });
    }
    Ok((id, false))
}
