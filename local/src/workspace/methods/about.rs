//! What the app can learn about itself and the workspace.

use serde_json::{Value, json};

use super::Call;
use crate::workspace::fault::Fault;
use crate::workspace::state::State;

/// <https://docs.slack.dev/reference/methods/api.test>
pub(super) fn api_test(_: &State, call: &Call<'_>) -> Result<Value, Fault> {
    Ok(json!({ "args": call.args.all() }))
}

/// <https://docs.slack.dev/reference/methods/auth.test>
pub(super) fn auth_test(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    Ok(json!({
        "url": format!("{}/", call.addresses.base()),
        "team": state.team.name,
        "user": state.users.get(&state.app.user).map(|user| &user.name),
        "team_id": state.team.id,
        "user_id": state.app.user,
        "bot_id": state.app.bot,
        "is_enterprise_install": false,
    }))
}

/// <https://docs.slack.dev/reference/methods/bots.info>
pub(super) fn bots_info(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let wanted = call.args.text("bot");
    if wanted.is_some_and(|wanted| wanted != state.app.bot.to_string()) {
        return Err(Fault::BotNotFound);
    }
    Ok(json!({
        "bot": {
            "id": state.app.bot,
            "deleted": false,
            "name": state.app.name,
            "updated": 0,
            "app_id": state.app.id,
            "user_id": state.app.user,
            "icons": {},
        },
    }))
}

/// <https://docs.slack.dev/reference/methods/team.info>
pub(super) fn team_info(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    Ok(json!({
        "team": {
            "id": state.team.id,
            "name": state.team.name,
            "url": format!("{}/", call.addresses.base()),
            "domain": state.team.domain,
            "email_domain": "example.com",
            "icon": { "image_default": true },
        },
    }))
}
