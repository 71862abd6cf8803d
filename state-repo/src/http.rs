//! Git's smart protocol over HTTP, for libgit2: reqwest with rustls carries it, within bounds of size and time.

use crate::line::{CONNECT, Line, MOST_SENT};
use crate::remote::RemoteError;
use base64::Engine as _;
use git2::Error;
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use std::io::{self, Read, Write};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// A transport for one remote.
pub(crate) struct Asking {
    line: Arc<Line>,
    web: Arc<Web>,
}

struct Web {
    runtime: Runtime,
    client: Client,
}

impl Asking {
    pub(crate) fn new() -> Result<Self, Error> {
        let line = Line::of_this_thread()?;
        // Several crates bring TLS; one of them provides the cryptography for all. A second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let failed = |error: &dyn std::error::Error| Error::from_str(&error.to_string());
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .user_agent("git/2.0 (tentacular)")
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Self { line, web: Arc::new(Web { runtime, client }) })
    }
}

impl SmartSubtransport for Asking {
    fn action(&self, url: &str, action: Service) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        let (service, asks) = match action {
            Service::UploadPackLs => ("git-upload-pack", true),
            Service::UploadPack => ("git-upload-pack", false),
            Service::ReceivePackLs => ("git-receive-pack", true),
            Service::ReceivePack => ("git-receive-pack", false),
        };
        let base = url.trim_end_matches('/');
        let url =
            if asks { format!("{base}/info/refs?service={service}") } else { format!("{base}/{service}") };
        let (line, web) = (Arc::clone(&self.line), Arc::clone(&self.web));
        let (sent, answer, came, taken) = (Vec::new(), None, Vec::new(), 0);
        Ok(Box::new(Exchange { line, web, url, service, asks, sent, answer, came, taken }))
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// One request and its answer.
struct Exchange {
    line: Arc<Line>,
    web: Arc<Web>,
    url: String,
    service: &'static str,
    /// Only asks what is there; else it sends something.
    asks: bool,
    sent: Vec<u8>,
    answer: Option<Response>,
    /// What came and was not read yet, and how much of it was.
    came: Vec<u8>,
    taken: usize,
}

impl Exchange {
    fn ask(&mut self) -> io::Result<Response> {
        let kind = |what: &str| format!("application/x-{}-{what}", self.service);
        let request = match self.asks {
            true => self.web.client.get(&self.url),
            false => self
                .web
                .client
                .post(&self.url)
                .header(CONTENT_TYPE, kind("request"))
                .header(ACCEPT, kind("result"))
                .body(std::mem::take(&mut self.sent)),
        };
        let request = match self.line.credentials.as_ref().and_then(|credentials| credentials.word()) {
            Some((user, password)) => request.header(AUTHORIZATION, basic(user, &password)?),
            None => request,
        };
        let left = self.line.left()?;
        let asked = self.web.runtime.block_on(async { request.timeout(left).send().await });
        let answer = asked.map_err(|error| self.line.fail(unreachable(&error)))?;
        let expected = kind(if self.asks { "advertisement" } else { "result" });
        match answer.status() {
            StatusCode::OK => {}
            status => return Err(self.line.fail(refused(status))),
        }
        let told = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if told != Some(expected.as_str()) {
            return Err(self.line.fail(RemoteError::NotGit));
        }
        Ok(answer)
    }
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.answer.is_none() {
            self.answer = Some(self.ask()?);
        }
        while self.taken >= self.came.len() {
            self.line.left()?;
            let Some(answer) = &mut self.answer else { return Ok(0) };
            let chunk = self.web.runtime.block_on(answer.chunk());
            match chunk.map_err(|error| self.line.fail(unreachable(&error)))? {
                Some(chunk) => {
                    self.line.count(chunk.len())?;
                    self.came = chunk.to_vec();
                    self.taken = 0;
                }
                None => return Ok(0),
            }
        }
        let from = self.came.get(self.taken..).unwrap_or_default();
        let count = from.len().min(buffer.len());
        for (to, byte) in buffer.iter_mut().zip(from) {
            *to = *byte;
        }
        self.taken += count;
        Ok(count)
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.sent.len() + bytes.len() > MOST_SENT {
            return Err(self.line.fail(RemoteError::TooLarge));
        }
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the server is told of who asks. Marked, so that nothing prints it.
fn basic(user: &str, password: &SecretString) -> io::Result<HeaderValue> {
    let both =
        base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.expose_secret()));
    let mut value = HeaderValue::from_str(&format!("Basic {both}")).map_err(io::Error::other)?;
    value.set_sensitive(true);
    Ok(value)
}

fn unreachable(error: &reqwest::Error) -> RemoteError {
    if error.is_timeout() {
        return RemoteError::TooSlow;
    }
    // The innermost cause says it in the fewest words, and names no address.
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    RemoteError::Unreachable(cause.to_string())
}

fn refused(status: StatusCode) -> RemoteError {
    match status {
        StatusCode::UNAUTHORIZED => RemoteError::SignIn,
        StatusCode::FORBIDDEN => RemoteError::Forbidden,
        StatusCode::NOT_FOUND | StatusCode::GONE => RemoteError::NotThere,
        status if status.is_redirection() => RemoteError::Moved,
        status => RemoteError::Answered(status.as_u16()),
    }
}
