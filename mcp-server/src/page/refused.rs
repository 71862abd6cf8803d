//! Why somebody does not get what they came for, in words, and what they can do about it.

use super::html::Told;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use wire::{Failure, FailureCode};

/// When it may be tried again where the server has too much to do, in seconds.
const AGAIN: u32 = 5;

/// Why not, and for which approval, where that is known.
pub(super) enum Refused {
    /// No approval has such a name.
    Unknown,
    /// Too many sign in at the same time.
    Busy,
    /// The issuer does not answer.
    NoIssuer(Uuid),
    /// This browser has not begun that sign-in, or long ago.
    NotBegunHere(Option<Uuid>),
    /// They did not sign in.
    Declined(Uuid),
    /// What the issuer says does not hold.
    NotBelieved(Uuid),
    /// They had signed in before.
    NotFresh(Uuid),
    /// The sign-in was too long ago.
    Over(Uuid),
    /// The form is not the one that was shown.
    Foreign(Uuid),
    /// It is not theirs to decide; who they are.
    NotTheOwner(Uuid, String),
    /// It was asked of the server, and came to nothing.
    Failed(Uuid, Failure),
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
            | Self::NotTheOwner(..) => StatusCode::FORBIDDEN,
            Self::Failed(_, failure) => match failure.code {
                FailureCode::Conflict => StatusCode::CONFLICT,
                FailureCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                FailureCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::FORBIDDEN,
            },
        }
    }

    fn told(self) -> Told<'static> {
        let told = |title, why: &str| Told::new(title, why.to_owned());
        let again = |id, told| Told { again: Some(id), ..told };
        match self {
            Self::Unknown => told("There is no such page", "Open the address exactly as you were told it."),
            Self::Busy => {
                told("A moment, please", "Too many people are signing in. Try again in a few seconds.")
            }
            Self::NoIssuer(id) => again(
                id,
                told(
                    "Nobody can sign in now",
                    "The identity provider does not answer as it should. Nothing was changed.",
                ),
            ),
            Self::NotBegunHere(id) => Told {
                again: id,
                ..told(
                    "This sign-in does not belong here",
                    "It was not begun in this browser, or too long ago. Nothing was changed.",
                )
            },
            Self::Declined(id) => again(id, told("You have not signed in", "Nothing was changed.")),
            Self::NotBelieved(id) => again(
                id,
                told(
                    "You could not be signed in",
                    "What the identity provider said does not hold. Nothing was changed.",
                ),
            ),
            Self::NotFresh(id) => again(
                id,
                told(
                    "Sign in anew",
                    "The identity provider let you in on an old sign-in, and an approval takes a new one. Nothing was changed.",
                ),
            ),
            Self::Over(id) => again(
                id,
                told(
                    "Your sign-in is over",
                    "An approval takes one that is a few minutes old at most. Nothing was changed.",
                ),
            ),
            Self::Foreign(id) => again(
                id,
                told(
                    "This did not come from the page",
                    "It is not the form that you were shown. Nothing was changed.",
                ),
            ),
            Self::NotTheOwner(id, who) => {
                let why = format!(
                    "You are signed in as {who}. Only the enclave's owner can answer this, and that is not you. Nothing was \
                     changed."
                );
                let told = Told::new("This is not yours to decide", why);
                again(id, Told { label: "Sign in as somebody else", ..told })
            }
            Self::Failed(id, failure) => {
                let void = failure.code == FailureCode::Conflict;
                let title = if void { "There is nothing to decide" } else { "This cannot be decided now" };
                Told {
                    next: failure.remedy.as_deref().map(sentence),
                    again: Some(id).filter(|_| !void),
                    trace: failure.trace_id,
                    ..Told::new(title, sentence(&failure.message))
                }
            }
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
