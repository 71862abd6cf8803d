//! What is kept of sign-ins: one file, readable by its owner alone, with the tokens for each server.

use crate::private_file::{self, PrivateFileError};
use crate::server::Server;
use etcetera::BaseStrategy;
use jiff::{Timestamp, ToSpan};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The tokens of one sign-in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Who signed the person in.
    pub(crate) issuer: String,
    /// With which client.
    pub(crate) client: String,
    /// What a server takes.
    pub(crate) access_token: SecretString,
    /// What the issuer gives a new one for.
    pub(crate) refresh_token: Option<SecretString>,
    /// Until when a server takes it.
    pub(crate) expires_at: Timestamp,
    /// The name to show.
    pub(crate) name: String,
}

impl Session {
    /// Whether the access token can still be used for a call that begins now.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        // A call that is on its way when the token ends would be refused.
        now.checked_add(30.seconds()).is_ok_and(|soon| soon < self.expires_at)
    }
}

/// Why the sign-ins cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// There is no place for them.
    #[error("there is no home folder to keep sign-ins in: set HOME or XDG_STATE_HOME")]
    NoHome,
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The lock cannot be had.
    #[error("cannot lock `{path}`: {error}")]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is not what was written.
    #[error("`{path}` is damaged ({error}): move it away and sign in again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and how.
        error: serde_json::Error,
    },
    /// It cannot be written as JSON.
    #[error("the sign-in cannot be kept: {0}")]
    Unwritable(serde_json::Error),
}

/// The file of sign-ins, locked for as long as this lives: two commands that renew the same sign-in at the same time
/// would use a refresh token twice, and issuers take that for theft.
#[derive(Debug)]
pub(crate) struct Sessions {
    path: PathBuf,
    kept: Kept,
    _lock: File,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    servers: BTreeMap<String, KeptSession>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptSession {
    issuer: String,
    client: String,
    access_token: String,
    refresh_token: Option<String>,
    expires_at: Timestamp,
    name: String,
}

/// The folder of everything that this program keeps: `$XDG_STATE_HOME/tentacular`.
pub(crate) fn state_folder() -> Result<PathBuf, SessionError> {
    let strategy = etcetera::base_strategy::Xdg::new().map_err(|_| SessionError::NoHome)?;
    let state = strategy.state_dir().ok_or(SessionError::NoHome)?;
    Ok(state.join("tentacular"))
}

impl Sessions {
    /// Takes the file in `folder`; waits while another command has it.
    pub(crate) fn open(folder: &Path) -> Result<Self, SessionError> {
        private_file::folder(folder)?;
        let lock_path = folder.join("tokens.lock");
        let locked = || {
            let file = File::options().create(true).append(true).open(&lock_path)?;
            file.lock().map(|()| file)
        };
        let lock = locked().map_err(|error| SessionError::Lock { path: lock_path.clone(), error })?;
        let path = folder.join("tokens.json");
        let kept = match private_file::read(&path)? {
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| SessionError::Damaged { path: path.clone(), error })?,
            None => Kept::default(),
        };
        Ok(Self { path, kept, _lock: lock })
    }

    /// The sign-in for `server`.
    pub(crate) fn get(&self, server: &Server) -> Option<Session> {
        let kept = self.kept.servers.get(&server.to_string())?.clone();
        Some(Session {
            issuer: kept.issuer,
            client: kept.client,
            access_token: kept.access_token.into(),
            refresh_token: kept.refresh_token.map(SecretString::from),
            expires_at: kept.expires_at,
            name: kept.name,
        })
    }

    /// Keeps the sign-in for `server`, in place of an older one.
    pub(crate) fn put(&mut self, server: &Server, session: &Session) -> Result<(), SessionError> {
        let kept = KeptSession {
            issuer: session.issuer.clone(),
            client: session.client.clone(),
            access_token: session.access_token.expose_secret().to_owned(),
            refresh_token: session.refresh_token.as_ref().map(|token| token.expose_secret().to_owned()),
            expires_at: session.expires_at,
            name: session.name.clone(),
        };
        self.kept.servers.insert(server.to_string(), kept);
        self.write()
    }

    /// Forgets the sign-in for `server`.
    pub(crate) fn remove(&mut self, server: &Server) -> Result<(), SessionError> {
        match self.kept.servers.remove(&server.to_string()) {
            Some(_) => self.write(),
            None => Ok(()),
        }
    }

    fn write(&self) -> Result<(), SessionError> {
        let text = serde_json::to_vec_pretty(&self.kept).map_err(SessionError::Unwritable)?;
        Ok(private_file::write(&self.path, &text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn session(name: &str) -> Session {
        Session {
            issuer: "https://issuer.example".into(),
            client: "tntc".into(),
            access_token: format!("access-of-{name}").into(),
            refresh_token: Some("refresh".to_owned().into()),
            expires_at: "2026-01-01T00:05:00Z".parse().unwrap(),
            name: name.to_owned(),
        }
    }

    fn server(name: &str) -> Server {
        format!("https://{name}.example").parse().unwrap()
    }

    #[test]
    fn each_server_has_its_own_sign_in_and_the_next_command_finds_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("state/tentacular");
        let mut sessions = Sessions::open(&folder).unwrap();
        sessions.put(&server("a"), &session("ana")).unwrap();
        sessions.put(&server("b"), &session("ben")).unwrap();
        sessions.remove(&server("a")).unwrap();
        drop(sessions);
        let found = Sessions::open(&folder).unwrap();
        assert!(found.get(&server("a")).is_none());
        let ben = found.get(&server("b")).unwrap();
        assert_eq!((ben.name.as_str(), ben.access_token.expose_secret()), ("ben", "access-of-ben"));
        let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.join("tokens.json")), mode(folder)), (0o600, 0o700));
    }

    #[test]
    fn two_commands_do_not_hold_the_file_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let held = Sessions::open(dir.path()).unwrap();
        let again = File::options().append(true).open(dir.path().join("tokens.lock")).unwrap();
        assert!(again.try_lock().is_err());
        drop(held);
        assert!(again.try_lock().is_ok());
    }

    #[test]
    fn a_damaged_file_is_named_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens.json");
        private_file::write(&path, br#"{"servers":{},"more":1}"#).unwrap();
        assert!(matches!(Sessions::open(dir.path()), Err(SessionError::Damaged { .. })));
        assert!(path.exists());
    }

    #[test]
    fn a_token_that_is_about_to_end_is_not_fresh() {
        let at = |text: &str| session("ana").is_fresh(text.parse().unwrap());
        assert!(at("2026-01-01T00:04:29Z"));
        assert!(!at("2026-01-01T00:04:31Z"));
        assert!(!at("2026-01-01T01:00:00Z"));
    }
}
