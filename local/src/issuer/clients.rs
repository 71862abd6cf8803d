//! The clients that the issuer knows, and what each may do.

use http::{HeaderMap, header};
use secrecy::ExposeSecret;
use url::Url;

use super::fault::OauthError;
use super::params::Params;
use crate::config::is_loopback;
use crate::door::same;
use crate::keep::Credentials;

/// How a client may come by tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grant {
    /// Device authorization.
    Device,
    /// Authorization code, always with PKCE.
    Code,
    /// Its own secret.
    Credentials,
}

/// Where the person may be sent back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Redirects {
    /// Nowhere.
    None,
    /// Any port and path of this machine (RFC 8252 §7.3).
    Loopback,
    /// The addresses of the configuration, exactly.
    Configured,
}

/// A client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Client {
    /// `client_id`.
    pub(super) id: &'static str,
    /// What the page calls it.
    pub(super) name: &'static str,
    /// What it does once somebody has signed in, for the page.
    pub(super) purpose: &'static str,
    /// Where to go after that.
    pub(super) back: &'static str,
    pub(super) grants: &'static [Grant],
    pub(super) redirects: Redirects,
}

/// All of them.
static CLIENTS: &[Client] = &[
    Client {
        id: "kraken",
        name: "The Kraken",
        purpose: "act for you in Slack",
        back: "You can go back to Slack.",
        grants: &[Grant::Device],
        redirects: Redirects::None,
    },
    Client {
        id: "tntc",
        name: "tntc, the command line",
        purpose: "act for you in a terminal",
        back: "You can go back to the terminal.",
        grants: &[Grant::Device, Grant::Code],
        redirects: Redirects::Loopback,
    },
    Client {
        id: "agents",
        name: "An MCP client",
        purpose: "let an agent act for you",
        back: "You can go back to your agent.",
        grants: &[Grant::Device, Grant::Code],
        redirects: Redirects::Loopback,
    },
    Client {
        id: "page",
        name: "The server's own page",
        purpose: "confirm something as you",
        back: "You can close this window.",
        grants: &[Grant::Code],
        redirects: Redirects::Configured,
    },
    Client {
        id: Credentials::RELAY_CLIENT,
        name: "The Kraken's relay",
        purpose: "report what happens in channels",
        back: "",
        grants: &[Grant::Credentials],
        redirects: Redirects::None,
    },
];

impl Client {
    /// The client of this name.
    pub(super) fn named(id: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.id == id)
    }

    /// Whether it has a secret.
    fn is_confidential(&self) -> bool {
        self.grants.contains(&Grant::Credentials)
    }

    /// Refuses a way that is not this client's.
    pub(super) fn must(&self, grant: Grant) -> Result<(), OauthError> {
        if self.grants.contains(&grant) { Ok(()) } else { Err(OauthError::UnauthorizedClient) }
    }

    /// The address to send the person back to, where it is allowed.
    pub(super) fn redirect(&self, wanted: &str, configured: &[Url]) -> Option<Url> {
        let url = Url::parse(wanted).ok()?;
        let clean = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        let allowed = match self.redirects {
            Redirects::None => false,
            Redirects::Loopback => url.scheme() == "http" && is_loopback(&url),
            Redirects::Configured => configured.contains(&url),
        };
        (clean && allowed).then_some(url)
    }
}

/// Finds out which client asks, and whether it is the one that it says.
pub(super) fn authenticate(
    headers: &HeaderMap,
    params: &Params,
    credentials: &Credentials,
) -> Result<&'static Client, OauthError> {
    let basic = match headers.get(header::AUTHORIZATION) {
        Some(value) => Some(basic(value.to_str().ok()).ok_or(OauthError::InvalidClient)?),
        None => None,
    };
    let (id, secret) = match (&basic, params.get("client_id"), params.get("client_secret")) {
        (Some(_), _, Some(_)) => {
            return Err(OauthError::InvalidRequest("the client named its secret in two ways"));
        }
        (Some((id, _)), Some(other), None) if id != other => {
            return Err(OauthError::InvalidRequest("the client named itself in two ways"));
        }
        (Some((id, secret)), _, None) => (id.as_str(), Some(secret.as_str())),
        (None, Some(id), secret) => (id, secret),
        (None, None, _) => return Err(OauthError::InvalidClient),
    };
    let client = Client::named(id).ok_or(OauthError::InvalidClient)?;
    let proved = secret.is_some_and(|secret| same(secret, credentials.relay_secret.expose_secret()));
    if client.is_confidential() && !proved { Err(OauthError::InvalidClient) } else { Ok(client) }
}

/// Name and secret of a `Basic` header, each form-encoded before (RFC 6749 §2.3.1).
pub(crate) fn basic(value: Option<&str>) -> Option<(String, String)> {
    use base64::Engine as _;
    let encoded = value?.strip_prefix("Basic ")?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        url::form_urlencoded::parse(text.as_bytes()).next().map_or(String::new(), |(key, _)| key.into_owned())
    };
    Some((plain(id), plain(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(client: &str, url: &str) -> bool {
        let configured = [Url::parse("http://127.0.0.1:9000/page/callback").unwrap()];
        Client::named(client).unwrap().redirect(url, &configured).is_some()
    }

    #[test]
    fn a_person_is_sent_back_to_this_machine_only() {
        for url in ["http://127.0.0.1:1/cb", "http://localhost:65000/", "http://[::1]:3/x?y=z"] {
            assert!(redirect("agents", url), "{url}");
        }
        for url in [
            "http://example.com/cb",
            "https://127.0.0.1/cb",
            "http://127.0.0.1.example.com/cb",
            "http://127.0.0.1@example.com/cb",
            "http://user@127.0.0.1/cb",
            "http://127.0.0.1/cb#x",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!redirect("agents", url), "{url}");
        }
    }

    #[test]
    fn the_page_has_its_own_address_exactly() {
        assert!(redirect("page", "http://127.0.0.1:9000/page/callback"));
        assert!(!redirect("page", "http://127.0.0.1:9000/page/callback?x=y"));
        assert!(!redirect("page", "http://127.0.0.1:9001/page/callback"));
        assert!(!redirect("kraken", "http://127.0.0.1:9000/page/callback"));
    }
}
