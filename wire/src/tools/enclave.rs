//! Tools about enclaves.

use crate::tool::{Page, list_or_null, tool};
use crate::tools::joining::{InvitationEntry, JoinEntry};
use crate::tools::person::SlackAccount;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Make an enclave.
    EnclaveProvision = "enclave_provision": EnclaveProvisionArgs => EnclaveProvisionAnswer
);
tool!(
    /// What is this enclave, and who belongs to it?
    EnclaveInfo = "enclave_info": EnclaveArgs => EnclaveInfoAnswer
);
tool!(
    /// Which enclaves may I see?
    EnclaveList = "enclave_list": EnclaveListArgs => EnclaveListAnswer
);
tool!(
    /// Change members, mode, quota or the shown name: all of it or nothing.
    EnclaveSync = "enclave_sync": EnclaveSyncArgs => EnclaveSyncAnswer
);
tool!(
    /// Stop all change in an enclave.
    EnclaveFreeze = "enclave_freeze": EnclaveArgs => EnclaveStateAnswer
);
tool!(
    /// Allow change again.
    EnclaveUnfreeze = "enclave_unfreeze": EnclaveArgs => EnclaveStateAnswer
);
tool!(
    /// Remove an enclave and all that is in it.
    EnclaveDeprovision = "enclave_deprovision": EnclaveDeprovisionArgs => EnclaveDeprovisionAnswer
);

/// Names an enclave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveArgs {
    /// The enclave's name; in a Slack channel it is taken from the channel.
    #[serde(default, alias = "enclave", skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
}

/// What an enclave is to be. In a Slack channel the channel, its name and the owner come from the channel's signed
/// facts; a client that names other ones is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveProvisionArgs {
    /// The enclave's name, which never changes; in a channel the channel's name when left out.
    #[serde(default, alias = "enclave", skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
    /// `small`, `medium` (when left out) or `large`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_preset: Option<String>,
    /// A preset or nine characters; `member-edit` when left out.
    #[serde(default, alias = "mode", skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<String>,
    /// `slack`, from older clients; the channel comes from the signed facts alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// From older clients; refused when it is not the signed channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// The channel's name, to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_name: Option<String>,
    /// From older clients; refused when it is not the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_email: Option<String>,
    /// From older clients; refused when it is not the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_sub: Option<String>,
    /// For an operator alone: whose Slack account may make the channel `channel_id` their enclave, where whoever made the channel
    /// is gone. Nothing is made before they say so in the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub founder: Option<SlackAccount>,
    /// Members by subject, for an enclave without a channel.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

/// The enclave that was made, or that the same request made before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveProvisionAnswer {
    /// Its name.
    pub name: EnclaveName,
    /// Its state, `active`; `offered` where an operator lets somebody make it.
    pub status: String,
    /// Its size.
    pub quota_preset: String,
    /// Who owns it.
    pub owner: String,
    /// Who belongs to it.
    pub members: Vec<String>,
    /// Its mode.
    pub mode: String,
    /// What the mode means.
    pub mode_meaning: String,
    /// What was made, in order.
    pub resources_created: Vec<String>,
    /// What this backend cannot enforce.
    pub not_enforced: Vec<String>,
    /// The enclave that the channel had before, whose folder is in the state repo's archive; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<EnclaveBefore>,
}

/// An enclave that is gone, and whose folder is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveBefore {
    /// Its name.
    pub name: EnclaveName,
    /// The day on which it was shut down, such as `2026-03-09`.
    pub removed_on: String,
}

/// All that is known of an enclave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveInfoAnswer {
    /// Its name.
    pub name: EnclaveName,
    /// Its own id: one that was made anew under the same name is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Its state: `provisioning`, `active`, `frozen` or `deprovisioning`.
    pub status: String,
    /// Why it is frozen: any of `owner`, `archive`, `operator`.
    pub frozen_by: Vec<String>,
    /// Who owns it, to show.
    pub owner: String,
    /// The owner's stable subject.
    pub owner_sub: String,
    /// Its mode, nine characters.
    pub mode: String,
    /// The preset with that mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// What the mode means.
    pub mode_meaning: String,
    /// `open`: whoever is in the channel and signs in is a member. `approval`: the owner approves each.
    pub enrollment: String,
    /// What becomes of what somebody changes where tentacles run, past the server: `report` (it is told) or `repair` (it is put
    /// back, and that is told).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub drift: String,
    /// What it asks of changes before they run: `none`, or `required` for a review by somebody else.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub review: String,
    /// `owner`, `member` or `visitor`: where the caller stands.
    pub your_class: String,
    /// `slack`, or empty for an enclave without a channel.
    pub platform: String,
    /// The Slack channel.
    pub channel_id: String,
    /// The channel's name, to show.
    pub channel_name: String,
    /// Its size.
    pub quota_preset: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its record last changed.
    pub updated_at: Timestamp,
    /// Who belongs to it, to show; the owner first.
    pub members: Vec<String>,
    /// Everybody who is in it or in its channel.
    pub people: Vec<PersonIn>,
    /// For its owner: who waits to be let in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joins: Vec<JoinEntry>,
    /// For its owner: the invitations that nobody has used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitations: Vec<InvitationEntry>,
    /// Its shared services.
    pub exo_services: Vec<Service>,
    /// How many tentacles it has.
    pub tentacle_count: u64,
    /// Where it runs.
    pub backend: String,
    /// What that backend cannot enforce.
    pub not_enforced: Vec<String>,
}

/// Somebody in an enclave or its channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonIn {
    /// The name to show.
    pub name: String,
    /// The Slack user, `U…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `owner`, `member` or `visitor`.
    pub class: String,
    /// Why they are no more than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// A shared service of an enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whether tentacles can use it.
    pub available: bool,
}

/// Which enclaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveListArgs {
    /// Only those in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// From older clients, which sent the caller's own; it changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_email: Option<String>,
    /// Which part of the list.
    #[serde(flatten)]
    pub page: Page,
}

/// A page of enclaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveListAnswer {
    /// The enclaves, by name.
    pub enclaves: Vec<EnclaveEntry>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An enclave in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveEntry {
    /// Its name.
    pub name: EnclaveName,
    /// Who owns it.
    pub owner: String,
    /// Its state.
    pub status: String,
    /// Why it is frozen: any of `owner`, `archive`, `operator`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen_by: Vec<String>,
    /// `slack`, or empty.
    pub platform: String,
    /// The channel's name, to show.
    pub channel_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its members, to show.
    pub members: Vec<String>,
    /// Its mode.
    pub mode: String,
    /// Where the caller stands.
    pub your_class: String,
    /// The Slack channel; empty for an enclave without one.
    #[serde(default)]
    pub channel_id: String,
    /// How many tentacles of it the caller may see.
    #[serde(default)]
    pub tentacles: u64,
    /// How many of them are ready.
    #[serde(default)]
    pub tentacles_ready: u64,
    /// The last deploy of one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_deploy: Option<LastDeploy>,
    /// The last run of one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_run: Option<NewestRun>,
    /// For the owner: how many questions about new reach wait for an answer.
    #[serde(default)]
    pub approvals_waiting: u64,
    /// For its owner: how many people wait to be let in.
    #[serde(default)]
    pub joins_waiting: u64,
}

/// The last time that a tentacle was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastDeploy {
    /// Which.
    pub tentacle: TentacleName,
    /// By whom, to show.
    pub by: String,
    /// How long ago, in the largest unit that fits: `45s`, `3m`, `5h`, `12d`.
    pub age: String,
}

/// The last time that a tentacle was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewestRun {
    /// Which.
    pub tentacle: TentacleName,
    /// Whether every node succeeded.
    pub success: bool,
    /// How long ago it began, in the largest unit that fits: `45s`, `3m`, `5h`, `12d`.
    pub age: String,
}

/// What is to change. Each field is decided as its own action; if one is refused, nothing changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveSyncArgs {
    /// The enclave; in a Slack channel it is taken from the channel.
    #[serde(default, alias = "enclave", skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
    /// Whom to add, approve or let back in: Slack users (`U…`), subjects, or names unique in the enclave.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub add_members: Vec<String>,
    /// Whom to remove. They stay out until they are added again.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub remove_members: Vec<String>,
    /// A preset or nine characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_mode: Option<String>,
    /// `open` or `approval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_enrollment: Option<String>,
    /// `small`, `medium` or `large`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_quota_preset: Option<String>,
    /// The name to show for the channel. The enclave's own name never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_channel_name: Option<String>,
    /// `frozen` or `active`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_status: Option<String>,
    /// Not taken here: an enclave is offered and accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_owner: Option<String>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveSyncAnswer {
    /// The enclave.
    pub name: EnclaveName,
    /// What changed: any of `members`, `mode`, `enrollment`, `quota_preset`, `channel_name`, `status`,
    /// `ownership_transfers`.
    pub updated: Vec<String>,
    /// Tentacles that passed to the enclave's owner.
    pub transfers: Vec<TentacleTransferred>,
    /// The enclave after it.
    pub enclave: EnclaveInfoAnswer,
}

/// A tentacle that passed to the enclave's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TentacleTransferred {
    /// The tentacle.
    pub tentacle_name: String,
    /// From whom.
    pub from_owner: String,
    /// To whom.
    pub to_owner: String,
    /// Always true: the transfer is part of the same change.
    pub success: bool,
}

/// The state after a freeze or its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveStateAnswer {
    /// The enclave.
    pub name: EnclaveName,
    /// Its state.
    pub status: String,
    /// Why it is frozen, where it still is.
    pub frozen_by: Vec<String>,
}

/// Which enclave to remove, with the proof that it is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveDeprovisionArgs {
    /// The enclave; in a Slack channel it is taken from the channel.
    #[serde(default, alias = "enclave", skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
    /// The enclave's name once more: nothing of what is removed comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveDeprovisionAnswer {
    /// The enclave.
    pub name: EnclaveName,
    /// Whether all of it is gone.
    pub deleted: bool,
    /// How many tentacles went with it.
    pub tentacles_removed: u64,
}
