//! Tools about the one who asks.

use crate::tool::{Nothing, tool};
use crate::tools::joining::Invited;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Who am I, and as what am I taken?
    Whoami = "whoami": Nothing => WhoamiAnswer
);
tool!(
    /// Why may somebody do something, or not?
    Why = "why": WhyArgs => WhyAnswer
);
tool!(
    /// Bind the Slack account that signed in to the identity that it signed in with.
    AccountBind = "account_bind": AccountBindArgs => AccountBindAnswer
);
tool!(
    /// End the binding of a Slack account.
    AccountUnlink = "account_unlink": AccountUnlinkArgs => AccountUnlinkAnswer
);

/// The caller as the server sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhoamiAnswer {
    /// `person`, `relay` or `operator`.
    pub kind: String,
    /// The issuer that vouches for the identity; for an operator empty.
    pub issuer: String,
    /// The stable subject at that issuer; for an operator its name.
    pub subject: String,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address to show. It grants nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The client that the token was issued to.
    pub client: String,
    /// The bound Slack accounts.
    pub accounts: Vec<SlackAccount>,
    /// In a channel: where the caller stands in the channel's enclave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enclave: Option<StandingIn>,
    /// The enclaves that the caller is invited to by the address that the issuer has verified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitations: Vec<Invited>,
    /// The enclaves that the caller is offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<OfferedTo>,
}

/// An enclave that the caller is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfferedTo {
    /// The offer.
    pub offer: Uuid,
    /// The enclave.
    pub enclave: EnclaveName,
    /// Who owns it, to show.
    pub by: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// The address of the server's own page where it is accepted, where the server has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// A Slack account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SlackAccount {
    /// The workspace, `T…`.
    pub team: String,
    /// The user, `U…`.
    pub user: String,
}

/// Where somebody stands in an enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StandingIn {
    /// The enclave.
    pub name: EnclaveName,
    /// Its own id: one that was made anew under the same name is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// `owner`, `member` or `visitor`.
    pub class: String,
    /// The same in a sentence, with the reason where it is less than one could expect.
    pub told: String,
    /// Whether the caller could be let in by the owner, and may ask for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_ask_to_join: bool,
    /// Whether somebody else must have reviewed what comes to run there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub review: bool,
}

/// A question about a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhyArgs {
    /// Whom it is about: a Slack user (`U…`), a subject, an e-mail address or a name that is unique in the enclave;
    /// the caller when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What it is about: an action's name (`tentacle.run`) or its last word (`run`).
    pub action: String,
    /// The tentacle, for an action on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tentacle: Option<TentacleName>,
    /// The enclave; in a Slack channel it is taken from the channel.
    #[serde(default, alias = "name", alias = "namespace", skip_serializing_if = "Option::is_none")]
    pub enclave: Option<EnclaveName>,
}

/// A decision explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhyAnswer {
    /// The action that was looked at.
    pub action: String,
    /// Whether it would be allowed now.
    pub allowed: bool,
    /// The outcome in one sentence.
    pub verdict: String,
    /// What each layer said.
    pub steps: Vec<String>,
    /// Who can change a denial, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Which account and which identity; only an operator names them. Whoever signs in binds their own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountBindArgs {
    /// The Slack account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<SlackAccount>,
    /// The issuer of the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The identity's stable subject there. It must have signed in once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// The binding that now holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountBindAnswer {
    /// The Slack account.
    pub account: SlackAccount,
    /// The issuer of the identity.
    pub issuer: String,
    /// The identity's stable subject.
    pub subject: String,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is new.
    pub created: bool,
}

/// Which binding ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountUnlinkArgs {
    /// The Slack account. People can leave it out, and name none but their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<SlackAccount>,
}

/// The bindings that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountUnlinkAnswer {
    /// The Slack accounts that belong to nobody now.
    pub accounts: Vec<SlackAccount>,
    /// The enclaves in which they owned tentacles; these belong to the enclave's owner now.
    pub passed_on: Vec<EnclaveName>,
}
