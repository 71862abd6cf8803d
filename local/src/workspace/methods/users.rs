//! `users.*`: who there is.

use serde_json::{Value, json};

use super::Call;
use super::conversations::read::{Types, listed};
use crate::workspace::api::cursor::page;
use crate::workspace::fault::Fault;
use crate::workspace::id::UserId;
use crate::workspace::shape::user::user;
use crate::workspace::state::State;

/// <https://docs.slack.dev/reference/methods/users.info>
pub(super) fn info(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let id = UserId::from(call.args.required("user")?.as_str());
    let found = state.users.get(&id).ok_or(Fault::UserNotFound)?;
    Ok(json!({ "user": user(state, found, call.email) }))
}

/// <https://docs.slack.dev/reference/methods/users.list>
pub(super) fn list(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    // A list without a limit is the whole list.
    let page = page(call.args, state.users.len().max(1), state.users.values(), |user| user.id.to_string())?;
    let members: Vec<Value> = page.items.iter().map(|found| user(state, found, call.email)).collect();
    Ok(json!({
        "members": members,
        "cache_ts": jiff::Timestamp::now().as_second(),
        "response_metadata": page.metadata(),
    }))
}

/// <https://docs.slack.dev/reference/methods/users.lookupByEmail>
pub(super) fn lookup_by_email(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let wanted = call.args.required("email")?;
    let found = state.users.values().find(|user| {
        !user.deleted && user.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(&wanted))
    });
    Ok(json!({ "user": user(state, found.ok_or(Fault::UsersNotFound)?, call.email) }))
}

/// <https://docs.slack.dev/reference/methods/users.conversations>
pub(super) fn conversations(state: &State, call: &Call<'_>) -> Result<Value, Fault> {
    let whose = match call.args.text("user").filter(|id| !id.is_empty()) {
        Some(id) => state.users.get(&UserId::from(id.as_str())).ok_or(Fault::UserNotFound)?.id.clone(),
        None => Call::caller(state),
    };
    let types = Types::read(call.args)?;
    listed(state, call.args, |channel| types.include(channel) && channel.has(&whose))
}
