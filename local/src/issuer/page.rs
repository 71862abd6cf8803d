//! The issuer's pages.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use url::Url;

use super::clients::Client;
use super::ledger::Ledger;
use crate::door::CONTENT_SECURITY_POLICY;
use crate::people::{Person, Standing, tone};

/// Asks who one is, and whether the client may have it.
#[derive(Template)]
#[template(path = "issuer/choose.html")]
pub(super) struct Choose {
    pub(super) client: &'static Client,
    pub(super) user_code: Option<String>,
    pub(super) people: Vec<Choice>,
    pub(super) action: &'static str,
    /// What the form sends back.
    pub(super) hidden: (&'static str, String),
    pub(super) form_token: String,
}

/// A person to choose.
pub(super) struct Choice {
    name: String,
    full_name: String,
    email: String,
    initial: char,
    tone: usize,
    is_guest: bool,
    is_signed_in: bool,
}

/// Asks for the code that the device shows.
#[derive(Template)]
#[template(path = "issuer/code.html")]
pub(super) struct AskCode {
    pub(super) typed: String,
    pub(super) problem: &'static str,
}

/// Asks whether to sign out.
#[derive(Template)]
#[template(path = "issuer/logout.html")]
pub(super) struct AskLogout {
    pub(super) request: String,
    pub(super) form_token: String,
}

/// Nothing more to do here.
#[derive(Template)]
#[template(path = "issuer/done.html")]
pub(super) struct Done {
    pub(super) title: String,
    pub(super) text: &'static str,
}

/// Something is wrong with how one came here.
#[derive(Template)]
#[template(path = "issuer/problem.html")]
struct Problem {
    why: &'static str,
}

/// Everybody who can sign in.
pub(super) fn choices(ledger: &Ledger, signed_in: Option<&str>) -> Vec<Choice> {
    let known = |name: &str| Person::named(name).is_some_and(|person| person.standing == Standing::Guest);
    ledger
        .accounts
        .values()
        .filter(|account| !account.disabled)
        .map(|account| Choice {
            name: account.name.clone(),
            full_name: account.full_name(),
            email: account.email.clone(),
            initial: account.given.chars().next().unwrap_or('?'),
            tone: tone(&account.name),
            is_guest: known(&account.name),
            is_signed_in: signed_in == Some(account.name.as_str()),
        })
        .collect()
}

/// A page.
pub(crate) fn shown(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that says what is wrong.
pub(crate) fn problem(why: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, shown(&Problem { why })).into_response()
}

/// Browsers apply the policy for forms to where a form's answer sends them, too.
pub(crate) fn with_way_back(mut response: Response, redirect: &Url) -> Response {
    let origin = redirect.origin().ascii_serialization();
    let policy =
        CONTENT_SECURITY_POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
