//! Why a call is refused, in one line that whoever wrote the contract can act on.

use crate::record::Verdict;
use std::io::ErrorKind;
use std::net::IpAddr;

/// Why a call is not carried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The contract does not name it.
    #[error(
        "{0} is not in this tentacle's contract: add it to contract.dependencies, and to the node's `uses`"
    )]
    NotDeclared(String),
    /// It is spoken to in another way than declared.
    #[error("{0} is declared as {1}, and this is something else")]
    OtherProtocol(String, &'static str),
    /// The request says two things about where it goes.
    #[error("the request is for {asked}, and says that it is for {said}")]
    TwoHosts {
        /// Where it goes.
        asked: String,
        /// What it says inside.
        said: String,
    },
    /// The request makes no sense.
    #[error("this is no request that the gateway carries: {0}")]
    Malformed(&'static str),
    /// Nobody knows the name.
    #[error("the name {0} cannot be resolved")]
    Unresolved(String),
    /// It is not of the public internet.
    #[error(
        "{host} resolves to {address}, {kind}: a tentacle reaches the internet, and private ranges only where an operator opens them"
    )]
    Inside {
        /// The name.
        host: String,
        /// What it resolves to.
        address: IpAddr,
        /// What that is.
        kind: &'static str,
    },
    /// It cannot be connected to.
    #[error("{0} does not answer: {1}")]
    NoAnswer(String, ErrorKind),
    /// It answers with something else than HTTP, or with what was not asked for.
    #[error("{0} answers with what is no answer to this request")]
    BadAnswer(String),
    /// It did not come in time.
    #[error("{0} did not come in time")]
    Late(&'static str),
    /// It came and went without a word, as whoever looks whether the gateway is there does.
    #[error("nothing was said")]
    Nothing,
    /// Too many at once.
    #[error("too many connections at the same time")]
    TooMany,
}

impl Refusal {
    /// The HTTP status that says so.
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::NotDeclared(_) | Self::OtherProtocol(..) | Self::Inside { .. } => 403,
            Self::TwoHosts { .. } | Self::Malformed(_) | Self::Nothing => 400,
            Self::NoAnswer(_, ErrorKind::TimedOut) | Self::Late(_) => 504,
            Self::Unresolved(_) | Self::NoAnswer(..) | Self::BadAnswer(_) => 502,
            Self::TooMany => 503,
        }
    }

    /// What is written down of it; `observe` is a test run that collects what the contract lacks.
    pub(crate) const fn verdict(&self, observe: bool) -> Verdict {
        match self {
            Self::NotDeclared(_) if observe => Verdict::WouldNeed,
            Self::Unresolved(_) | Self::NoAnswer(..) | Self::BadAnswer(_) => Verdict::Failed,
            _ => Verdict::Refused,
        }
    }
}
