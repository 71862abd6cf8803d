//! The flags of the state repo.

use super::ConfigError;
use clap::Args;
use state_repo::{Place, SigningKey};
use std::path::PathBuf;

/// Where what people write is committed for them.
#[derive(Debug, Clone, Args)]
pub struct StateArgs {
    /// The repository that the Kraken commits to for people, e.g. `https://git.example/team/state.git`: the one that the
    /// server deploys from. Without it files travel in the call.
    #[arg(long, env = "KRAKEN_STATE_REPO", requires = "state_dir")]
    pub state_repo: Option<String>,
    /// The branch of the state repo that is committed to.
    #[arg(long, env = "KRAKEN_STATE_BRANCH", default_value = "main")]
    pub state_branch: String,
    /// A file with what opens the state repo: a token that may write, or `user:password`; a private key as OpenSSH writes it
    /// where it is reached by SSH.
    #[arg(long, env = "KRAKEN_STATE_CREDENTIALS")]
    pub state_credentials: Option<PathBuf>,
    /// A file of known hosts, as OpenSSH has it, with the key of the state repo's host: for one that is reached by SSH. A host
    /// that is not in it is not spoken to.
    #[arg(long, env = "KRAKEN_STATE_KNOWN_HOSTS", requires = "state_credentials")]
    pub state_known_hosts: Option<PathBuf>,
    /// The folder for the Kraken's own copy of the state repo. It is a cache: it may be removed while the Kraken is not
    /// running.
    #[arg(long, env = "KRAKEN_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// The SSH key (Ed25519, without a passphrase) that signs the Kraken's commits.
    #[arg(long, env = "KRAKEN_STATE_SIGNING_KEY")]
    pub state_signing_key: Option<PathBuf>,
}

/// The state repo as it is configured.
#[derive(Debug)]
pub(crate) struct StateConfig {
    pub(crate) place: Place,
    pub(crate) folder: PathBuf,
    pub(crate) key: Option<SigningKey>,
}

impl StateArgs {
    /// The whole of it, read; `None` where there is no state repo.
    ///
    /// # Errors
    /// Names all that is wrong.
    pub(crate) fn read(&self) -> Result<Option<StateConfig>, ConfigError> {
        let Some(address) = &self.state_repo else { return Ok(None) };
        let missing = || "--state-repo needs --state-dir, the folder for the Kraken's own copy".to_owned();
        let folder = self.state_dir.clone().ok_or_else(missing);
        let credentials = self.state_credentials.as_deref();
        let place = Place::read(address, &self.state_branch, credentials, self.state_known_hosts.as_deref())
            .map_err(|error| error.to_string());
        let key = self
            .state_signing_key
            .as_ref()
            .map(|file| SigningKey::read(file).map_err(|error| format!("--state-signing-key: {error}")));
        match (folder, place, key.transpose()) {
            (Ok(folder), Ok(place), Ok(key)) => Ok(Some(StateConfig { place, folder, key })),
            (folder, place, key) => {
                let problems = [folder.err(), place.err(), key.err()];
                Err(ConfigError(problems.into_iter().flatten().collect()))
            }
        }
    }
}
