//! Who comes in. Being on this machine proves nothing: any program and any web page can send requests to loopback. So
//! each request must name this server as its host, no foreign page may send one, pages need the secret of the printed
//! address, and what a page posts needs the form's token.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::config::Addresses;
use crate::serve::Served;

mod refusal;

pub(crate) use refusal::Refusal;

/// Where the app's WebSockets are opened.
pub(crate) const SOCKET_PATH: &str = "/link/";

/// More than a page's largest form.
const LARGEST_FORM: usize = 256 * 1024;

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub(crate) fn same(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// SHA-256 as hexadecimal: what is kept of a secret that is only compared.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What opens the pages.
pub(crate) struct Door {
    secret: SecretString,
    cookie_name: String,
    cookie_value: String,
    form_token: String,
}

impl Door {
    /// The door for this secret. What browsers hold is derived from it, so it survives a restart and is not the secret.
    pub(crate) fn new(secret: SecretString, addresses: &Addresses) -> Self {
        let derived = |label: &str| digest(&format!("{label}\0{}", secret.expose_secret()));
        Self {
            // Cookies do not know ports, so two of these servers would overwrite each other's.
            cookie_name: format!("tentacular-local-{}", addresses.port()),
            cookie_value: derived("page cookie"),
            form_token: derived("form token"),
            secret,
        }
    }

    /// Whether this is the secret.
    pub(crate) fn opens(&self, secret: &str) -> bool {
        same(secret, self.secret.expose_secret())
    }

    /// What a browser that knew the secret is given.
    pub(crate) fn cookie(&self) -> Cookie<'static> {
        Cookie::build((self.cookie_name.clone(), self.cookie_value.clone()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .build()
    }

    /// What every form of a page holds.
    pub(crate) fn form_token(&self) -> &str {
        &self.form_token
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let jar = CookieJar::from_headers(headers);
        jar.get(&self.cookie_name).is_some_and(|cookie| same(cookie.value(), &self.cookie_value))
    }

    fn has_bearer(&self, headers: &HeaderMap) -> Option<bool> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        Some(value.strip_prefix("Bearer ").is_some_and(|secret| self.opens(secret)))
    }
}

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entered {
    /// A browser, by its cookie.
    Browser,
    /// A program, with the secret in its `Authorization` header.
    Program,
}

impl Entered {
    fn check(served: &Served, headers: &HeaderMap) -> Result<Self, Refusal> {
        match served.door.has_bearer(headers) {
            Some(true) => Ok(Self::Program),
            Some(false) => Err(Refusal::WrongSecret),
            None if served.door.has_cookie(headers) => Ok(Self::Browser),
            None => Err(Refusal::Locked),
        }
    }
}

impl FromRequestParts<Arc<Served>> for Entered {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, served: &Arc<Served>) -> Result<Self, Refusal> {
        Self::check(served, &parts.headers)
    }
}

/// A program with the secret, and nothing else.
pub(crate) struct Program;

impl FromRequestParts<Arc<Served>> for Program {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, served: &Arc<Served>) -> Result<Self, Refusal> {
        match Entered::check(served, &parts.headers)? {
            Entered::Program => Ok(Self),
            Entered::Browser => Err(Refusal::WrongSecret),
        }
    }
}

/// The fields of a form that came from one of our own pages, or from a program with the secret.
#[derive(Debug)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    /// Who sent it.
    pub(crate) entered: Entered,
}

impl Form {
    /// The first field of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All fields, in order.
    pub(crate) fn fields(&self) -> &[(String, String)] {
        &self.fields
    }
}

impl FromRequest<Arc<Served>> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, served: &Arc<Served>) -> Result<Self, Refusal> {
        let entered = Entered::check(served, request.headers())?;
        let has_origin = request.headers().contains_key(header::ORIGIN);
        let body = axum::body::to_bytes(request.into_body(), LARGEST_FORM).await;
        let body = body.map_err(|_| Refusal::TooLarge)?;
        let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let form = Self { fields, entered };
        if entered == Entered::Browser {
            // A foreign origin was refused before; a browser always names one with a form.
            if !has_origin {
                return Err(Refusal::NoOrigin);
            }
            if !same(form.get("form_token").unwrap_or_default(), served.door.form_token()) {
                return Err(Refusal::NoFormToken);
            }
        }
        Ok(form)
    }
}

/// Checks host and origin of every request, and adds what browsers are told about every answer.
pub(crate) async fn guard(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let mut response = match check(&served.addresses, request.uri().path(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn check(addresses: &Addresses, path: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // Slack's own Python client leaves the port out when it opens a socket; the ticket in the address vouches for it.
    let is_ours = addresses.is_our_host(host) || (path == SOCKET_PATH && Addresses::is_loopback_host(host));
    if !is_ours {
        return Err(Refusal::WrongHost);
    }
    match headers.get(header::ORIGIN) {
        None => Ok(()),
        Some(origin) => {
            let ours = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
            if ours.is_some_and(|host| addresses.is_our_host(host)) {
                Ok(())
            } else {
                Err(Refusal::ForeignOrigin)
            }
        }
    }
}

/// A page may load its own files and talk to its own server; nothing is run that stands in the page itself.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: with that, browsers hide the origin of forms, which is checked above.
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::WrongSecret => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Locked | Self::WrongHost | Self::ForeignOrigin | Self::NoOrigin | Self::NoFormToken => {
                StatusCode::FORBIDDEN
            }
        };
        (status, self.page()).into_response()
    }
}
