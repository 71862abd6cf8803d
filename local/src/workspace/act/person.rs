//! What an administrator changes about people: tests move a name, an address, or an account's class.

use crate::workspace::change::{Change, ChannelChange};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::state::{Channel, Kind, User};
use crate::workspace::turn::Turn;

/// What is to be different; nothing said stays.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Difference {
    pub(crate) given: Option<String>,
    pub(crate) family: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) is_restricted: Option<bool>,
    pub(crate) deleted: Option<bool>,
}

/// Changes an account. A deactivated one is out of every channel.
pub(crate) fn change(turn: &mut Turn<'_>, id: &UserId, difference: Difference) -> Result<(), Fault> {
    let old = turn.users.get(id).ok_or(Fault::UserNotFound)?;
    let user = User {
        given: difference.given.unwrap_or_else(|| old.given.clone()),
        family: difference.family.unwrap_or_else(|| old.family.clone()),
        email: difference.email.or_else(|| old.email.clone()),
        is_restricted: difference.is_restricted.unwrap_or(old.is_restricted),
        deleted: difference.deleted.unwrap_or(old.deleted),
        updated: turn.now(),
        ..User::clone(old)
    };
    if user.deleted {
        let places: Vec<ChannelId> =
            turn.channels.values().filter(|place| is_in(place, id)).map(|place| place.id.clone()).collect();
        for channel in places {
            let what = ChannelChange::Left { user: id.clone() };
            turn.make(Change::Channel { id: channel, what });
        }
    }
    turn.make(Change::UserSaved(user));
    Ok(())
}

fn is_in(channel: &Channel, user: &UserId) -> bool {
    channel.has(user) && !matches!(channel.kind, Kind::Direct)
}

/// Makes a full account.
pub(crate) fn hire(turn: &mut Turn<'_>, name: &str, given: &str, family: &str) -> Result<UserId, Fault> {
    let simple = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
    if !simple || turn.user_named(name).is_some() {
        return Err(Fault::NameTaken);
    }
    let id = UserId::random();
    turn.make(Change::UserSaved(User {
        id: id.clone(),
        name: name.to_owned(),
        given: given.to_owned(),
        family: family.to_owned(),
        email: Some(format!("{name}@example.com")),
        is_bot: false,
        is_restricted: false,
        deleted: false,
        updated: turn.now(),
    }));
    Ok(id)
}
