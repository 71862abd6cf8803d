//! The folder that everything is kept in, and the tokens that are made at the first start.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::random;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Something in it cannot be made, read or written.
    #[error("cannot use `{path}`: {source}")]
    File {
        /// What.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error("`{0}` is in use by another process")]
    InUse(PathBuf),
    /// The file of tokens cannot be read.
    #[error("`{path}` cannot be read: {source}; move it away to make new tokens")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// What the two services need to use the stand-ins. The same at every start with the same folder.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The bot's token for the Web API, `xoxb-…`.
    pub bot_token: SecretString,
    /// The app's token for Socket Mode, `xapp-…`.
    pub app_token: SecretString,
    /// The secret of the issuer's client [`Credentials::RELAY_CLIENT`].
    pub relay_secret: SecretString,
    /// What requests to the app's address are signed with.
    pub signing_secret: SecretString,
    /// What the app calls itself where people sign in with their account of the workspace: two numbers with a dot between.
    pub client_id: String,
    /// What proves that it is the app.
    pub client_secret: SecretString,
    /// What Slack calls the verification token: sent with each payload, and obsolete.
    pub(crate) verification: SecretString,
}

impl Credentials {
    /// The issuer's client that the Kraken's own identity signs in with.
    pub const RELAY_CLIENT: &'static str = "kraken-relay";
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    bot_token: String,
    app_token: String,
    relay_secret: String,
    verification: String,
}

impl Written {
    fn made_up() -> Self {
        let (team, bot, app) = (random::digits(12), random::digits(13), random::upper(11));
        Self {
            bot_token: format!("xoxb-{team}-{bot}-{}", random::mixed(24)),
            app_token: format!("xapp-1-A{app}-{bot}-{}", random::hex(32)),
            relay_secret: random::hex(32),
            verification: random::mixed(24),
        }
    }
}

impl From<Written> for Credentials {
    fn from(written: Written) -> Self {
        // Made from a secret that is kept, so that a folder of an earlier release has one, too.
        let made = |what: &str| -> String {
            let digest = Sha256::digest(format!("{what} of {}", written.bot_token));
            digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
        };
        let digits = |what: &str| -> String {
            let digest = Sha256::digest(format!("{what} of {}", written.bot_token));
            digest.iter().take(12).map(|byte| char::from(b'1' + byte % 9)).collect()
        };
        Self {
            client_id: format!("{}.{}", digits("team number"), digits("app number")),
            client_secret: made("client secret").into(),
            signing_secret: made("signing secret").into(),
            bot_token: written.bot_token.into(),
            app_token: written.app_token.into(),
            relay_secret: written.relay_secret.into(),
            verification: written.verification.into(),
        }
    }
}

/// The folder, held against a second process for as long as this lives.
pub(crate) struct Keep {
    folder: PathBuf,
    _lock: File,
}

impl Keep {
    /// Makes the folder where it is not there, and takes it.
    pub(crate) fn open(folder: &Path) -> Result<Self, KeepError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| KeepError::File { path, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
        let path = folder.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(KeepError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(&path)(source)),
        }
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The tokens, made up at the first start.
    pub(crate) fn credentials(&self) -> Result<Credentials, KeepError> {
        let path = self.path("credentials.json");
        let text = self.text_or_new("credentials.json", || {
            serde_json::to_string_pretty(&Written::made_up()).map_err(std::io::Error::other)
        })?;
        let written: Written =
            serde_json::from_str(&text).map_err(|source| KeepError::Damaged { path, source })?;
        Ok(written.into())
    }

    /// The text of a file; where there is none, what `make` gives becomes its text. Never half of it.
    pub(crate) fn text_or_new(
        &self,
        name: &str,
        make: impl FnOnce() -> std::io::Result<String>,
    ) -> Result<String, KeepError> {
        let path = self.path(name);
        let outcome = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                make().and_then(|text| write_whole(&path, &text).map(|()| text))
            }
            read => read,
        };
        outcome.map_err(|source| KeepError::File { path, source })
    }
}

fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn tokens_are_the_same_at_the_second_start_and_nobody_else_can_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner");
        let first = Keep::open(&path).unwrap().credentials().unwrap();
        let second = Keep::open(&path).unwrap().credentials().unwrap();
        assert_eq!(first.bot_token.expose_secret(), second.bot_token.expose_secret());
        assert!(first.bot_token.expose_secret().starts_with("xoxb-"));
        assert!(first.app_token.expose_secret().starts_with("xapp-1-A"));
        let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path.join("credentials.json")), 0o600);
        assert_eq!(mode(path), 0o700);
    }

    #[test]
    fn a_second_process_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let held = Keep::open(folder.path()).unwrap();
        assert!(matches!(Keep::open(folder.path()), Err(KeepError::InUse(_))));
        drop(held);
        assert!(Keep::open(folder.path()).is_ok());
    }

    #[test]
    fn damaged_tokens_are_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        std::fs::write(&path, "{}").unwrap();
        let keep = Keep::open(folder.path()).unwrap();
        assert!(matches!(keep.credentials(), Err(KeepError::Damaged { .. })));
        assert_eq!(std::fs::read_to_string(path).unwrap(), "{}");
    }
}
