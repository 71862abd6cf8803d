//! Where a state repo is, and what opens it.

use secrecy::SecretString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;
use wire::loopback::is_loopback;

/// The address of a state repo: `https://…`, `http://…` on this machine alone, or `file:///…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoAddress(Url);

/// Why an address is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address at all.
    #[error("`{0}` is not the address of a repository: give `https://…` or `file:///…`")]
    NotAnAddress(String),
    /// By SSH, which this release does not speak.
    #[error(
        "`{0}` is reached by SSH, which this release does not speak: give its https address, and a deploy token in a file"
    )]
    Ssh(String),
    /// Some other way.
    #[error("`{0}` is reached in a way that is not spoken here: give `https://…` or `file:///…`")]
    Scheme(String),
    /// Everybody on the machine could see it.
    #[error(
        "the address has a user or a password in it, which others would see: put it into a file, and name that"
    )]
    Password,
    /// Content and tokens would travel in clear.
    #[error("`{0}` is plain http, which is for this machine alone: give its https address")]
    Clear(String),
    /// It says more than where the repository is.
    #[error("`{0}` has a query or a fragment: give the repository's address alone")]
    Query(String),
}

impl RepoAddress {
    /// The address as git takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whose repository it is at a host of many, and its name: the last two words of the path.
    #[must_use]
    pub fn hosted(&self) -> Option<(&str, &str)> {
        let mut words = self.0.path_segments()?.rev().filter(|word| !word.is_empty());
        let name = words.next()?;
        let owner = words.next().filter(|_| self.0.scheme() != "file")?;
        Some((owner, name.strip_suffix(".git").unwrap_or(name)))
    }

    /// The folder, where it is one on this machine.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        (self.0.scheme() == "file").then(|| self.0.to_file_path().ok()).flatten()
    }
}

impl fmt::Display for RepoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for RepoAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().filter(|c| !c.is_control()).take(200).collect::<String>();
        let url = match Url::parse(text) {
            Ok(url) => url,
            // `git@host:path`, as git itself writes it
            Err(_) if text.contains('@') && text.contains(':') => return Err(AddressError::Ssh(shown())),
            Err(_) => return Err(AddressError::NotAnAddress(shown())),
        };
        if !url.username().is_empty() && url.scheme() != "ssh" || url.password().is_some() {
            return Err(AddressError::Password);
        }
        match url.scheme() {
            "ssh" | "git+ssh" => return Err(AddressError::Ssh(shown())),
            "http" if !is_loopback(&url) => return Err(AddressError::Clear(shown())),
            "file" if url.to_file_path().is_err() => return Err(AddressError::NotAnAddress(shown())),
            "https" | "http" | "file" => {}
            _ => return Err(AddressError::Scheme(shown())),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Query(shown()));
        }
        Ok(Self(url))
    }
}

/// What opens a repository over HTTP: a user and a password, or a token in the password's place. A clone follows when it is
/// renewed.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub(crate) user: String,
    password: Arc<RwLock<SecretString>>,
}

impl Credentials {
    /// Whom a bare token is sent for: hosts of repositories look at the token alone.
    const TOKEN: &str = "x-access-token";

    /// Reads them from a file: a token, or `user:password`, on its one line.
    ///
    /// # Errors
    /// When the file cannot be read, or holds nothing.
    pub fn read(file: &Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(file)?;
        let line = text.trim();
        if line.is_empty() || line.lines().count() > 1 {
            let what = "it must hold one line: a token, or `user:password`";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, what));
        }
        let (user, password) = line.split_once(':').unwrap_or((Self::TOKEN, line));
        Ok(Self { user: user.to_owned(), password: Arc::new(RwLock::new(password.into())) })
    }

    /// A token that is renewed before each use.
    #[must_use]
    pub fn of_token(token: SecretString) -> Self {
        Self { user: Self::TOKEN.to_owned(), password: Arc::new(RwLock::new(token)) }
    }

    /// Puts another token in the place of the one before.
    pub fn renew(&self, token: SecretString) {
        *self.password.write().unwrap_or_else(PoisonError::into_inner) = token;
    }

    pub(crate) fn password(&self) -> SecretString {
        self.password.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    /// An address, and what its refusal must be.
    type Case = (&'static str, fn(&AddressError) -> bool);

    #[test]
    fn addresses_are_taken_or_refused_for_their_reason() {
        for fine in
            ["https://git.example/team/state.git", "http://127.0.0.1:8080/s.git", "file:///srv/state.git"]
        {
            assert_eq!(fine.parse::<RepoAddress>().unwrap().as_str(), fine);
        }
        let cases: [Case; 9] = [
            ("http://git.example/s.git", |e| matches!(e, AddressError::Clear(_))),
            ("git@git.example:team/state.git", |e| matches!(e, AddressError::Ssh(_))),
            ("ssh://git@git.example/s.git", |e| matches!(e, AddressError::Ssh(_))),
            ("ext::sh -c touch% x", |e| matches!(e, AddressError::Scheme(_))),
            ("git://git.example/s.git", |e| matches!(e, AddressError::Scheme(_))),
            ("https://u:hunter2@git.example/s.git", |e| matches!(e, AddressError::Password)),
            ("https://token@git.example/s.git", |e| matches!(e, AddressError::Password)),
            ("--upload-pack=x", |e| matches!(e, AddressError::NotAnAddress(_))),
            ("https://git.example/s.git?x=1", |e| matches!(e, AddressError::Query(_))),
        ];
        for (address, is) in cases {
            let refused = address.parse::<RepoAddress>().unwrap_err();
            assert!(is(&refused), "{address}: {refused:?}");
            assert!(!refused.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn credentials_are_a_token_or_a_user_with_a_password() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, user, password) in [("tok\n", "x-access-token", "tok"), ("ana:a:b", "ana", "a:b")] {
            std::fs::write(file.path(), text).unwrap();
            let read = Credentials::read(file.path()).unwrap();
            assert_eq!((read.user.as_str(), read.password().expose_secret()), (user, password));
        }
        std::fs::write(file.path(), "a\nb\n").unwrap();
        assert!(Credentials::read(file.path()).is_err());
    }
}
