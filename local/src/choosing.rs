//! Pages on which one chooses who one is: at the issuer, and where somebody signs in elsewhere with their account of the workspace.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use url::Url;

use crate::door::CONTENT_SECURITY_POLICY;

/// A person to choose.
pub(crate) struct Choice {
    /// What the form sends for them.
    pub(crate) key: String,
    pub(crate) full_name: String,
    pub(crate) email: String,
    pub(crate) initial: char,
    pub(crate) tone: usize,
    pub(crate) is_guest: bool,
    pub(crate) is_signed_in: bool,
}

/// Something is wrong with how one came here.
#[derive(Template)]
#[template(path = "issuer/problem.html")]
struct Problem {
    why: &'static str,
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
