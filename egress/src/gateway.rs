//! The gateway: knows whose each connection is, and holds all of them to their share.

use crate::call::Call;
use crate::config::Bounds;
use crate::counted::Counted;
use crate::preface;
use crate::proxy::{Body, Session};
use crate::record::Records;
use crate::refusal::Refusal;
use crate::resolve::Resolver;
use crate::shares::{Place, Shares};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::signing::{PublicKeys, PublicKeysError};

/// How much, and for how long, is listened to whoever was turned away. Closing earlier would take the answer from it.
const LAST_WORDS: (u64, Duration) = (256 * 1024, Duration::from_secs(2));

/// Why the gateway does not run.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The keys of passes.
    #[error(transparent)]
    Keys(#[from] PublicKeysError),
    /// The names that are known already.
    #[error("the hosts in `{0}` cannot be used: {1}")]
    Hosts(String, String),
    /// A place to listen at.
    #[error("cannot listen at {0}: {1}")]
    Listen(String, io::Error),
}

/// The gateway.
#[derive(Debug)]
pub struct Gateway {
    keys: RwLock<Arc<PublicKeys>>,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) records: Records,
    pub(crate) bounds: Bounds,
    /// The connections of each tentacle.
    tentacles: Arc<Shares>,
    /// The connections of each enclave's tentacles together.
    enclaves: Arc<Shares>,
    /// The connections without a pass, by where they come from.
    strangers: Arc<Shares>,
    pub(crate) tasks: TaskTracker,
    /// No more calls begin.
    pub(crate) ending: CancellationToken,
    /// No more calls go on.
    pub(crate) cut: CancellationToken,
}

impl Gateway {
    /// A gateway that knows passes by these keys.
    #[must_use]
    pub fn new(keys: PublicKeys, resolver: Arc<dyn Resolver>, records: Records, bounds: Bounds) -> Self {
        Self {
            keys: RwLock::new(Arc::new(keys)),
            resolver,
            records,
            bounds,
            tentacles: Shares::new(bounds.most, bounds.most_of_one),
            enclaves: Shares::new(bounds.most, bounds.most_of_enclave),
            strangers: Shares::new(bounds.most, bounds.most_of_one),
            tasks: TaskTracker::new(),
            ending: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }

    /// From now on passes are known by these keys. Connections that have shown theirs go on.
    pub fn know(&self, keys: PublicKeys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// One connection, to its end.
    pub(crate) async fn one<S>(self: Arc<Self>, stream: S, peer: String)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut stream = BufReader::new(stream);
        let Some(stranger) = self.strangers.take(&peer) else {
            return self.turn_away(&mut stream, Call::begin(&self.records, None), &Refusal::TooMany).await;
        };
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        let shown = preface::read(&mut stream, &keys, self.bounds.pass).await;
        let known = match &shown {
            Ok(pass) => self.place(&pass.tentacle).ok_or(&Refusal::TooMany),
            Err(Refusal::Nothing) => return,
            Err(refusal) => Err(refusal),
        };
        let (place, within) = match known {
            Ok(places) => places,
            Err(refusal) => {
                let call = Call::begin(&self.records, shown.as_ref().ok());
                self.turn_away(&mut stream, call, refusal).await;
                let (bytes, within) = LAST_WORDS;
                let (mut rest, mut nowhere) = (stream.take(bytes), tokio::io::sink());
                let _ = tokio::time::timeout(within, tokio::io::copy(&mut rest, &mut nowhere)).await;
                return;
            }
        };
        drop(stranger);
        let Ok(pass) = shown else { return };
        let session = Arc::new(Session { gateway: Arc::clone(&self), pass, place, _within: within });
        self.requests(stream, move |request| Arc::clone(&session).answer(request)).await;
    }

    /// A place among the connections of a tentacle, `<enclave>/<name>`, and one among those of its enclave.
    fn place(&self, tentacle: &str) -> Option<(Place, Place)> {
        let enclave = tentacle.split_once('/').map_or(tentacle, |(enclave, _)| enclave);
        let within = self.enclaves.take(enclave)?;
        Some((self.tentacles.take(tentacle)?, within))
    }

    /// Answers requests of HTTP for as long as any come.
    pub(crate) async fn requests<S, F>(&self, stream: S, answer: impl Fn(Request<Incoming>) -> F)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = Response<Body>>,
    {
        let Bounds { head, head_bytes, idle, lifetime, .. } = self.bounds;
        let service = service_fn(|request| {
            let answering = answer(request);
            async { Ok::<_, Infallible>(answering.await) }
        });
        let (stream, count) = Counted::new(stream);
        let mut builder = Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(head_bytes);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let mut stuck = pin!(count.is_stuck(idle, lifetime));
        tokio::select! {
            // How a connection ends is of no interest.
            _ = connection.as_mut() => return,
            () = stuck.as_mut() => return,
            () = self.ending.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            _ = connection => {}
            () = stuck => {}
        }
    }

    /// Says why, where there is no request to answer yet.
    async fn turn_away<S: AsyncWrite + Unpin>(&self, stream: &mut S, call: Arc<Call>, why: &Refusal) {
        let code = if *why == Refusal::TooMany {
            "503 Service Unavailable"
        } else {
            "407 Proxy Authentication Required"
        };
        call.refused(why, false);
        let why = format!("{why}\n");
        let answer = format!(
            "HTTP/1.1 {code}\r\ntentacular-reason: {}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{why}",
            why.trim_end(),
            why.len(),
        );
        let said = async {
            stream.write_all(answer.as_bytes()).await?;
            stream.shutdown().await
        };
        let _ = tokio::time::timeout(self.bounds.head, said).await;
    }
}
