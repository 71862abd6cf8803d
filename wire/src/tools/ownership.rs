//! Tools by which an enclave changes hands: offered by its owner, accepted by the other.

use crate::tool::tool;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use workflow::EnclaveName;

tool!(
    /// Offer an enclave to another member.
    EnclaveOffer = "enclave_offer": EnclaveOfferArgs => EnclaveOfferAnswer
);
tool!(
    /// Accept or decline an enclave that was offered.
    EnclaveAccept = "enclave_accept": EnclaveAcceptArgs => EnclaveAcceptAnswer
);

/// Which enclave is offered to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveOfferArgs {
    /// The enclave; in a Slack channel it is taken from the channel.
    #[serde(default, alias = "enclave", skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
    /// A full member of it: a Slack user (`U…`), a subject, an e-mail address, or a name that is unique there.
    pub to: String,
}

/// It is offered, and nothing else has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveOfferAnswer {
    /// The offer. An earlier one of the same enclave is void.
    pub offer: Uuid,
    /// The enclave.
    pub enclave: EnclaveName,
    /// Who may accept it, to show.
    pub to: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// The address of the server's own page where they accept it without a card in Slack, for the owner to send them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// What becomes of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveAcceptArgs {
    /// The offer.
    pub offer: Uuid,
    /// Accept it, or decline.
    pub accept: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveAcceptAnswer {
    /// The enclave.
    pub enclave: EnclaveName,
    /// Whether it has another owner now.
    pub accepted: bool,
    /// Who owned it when it was offered, to show.
    pub from: String,
}
