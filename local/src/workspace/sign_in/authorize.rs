//! The page on which somebody says that an application may know who they are.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State as Shared};
use axum::response::{IntoResponse, Redirect, Response};
use url::{Url, form_urlencoded};

use super::{Code, SCOPES, Scoped, held};
use crate::choosing::{Choice, problem, shown, with_way_back};
use crate::door::{Entered, Form};
use crate::people::tone;
use crate::serve::Served;
use crate::workspace::state::{State, User};

/// A request that may be shown to a person.
struct Request {
    redirect: Url,
    scopes: Vec<String>,
    state: Option<String>,
    nonce: Option<String>,
}

impl Request {
    /// Reads it, or says to the person what is wrong with it: whoever made it may not be told, as it may not be the application.
    fn read(query: &str, served: &Served) -> Result<Self, &'static str> {
        let field = |name: &str| {
            let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
        };
        if field("client_id").as_deref() != Some(served.credentials.client_id.as_str()) {
            return Err("The application that sent you here is not known to this workspace.");
        }
        let wanted = field("redirect_uri").and_then(|wanted| Url::parse(&wanted).ok());
        let redirect = wanted.filter(|wanted| served.sign_in_redirects.contains(wanted)).ok_or(
            "The application wants to send you to an address that is not among those that it named to the workspace.",
        )?;
        if field("response_type").as_deref() != Some("code") {
            return Err("The application asked for something else than a code.");
        }
        let wanted = field("scope").unwrap_or_default();
        let wanted: Vec<&str> = wanted.split([' ', ',', '+']).filter(|scope| !scope.is_empty()).collect();
        if !wanted.contains(&"openid") || wanted.iter().any(|scope| !SCOPES.contains(scope)) {
            return Err("The application asked for scopes that do not belong to a sign-in.");
        }
        let scopes = wanted.into_iter().map(str::to_owned).collect();
        Ok(Self { redirect, scopes, state: field("state"), nonce: field("nonce") })
    }

    /// Sends the person back.
    fn back(&self, name: &str, value: &str) -> Response {
        let mut url = self.redirect.clone();
        url.query_pairs_mut().append_pair(name, value);
        if let Some(state) = &self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        Redirect::to(url.as_str()).into_response()
    }
}

/// Asks who one is.
#[derive(Template)]
#[template(path = "workspace/sign_in.html")]
struct Choose {
    team: String,
    /// Who asks.
    host: String,
    people: Vec<Choice>,
    request: String,
    form_token: String,
}

fn choices(state: &State) -> Vec<Choice> {
    let people = state.users.values().filter(|user| may_sign_in(user));
    let choice = |user: &User| Choice {
        key: user.id.to_string(),
        full_name: user.full_name(),
        email: user.email.clone().unwrap_or_default(),
        initial: user.given.chars().next().unwrap_or('?'),
        tone: tone(&user.name),
        is_guest: user.is_restricted,
        is_signed_in: false,
    };
    let mut choices: Vec<Choice> = people.map(|user| choice(user)).collect();
    choices.sort_by(|one, other| one.full_name.cmp(&other.full_name));
    choices
}

fn may_sign_in(user: &User) -> bool {
    !user.is_bot && !user.deleted
}

/// Asks the person.
pub(super) async fn show(
    Shared(served): Shared<Arc<Served>>,
    _: Entered,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let request = match Request::read(&query, &served) {
        Ok(request) => request,
        Err(why) => return problem(why),
    };
    let state = served.workspace.now();
    let page = Choose {
        team: state.team.name.clone(),
        host: request.redirect.host_str().unwrap_or_default().to_owned(),
        people: choices(&state),
        request: query,
        form_token: served.door.form_token().to_owned(),
    };
    with_way_back(shown(&page), &request.redirect)
}

/// Does what the person said.
pub(super) async fn decide(Shared(served): Shared<Arc<Served>>, form: Form) -> Response {
    let request = match Request::read(form.get("request").unwrap_or_default(), &served) {
        Ok(request) => request,
        Err(why) => return problem(why),
    };
    let state = served.workspace.now();
    let chosen = form
        .get("person")
        .and_then(|id| state.users.values().find(|user| user.id.to_string() == id && may_sign_in(user)));
    let Some(user) = chosen else { return request.back("error", "access_denied") };
    let code = Code {
        of: Scoped { user: user.id.clone(), scopes: request.scopes.clone() },
        redirect: request.redirect.clone(),
        nonce: request.nonce.clone(),
    };
    let code = held(&served.workspace.sign_ins.codes).put("", code);
    request.back("code", &code)
}
