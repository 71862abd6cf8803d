//! The annotations and labels that mirror records onto Kubernetes objects, for `kubectl` and older tools.
//!
//! They are written by the server and never read for a decision.

macro_rules! keys {
    ($($(#[$doc:meta])* $key:ident = $suffix:literal,)+) => {
        $($(#[$doc])* pub const $key: &str = concat!("tentacular.io/", $suffix);)+
    };
}

/// The label that marks whatever this product makes.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY_LABEL`].
pub const MANAGED_BY: &str = "tentacular";

keys! {
    /// The enclave's name; its presence marks a namespace as an enclave.
    ENCLAVE = "enclave",
    /// Who owns it, to show.
    ENCLAVE_OWNER = "enclave-owner",
    /// The owner's stable subject.
    ENCLAVE_OWNER_SUB = "enclave-owner-sub",
    /// The platform of its channel: `slack`, or absent.
    ENCLAVE_PLATFORM = "enclave-platform",
    /// Its channel.
    ENCLAVE_CHANNEL_ID = "enclave-channel-id",
    /// Its channel's name.
    ENCLAVE_CHANNEL_NAME = "enclave-channel-name",
    /// Its state.
    ENCLAVE_STATUS = "enclave-status",
    /// When it was made, RFC 3339.
    ENCLAVE_CREATED_AT = "enclave-created-at",
    /// When its record last changed, RFC 3339.
    ENCLAVE_UPDATED_AT = "enclave-updated-at",
    /// Its size.
    ENCLAVE_QUOTA_PRESET = "enclave-quota-preset",
    /// Its mode.
    MODE = "mode",
}
