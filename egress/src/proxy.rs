//! The requests of one connection: CONNECT for a tunnel, and plain HTTP request by request.

use crate::asked;
use crate::call::Call;
use crate::connect::connect;
use crate::counted::{Count, Counted};
use crate::gateway::Gateway;
use crate::permit::{Permit, Wanted, word};
use crate::refusal::Refusal;
use crate::shares::Place;
use crate::tunnel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::handshake;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::net::TcpStream;
use wire::pass::{Pass, Speaks};

pub(crate) type Body = BoxBody<Bytes, hyper::Error>;

/// Says why in a header too, for whoever does not read bodies.
const REASON: HeaderName = HeaderName::from_static("tentacular-reason");

/// Who asks on one connection.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) pass: Pass,
    /// Its place among the connections, which a tunnel keeps.
    pub(crate) place: Place,
    /// And its place among those of its enclave.
    pub(crate) _within: Place,
}

impl Session {
    /// Answers one request to the proxy.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        let call = Call::begin(&self.gateway.records, Some(&self.pass));
        let answered = match asked::of(&request) {
            Ok(wanted) => {
                call.wants(&wanted);
                if request.method() == Method::CONNECT {
                    self.connect(&call, wanted, request).await
                } else {
                    self.forward(&call, &wanted, request).await
                }
            }
            Err(refusal) => Err(refusal),
        };
        self.told(&call, answered)
    }

    /// Answers one request in a tunnel of plain HTTP.
    async fn answer_within(self: Arc<Self>, tunnel: Wanted, request: Request<Incoming>) -> Response<Body> {
        let call = Call::begin(&self.gateway.records, Some(&self.pass));
        call.wants(&tunnel);
        let answered = match asked::within(&request, &tunnel) {
            Ok(()) => self.forward(&call, &tunnel, request).await,
            Err(refusal) => Err(refusal),
        };
        self.told(&call, answered)
    }

    fn told(&self, call: &Call, answered: Result<Response<Body>, Refusal>) -> Response<Body> {
        answered.unwrap_or_else(|refusal| {
            call.refused(&refusal, self.pass.observe);
            told(&refusal)
        })
    }

    /// Connects to what is asked for, if the contract and the addresses allow it.
    async fn reach(
        self: &Arc<Self>,
        call: &Call,
        wanted: &Wanted,
    ) -> Result<(Permit, Counted<TcpStream>, Arc<Count>), Refusal> {
        let permit = wanted.permit(self).await?;
        let connecting = connect(&permit.addresses);
        let connected = tokio::time::timeout(self.gateway.bounds.connect, connecting).await;
        let connected = connected.map_err(|_| Refusal::NoAnswer(wanted.shown(), ErrorKind::TimedOut))?;
        let (stream, address) = connected.map_err(|error| Refusal::NoAnswer(wanted.shown(), error.kind()))?;
        let (stream, count) = Counted::new(stream);
        call.reaches(address.ip(), &count);
        Ok((permit, stream, count))
    }

    /// A tunnel: what is spoken in it is looked at when it is there.
    async fn connect(
        self: &Arc<Self>,
        call: &Arc<Call>,
        wanted: Wanted,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Refusal> {
        let open = Response::new(Empty::new().map_err(|never| match never {}).boxed());
        if wanted.declared(&self.pass)? == Speaks::Http {
            call.forget();
            self.carry_requests(wanted, request);
            return Ok(open);
        }
        let (permit, outside, count) = self.reach(call, &wanted).await?;
        let (session, call) = (Arc::clone(self), Arc::clone(call));
        self.gateway.spawn(async move {
            let Ok(inside) = hyper::upgrade::on(request).await else { return };
            let ends = (TokioIo::new(inside), outside);
            let carried = tunnel::carry(&wanted, &permit, ends, &count, &session.gateway.bounds).await;
            if let Err(refusal) = carried {
                call.refused(&refusal, session.pass.observe);
            }
        });
        Ok(open)
    }

    /// A tunnel of plain HTTP: several requests in it could name several hosts, so that each is looked at by itself.
    fn carry_requests(self: &Arc<Self>, wanted: Wanted, request: Request<Incoming>) {
        let session = Arc::clone(self);
        self.gateway.spawn(async move {
            let Ok(inside) = hyper::upgrade::on(request).await else { return };
            let answer = |request| Arc::clone(&session).answer_within(wanted.clone(), request);
            session.gateway.requests(TokioIo::new(inside), answer).await;
        });
    }

    /// A request of plain HTTP, sent on by itself.
    async fn forward(
        self: &Arc<Self>,
        call: &Arc<Call>,
        wanted: &Wanted,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Refusal> {
        if wanted.declared(&self.pass)? == Speaks::Tls {
            return Err(Refusal::OtherProtocol(wanted.shown(), word(Speaks::Tls)));
        }
        let request = asked::inner(request, wanted)?;
        let (_, stream, count) = self.reach(call, wanted).await?;
        let bad = |_| Refusal::BadAnswer(wanted.shown());
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(bad)?;
        let (call, bounds) = (Arc::clone(call), self.gateway.bounds);
        self.gateway.spawn(async move {
            // The call ends with its last byte, which may be one of the request's.
            let _call = call;
            tokio::select! {
                _ = connection => {}
                () = count.is_stuck(bounds.idle, bounds.lifetime) => {}
            }
        });
        let mut answer = sender.send_request(request).await.map_err(bad)?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Refusal::BadAnswer(wanted.shown()));
        }
        asked::strip(answer.headers_mut());
        // Only the gateway says why it refuses.
        answer.headers_mut().remove(REASON);
        Ok(answer.map(BodyExt::boxed))
    }
}

/// A refusal as an answer.
fn told(refusal: &Refusal) -> Response<Body> {
    let text = refusal.to_string();
    let body = Full::new(Bytes::from(format!("{text}\n"))).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    // What cannot stand in a header stands in the body alone.
    if let Ok(reason) = HeaderValue::from_str(&text) {
        headers.insert(REASON, reason);
    }
    response
}
