//! Why somebody does not get what they came for, in words, and what they can do about it.

use super::html::Told;
use super::matter::Matter;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::{Failure, FailureCode};

/// When it may be tried again where the server has too much to do, in seconds.
const AGAIN: u32 = 5;

/// What everybody may rely on.
const NOTHING: &str = "Nothing was changed.";

/// Why not, and for what, where that is known.
pub(crate) enum Refused {
    /// Nothing has such an address.
    Unknown,
    /// Too many sign in at the same time.
    Busy,
    /// The issuer does not answer.
    NoIssuer(Matter),
    /// This browser has not begun that sign-in, or long ago.
    NotBegunHere(Option<Matter>),
    /// They did not sign in.
    Declined(Matter),
    /// What the issuer says does not hold.
    NotBelieved(Matter),
    /// They had signed in before.
    NotFresh(Matter),
    /// The sign-in was too long ago.
    Over(Matter),
    /// The form is not the one that was shown.
    Foreign(Matter),
    /// It is not theirs to decide; who they are.
    NotTheirs(Matter, String),
    /// It was asked of the server, and came to nothing.
    Failed(Matter, Failure),
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Busy | Self::NoIssuer(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotBegunHere(_) | Self::Declined(_) => StatusCode::BAD_REQUEST,
            Self::NotBelieved(_)
            | Self::NotFresh(_)
            | Self::Over(_)
            | Self::Foreign(_)
            | Self::NotTheirs(..) => StatusCode::FORBIDDEN,
            Self::Failed(_, failure) => match failure.code {
                FailureCode::Conflict => StatusCode::CONFLICT,
                FailureCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                FailureCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::FORBIDDEN,
            },
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Unknown => "There is no such page",
            Self::Busy => "A moment, please",
            Self::NoIssuer(_) => "Nobody can sign in now",
            Self::NotBegunHere(_) => "This sign-in does not belong here",
            Self::Declined(_) => "You have not signed in",
            Self::NotBelieved(_) => "You could not be signed in",
            Self::NotFresh(_) => "Sign in anew",
            Self::Over(_) => "Your sign-in is over",
            Self::Foreign(_) => "This did not come from the page",
            Self::NotTheirs(..) => "This is not yours to decide",
            Self::Failed(_, failure) if failure.code == FailureCode::Conflict => "There is nothing to decide",
            Self::Failed(..) => "This cannot be decided now",
        }
    }

    fn why(&self) -> String {
        let why = match self {
            Self::Unknown => return "Open the address exactly as you were told it.".to_owned(),
            Self::Busy => "Too many people are signing in. Try again in a few seconds.",
            Self::NoIssuer(_) => "The identity provider does not answer as it should.",
            Self::NotBegunHere(_) => "It was not begun in this browser, or too long ago.",
            Self::Declined(_) => "The identity provider sent you back without a sign-in.",
            Self::NotBelieved(_) => "What the identity provider said does not hold.",
            Self::NotFresh(_) => {
                "The identity provider let you in on an old sign-in, and this takes a new one."
            }
            Self::Over(_) => "This takes one that is a few minutes old at most.",
            Self::Foreign(_) => "It is not the form that you were shown.",
            Self::NotTheirs(Matter::Offer(_), who) => {
                return format!(
                    "You are signed in as {who}. Nothing is offered to you here: it was for somebody else, or it does not stand any \
                     more. {NOTHING}"
                );
            }
            Self::NotTheirs(_, who) => {
                return format!(
                    "You are signed in as {who}. Only the enclave's owner can answer this, and that is not you. {NOTHING}"
                );
            }
            Self::Failed(_, failure) => return sentence(&failure.message),
        };
        format!("{why} {NOTHING}")
    }

    /// What to sign in for again, where that could help.
    fn again(&self) -> Option<&Matter> {
        match self {
            Self::Unknown | Self::Busy => None,
            Self::NotBegunHere(matter) => matter.as_ref(),
            Self::NoIssuer(matter)
            | Self::Declined(matter)
            | Self::NotBelieved(matter)
            | Self::NotFresh(matter)
            | Self::Over(matter)
            | Self::Foreign(matter)
            | Self::NotTheirs(matter, _) => Some(matter),
            Self::Failed(matter, failure) => Some(matter).filter(|_| failure.code != FailureCode::Conflict),
        }
    }

    fn told(self) -> Told<'static> {
        let told = Told { again: self.again().map(Matter::path), ..Told::new(self.title(), self.why()) };
        match self {
            Self::NotTheirs(..) => Told { label: "Sign in as somebody else", ..told },
            Self::Failed(_, failure) => {
                Told { next: failure.remedy.as_deref().map(sentence), trace: failure.trace_id, ..told }
            }
            _ => told,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, busy) = (self.status(), matches!(self, Self::Busy));
        let mut response = self.told().answered(status);
        if busy {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(AGAIN));
        }
        response
    }
}

/// A failure's words begin small and end without a stop, so that they can stand in others.
fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", rest.as_str().trim_end_matches('.'))
}
