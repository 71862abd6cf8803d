//! Approvals of new reach, as the rest of the program sees them.

use super::record::PersonId;
use jiff::Timestamp;
use uuid::Uuid;
use workflow::{EnclaveName, Reach, TentacleName};

/// A question to an enclave's owner: may this version reach this?
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Approval {
    pub(crate) id: Uuid,
    pub(crate) enclave: EnclaveName,
    pub(crate) tentacle: TentacleName,
    /// The version that ran when it was asked, empty for none.
    pub(crate) running: String,
    /// The version that is to run.
    pub(crate) version: String,
    /// The digest of all that it reaches.
    pub(crate) reach: String,
    /// What of that is new.
    pub(crate) changes: Reach,
    pub(crate) asker: PersonId,
    /// Who asked, to show.
    pub(crate) asked_by: String,
    pub(crate) state: ApprovalState,
    /// Who decided, to show; empty while nobody has.
    pub(crate) decided_by: String,
    pub(crate) expires_at: Timestamp,
}

impl Approval {
    /// Whether a deploy may begin with it.
    pub(crate) const fn is_given(&self) -> bool {
        matches!(self.state, ApprovalState::Approved | ApprovalState::Returned)
    }
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApprovalState {
    /// Nobody has decided.
    Waiting,
    /// The owner said yes: good for one version that comes to serve, and for this content of it.
    Approved,
    /// The same, and the version did not come to serve: what is mended may be another content that reaches the same.
    Returned,
    /// The owner said no.
    Refused,
    /// A deploy has begun with it.
    Used,
    /// Another version runs than when it was asked for.
    Void,
}

impl ApprovalState {
    /// The name, as records carry it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Refused => "refused",
            Self::Used => "used",
            Self::Void => "void",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Approved, Self::Returned, Self::Refused, Self::Used, Self::Void]
            .into_iter()
            .find(|state| state.name() == name)
    }
}
