//! Names in git that are parsed once and never checked again.

use git2::{Oid, Reference};
use std::fmt;
use std::str::FromStr;

/// Why a text is no such name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a whole id.
    #[error("`{}` is not a commit's id: give all its 40 hexadecimal digits", .0.escape_debug())]
    Commit(String),
    /// Not a branch.
    #[error("`{}` cannot be a branch's name", .0.escape_debug())]
    Branch(String),
}

/// The id of a commit, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitId(pub(crate) Oid);

/// The name of a branch, without `refs/heads/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchName(String);

impl CommitId {
    /// The first seven digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(7).collect()
    }
}

impl From<Oid> for CommitId {
    fn from(id: Oid) -> Self {
        Self(id)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for CommitId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NameError::Commit(text.chars().take(64).collect());
        let digits = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits {
            return Err(refused());
        }
        Oid::from_str(text).map(Self).map_err(|_| refused())
    }
}

impl BranchName {
    /// The name of the branch as a reference.
    pub(crate) fn reference(&self) -> String {
        format!("refs/heads/{}", self.0)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BranchName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A dash would be read as a flag by programs that others run on the repository.
        let usable = text.len() <= 200
            && !text.starts_with('-')
            && text.is_ascii()
            && text != "HEAD"
            && Reference::is_valid_name(&format!("refs/heads/{text}"));
        if usable {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Branch(text.chars().take(64).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_named_whole() {
        let whole = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(whole.parse::<CommitId>().unwrap().to_string(), whole);
        assert_eq!(whole.parse::<CommitId>().unwrap().short(), "0123456");
        for none in
            ["", "main", "0123456", "HEAD~1", "g123456789abcdef0123456789abcdef01234567", "--upload-pack=x"]
        {
            assert!(none.parse::<CommitId>().is_err(), "{none}");
        }
    }

    #[test]
    fn a_branch_is_none_of_a_program_s_flags() {
        for fine in ["main", "teams/shop", "release-1.2"] {
            assert_eq!(fine.parse::<BranchName>().unwrap().as_str(), fine);
        }
        for none in
            ["", "-x", "--upload-pack=touch x", "a..b", "a b", "a\nb", "HEAD", "a:b", "x.lock", "@{u}"]
        {
            assert!(none.parse::<BranchName>().is_err(), "{none}");
        }
    }
}
