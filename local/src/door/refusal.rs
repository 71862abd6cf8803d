//! Why a request stays outside, and the page that says so.

use askama::Template;
use axum::response::Html;

/// Why somebody stays outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// No cookie and no secret.
    #[error("this browser has not been let in yet")]
    Locked,
    /// A secret that is not ours.
    #[error("that is not the secret of this workspace")]
    WrongSecret,
    /// The request was meant for another host.
    #[error("this server answers only under its own loopback address")]
    WrongHost,
    /// A page of another site sent it.
    #[error("another site sent this request")]
    ForeignOrigin,
    /// A browser would have said where the form was.
    #[error("the request does not say which page it comes from")]
    NoOrigin,
    /// The form was not ours, or is from before a change of the secret.
    #[error("the form is not one of this page's, or is out of date")]
    NoFormToken,
    /// Larger than any form.
    #[error("the form is too large")]
    TooLarge,
}

impl Refusal {
    fn what_next(self) -> &'static str {
        match self {
            Self::Locked | Self::WrongSecret => {
                "Open the address that was printed at the start, once in this browser. It holds the secret."
            }
            Self::WrongHost | Self::ForeignOrigin | Self::NoOrigin => {
                "Open the address that was printed at the start and do it there."
            }
            Self::NoFormToken => "Load the page again and repeat what you did.",
            Self::TooLarge => "Send less.",
        }
    }

    pub(super) fn page(self) -> Html<String> {
        let page = Page { title: "Not let in", why: self.to_string(), what_next: self.what_next() };
        Html(page.render().unwrap_or_else(|_| self.to_string()))
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Page {
    title: &'static str,
    why: String,
    what_next: &'static str,
}
