//! Tools about approvals of new reach.

use crate::tool::tool;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Say yes or no to what a deploy would newly reach.
    ReachApprove = "reach_approve": ReachApproveArgs => ReachApproveAnswer
);

/// A decision of the enclave's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReachApproveArgs {
    /// The approval's id, as the deploy's answer names it.
    pub approval: Uuid,
    /// Yes or no.
    pub approve: bool,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReachApproveAnswer {
    /// The approval's id.
    pub approval: Uuid,
    /// The enclave.
    pub enclave: EnclaveName,
    /// The tentacle.
    pub tentacle: TentacleName,
    /// The version that may be deployed.
    pub version: String,
    /// Yes or no.
    pub approved: bool,
    /// Who asked, to show.
    pub asked_by: String,
    /// Whether whoever decided asked for it, too.
    pub asked_by_you: bool,
    /// What it newly reaches, for people.
    pub changes: Vec<String>,
}

/// What a deploy waits for: an approval by the enclave's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalAsked {
    /// Its id.
    pub id: Uuid,
    /// What the version would newly reach, for people.
    pub changes: Vec<String>,
    /// Who can approve it, to show.
    pub owner: String,
    /// The address of the server's own page, where the owner can approve it without a channel to click in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Until when.
    pub expires_at: Timestamp,
}
