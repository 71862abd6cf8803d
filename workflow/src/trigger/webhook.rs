//! A trigger that waits for another service to call.

use crate::fields::{Fields, Text};
use crate::name::shown;
use crate::problem::Rule;
use crate::secret_name::SecretName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A webhook trigger. Where it is called the server says: the address is made of the enclave, the tentacle and the
/// trigger's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The path that earlier releases served it at; it is shown and no more.
    pub path: Option<String>,
    /// How a caller proves who it is.
    pub scheme: Scheme,
    /// The secret that caller and server share.
    pub secret: SecretName,
    /// The kind of event; absent means all.
    pub event: Option<String>,
    /// The actions of the event; empty means all.
    pub actions: Vec<String>,
}

/// How a call is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `X-Hub-Signature-256: sha256=<hex of the HMAC of the body>`.
    Github,
    /// `X-Tentacular-Signature: t=<seconds since 1970>,v1=<hex of the HMAC of "<t>.<body>">`, within five minutes. Where a
    /// call names its delivery or its event, those are signed too.
    Timed,
}

impl Scheme {
    /// Whose signature it is, for people.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Github => "GitHub's",
            Self::Timed => "a timed",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Github => "github",
            Self::Timed => "timed",
        })
    }
}

pub(super) const KEYS: &[&str] = &["path", "provider", "secret", "event", "actions"];

/// The secret of GitHub's calls where the author names none.
const GITHUB_SECRET: &str = "github.webhook_secret";

pub(super) fn read(fields: &Fields<'_>) -> Option<Webhook> {
    let (path, event) = (fields.line("path"), fields.line("event"));
    let actions: Vec<String> = fields.texts("actions").into_iter().map(|text| text.text.to_owned()).collect();
    if fields.value("path").is_none() && fields.value("provider").is_none() {
        fields.add(fields.at, Rule::TriggerRequires { kind: "webhook", what: "path or provider" });
        return None;
    }
    let scheme = match fields.line("provider") {
        None => Some(Scheme::Timed),
        Some(Text { text: "github", .. }) => Some(Scheme::Github),
        Some(other) => {
            // GitLab is no slip of the finger for GitHub.
            let nearest = None;
            let known = "github; any other service signs with a timestamp: give a path instead";
            fields.add(other.at, Rule::Word { what: "provider", got: shown(other.text), known, nearest });
            None
        }
    };
    let secret = secret(fields, scheme);
    let owned = |text: Text<'_>| text.text.to_owned();
    Some(Webhook {
        path: path.map(owned),
        scheme: scheme?,
        secret: secret?,
        event: event.map(owned),
        actions,
    })
}

fn secret(fields: &Fields<'_>, scheme: Option<Scheme>) -> Option<SecretName> {
    let Some(text) = fields.line("secret") else {
        let usual =
            scheme.filter(|scheme| *scheme == Scheme::Github).and_then(|_| GITHUB_SECRET.parse().ok());
        // Whoever knows no scheme is told of that alone.
        if usual.is_none() && scheme.is_some() && fields.value("secret").is_none() {
            fields.add(fields.at, Rule::TriggerRequires { kind: "webhook", what: "secret" });
        }
        return usual;
    };
    match text.text.parse() {
        Ok(secret) => Some(secret),
        Err(_) => {
            fields.add(text.at, Rule::TriggerSecret(shown(text.text)));
            None
        }
    }
}
