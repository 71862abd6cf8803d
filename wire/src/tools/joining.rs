//! Tools by which somebody asks to become a member, and the owner answers.

use crate::tool::tool;
use crate::tools::enclave::EnclaveArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow::EnclaveName;

tool!(
    /// Ask an enclave's owner to be let in.
    JoinAsk = "join_ask": EnclaveArgs => JoinAskAnswer
);
tool!(
    /// Let somebody in who asked, or not.
    JoinDecide = "join_decide": JoinDecideArgs => JoinDecideAnswer
);

/// The owner is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JoinAskAnswer {
    /// The enclave.
    pub enclave: EnclaveName,
    /// Who decides, to show.
    pub owner: String,
    /// Whether the same was asked within a day before; then the owner is not asked again.
    pub asked_before: bool,
}

/// A decision of the enclave's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JoinDecideArgs {
    /// The enclave; in a Slack channel it is taken from the channel.
    #[serde(default, alias = "enclave", skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
    /// Which request.
    pub request: Uuid,
    /// Let them in, or not.
    pub allow: bool,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JoinDecideAnswer {
    /// The enclave.
    pub enclave: EnclaveName,
    /// Who asked, to show.
    pub person: String,
    /// Whether they were let in.
    pub allowed: bool,
}
