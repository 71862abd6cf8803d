//! What opens a state repo: a token or a password over HTTP, a key by SSH.

use crate::ssh::SshKey;
use secrecy::SecretString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// What opens a repository. A clone follows when it is renewed.
#[derive(Debug, Clone)]
pub struct Credentials(Opens);

#[derive(Debug, Clone)]
enum Opens {
    /// Over HTTP: a user and a password, or a token in the password's place.
    Word { user: String, password: Arc<RwLock<SecretString>> },
    /// By SSH.
    Key(Arc<SshKey>),
}

impl Credentials {
    /// Whom a bare token is sent for: hosts of repositories look at the token alone.
    const TOKEN: &str = "x-access-token";

    /// Reads them from a file: a token, or `user:password`, on its one line; or a private key as OpenSSH writes it. With a key
    /// goes `known_hosts`, a file with the keys of the hosts that it is shown to.
    ///
    /// # Errors
    /// When a file cannot be read or holds something else, when a key wants a passphrase or comes without known hosts.
    pub fn read(file: &Path, known_hosts: Option<&Path>) -> io::Result<Self> {
        let text = SecretString::from(std::fs::read_to_string(file)?);
        Self::of_text(&text, known_hosts.map(Path::to_owned))
    }

    fn of_text(text: &SecretString, known_hosts: Option<PathBuf>) -> io::Result<Self> {
        use secrecy::ExposeSecret as _;
        let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let text = text.expose_secret();
        if text.trim_start().starts_with("-----BEGIN") {
            let key = SshKey::read(text, known_hosts).map_err(wrong)?;
            return Ok(Self(Opens::Key(Arc::new(key))));
        }
        let line = text.trim();
        if line.is_empty() || line.lines().count() > 1 {
            let what =
                "it must hold one line, a token or `user:password`, or a private key as OpenSSH writes it";
            return Err(wrong(what.to_owned()));
        }
        let (user, password) = line.split_once(':').unwrap_or((Self::TOKEN, line));
        Ok(Self::of(user, password.into()))
    }

    fn of(user: &str, password: SecretString) -> Self {
        Self(Opens::Word { user: user.to_owned(), password: Arc::new(RwLock::new(password)) })
    }

    /// A token that is renewed before each use.
    #[must_use]
    pub fn of_token(token: SecretString) -> Self {
        Self::of(Self::TOKEN, token)
    }

    /// Puts another token in the place of the one before.
    pub fn renew(&self, token: SecretString) {
        if let Opens::Word { password, .. } = &self.0 {
            *password.write().unwrap_or_else(PoisonError::into_inner) = token;
        }
    }

    /// Who asks over HTTP, and the password.
    pub(crate) fn word(&self) -> Option<(&str, SecretString)> {
        match &self.0 {
            Opens::Word { user, password } => {
                Some((user, password.read().unwrap_or_else(PoisonError::into_inner).clone()))
            }
            Opens::Key(_) => None,
        }
    }

    /// The key that is shown by SSH.
    pub(crate) fn key(&self) -> Option<&Arc<SshKey>> {
        match &self.0 {
            Opens::Key(key) => Some(key),
            Opens::Word { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn credentials_are_a_token_or_a_user_with_a_password_or_a_key() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, user, password) in [("tok\n", "x-access-token", "tok"), ("ana:a:b", "ana", "a:b")] {
            std::fs::write(file.path(), text).unwrap();
            let read = Credentials::read(file.path(), None).unwrap();
            let (told, word) = read.word().unwrap();
            assert_eq!((told, word.expose_secret()), (user, password));
            assert!(read.key().is_none());
        }
        for wrong in ["a\nb\n", "", "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\n"] {
            std::fs::write(file.path(), wrong).unwrap();
            assert!(Credentials::read(file.path(), Some(file.path())).is_err());
        }
    }
}
