//! The issuer's pages.

use askama::Template;

use super::clients::Client;
use super::ledger::Ledger;
use crate::choosing::Choice;
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

/// Everybody who can sign in.
pub(super) fn choices(ledger: &Ledger, signed_in: Option<&str>) -> Vec<Choice> {
    let known = |name: &str| Person::named(name).is_some_and(|person| person.standing == Standing::Guest);
    ledger
        .accounts
        .values()
        .filter(|account| !account.disabled)
        .map(|account| Choice {
            key: account.name.clone(),
            full_name: account.full_name(),
            email: account.email.clone(),
            initial: account.given.chars().next().unwrap_or('?'),
            tone: tone(&account.name),
            is_guest: known(&account.name),
            is_signed_in: signed_in == Some(account.name.as_str()),
        })
        .collect()
}
