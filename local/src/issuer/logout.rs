//! Signing out (OpenID Connect RP-Initiated Logout).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use url::Url;

use super::Issuer;
use super::clients::Client;
use super::ledger::{Digest, Entry};
use super::page::{AskLogout, Done};
use super::params::Params;
use super::session::Browser;
use crate::choosing;
use crate::door::{Entered, Form};
use crate::serve::Served;

#[derive(Debug, Clone, Deserialize)]
struct Hint {
    azp: String,
}

/// Where to go after signing out, where the client may say so.
fn way_back(issuer: &Issuer, params: &Params) -> Option<Url> {
    let hint = params.get("id_token_hint").and_then(|hint| {
        let hint: Hint = issuer.keys.check_hint(hint, &issuer.name).ok()?;
        Some(hint.azp)
    });
    let client = hint.as_deref().or_else(|| params.get("client_id")).and_then(Client::named)?;
    let mut url = client.redirect(params.get("post_logout_redirect_uri")?, &issuer.page_redirects)?;
    if let Some(state) = params.get("state") {
        url.query_pairs_mut().append_pair("state", state);
    }
    Some(url)
}

/// Asks first: another page could have sent the person here.
pub(super) async fn show(
    State(served): State<Arc<Served>>,
    _: Entered,
    RawQuery(query): RawQuery,
) -> Response {
    let form_token = served.door.form_token().to_owned();
    choosing::shown(&AskLogout { request: query.unwrap_or_default(), form_token })
}

/// Ends the browser's session and everything that came of it.
pub(super) async fn decide(State(served): State<Arc<Served>>, jar: CookieJar, form: Form) -> Response {
    let issuer = &served.issuer;
    let browser = Browser::read(&jar, served.addresses.port());
    if let Some(session) = browser.session().cloned() {
        let ended = issuer.write(|draft, _| {
            let of_session: Vec<Digest> = draft
                .grants
                .iter()
                .filter(|(_, grant)| grant.consent.session == session && !grant.ended)
                .map(|(family, _)| family.clone())
                .collect();
            for family in of_session {
                draft.make(Entry::GrantEnded { family });
            }
            draft.make(Entry::SignedOut { session });
            Ok(())
        });
        if let Err(error) = ended.await {
            return choosing::problem(error.description());
        }
    }
    let jar = jar.remove(browser.farewell());
    let params = Params::read(form.get("request").unwrap_or_default().as_bytes()).unwrap_or_default();
    match way_back(issuer, &params) {
        Some(url) => (jar, Redirect::to(url.as_str())).into_response(),
        None => {
            let done = Done { title: "Signed out".to_owned(), text: "You can close this window." };
            (jar, choosing::shown(&done)).into_response()
        }
    }
}
