//! Carries the OpenID library's requests with the one HTTP client that the workspace uses: for the bot's sign-ins and for the
//! server's own page.

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::pin::Pin;
use std::time::Duration;

/// How long the issuer may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// Why the issuer could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The network.
    #[error("{0}")]
    Network(String),
    /// The issuer has trouble of its own. What it says of the request then means nothing: Keycloak, for one, says `unknown_error` in
    /// the very form in which it refuses.
    #[error("the answer is {0}")]
    Trouble(http::StatusCode),
    /// The answer is too long.
    #[error("the answer is longer than {MAX_ANSWER} bytes")]
    TooLong,
    /// The answer is no HTTP answer.
    #[error("the answer is malformed")]
    Malformed,
}

/// The workspace's HTTP client, as the OpenID library wants one.
#[derive(Debug)]
pub struct Http(reqwest::Client);

impl Http {
    /// A client that follows no redirects: one could lead it anywhere.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self(client))
    }

    /// The same over a client that is there already, and must follow no redirects either.
    #[must_use]
    pub const fn over(client: reqwest::Client) -> Self {
        Self(client)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(send_one(&self.0, request))
    }
}

async fn send_one(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let network = |error: reqwest::Error| HttpError::Network(error.without_url().to_string());
    let mut request = reqwest::Request::try_from(request).map_err(network)?;
    *request.timeout_mut() = Some(TIMEOUT);
    let mut answer = client.execute(request).await.map_err(network)?;
    if answer.status().is_server_error() {
        return Err(HttpError::Trouble(answer.status()));
    }
    let mut response = http::Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        *headers = answer.headers().clone();
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(network)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(HttpError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    response.body(body).map_err(|_| HttpError::Malformed)
}
