//! The way in: the printed address, and links to messages.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use crate::door::{Entered, Refusal};
use crate::people::PEOPLE;
use crate::serve::Served;
use crate::workspace::id::ChannelId;

#[derive(Deserialize)]
pub(super) struct Printed {
    secret: Option<String>,
}

/// Takes the secret out of the address and gives the browser a cookie for it.
pub(super) async fn enter(
    State(served): State<Arc<Served>>,
    entered: Result<Entered, Refusal>,
    Query(printed): Query<Printed>,
    jar: CookieJar,
) -> Response {
    match (printed.secret, entered) {
        (Some(secret), _) if served.door.opens(&secret) => {
            (jar.add(served.door.cookie()), Redirect::to("/")).into_response()
        }
        (Some(_), _) => Refusal::WrongSecret.into_response(),
        (None, Ok(_)) => {
            let [first, ..] = PEOPLE;
            Redirect::to(&format!("/as/{}", first.name)).into_response()
        }
        (None, Err(refusal)) => refusal.into_response(),
    }
}

/// The address that `chat.getPermalink` gives. Nobody is named in it, so the first person who may see it is taken.
pub(super) async fn permalink(
    State(served): State<Arc<Served>>,
    _: Entered,
    Path((channel, message)): Path<(String, String)>,
) -> Response {
    let state = served.workspace.now();
    let id = ChannelId::from(channel.as_str());
    let reader = PEOPLE.iter().find(|person| {
        state.user_named(person.name).is_some_and(|user| state.channel_for(&user.id, &id).is_ok())
    });
    let Some(reader) = reader else { return Redirect::to("/").into_response() };
    Redirect::to(&format!("/as/{}/c/{id}#m-{message}", reader.name)).into_response()
}
