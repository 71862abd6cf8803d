//! The exporter's way out: the server's own HTTP client, on the server's own runtime.

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use std::time::Duration;
use tokio::runtime::Handle;

/// How long a collector may take.
const WITHIN: Duration = Duration::from_secs(10);

/// It.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    // The exporter has a thread of its own, which is no place for a client of this runtime.
    runtime: Handle,
}

impl Client {
    pub(super) fn new() -> Result<Self, reqwest::Error> {
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(WITHIN).build()?;
        Ok(Self { http, runtime: Handle::current() })
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let sent = self.http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
        self.runtime
            .spawn(async move {
                let answer = sent.send().await?;
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = answer.status();
                *response.headers_mut() = answer.headers().clone();
                Ok(response)
            })
            .await?
    }
}
