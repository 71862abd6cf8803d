//! A user object. <https://docs.slack.dev/reference/objects/user-object>

use serde_json::{Value, json};

use super::with;
use crate::workspace::state::{State, User};

/// Whether the reader may see e-mail addresses (scope `users:read.email`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Email {
    Shown,
    Hidden,
}

/// The object.
pub(crate) fn user(state: &State, user: &User, email: Email) -> Value {
    let updated = user.updated.as_second();
    json!({
        "id": user.id,
        "team_id": state.team.id,
        "name": user.name,
        "deleted": user.deleted,
        "color": "9f69e7",
        "real_name": user.full_name(),
        "tz": "Etc/UTC",
        "tz_label": "UTC",
        "tz_offset": 0,
        "profile": profile(state, user, email),
        "is_admin": false,
        "is_owner": false,
        "is_primary_owner": false,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": false,
        "is_bot": user.is_bot,
        "is_app_user": false,
        "updated": updated,
        "is_email_confirmed": !user.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    })
}

fn profile(state: &State, user: &User, email: Email) -> Value {
    let name = user.full_name();
    let profile = json!({
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": name,
        "real_name_normalized": name,
        "display_name": name,
        "display_name_normalized": name,
        "fields": {},
        "status_text": "",
        "status_emoji": "",
        "status_emoji_display_info": [],
        "status_expiration": 0,
        "first_name": user.given,
        "last_name": user.family,
        "team": state.team.id,
    });
    let profile = match (&user.email, email) {
        (Some(address), Email::Shown) => with(profile, [("email", json!(address))]),
        (Some(_), Email::Hidden) | (None, _) => profile,
    };
    if user.is_bot {
        with(profile, [("api_app_id", json!(state.app.id)), ("bot_id", json!(state.app.bot))])
    } else {
        profile
    }
}

/// The short form of the bot, in its messages.
pub(crate) fn bot_profile(state: &State) -> Value {
    json!({
        "id": state.app.bot,
        "deleted": false,
        "name": state.app.name,
        "updated": 0,
        "app_id": state.app.id,
        "user_id": state.app.user,
        "icons": {},
        "team_id": state.team.id,
    })
}
