//! Where a state repo is, and what opens it.

mod ssh;

pub(crate) use ssh::OverSsh;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use url::Url;
use wire::loopback::is_loopback;

/// The address of a state repo: `https://…`, `ssh://user@host/path` or `user@host:path`, `http://…` on this machine alone, or
/// `file:///…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoAddress(Way);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    Url(Url),
    Ssh(OverSsh),
}

/// Why an address is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address at all.
    #[error(
        "`{0}` is not the address of a repository: give `https://…`, `ssh://git@host/path` or `file:///…`"
    )]
    NotAnAddress(String),
    /// By SSH, with something in it that a server's shell could read in another way.
    #[error("`{address}` is no address by SSH: {why}")]
    Ssh {
        /// The address.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Some other way.
    #[error(
        "`{0}` is reached in a way that is not spoken here: give `https://…`, `ssh://git@host/path` or `file:///…`"
    )]
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
        match &self.0 {
            Way::Url(url) => url.as_str(),
            Way::Ssh(ssh) => ssh.as_str(),
        }
    }

    /// Whose repository it is at a host of many, and its name: the last two words of the path.
    #[must_use]
    pub fn hosted(&self) -> Option<(&str, &str)> {
        let path = match &self.0 {
            Way::Url(url) => url.path(),
            Way::Ssh(ssh) => ssh.path(),
        };
        let mut words = path.rsplit('/').filter(|word| !word.is_empty());
        let name = words.next()?;
        let owner = words.next().filter(|_| self.folder().is_none())?;
        Some((owner, name.strip_suffix(".git").unwrap_or(name)))
    }

    /// The page of a commit, at a host that shows repositories as GitHub does; `None` where there is no such page. The host is
    /// spoken to by TLS, however git reaches it.
    #[must_use]
    pub fn page_of(&self, commit: &str) -> Option<String> {
        let (owner, name) = self.hosted()?;
        let host = match &self.0 {
            Way::Url(url) => url.origin().ascii_serialization(),
            Way::Ssh(ssh) => format!("https://{}", ssh.host),
        };
        Some(format!("{host}/{owner}/{name}/commit/{commit}"))
    }

    /// Whether it is at `github.com`.
    #[must_use]
    pub fn is_github(&self) -> bool {
        let host = match &self.0 {
            Way::Url(url) => url.host_str(),
            Way::Ssh(ssh) => Some(ssh.host.as_str()),
        };
        host == Some("github.com")
    }

    /// Whether it is reached by SSH: then a key opens it, and its host is known by one.
    #[must_use]
    pub const fn is_ssh(&self) -> bool {
        matches!(self.0, Way::Ssh(_))
    }

    pub(crate) const fn ssh(&self) -> Option<&OverSsh> {
        match &self.0 {
            Way::Ssh(ssh) => Some(ssh),
            Way::Url(_) => None,
        }
    }

    /// The folder, where it is one on this machine.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match &self.0 {
            Way::Url(url) if url.scheme() == "file" => url.to_file_path().ok(),
            _ => None,
        }
    }
}

impl fmt::Display for RepoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RepoAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().filter(|c| !c.is_control()).take(200).collect::<String>();
        if let Some(ssh) = OverSsh::read(text) {
            return match ssh {
                Ok(ssh) => Ok(Self(Way::Ssh(ssh))),
                Err(ssh::Wrong::Password) => Err(AddressError::Password),
                Err(ssh::Wrong::Because(why)) => Err(AddressError::Ssh { address: shown(), why }),
            };
        }
        let url = Url::parse(text).map_err(|_| AddressError::NotAnAddress(shown()))?;
        if !matches!(url.scheme(), "https" | "http" | "file") {
            return Err(AddressError::Scheme(shown()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Password);
        }
        match url.scheme() {
            "http" if !is_loopback(&url) => return Err(AddressError::Clear(shown())),
            "file" if url.to_file_path().is_err() => return Err(AddressError::NotAnAddress(shown())),
            _ => {}
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Query(shown()));
        }
        Ok(Self(Way::Url(url)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address, and what its refusal must be.
    type Case = (&'static str, fn(&AddressError) -> bool);

    #[test]
    fn a_commit_has_a_page_where_repositories_are_shown() {
        let page = |text: &str| text.parse::<RepoAddress>().unwrap().page_of("1f2e");
        for at_github in [
            "https://github.com/team/state.git",
            "git@github.com:team/state",
            "ssh://git@github.com/team/state.git",
        ] {
            assert_eq!(page(at_github).unwrap(), "https://github.com/team/state/commit/1f2e");
            assert!(at_github.parse::<RepoAddress>().unwrap().is_github());
        }
        let elsewhere = "http://127.0.0.1:8080/team/state.git";
        assert_eq!(page(elsewhere).unwrap(), "http://127.0.0.1:8080/team/state/commit/1f2e");
        assert!(!elsewhere.parse::<RepoAddress>().unwrap().is_github());
        assert_eq!(page("file:///srv/team/state.git"), None);
    }

    #[test]
    fn addresses_are_taken_or_refused_for_their_reason() {
        for fine in [
            "https://git.example/team/state.git",
            "http://127.0.0.1:8080/s.git",
            "file:///srv/state.git",
            "ssh://git@git.example:2222/team/state.git",
            "git@git.example:team/state.git",
        ] {
            assert_eq!(fine.parse::<RepoAddress>().unwrap().as_str(), fine);
        }
        let cases: [Case; 16] = [
            ("http://git.example/s.git", |e| matches!(e, AddressError::Clear(_))),
            // What a shell at the other end could read as something else than a path.
            ("git@git.example:it's.git", |e| matches!(e, AddressError::Ssh { .. })),
            ("git@git.example:-x", |e| matches!(e, AddressError::Ssh { .. })),
            ("ssh://git@git.example/s.git\ntouch x", |e| matches!(e, AddressError::Ssh { .. })),
            ("ssh://git@git.example/%27;touch%20x", |e| matches!(e, AddressError::Ssh { .. })),
            ("ssh://git@-oProxyCommand=x/s.git", |e| matches!(e, AddressError::Ssh { .. })),
            ("ssh://git@git.example", |e| matches!(e, AddressError::Ssh { .. })),
            ("ssh://git@git.example:0/s.git", |e| matches!(e, AddressError::Ssh { .. })),
            ("git+ssh://git@git.example/s.git", |e| matches!(e, AddressError::Scheme(_))),
            ("ssh://git:hunter2@git.example/s.git", |e| matches!(e, AddressError::Password)),
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
}
