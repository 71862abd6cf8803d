//! The trail: what was decided and what became of it, as a chain of hashes that anybody can check.
//!
//! `docs/trail.md` describes the format for people who write a verifier of their own.

mod head;
mod record_head;
mod verify;

pub use head::{Head, HeadError, read_head, sign_head};
pub use record_head::{RecordHead, read_record_head, sign_record_head};
pub use verify::{Fault, Report, WriterReport, verify};

use crate::canonical::{self, NotCanonical};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the format.
pub const VERSION: u32 = 1;

/// The `prev` of a writer's first record: 64 zeros.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One record. Its hash is the SHA-256 of its canonical JSON; the next record of the same writer names it as `prev`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The version of the format.
    pub v: u32,
    /// Who wrote it: each server process that writes at the same time has a chain of its own.
    pub writer: String,
    /// Its number in the chain, from 1, without gaps.
    pub seq: u64,
    /// The hash of the record before, or [`GENESIS`].
    pub prev: String,
    /// When it was written, to the millisecond, RFC 3339 in UTC.
    pub at: Timestamp,
    /// What it belongs to: a decision and its outcomes have the same id.
    pub id: Uuid,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

impl Record {
    /// The hash that the next record names.
    ///
    /// # Errors
    /// Never for a record that was read or made by this crate.
    pub fn hash(&self) -> Result<String, NotCanonical> {
        canonical::sha256(self)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// Somebody asked for something, and it was allowed or denied.
    Decision(Box<Decision>),
    /// What became of what was allowed.
    Outcome(Outcome),
    /// Records of reads were lost because they came faster than they could be written.
    Lost(Lost),
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Who asked.
    pub who: Who,
    /// With which tool.
    pub tool: String,
    /// For what.
    pub action: String,
    /// The enclave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enclave: Option<String>,
    /// The tentacle, or the person that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Whether it was allowed.
    pub allowed: bool,
    /// What the allow rests on, or why it was denied, as one word.
    pub reason: String,
    /// An operator's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The message or click that carried the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// The SHA-256 of the canonical arguments.
    pub arguments_sha256: String,
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Who {
    /// `person`, `relay`, `operator`, `trigger`, `continuation` or `reconciler`.
    pub kind: String,
    /// The issuer of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The stable subject of a person, or the name of an operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The client that the token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

impl Who {
    /// The kind of the relay, which tells the server what happens in Slack.
    pub const RELAY: &str = "relay";
}

/// The Slack message or click that carried a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Via {
    /// `message`, `click`, `command`, `dm`, `home`, `agent` or `sign-in`.
    pub kind: String,
    /// The Slack workspace.
    pub team: String,
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The Slack user.
    pub user: String,
    /// The event.
    pub event: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// How it ended.
    pub result: OutcomeResult,
    /// One word for a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeResult {
    /// All of it is done.
    Done,
    /// It failed and changed nothing, or what it changed is finished by asking again.
    Failed,
    /// The server ended in the middle, or it waits for the end of a freeze; a later record of the same id says what became of it.
    Unknown,
}

/// Records that were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lost {
    /// How many.
    pub count: u64,
}
