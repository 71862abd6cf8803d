//! The right to see what everything runs on: all of it for an operator, and for a person what tells nothing of others.

use super::act::{ClusterProfile, ClusterSummary};
use super::{Authorized, Look};
use wire::Failure;

/// The right to see what everything runs on.
#[derive(Debug, Clone)]
pub enum SurveyGrant {
    /// All of it.
    Whole(Authorized<ClusterProfile>),
    /// Without what tells of others.
    Summary(Authorized<ClusterSummary>),
}

impl SurveyGrant {
    /// Whether all of it may be told.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole(_))
    }
}

impl Look<'_> {
    /// Asks to see what everything runs on, as much of it as the caller may.
    pub(crate) fn survey(&self) -> Result<SurveyGrant, Failure> {
        if self.is_by_operator() {
            return Ok(SurveyGrant::Whole(self.itself::<ClusterProfile>()?));
        }
        Ok(SurveyGrant::Summary(self.itself::<ClusterSummary>()?))
    }
}
