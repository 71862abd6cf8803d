//! The labels and annotations on what an enclave is made of.
//!
//! Annotations mirror the server's record, for people with `kubectl` and for tools of earlier releases. They are never
//! read for a decision.

/// The label that marks whatever the server makes, and the only namespaces that it may touch.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY_LABEL`].
pub const MANAGED_BY: &str = "tentacular";

/// The enclave's name; its presence marks a namespace as an enclave.
pub const ENCLAVE: &str = "tentacular.io/enclave";
/// The record's own id, by which the server knows its own namespace again.
pub const ENCLAVE_ID: &str = "tentacular.io/enclave-id";
/// Who owns it, to show.
pub const ENCLAVE_OWNER: &str = "tentacular.io/enclave-owner";
/// The owner's stable subject.
pub const ENCLAVE_OWNER_SUB: &str = "tentacular.io/enclave-owner-sub";
/// The platform of its channel: `slack`, or absent.
pub const ENCLAVE_PLATFORM: &str = "tentacular.io/enclave-platform";
/// Its channel.
pub const ENCLAVE_CHANNEL_ID: &str = "tentacular.io/enclave-channel-id";
/// Its channel's name.
pub const ENCLAVE_CHANNEL_NAME: &str = "tentacular.io/enclave-channel-name";
/// Its state: see [`Status`](crate::Status).
pub const ENCLAVE_STATUS: &str = "tentacular.io/enclave-status";
/// When it was made, RFC 3339.
pub const ENCLAVE_CREATED_AT: &str = "tentacular.io/enclave-created-at";
/// When its record last changed, RFC 3339.
pub const ENCLAVE_UPDATED_AT: &str = "tentacular.io/enclave-updated-at";
/// Its size: see [`QuotaPreset`](crate::QuotaPreset).
pub const ENCLAVE_QUOTA_PRESET: &str = "tentacular.io/enclave-quota-preset";
/// An enclave's mode, or a tentacle's.
pub const MODE: &str = "tentacular.io/mode";

/// The label that names the tentacle, on each of its objects and pods.
pub const TENTACLE: &str = "tentacular.io/tentacle";
/// The label that names the version: the first digits of its content's hash.
pub const REVISION: &str = "tentacular.io/revision";
/// The secrets that a version holds, by name, separated by commas.
pub const SECRETS: &str = "tentacular.io/secrets";
/// A word that changes with what a version is given: its plan, its pass, the values of its secrets.
pub const STANDING: &str = "tentacular.io/standing";
/// A word that changes with what the operator lets an enclave reach, and by which gateway: what a pass was made from besides the
/// version.
pub const PASSING: &str = "tentacular.io/passing";
/// The fields that a deployment was made with, as the API server writes such sets down (`FieldsV1`).
pub const FIELDS: &str = "tentacular.io/fields";
/// The names of its nodes, separated by commas.
pub const NODES: &str = "tentacular.io/nodes";
/// The version's whole name, on its deployment and its pods.
pub const VERSION: &str = "tentacular.io/version";
/// Who owns the tentacle, to show.
pub const OWNER: &str = "tentacular.io/owner";
/// The owner's stable subject.
pub const OWNER_SUB: &str = "tentacular.io/owner-sub";
/// Who deployed the version, to show.
pub const DEPLOYED_BY: &str = "tentacular.io/deployed-by";
/// With which client.
pub const DEPLOYED_VIA: &str = "tentacular.io/deployed-via";
/// Which agent chose it; absent where none said that it did.
pub const DEPLOYED_AGENT: &str = "tentacular.io/deployed-agent";
/// When, RFC 3339.
pub const DEPLOYED_AT: &str = "tentacular.io/deployed-at";
/// When the tentacle was first deployed, RFC 3339.
pub const CREATED_AT: &str = "tentacular.io/created-at";
/// The commit that the version was deployed from; absent where it is not in git.
pub const GIT_SHA: &str = "tentacular.io/git-sha";
/// Who changed the tentacle's mode or its owner last, to show; absent while nobody has.
pub const UPDATED_BY: &str = "tentacular.io/updated-by";
/// With which client.
pub const UPDATED_VIA: &str = "tentacular.io/updated-via";
/// Which agent chose it; absent where none said that it did.
pub const UPDATED_AGENT: &str = "tentacular.io/updated-agent";
/// When, RFC 3339.
pub const UPDATED_AT: &str = "tentacular.io/updated-at";
