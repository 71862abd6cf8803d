//! The authorization code flow, with PKCE for everybody (OpenID Connect Core §3.1, RFC 7636, RFC 9207).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use jiff::Timestamp;
use url::Url;

use super::clients::{Client, Grant};
use super::fault::OauthError;
use super::ledger::{Code, Consent, Entry};
use super::page::{self, Choose};
use super::params::Params;
use super::session::{Browser, Freshness};
use super::{Issuer, pkce};
use crate::choosing;
use crate::door::{Entered, Form, digest};
use crate::random;
use crate::serve::Served;

/// A request that may be shown to a person.
struct Request {
    client: &'static Client,
    redirect: Url,
    state: Option<String>,
    scope: String,
    nonce: Option<String>,
    challenge: String,
    freshness: Freshness,
    /// `prompt=none`: no page may be shown.
    silent: bool,
}

/// Why a request is not shown.
enum Refused {
    /// Nobody can be told where to go: the person reads this.
    Here(&'static str),
    /// The client is told.
    There(Box<Response>),
}

impl Request {
    fn read(query: &str, issuer: &Issuer) -> Result<Self, Refused> {
        let params = Params::read(query.as_bytes()).map_err(|error| Refused::Here(error.description()))?;
        let client = params.get("client_id").and_then(Client::named);
        let client = client.ok_or(Refused::Here("The application that sent you here is not known."))?;
        let wanted = params.get("redirect_uri").unwrap_or_default();
        let redirect = client.redirect(wanted, &issuer.page_redirects);
        let redirect = redirect
            .ok_or(Refused::Here("The application wants to send you to an address that is not its own."))?;
        let state = params.get("state").map(str::to_owned);
        let refuse = |error| Refused::There(Box::new(issuer.back(&redirect, state.as_deref(), Err(error))));
        Self::read_rest(client, &params, redirect.clone(), state.clone()).map_err(refuse)
    }

    fn read_rest(
        client: &'static Client,
        params: &Params,
        redirect: Url,
        state: Option<String>,
    ) -> Result<Self, OauthError> {
        client.must(Grant::Code)?;
        if params.get("request").is_some() {
            return Err(OauthError::RequestNotSupported);
        }
        if params.get("request_uri").is_some() {
            return Err(OauthError::RequestUriNotSupported);
        }
        if params.required("response_type", "`response_type` is missing")? != "code" {
            return Err(OauthError::UnsupportedResponseType);
        }
        if params.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(OauthError::InvalidRequest("the response mode is `query`"));
        }
        let missing = OauthError::InvalidRequest("`code_challenge` is missing; every client uses PKCE");
        let challenge = pkce::challenge(params)?.ok_or(missing)?;
        let prompts: Vec<&str> = params.get("prompt").unwrap_or_default().split_ascii_whitespace().collect();
        let silent = prompts.contains(&"none");
        if silent && prompts.len() > 1 {
            return Err(OauthError::InvalidRequest("`prompt=none` stands alone"));
        }
        let max_age = params.get("max_age").map(str::parse::<u32>).transpose();
        let max_age = max_age.map_err(|_| OauthError::InvalidRequest("`max_age` is a number of seconds"))?;
        let freshness = if prompts.contains(&"login") {
            Freshness::Always
        } else {
            max_age.map_or(Freshness::Any, |seconds| Freshness::Within(i64::from(seconds)))
        };
        let (scope, nonce) = (params.scope(), params.get("nonce").map(str::to_owned));
        Ok(Self { client, redirect, state, scope, nonce, challenge, freshness, silent })
    }

    fn code(self, consent: Consent, expires: Timestamp) -> Code {
        Code {
            client: self.client.id.to_owned(),
            redirect_uri: self.redirect.to_string(),
            scope: self.scope,
            nonce: self.nonce,
            challenge: self.challenge,
            consent,
            expires,
            used: None,
        }
    }
}

impl Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Here(why) => choosing::problem(why),
            Self::There(response) => *response,
        }
    }
}

impl Issuer {
    /// Sends the person back to the client, with a code or an error.
    fn back(&self, redirect: &Url, state: Option<&str>, outcome: Result<&str, OauthError>) -> Response {
        let mut url = redirect.clone();
        let mut query = url.query_pairs_mut();
        match outcome {
            Ok(code) => query.append_pair("code", code),
            Err(error) => query
                .append_pair("error", &error.to_string())
                .append_pair("error_description", error.description()),
        };
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &self.name);
        drop(query);
        Redirect::to(url.as_str()).into_response()
    }

    /// Keeps a code, and sends it.
    async fn issue(&self, request: Request, consent: Consent) -> Response {
        let (redirect, state) = (request.redirect.clone(), request.state.clone());
        let code = random::mixed(43);
        let kept = self.write(|draft, now| {
            let expires = super::device::later(now, self.lifetimes.code)?;
            let what = request.code(consent, expires);
            draft.make(Entry::CodeIssued { code: digest(&code), what, at: now });
            Ok(())
        });
        let outcome = kept.await.map(|()| code.as_str());
        self.issued.note(|given| given.codes.push(code.clone()));
        self.back(&redirect, state.as_deref(), outcome)
    }
}

/// Asks the person.
pub(super) async fn show(
    State(served): State<Arc<Served>>,
    _: Entered,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Response {
    let issuer = &served.issuer;
    let query = query.unwrap_or_default();
    let request = match Request::read(&query, issuer) {
        Ok(request) => request,
        Err(refused) => return refused.into_response(),
    };
    let browser = Browser::read(&jar, served.addresses.port());
    let ledger = issuer.now();
    let signed_in = browser.signed_in(&ledger, request.freshness, Timestamp::now());
    if request.silent {
        return match (signed_in, browser.session()) {
            (Some(session), Some(id)) => {
                let consent = Consent {
                    person: session.person.clone(),
                    auth_time: session.auth_time,
                    session: id.clone(),
                };
                issuer.issue(request, consent).await
            }
            (Some(_), None) | (None, _) => {
                issuer.back(&request.redirect, request.state.as_deref(), Err(OauthError::LoginRequired))
            }
        };
    }
    let signed_in = signed_in.map(|session| session.person.as_str());
    let choose = Choose {
        client: request.client,
        user_code: None,
        people: page::choices(&ledger, signed_in),
        action: "/oidc/authorize",
        hidden: ("request", query),
        form_token: served.door.form_token().to_owned(),
    };
    choosing::with_way_back(choosing::shown(&choose), &request.redirect)
}

/// Does what the person said.
pub(super) async fn decide(State(served): State<Arc<Served>>, jar: CookieJar, form: Form) -> Response {
    let issuer = &served.issuer;
    let request = match Request::read(form.get("request").unwrap_or_default(), issuer) {
        Ok(request) => request,
        Err(refused) => return refused.into_response(),
    };
    let Some(person) = form.get("person") else {
        return issuer.back(&request.redirect, request.state.as_deref(), Err(OauthError::AccessDenied));
    };
    let browser = Browser::read(&jar, served.addresses.port());
    let consent = issuer.write(|draft, now| browser.consent(draft, person, request.freshness, now));
    match consent.await {
        Ok((consent, cookie)) => {
            let jar = cookie.map_or(jar.clone(), |cookie| jar.add(cookie));
            (jar, issuer.issue(request, consent).await).into_response()
        }
        Err(error) => issuer.back(&request.redirect, request.state.as_deref(), Err(error)),
    }
}
