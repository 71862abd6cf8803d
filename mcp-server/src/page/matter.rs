//! What somebody signs in for: one thing, which the address names.

use super::refused::Refused;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow::EnclaveName;

/// What somebody signs in for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Matter {
    /// To answer what a deploy would newly reach.
    Approval(Uuid),
    /// To give this enclave away.
    Giving(EnclaveName),
    /// To take an enclave that was offered, or not.
    Offer(Uuid),
}

impl Matter {
    /// Where it is asked about, below the public URL.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Approval(id) => format!("/approve/{id}"),
            Self::Giving(enclave) => format!("/give/{enclave}"),
            Self::Offer(id) => format!("/offer/{id}"),
        }
    }

    fn at(path: &str) -> Option<Self> {
        let (page, name) = path.strip_prefix('/')?.split_once('/')?;
        match page {
            "approve" => Some(Self::Approval(name.parse().ok()?)),
            "give" => Some(Self::Giving(name.parse().ok()?)),
            "offer" => Some(Self::Offer(name.parse().ok()?)),
            _ => None,
        }
    }

    /// The same as one word of letters, digits and `-`, for names of cookies and the like.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Approval(id) => id.simple().to_string(),
            Self::Giving(enclave) => format!("give-{enclave}"),
            Self::Offer(id) => format!("offer-{}", id.simple()),
        }
    }

    /// What such a word means.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        match key.split_once('-') {
            Some(("give", enclave)) => Some(Self::Giving(enclave.parse().ok()?)),
            Some(("offer", id)) => Some(Self::Offer(id.parse().ok()?)),
            _ => Some(Self::Approval(key.parse().ok()?)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Matter {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        Self::at(parts.uri.path()).ok_or(Refused::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_one_address_and_one_word() {
        let id = Uuid::now_v7();
        let matters =
            [Matter::Approval(id), Matter::Offer(id), Matter::Giving("give-offer".parse().unwrap())];
        for matter in matters {
            assert_eq!(Matter::at(&matter.path()), Some(matter.clone()));
            assert_eq!(Matter::of_key(&matter.key()), Some(matter));
        }
        for odd in [
            "/",
            "/approve",
            "/approve/",
            "/give/A_b",
            "/offer/x",
            "/take/01890a5d-ac96-774b-bcce-b302099a8057",
        ] {
            assert_eq!(Matter::at(odd), None, "{odd}");
        }
    }
}
