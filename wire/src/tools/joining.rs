//! Tools by which somebody asks to become a member, and the owner answers.

use crate::tool::tool;
use crate::tools::enclave::EnclaveArgs;
use jiff::Timestamp;
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

tool!(
    /// Invite somebody by their e-mail address.
    EnclaveInvite = "enclave_invite": EnclaveInviteArgs => EnclaveInviteAnswer
);

/// Whom to invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveInviteArgs {
    /// The enclave; in a Slack channel it is taken from the channel.
    #[serde(default, alias = "enclave", skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
    /// The address, exactly as the issuer has verified it for them.
    pub email: String,
    /// Take the invitation back instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdraw: bool,
}

/// The invitation that stands now. Nobody is a member by it: whoever signs in with that address may ask, and the owner answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveInviteAnswer {
    /// The enclave.
    pub enclave: EnclaveName,
    /// The address.
    pub email: String,
    /// Until when it is good; none where it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// An invitation that nobody has used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvitationEntry {
    /// The address.
    pub email: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Somebody who waits for the owner's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JoinEntry {
    /// The request, as `join_decide` takes it.
    pub request: Uuid,
    /// Who asks, to show.
    pub person: String,
    /// The Slack account that they asked from, `U…`; none where they asked by a client of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When they asked.
    pub asked_at: Timestamp,
}

/// An enclave that the caller is invited to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invited {
    /// The enclave, to name in `join_ask`.
    pub enclave: EnclaveName,
    /// Who invited them, to show.
    pub by: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

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
    /// Their Slack account where it is not in the enclave's channel yet: it is to be brought in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bring: Option<String>,
}
