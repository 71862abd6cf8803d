//! Tools about an enclave's secrets. What is set never comes back.

use crate::tool::{EnclaveRef, tool};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use workflow::{EnclaveName, SecretName};

tool!(
    /// Set a secret.
    SecretSet = "secret_set": SecretSetArgs => SecretAnswer
);
tool!(
    /// Remove a secret.
    SecretRemove = "secret_remove": SecretRemoveArgs => SecretAnswer
);
tool!(
    /// Which secrets are there?
    SecretList = "secret_list": SecretListArgs => SecretListAnswer
);

/// A secret and its value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretSetArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name, `service.key`, as contracts say it.
    pub name: SecretName,
    /// Its value, at most 16 KiB. Kept encrypted, handed to tentacles that may read it, and shown to nobody.
    pub value: String,
}

/// A secret to remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretRemoveArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: SecretName,
    /// The secret's name once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// Whose secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretListArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
}

/// What was done with a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretAnswer {
    /// The enclave.
    pub enclave: EnclaveName,
    /// The secret's name.
    pub name: SecretName,
    /// `set` or `removed`.
    pub status: String,
}

/// The secrets of an enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretListAnswer {
    /// The enclave.
    pub enclave: EnclaveName,
    /// By name; never their values.
    pub secrets: Vec<SecretEntry>,
}

/// A secret in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretEntry {
    /// Its name.
    pub name: SecretName,
    /// Who set it, to show.
    pub set_by: String,
    /// When.
    pub set_at: Timestamp,
}

impl fmt::Debug for SecretSetArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SecretSetArgs { enclave, name, .. } = self;
        f.debug_struct("SecretSetArgs").field("enclave", enclave).field("name", name).finish_non_exhaustive()
    }
}
