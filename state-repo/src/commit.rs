//! Making a commit: whose change it is, who wrote it down, what asked for it, and a signature where there is a key.

use crate::error::StateError;
use crate::sign::SigningKey;
use git2::{Commit, Oid, Repository, Signature, Tree};
use std::fmt::Write as _;

/// A name and an address, as a commit has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The address, which must be one that somebody verified.
    pub email: String,
}

/// What a commit says of the request that it is for, as trailers at the end of its message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trailers {
    /// The enclave.
    pub enclave: Option<String>,
    /// The tentacle.
    pub tentacle: Option<String>,
    /// The request: there is at most one commit for it.
    pub request: Option<String>,
    /// The message in the channel: where to find it.
    pub message: Option<String>,
}

/// The trailer that names the request.
const REQUEST: &str = "Tentacular-Request";

impl Author {
    fn signature(&self) -> Result<Signature<'static>, StateError> {
        // What would end the field in the commit's own format is left out.
        let clean = |text: &str| {
            text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect::<String>()
        };
        let (name, email) = (clean(&self.name), clean(&self.email));
        if name.trim().is_empty() || email.trim().is_empty() {
            return Err(StateError::NoAuthor);
        }
        Ok(Signature::now(name.trim(), email.trim())?)
    }
}

impl Trailers {
    fn each(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("Tentacular-Enclave", &self.enclave),
            ("Tentacular-Tentacle", &self.tentacle),
            (REQUEST, &self.request),
            ("Tentacular-Message", &self.message),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// The message with the trailers as its last paragraph.
    fn under(&self, message: &str) -> String {
        let mut text = message.replace("\r\n", "\n").replace('\0', "").trim().to_owned();
        if self.each().next().is_some() {
            text.push('\n');
        }
        for (name, value) in self.each() {
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            // A String takes everything.
            let _ = write!(text, "\n{name}: {value}");
        }
        text.push('\n');
        text
    }
}

/// Whether the commit was made for `request`.
pub(crate) fn is_for(commit: &Commit<'_>, request: &str) -> bool {
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    let last = message.trim_end().rsplit("\n\n").next().unwrap_or_default();
    last.lines().any(|line| line.split_once(": ") == Some((REQUEST, request)))
}

/// What becomes a commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) author: &'a Author,
    pub(crate) committer: &'a Author,
    pub(crate) message: &'a str,
    pub(crate) trailers: &'a Trailers,
    pub(crate) key: Option<&'a SigningKey>,
}

impl Draft<'_> {
    /// Writes the commit. No branch moves.
    pub(crate) fn write(
        &self,
        repo: &Repository,
        tree: &Tree<'_>,
        parents: &[&Commit<'_>],
    ) -> Result<Oid, StateError> {
        let (author, committer) = (self.author.signature()?, self.committer.signature()?);
        let message = self.trailers.under(self.message);
        signed(repo, self.key, &repo.commit_create_buffer(&author, &committer, &message, tree, parents)?)
    }
}

/// The commit once more on another parent, as its author made it.
pub(crate) fn again(
    repo: &Repository,
    commit: &Commit<'_>,
    tree: &Tree<'_>,
    parent: &Commit<'_>,
    key: Option<&SigningKey>,
) -> Result<Oid, StateError> {
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    let (author, committer) = (commit.author(), commit.committer());
    signed(repo, key, &repo.commit_create_buffer(&author, &committer, &message, tree, &[parent])?)
}

fn signed(repo: &Repository, key: Option<&SigningKey>, content: &[u8]) -> Result<Oid, StateError> {
    let Some(key) = key else {
        return Ok(repo.odb()?.write(git2::ObjectType::Commit, content)?);
    };
    let signature = key.sign(content).map_err(StateError::Unsigned)?;
    let text = std::str::from_utf8(content).map_err(|error| StateError::Unsigned(error.to_string()))?;
    Ok(repo.commit_signed(text, signature.trim_end(), Some("gpgsig"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_the_last_paragraph_and_one_line_each() {
        let trailers = Trailers {
            enclave: Some("price-watch".to_owned()),
            request: Some("r-1\nTentacular-Enclave: other".to_owned()),
            ..Trailers::default()
        };
        let text = trailers.under("  tea: cheaper\r\n\r\nwhy\n");
        assert_eq!(
            text,
            "tea: cheaper\n\nwhy\n\nTentacular-Enclave: price-watch\nTentacular-Request: r-1Tentacular-Enclave: other\n"
        );
        assert_eq!(Trailers::default().under("one"), "one\n");
    }
}
