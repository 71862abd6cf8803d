//! Changes that somebody else reviews before they run: pull requests at the place where the state repo is kept.

use crate::tool::{EnclaveRef, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Say whether what comes to run in an enclave must have been reviewed.
    EnclaveReview = "enclave_review": EnclaveReviewArgs => EnclaveReviewAnswer
);
tool!(
    /// Ask for a review of a change.
    ReviewAsk = "review_ask": ReviewAskArgs => Proposed
);
tool!(
    /// How a review stands.
    ReviewStatus = "review_status": ReviewStatusArgs => Proposed
);

/// What an enclave asks of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveReviewArgs {
    /// The enclave's name; in a Slack channel it is taken from the channel.
    #[serde(default, alias = "enclave", skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
    /// Whether a change must have been reviewed by somebody else before it runs.
    pub required: bool,
}

/// It is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveReviewAnswer {
    /// The enclave.
    pub name: EnclaveName,
    /// Whether a review was required before.
    pub before: bool,
    /// Whether one is required now.
    pub required: bool,
}

/// A change that is to be reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewAskArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// The tentacle that changes.
    pub name: TentacleName,
    /// The branch of the state repo that has the change: `kraken/<enclave>/<tentacle>/…`.
    pub branch: String,
    /// What changes, in one line.
    pub summary: String,
}

/// Which review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewStatusArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// The tentacle that changes.
    pub name: TentacleName,
    /// The pull request.
    pub number: u64,
}

/// What became of a proposed change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProposalState {
    /// It can be reviewed.
    Open,
    /// It is on the branch.
    Merged,
    /// It was given up.
    Closed,
}

/// What automatic checks say of a proposed change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "are", content = "which", rename_all = "lowercase")]
pub enum Checks {
    /// There are none.
    Absent,
    /// Some have not ended.
    Running,
    /// All are good.
    Passed,
    /// These are not.
    Failed(Vec<String>),
}

/// A change that is, or was, reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposed {
    /// The enclave.
    pub enclave: EnclaveName,
    /// The tentacle that changes.
    pub name: TentacleName,
    /// The pull request's number.
    pub number: u64,
    /// Where people review it.
    pub url: String,
    /// What changes, in one line.
    pub title: String,
    /// What became of it.
    pub state: ProposalState,
    /// The newest commit of it.
    pub head: String,
    /// The commit of the branch that has it, once it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_as: Option<String>,
    /// Who approved its newest commit, and counts.
    pub approved_by: Vec<String>,
    /// Who wants something else.
    pub wants_changes: Vec<String>,
    /// What the checks say.
    pub checks: Checks,
    /// Why it does not count as reviewed yet, in one sentence; absent where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}
