//! What a server says of itself: who signs people in, and where its keys are (RFC 9728).

use crate::failed::Exit;
use crate::server::Server;
use crate::web::{Web, WebError};
use serde::Deserialize;

/// The part of the document that is used here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    resource: String,
    authorization_servers: Vec<String>,
    jwks_uri: Option<String>,
}

/// Why a server's document cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    /// It cannot be had.
    #[error(transparent)]
    Web(#[from] WebError),
    /// It describes something else: whoever believed it would sign in for another server (RFC 9728, section 3.3).
    #[error("the server at `{asked}` calls itself `{told}`; use that address if it is the one you mean")]
    OtherServer {
        /// Who was asked.
        asked: String,
        /// Who answered.
        told: String,
    },
    /// It names no issuer.
    #[error("the server at `{0}` does not say where to sign in")]
    NoIssuer(String),
    /// It does not take what this issuer signs.
    #[error("the server at `{server}` takes sign-ins of {taken}, and not of `{issuer}`")]
    OtherIssuer {
        /// The server.
        server: String,
        /// The issuer that was asked for.
        issuer: String,
        /// Those that it takes.
        taken: String,
    },
    /// It publishes no keys.
    #[error("the server at `{0}` does not say where its keys are")]
    NoKeys(String),
}

impl MetadataError {
    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Web(error) => error.exit(),
            _ => Exit::Failed,
        }
    }
}

impl Metadata {
    /// Asks `server`.
    pub(crate) async fn of(server: &Server, web: &Web) -> Result<Self, MetadataError> {
        let metadata: Self = web.json(&server.metadata()).await?;
        let told = metadata.resource.trim_end_matches('/');
        if told != server.endpoint() && told != server.to_string() {
            return Err(MetadataError::OtherServer {
                asked: server.endpoint(),
                told: metadata.resource.clone(),
            });
        }
        Ok(metadata)
    }

    /// The issuer to sign in at: the one that is `wanted`, if the server takes it, else the first that it names.
    pub(crate) fn issuer(&self, wanted: Option<&str>, server: &Server) -> Result<String, MetadataError> {
        let taken = &self.authorization_servers;
        let Some(wanted) = wanted else {
            return taken.first().cloned().ok_or_else(|| MetadataError::NoIssuer(server.to_string()));
        };
        let same = |issuer: &&String| issuer.trim_end_matches('/') == wanted.trim_end_matches('/');
        taken.iter().find(same).cloned().ok_or_else(|| MetadataError::OtherIssuer {
            server: server.to_string(),
            issuer: wanted.to_owned(),
            taken: taken.iter().map(|issuer| format!("`{issuer}`")).collect::<Vec<_>>().join(", "),
        })
    }

    /// Where the keys are that the heads of the trail are signed with.
    pub(crate) fn keys(&self, server: &Server) -> Result<&str, MetadataError> {
        self.jwks_uri.as_deref().ok_or_else(|| MetadataError::NoKeys(server.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_one_that_the_server_takes() {
        let metadata = |issuers: &[&str]| Metadata {
            resource: "https://a.example/mcp".to_owned(),
            authorization_servers: issuers.iter().map(|issuer| (*issuer).to_owned()).collect(),
            jwks_uri: None,
        };
        let server: Server = "https://a.example".parse().unwrap();
        let two = metadata(&["https://one.example", "https://two.example/"]);
        assert_eq!(two.issuer(None, &server).unwrap(), "https://one.example");
        assert_eq!(two.issuer(Some("https://two.example"), &server).unwrap(), "https://two.example/");
        let told = two.issuer(Some("https://evil.example"), &server).unwrap_err().to_string();
        assert!(told.contains("`https://one.example`, `https://two.example/`"), "{told}");
        assert!(matches!(metadata(&[]).issuer(None, &server), Err(MetadataError::NoIssuer(_))));
    }
}
