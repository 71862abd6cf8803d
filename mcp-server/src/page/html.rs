//! How pages are sent. Everything that somebody else wrote is escaped by the templates, and no page loads or runs anything.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The style of all pages. It stands in the page itself.
pub(super) const STYLE: &str = include_str!("../../templates/page/style.css");

/// The policy: this style and no other, forms that come back here, and nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});

const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: with that, browsers hide the origin of forms, which is checked.
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Why there is no question.
#[derive(Template)]
#[template(path = "page/told.html")]
pub(super) struct Told<'a> {
    pub(super) style: &'static str,
    pub(super) title: &'a str,
    pub(super) why: String,
    pub(super) next: Option<String>,
    /// Where to sign in for it again.
    pub(super) again: Option<String>,
    /// What the way there is called.
    pub(super) label: &'static str,
    pub(super) trace: Option<String>,
}

impl<'a> Told<'a> {
    /// A page that says this.
    pub(super) fn new(title: &'a str, why: String) -> Self {
        Self { style: STYLE, title, why, next: None, again: None, label: "Sign in", trace: None }
    }

    /// The page as an answer.
    pub(super) fn answered(&self, status: StatusCode) -> Response {
        answer(status, self)
    }
}

/// A page, with what it may do.
pub(super) fn answer(status: StatusCode, page: &impl Template) -> Response {
    let mut response = match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A time, for people everywhere.
pub(super) fn shown(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()
}
