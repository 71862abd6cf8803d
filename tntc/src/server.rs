//! Which server is spoken to.

use std::fmt;
use std::str::FromStr;
use url::Url;
use wire::loopback::is_protected;

/// A server's address, without the path of its MCP endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server(Url);

/// Why a text is not a server's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ServerError {
    /// It is no URL of the kind.
    #[error("`{0}` is not an address of a server, such as `https://tentacular.example`")]
    Malformed(String),
    /// The token would travel in clear.
    #[error(
        "`{0}` is plain http: your token would travel in clear, which is for this machine alone; use https"
    )]
    InClear(String),
}

impl FromStr for Server {
    type Err = ServerError;

    /// Takes the server's address, or that of its MCP endpoint.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || ServerError::Malformed(text.to_owned());
        let mut url = Url::parse(text).map_err(|_| malformed())?;
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !matches!(url.scheme(), "http" | "https") || !bare || url.password().is_some() {
            return Err(malformed());
        }
        if !is_protected(&url) {
            return Err(ServerError::InClear(text.to_owned()));
        }
        let path = url.path().trim_end_matches('/');
        let base = path.strip_suffix("/mcp").unwrap_or(path).to_owned();
        url.set_path(&base);
        Ok(Self(url))
    }
}

impl Server {
    /// The MCP endpoint.
    pub(crate) fn endpoint(&self) -> String {
        format!("{self}/mcp")
    }

    /// Where the server says who signs people in (RFC 9728, section 3.1).
    pub(crate) fn metadata(&self) -> String {
        let path = self.0.path().trim_end_matches('/');
        let origin = self.0.origin().ascii_serialization();
        format!("{origin}/.well-known/oauth-protected-resource{path}/mcp")
    }
}

/// Without a slash at its end.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_its_endpoint_are_the_same_server() {
        for text in
            ["https://a.example", "https://a.example/", "https://a.example/mcp", "https://A.example/mcp/"]
        {
            let server: Server = text.parse().unwrap();
            assert_eq!(server.to_string(), "https://a.example", "{text}");
            assert_eq!(server.endpoint(), "https://a.example/mcp");
            assert_eq!(server.metadata(), "https://a.example/.well-known/oauth-protected-resource/mcp");
        }
        let below: Server = "http://127.0.0.1:8080/t/mcp".parse().unwrap();
        assert_eq!(below.endpoint(), "http://127.0.0.1:8080/t/mcp");
        assert_eq!(below.metadata(), "http://127.0.0.1:8080/.well-known/oauth-protected-resource/t/mcp");
    }

    #[test]
    fn a_token_never_travels_in_clear() {
        for text in ["http://a.example", "http://10.0.0.1:8080", "http://localhost.a.example"] {
            assert!(matches!(text.parse::<Server>(), Err(ServerError::InClear(_))), "{text}");
        }
        for text in ["http://localhost:1", "http://[::1]:1", "http://127.9.9.9:1"] {
            assert!(text.parse::<Server>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "a.example", "ftp://a.example", "https://u:p@a.example", "https://a.example?x=1"] {
            assert!(matches!(text.parse::<Server>(), Err(ServerError::Malformed(_))), "{text}");
        }
    }
}
