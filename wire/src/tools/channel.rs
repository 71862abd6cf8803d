//! Tools of the relay: the Kraken's own identity, which reports facts and delivers notices, and nothing else.

use crate::tool::{Nothing, list_or_null, tool};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow::EnclaveName;

tool!(
    /// Report what is so in a channel.
    ChannelReport = "channel_report": ChannelReportArgs => ChannelReportAnswer
);
tool!(
    /// Which channel has which enclave?
    ChannelMap = "channel_map": Nothing => ChannelMapAnswer
);
tool!(
    /// What is to be told in channels? And: this has been told.
    Notices = "notices": NoticesArgs => NoticesAnswer
);

/// Facts about one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelReportArgs {
    /// The Slack workspace, `T…`.
    pub team: String,
    /// The channel, `C…` or `G…`.
    pub channel: String,
    /// When Slack said so. Facts older than those on record are not taken.
    pub observed_at: Timestamp,
    /// The channel's name now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The id under which Slack knows the channel from now on, where it has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
    /// Whether the channel is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Everybody who is in the channel, when all of them are known; an incomplete list is never sent as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<ChannelPerson>>,
    /// Who joined.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<ChannelPerson>,
    /// Who has another name or class of account than before. Whoever is not on record as being in the channel is not let in by
    /// that.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<ChannelPerson>,
    /// The Kraken was removed from the channel, and cannot see who is in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
    /// Who left: Slack users.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// Whether the channel was deleted, which Slack does not take back: it is archived, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Accounts of the workspace that cannot be used any more: Slack users. From now on they belong to nobody. That is of no one
    /// channel and reported by itself: the channel is empty, and what else is said is not looked at.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<String>,
}

/// Somebody in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelPerson {
    /// The Slack user, `U…`.
    pub user: String,
    /// What kind of account it is.
    pub class: AccountClass,
    /// The name to show.
    pub name: String,
}

/// What kind of Slack account somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccountClass {
    /// A full member of the workspace.
    Full,
    /// A guest.
    Guest,
    /// Somebody of another company, or whose class could not be learned.
    External,
}

impl AccountClass {
    /// The class as the decision knows it.
    #[must_use]
    pub const fn account(self) -> policy::Account {
        match self {
            Self::Full => policy::Account::Full,
            Self::Guest => policy::Account::Guest,
            Self::External => policy::Account::External,
        }
    }
}

/// What became of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelReportAnswer {
    /// The channel's enclave; without one nothing is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enclave: Option<EnclaveName>,
    /// Whether the facts were newer than those on record.
    pub taken: bool,
    /// Who is in the channel and was not on record as being there, to show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arrived: Vec<String>,
    /// Who was on record as being there and is not, to show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// Those who left or are gone that are in no channel of any enclave of the workspace now, by their Slack accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nowhere: Vec<String>,
}

/// Every channel that has an enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelMapAnswer {
    /// The channels.
    pub channels: Vec<MappedChannel>,
}

/// A channel and its enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MappedChannel {
    /// The Slack workspace.
    pub team: String,
    /// The channel.
    pub channel: String,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The enclave's state.
    pub status: String,
}

/// Which notices have been told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticesArgs {
    /// Those that stand in their channel now.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub acknowledge: Vec<Uuid>,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticesAnswer {
    /// The oldest first; at most 100.
    pub notices: Vec<Notice>,
}

/// A question that a notice asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "id", rename_all = "lowercase")]
pub enum NoticeQuestion {
    /// Whether they take the enclave that is offered to them: the offer.
    Offer(Uuid),
    /// Whether they let somebody in who asks for it: the request.
    Join(Uuid),
}

/// Something that a channel must hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// Its id: told once, and again only until it is acknowledged.
    pub id: Uuid,
    /// The Slack workspace.
    pub team: String,
    /// The channel; empty for what is about an account and no enclave.
    pub channel: String,
    /// The enclave, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enclave: Option<EnclaveName>,
    /// The text, in plain words.
    pub text: String,
    /// The approval that it asks for, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Uuid>,
    /// The Slack user whom alone it is for, in a direct message; all in the channel when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The verified address of the person whom alone it is for, where nobody but Slack knows their account: it is told to the one
    /// that has this address, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What it asks besides, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<NoticeQuestion>,
    /// The approval that it says the end of: what asks for it in the channel asks no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Uuid>,
    /// The pull request that came further, where it is about one: a request that waits for it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<u64>,
    /// When it happened.
    pub at: Timestamp,
}
