//! The page on which a person answers a device (RFC 8628 §3.3).

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use jiff::Timestamp;
use serde::Deserialize;

use super::clients::Client;
use super::fault::OauthError;
use super::ledger::{Answer, Device, Digest, Entry, Ledger};
use super::page::{self, AskCode, Choose, Done};
use super::session::{Browser, Freshness};
use crate::choosing;
use crate::door::{Entered, Form};
use crate::serve::Served;

#[derive(Deserialize)]
pub(super) struct Link {
    user_code: Option<String>,
}

/// The code as it was given out, however it was typed.
fn normal(typed: &str) -> String {
    let letters: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.to_ascii_uppercase();
    match letters.split_at_checked(4) {
        Some((left, right)) if !right.is_empty() => format!("{left}-{right}"),
        Some(_) | None => letters,
    }
}

/// The device that waits under this code.
fn waiting<'a>(ledger: &'a Ledger, code: &str, now: Timestamp) -> Option<(&'a Digest, &'a Device)> {
    ledger.devices.iter().find(|(_, device)| {
        device.user_code == code && device.answer == Answer::Pending && device.expires > now
    })
}

const NOT_WAITING: &str =
    "This code is not waiting for an answer: it was answered before, is over, or was mistyped.";

/// Asks for the code, or, when it is known, for the person.
pub(super) async fn show(
    State(served): State<Arc<Served>>,
    _: Entered,
    jar: CookieJar,
    Query(link): Query<Link>,
) -> Response {
    let ledger = served.issuer.now();
    let typed = link.user_code.unwrap_or_default();
    let code = normal(&typed);
    let Some((_, device)) = waiting(&ledger, &code, Timestamp::now()) else {
        let problem = if typed.is_empty() { "" } else { NOT_WAITING };
        return choosing::shown(&AskCode { typed, problem });
    };
    let Some(client) = Client::named(&device.client) else { return choosing::problem(NOT_WAITING) };
    let browser = Browser::read(&jar, served.addresses.port());
    let signed_in = browser.signed_in(&ledger, Freshness::Any, Timestamp::now());
    choosing::shown(&Choose {
        client,
        user_code: Some(code.clone()),
        people: page::choices(&ledger, signed_in.map(|session| session.person.as_str())),
        action: "/oidc/verify",
        hidden: ("user_code", code),
        form_token: served.door.form_token().to_owned(),
    })
}

/// Does what the person said.
pub(super) async fn decide(State(served): State<Arc<Served>>, jar: CookieJar, form: Form) -> Response {
    let code = normal(form.get("user_code").unwrap_or_default());
    let browser = Browser::read(&jar, served.addresses.port());
    let person = form.get("person");
    let decided = served.issuer.write(|draft, now| {
        let found = waiting(draft, &code, now).map(|(id, device)| (id.clone(), device.client.clone()));
        let (id, client) = found.ok_or(OauthError::ExpiredToken)?;
        let (answer, cookie) = match person {
            Some(person) => {
                let (consent, cookie) = browser.consent(draft, person, Freshness::Any, now)?;
                (Answer::Approved(consent), cookie)
            }
            None => (Answer::Denied, None),
        };
        draft.make(Entry::DeviceAnswered { code: id, answer });
        Ok((client, cookie))
    });
    match decided.await {
        Ok((client, cookie)) => {
            let back = Client::named(&client).map_or("", |client| client.back);
            let ledger = served.issuer.now();
            let account = person.and_then(|name| ledger.accounts.get(name));
            let title = account.map_or_else(
                || "Cancelled".to_owned(),
                |account| format!("Signed in as {}", account.full_name()),
            );
            let text = if account.is_some() { back } else { "Nobody was signed in." };
            let jar = cookie.map_or(jar.clone(), |cookie| jar.add(cookie));
            (jar, choosing::shown(&Done { title, text })).into_response()
        }
        Err(OauthError::ExpiredToken) => choosing::problem(NOT_WAITING),
        Err(error) => choosing::problem(error.description()),
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn a_code_may_be_typed_in_any_way() {
        for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "BCDF–GHJK"] {
            assert_eq!(normal(typed), "BCDF-GHJK", "{typed}");
        }
        for typed in ["", "b", "bcdf"] {
            assert_eq!(normal(typed), typed.to_ascii_uppercase());
        }
    }
}
