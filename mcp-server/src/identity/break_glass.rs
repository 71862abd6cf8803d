//! Emergency access: a file of entries, read anew for every use, so that a change holds at once.

use jiff::Timestamp;
use policy::{Scope, Scopes};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use subtle::ConstantTimeEq;

/// A shorter token is no secret.
const MIN_TOKEN: usize = 32;

/// One operator's entry, as it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorEntry {
    /// Who it is.
    pub operator: String,
    /// What it allows.
    pub scopes: Scopes,
}

/// The file of break-glass entries.
#[derive(Debug, Clone)]
pub struct BreakGlass {
    file: PathBuf,
}

/// The file's content.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entries: Vec<Entry>,
}

/// One entry of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    operator: String,
    /// The SHA-256 of the token, 64 hexadecimal digits.
    token_sha256: String,
    scopes: Vec<String>,
    not_after: Timestamp,
}

/// Why the file cannot be used. It denies.
#[derive(Debug, thiserror::Error)]
pub enum BreakGlassError {
    /// It cannot be read.
    #[error("cannot read the break-glass file `{path}`: {error}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// It is not what it should be.
    #[error("the break-glass file `{path}` is malformed: {error}")]
    Malformed {
        /// The file.
        path: String,
        /// Where and how.
        error: serde_json::Error,
    },
    /// It names a scope that does not exist.
    #[error("the break-glass file `{path}` names the scope `{scope}`; there are: {}", known_scopes())]
    Scope {
        /// The file.
        path: String,
        /// The scope.
        scope: String,
    },
}

fn known_scopes() -> String {
    Scope::ALL.map(Scope::name).join(", ")
}

impl BreakGlass {
    /// Entries from `file`.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// The entry that `token` belongs to, if there is one and it has not ended.
    ///
    /// # Errors
    /// When the file cannot be read or understood.
    pub fn find(&self, token: &str) -> Result<Option<OperatorEntry>, BreakGlassError> {
        if token.len() < MIN_TOKEN || looks_like_jwt(token) {
            return Ok(None);
        }
        let digest = wire::canonical::hex(&Sha256::digest(token.as_bytes()));
        let now = Timestamp::now();
        // Every entry is compared, whether one matched or not: the time says nothing about which.
        let mut found = None;
        for entry in self.read()? {
            let same = bool::from(entry.digest.as_bytes().ct_eq(digest.as_bytes()));
            if same && now < entry.not_after {
                found = Some(entry.operator);
            }
        }
        Ok(found)
    }

    fn read(&self) -> Result<Vec<ReadEntry>, BreakGlassError> {
        let path = || self.file.display().to_string();
        let text =
            std::fs::read(&self.file).map_err(|error| BreakGlassError::Read { path: path(), error })?;
        let file: File = serde_json::from_slice(&text)
            .map_err(|error| BreakGlassError::Malformed { path: path(), error })?;
        file.entries
            .into_iter()
            .map(|entry| {
                let scopes = entry.scopes.iter().map(|name| {
                    let scope = Scope::ALL.into_iter().find(|scope| scope.name() == name);
                    scope.ok_or_else(|| BreakGlassError::Scope { path: path(), scope: name.clone() })
                });
                let scopes = scopes.collect::<Result<Scopes, _>>()?;
                Ok(ReadEntry {
                    digest: entry.token_sha256.to_ascii_lowercase(),
                    not_after: entry.not_after,
                    operator: OperatorEntry { operator: entry.operator, scopes },
                })
            })
            .collect()
    }
}

struct ReadEntry {
    digest: String,
    not_after: Timestamp,
    operator: OperatorEntry,
}

/// Three parts between dots: a token of the issuer, which is never compared with a secret.
pub(super) fn looks_like_jwt(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "an-operator-token-of-at-least-32-bytes";

    fn file(not_after: &str, scopes: &str) -> (tempfile::TempDir, BreakGlass) {
        let digest = wire::canonical::hex(&Sha256::digest(TOKEN.as_bytes()));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("break-glass.json");
        let entry = format!(
            r#"{{"operator":"olga","token_sha256":"{digest}","scopes":{scopes},"not_after":"{not_after}"}}"#
        );
        std::fs::write(&path, format!(r#"{{"entries":[{entry}]}}"#)).unwrap();
        (dir, BreakGlass::new(path))
    }

    #[test]
    fn the_right_token_finds_its_entry_and_no_other_does() {
        let (_dir, glass) = file("2100-01-01T00:00:00Z", r#"["read","freeze"]"#);
        let entry = glass.find(TOKEN).unwrap().unwrap();
        assert_eq!(entry.operator, "olga");
        assert!(entry.scopes.contains(Scope::Freeze) && !entry.scopes.contains(Scope::Deprovision));
        assert_eq!(glass.find("another-token-of-at-least-32-bytes!").unwrap(), None);
        assert_eq!(glass.find("short").unwrap(), None);
        assert_eq!(glass.find(&format!("a.b.{TOKEN}")).unwrap(), None);
    }

    #[test]
    fn an_entry_ends() {
        let (_dir, glass) = file("2001-01-01T00:00:00Z", r#"["read"]"#);
        assert_eq!(glass.find(TOKEN).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_said_and_lets_nobody_in() {
        let (_dir, glass) = file("2100-01-01T00:00:00Z", r#"["everything"]"#);
        assert!(glass.find(TOKEN).unwrap_err().to_string().contains("`everything`; there are: read, freeze"));
        assert!(BreakGlass::new("/nowhere/at-all".into()).find(TOKEN).is_err());
    }
}
