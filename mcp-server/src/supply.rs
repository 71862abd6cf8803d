//! What a sandbox is given besides its code: the values of its secrets, and its pass to the egress gateway.

use crate::config::{Args, ConfigError};
use crate::gate::unavailable;
use crate::git_secrets::GitSecrets;
use crate::store::{Store, StoreError};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use state_repo::{AgeKey, SopsError};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;
use wire::canonical;
use wire::pass::{self, Pass, PassError};
use wire::seal::{Seal, SealError};
use wire::signing::SigningKey;
use wire::{Failure, FailureCode};
use workflow::{ContentHash, Egress, EnclaveName, Sandbox, SecretName, TentacleName, TentacleRef};

/// Why a sandbox cannot be given what it needs.
#[derive(Debug, thiserror::Error)]
pub enum SupplyError {
    /// A secret that it may read is not set.
    #[error("the secret `{0}` is not set")]
    Missing(SecretName),
    /// A file of secrets in git cannot be opened.
    #[error("the secrets of `{0}` that were in git cannot be opened: {1}")]
    InGit(String, SopsError),
    /// The server has no key any more that opens secrets in git.
    #[error("it has secrets that were in git, and this server was started without --state-age-key")]
    NoAgeKey,
    /// The server has no key to keep secrets with.
    #[error("this server keeps no secrets: it was started without --secrets-key-file")]
    NoKey,
    /// A secret cannot be opened.
    #[error("the secret `{0}` cannot be opened: {1}")]
    Sealed(SecretName, SealError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The pass cannot be signed.
    #[error(transparent)]
    Pass(#[from] PassError),
}

impl SupplyError {
    /// The failure as the caller hears it; what is not for them goes into the log.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Missing(ref name) => Failure::new(FailureCode::Conflict, self.to_string()).with_remedy(
                format!("the enclave's owner sets it with `tntc secret set {name} -e <enclave>`"),
            ),
            Self::NoKey => Failure::new(FailureCode::Unavailable, self.to_string())
                .with_remedy("an operator gives it a file with an age key"),
            Self::NoAgeKey => Failure::new(FailureCode::Unavailable, self.to_string())
                .with_remedy("an operator gives it the age key again"),
            Self::InGit(..) => Failure::new(FailureCode::Conflict, self.to_string())
                .with_remedy("`tntc secrets rotate` in a clone, commit, push, and deploy that commit"),
            Self::Store(error) => unavailable(&error),
            Self::Sealed(..) | Self::Pass(_) => {
                tracing::error!(error = %self, "a sandbox cannot be given what it needs");
                Failure::new(FailureCode::Internal, "something went wrong on our side")
            }
        }
    }
}

/// What sandboxes are given.
pub struct Supply {
    store: Arc<Store>,
    signing: Arc<SigningKey>,
    seal: Option<Seal>,
    age_key: Option<AgeKey>,
    private: BTreeMap<EnclaveName, Vec<IpNet>>,
}

/// The version of a tentacle that is given secrets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    pub(crate) enclave: &'a EnclaveName,
    pub(crate) tentacle: &'a TentacleName,
    pub(crate) version: &'a str,
}

impl Supply {
    /// Reads the key of the secrets and the operator's list of private ranges.
    ///
    /// # Errors
    /// When a file that is named cannot be used.
    pub fn open(args: &Args, store: Arc<Store>, signing: Arc<SigningKey>) -> Result<Self, ConfigError> {
        let seal = args.secrets_key_file.as_deref().map(read_seal).transpose()?;
        let private = args.private_ranges_file.as_deref().map(read_ranges).transpose()?.unwrap_or_default();
        for (enclave, ranges) in &private {
            tracing::warn!(enclave.name = %enclave, ?ranges, "private ranges are open for this enclave");
        }
        Ok(Self { store, signing, seal, age_key: args.state.age_key()?, private })
    }

    /// Seals a value to be stored.
    ///
    /// # Errors
    /// When the server has no key, or sealing fails.
    pub fn seal(&self, name: &SecretName, value: &SecretString) -> Result<String, SupplyError> {
        let sealed = self.seal.as_ref().ok_or(SupplyError::NoKey)?.close(&value.expose_secret());
        let sealed = sealed.map_err(|error| SupplyError::Sealed(name.clone(), error))?;
        Ok(sealed.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The value of a secret of a version; `None` when it is not set. What lies in git beside it goes before what was set in
    /// the enclave.
    ///
    /// # Errors
    /// When it is set and cannot be opened, or the store does not answer.
    pub(crate) async fn secret(
        &self,
        of: Holder<'_>,
        name: &SecretName,
    ) -> Result<Option<SecretString>, SupplyError> {
        let kept = self.kept(of).await?;
        match self.in_git(of.enclave, of.tentacle, &kept)?.remove(name) {
            Some(value) => Ok(Some(value)),
            None => self.set(of.enclave, name).await,
        }
    }

    /// The secrets that lie in git beside a version, as they are kept.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn kept(&self, of: Holder<'_>) -> Result<GitSecrets, SupplyError> {
        Ok(self.store.git_secrets(of.enclave, of.tentacle, of.version).await?)
    }

    /// The values of what lies in git beside a tentacle.
    fn in_git(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
        files: &GitSecrets,
    ) -> Result<BTreeMap<SecretName, SecretString>, SupplyError> {
        if files.is_empty() {
            return Ok(BTreeMap::new());
        }
        let key = self.age_key.as_ref().ok_or(SupplyError::NoAgeKey)?;
        files.open(key, enclave, tentacle).map_err(|(service, error)| SupplyError::InGit(service, error))
    }

    /// The value that was set in the enclave; `None` where there is none.
    async fn set(
        &self,
        enclave: &EnclaveName,
        name: &SecretName,
    ) -> Result<Option<SecretString>, SupplyError> {
        let Some(sealed) = self.store.sealed_secret(enclave, name).await? else { return Ok(None) };
        let seal = self.seal.as_ref().ok_or(SupplyError::NoKey)?;
        let opened = canonical::from_hex(&sealed)
            .ok_or(SealError::Opened)
            .and_then(|sealed| seal.open::<String>(&sealed));
        let value = opened.map_err(|error| SupplyError::Sealed(name.clone(), error))?;
        Ok(Some(value.into()))
    }

    /// The values of all secrets that a sandbox may read, by name: what comes with it from git, else what was set in the enclave.
    ///
    /// # Errors
    /// Names the first one that is not set or cannot be opened.
    pub(crate) async fn secrets(
        &self,
        sandbox: &Sandbox,
        from_git: &GitSecrets,
    ) -> Result<BTreeMap<SecretName, SecretString>, SupplyError> {
        let TentacleRef { enclave, tentacle } = &sandbox.tentacle;
        let mut in_git = self.in_git(enclave, tentacle, from_git)?;
        let mut values = BTreeMap::new();
        for name in &sandbox.secrets {
            let value = match in_git.remove(name) {
                Some(value) => Some(value),
                None => self.set(enclave, name).await?,
            };
            values.insert(name.clone(), value.ok_or_else(|| SupplyError::Missing(name.clone()))?);
        }
        Ok(values)
    }

    /// The public keys by which the gateway knows passes: a JWK set.
    #[must_use]
    pub fn pass_keys(&self) -> serde_json::Value {
        self.signing.jwks()
    }

    /// The token with which a version takes runs. It is kept nowhere: every replica makes it anew, and whoever has a pod's
    /// plan has its digest only.
    #[must_use]
    pub fn run_token(&self, enclave: Uuid, sandbox: &TentacleRef, version: &ContentHash) -> SecretString {
        let words = [enclave.to_string(), sandbox.to_string(), version.to_string()];
        let [enclave, tentacle, version] = words.each_ref().map(String::as_str);
        self.signing.derived(&["run", enclave, tentacle, version]).into()
    }

    /// A word for what a sandbox is given besides its source, which changes with it and tells nothing of it.
    #[must_use]
    pub fn standing(
        &self,
        sandbox: &Sandbox,
        plan: String,
        secrets: &BTreeMap<SecretName, SecretString>,
    ) -> String {
        let private = self.private.get(&sandbox.tentacle.enclave);
        let mut words = vec![plan, format!("{:?}", private.unwrap_or(&Vec::new()))];
        for (name, value) in secrets {
            words.extend([name.to_string(), value.expose_secret().to_owned()]);
        }
        self.word(&words)
    }

    /// A word that changes with what the passes of an enclave are made from besides their versions: the ranges that the operator opened
    /// to it, the gateway, the key that signs them.
    #[must_use]
    pub fn passing(&self, enclave: &EnclaveName, gateway: &str) -> String {
        let private = self.private.get(enclave).map_or_else(String::new, |ranges| format!("{ranges:?}"));
        self.word(&["passing".to_owned(), private, gateway.to_owned(), self.pass_keys().to_string()])
    }

    /// A word that changes with any of these, and tells nothing of them.
    #[must_use]
    pub fn word(&self, words: &[String]) -> String {
        let words = std::iter::once("standing").chain(words.iter().map(String::as_str));
        self.signing.derived(&words.collect::<Vec<_>>()).chars().take(16).collect()
    }

    /// A word by which the server knows again what it has kept where others can write: nobody else can make it.
    #[must_use]
    pub fn vouched(&self, words: &[&str]) -> String {
        let words = std::iter::once("kept").chain(words.iter().copied());
        self.signing.derived(&words.collect::<Vec<_>>())
    }

    /// The pass of a sandbox; `None` when it reaches nothing. `observe` opens nothing: by it the gateway's records tell what a
    /// contract lacks from what may never be.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn pass(&self, sandbox: &Sandbox, observe: bool) -> Result<Option<SecretString>, SupplyError> {
        if sandbox.egress.is_empty() {
            return Ok(None);
        }
        let private = self.private.get(&sandbox.tentacle.enclave).cloned().unwrap_or_default();
        let pass = Pass { observe, ..Pass::of(sandbox, private) };
        Ok(Some(pass::sign(&pass, &self.signing)?.into()))
    }

    /// The pass of whoever fetches modules for this sandbox: for the registries, and for nothing that the sandbox reaches.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn modules_pass(
        &self,
        sandbox: &Sandbox,
        allow: BTreeSet<Egress>,
    ) -> Result<SecretString, SupplyError> {
        let private = self.private.get(&sandbox.tentacle.enclave).cloned().unwrap_or_default();
        let pass = Pass { allow, ..Pass::of(sandbox, private) };
        Ok(pass::sign(&pass, &self.signing)?.into())
    }
}

fn read_seal(path: &Path) -> Result<Seal, ConfigError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::one(format!("--secrets-key-file `{shown}` cannot be read: {error}")))?;
    Seal::read(&text.into())
        .map_err(|error| ConfigError::one(format!("--secrets-key-file `{shown}`: {error}")))
}

/// `{"enclave": ["10.1.2.0/24"]}`.
fn read_ranges(path: &Path) -> Result<BTreeMap<EnclaveName, Vec<IpNet>>, ConfigError> {
    let told = |what: String| {
        ConfigError::one(format!(
            "--private-ranges-file `{}`: {what}; expected {{\"<enclave>\": [\"<range>\"]}}",
            path.display()
        ))
    };
    let text = std::fs::read(path).map_err(|error| told(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| told(error.to_string()))
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supply").field("private", &self.private).finish_non_exhaustive()
    }
}
