//! Requests that are not tools' calls: what a server or an issuer publishes, and the issuer's token endpoint.

use crate::failed::Exit;
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;
use wire::loopback::is_protected;

/// More than any document that is read here.
const LARGEST: usize = 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a request has no good answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebError {
    /// Nothing answers there.
    #[error("`{url}` cannot be reached: {detail}")]
    Unreachable {
        /// The address.
        url: String,
        /// What the network said.
        detail: String,
    },
    /// It would be sent in clear.
    #[error("`{0}` is not used: it must be https, or plain http on this machine")]
    InClear(String),
    /// The other side says no.
    #[error("`{url}` answered with status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: http::StatusCode,
    },
    /// It never ends.
    #[error("the answer of `{0}` is longer than it could be")]
    TooLarge(String),
    /// It is not what it should be.
    #[error("the answer of `{url}` cannot be understood: {detail}")]
    Malformed {
        /// The address.
        url: String,
        /// Where and how.
        detail: String,
    },
    /// This program cannot send requests at all.
    #[error("no requests can be sent: {0}")]
    Setup(String),
}

impl WebError {
    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } => Exit::Unreachable,
            _ => Exit::Failed,
        }
    }
}

/// Sends requests. Redirects are not followed: who is asked decides who answers.
#[derive(Debug, Clone)]
pub(crate) struct Web(reqwest::Client);

impl Web {
    pub(crate) fn new() -> Result<Self, WebError> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| WebError::Setup(chain(&error)))?;
        Ok(Self(client))
    }

    /// A published document.
    pub(crate) async fn json<T: DeserializeOwned>(&self, url: &str) -> Result<T, WebError> {
        let malformed = |detail: String| WebError::Malformed { url: url.to_owned(), detail };
        let request = http::Request::get(url).header(http::header::ACCEPT, "application/json");
        let request = request.body(Vec::new()).map_err(|error| malformed(error.to_string()))?;
        let answer = self.send(request).await?;
        if !answer.status().is_success() {
            return Err(WebError::Status { url: url.to_owned(), status: answer.status() });
        }
        serde_json::from_slice(answer.body()).map_err(|error| malformed(error.to_string()))
    }

    /// Any request, with the whole answer in memory.
    pub(crate) async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, WebError> {
        let url = request.uri().to_string();
        if !Url::parse(&url).is_ok_and(|url| is_protected(&url)) {
            return Err(WebError::InClear(url));
        }
        let unreachable =
            |error: reqwest::Error| WebError::Unreachable { url: url.clone(), detail: chain(&error) };
        let request = request.try_into().map_err(|error: reqwest::Error| WebError::Setup(chain(&error)))?;
        let mut answer = self.0.execute(request).await.map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(WebError::TooLarge(url));
            }
        }
        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

/// The innermost cause: the outer ones repeat the address, which may carry a code.
fn chain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
