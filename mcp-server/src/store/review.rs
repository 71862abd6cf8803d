//! Whether an enclave wants what comes to run in it reviewed, and what its channel was told of reviews.

use super::{StoreError, Tx};
use crate::gate::Authorized;
use crate::gate::act::{RequireReview, WaiveReview};

/// What an enclave asks of changes before they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// Nothing.
    None,
    /// That somebody else has reviewed them, where the state repo is kept.
    Required,
}

impl Review {
    /// The name, as records carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Required => "required",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::None, Self::Required].into_iter().find(|review| review.name() == name)
    }
}

const PUT: &str = "UPDATE enclave SET review = $1 WHERE name = $2";

impl Tx {
    /// From now on only what was reviewed comes to run.
    pub(crate) async fn require_review(
        &mut self,
        grant: &Authorized<RequireReview>,
    ) -> Result<(), StoreError> {
        self.put_text(PUT, &grant.target().record.name, Review::Required.name()).await
    }

    /// From now on nothing has to be reviewed.
    pub(crate) async fn waive_review(&mut self, grant: &Authorized<WaiveReview>) -> Result<(), StoreError> {
        self.put_text(PUT, &grant.target().record.name, Review::None.name()).await
    }
}
