//! Webhooks: other services call, and what they say is stored before they are answered.
//!
//! `POST /hooks/<enclave>/<tentacle>/<trigger>`. Whoever calls has no token: the signature is what counts, and without a
//! good one nothing of an enclave is told.

mod git;
mod input;
mod rates;
mod reading;
mod signature;
mod worker;

pub(crate) use rates::Rates;
pub(crate) use worker::forever;

use crate::call::TriggerRef;
use crate::server::Server;
use crate::store::{StoreError, Stored, TriggerRecord};
use crate::supply::{Holder, SupplyError};
use crate::triggers::{HookSpec, Spec};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use policy::State as EnclaveState;
use reading::Readers;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use signature::Signed;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

/// The most bytes of a call's body.
const MOST: usize = 1024 * 1024;

/// How many calls are listened to at the same time, in all and from one address; and how many of those that say that something
/// was pushed.
const LISTENED_TO: (usize, usize) = (256, 64);
const PUSHES: (usize, usize) = (64, 16);

/// How many calls are checked and stored at the same time; others wait for their turn.
const AT_ONCE: usize = 64;

/// When a frozen enclave may be called again, in seconds; nobody knows better.
const FROZEN_FOR: u32 = 300;

/// What webhooks have in common, in this process.
#[derive(Debug)]
pub(crate) struct Hooks {
    /// Says that something waits.
    pub(crate) arrived: Notify,
    rates: Rates,
    readers: Readers,
    pushes: Readers,
    checking: Semaphore,
}

impl Default for Hooks {
    fn default() -> Self {
        Self {
            arrived: Notify::new(),
            rates: Rates::default(),
            readers: Readers::new(LISTENED_TO.0, LISTENED_TO.1),
            pushes: Readers::new(PUSHES.0, PUSHES.1),
            checking: Semaphore::new(AT_ONCE),
        }
    }
}

/// Why a call is not taken. What is not told apart here is not told apart by anybody.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("there is no such webhook")]
    Unknown,
    #[error("the signature is missing or does not fit")]
    Signature,
    #[error("its secret is not set: the enclave's owner sets it")]
    NoSecret,
    #[error("the enclave is frozen")]
    Frozen,
    #[error("the body is larger than {MOST} bytes")]
    TooLarge,
    #[error("the body did not come in time")]
    TooSlow,
    #[error("{0}")]
    Unreadable(&'static str),
    #[error("it is called more often than it may be")]
    TooOften(u32),
    #[error("the server cannot store it at the moment")]
    Unavailable,
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a webhook's call cannot be taken");
        Self::Unavailable
    }
}

impl From<SupplyError> for NotTaken {
    fn from(error: SupplyError) -> Self {
        tracing::error!(%error, "a webhook's secret cannot be read");
        Self::Unavailable
    }
}

impl IntoResponse for NotTaken {
    fn into_response(self) -> Response {
        let (status, again) = match self {
            Self::Unknown => (StatusCode::NOT_FOUND, None),
            Self::Signature => (StatusCode::UNAUTHORIZED, None),
            Self::NoSecret | Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, None),
            Self::Frozen => (StatusCode::SERVICE_UNAVAILABLE, Some(FROZEN_FOR)),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, None),
            Self::Unreadable(_) => (StatusCode::BAD_REQUEST, None),
            Self::TooOften(seconds) => (StatusCode::TOO_MANY_REQUESTS, Some(seconds)),
        };
        let mut response = (status, Json(json!({"error": self.to_string()}))).into_response();
        if let Some(seconds) = again {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What became of a call that was taken.
enum Taken {
    /// It will be run.
    Stored,
    /// It came before.
    Known,
    /// It is about something that the trigger does not wait for.
    NotWanted,
}

impl IntoResponse for Taken {
    fn into_response(self) -> Response {
        let (status, told) = match self {
            Self::Stored => (StatusCode::ACCEPTED, "stored"),
            Self::Known => (StatusCode::OK, "known: it is not run again"),
            Self::NotWanted => (StatusCode::OK, "not wanted: the trigger waits for another event"),
        };
        (status, Json(json!({"status": told}))).into_response()
    }
}

/// The webhooks' routes.
pub(crate) fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/hooks/{enclave}/{tentacle}/{name}", post(receive))
        .route(git::PATH, post(git::pushed))
        .with_state(server)
}

async fn receive(
    State(server): State<Arc<Server>>,
    Path(place): Path<(String, String, String)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<Taken, NotTaken> {
    let (parts, body) = request.into_parts();
    // Until it is done with: so many bodies are held, and no more.
    let (_place, body) = server.hooks.readers.read(peer, body).await?;
    let _turn = server.hooks.checking.acquire().await;
    let Some(hook) = Hook::find(&server, &place).await? else {
        // The same work as for one that is there.
        Signed { headers: &parts.headers, body: &body, now: server.now() }.fits_none();
        return Err(NotTaken::Unknown);
    };
    hook.take(&server, &parts, &body).await
}

/// A webhook that is in place.
struct Hook {
    of: TriggerRef,
    spec: HookSpec,
}

impl Hook {
    async fn find(
        server: &Server,
        (enclave, tentacle, name): &(String, String, String),
    ) -> Result<Option<Self>, NotTaken> {
        let (Ok(enclave), Ok(tentacle), Ok(name)) = (enclave.parse(), tentacle.parse(), name.parse()) else {
            return Ok(None);
        };
        let of = TriggerRef { enclave, tentacle, name };
        Ok(match server.store.trigger(&of).await? {
            Some(TriggerRecord { spec: Spec::Webhook(spec), .. }) => Some(Self { of, spec }),
            _ => None,
        })
    }

    async fn take(self, server: &Server, parts: &Parts, body: &Bytes) -> Result<Taken, NotTaken> {
        let secret = self.secret(server).await?;
        let signed = Signed { headers: &parts.headers, body, now: server.now() };
        let signed = signed.fits(self.spec.scheme, secret.expose_secret().as_bytes())?;
        // From here on the caller is who the author meant.
        let rights = server.store.rights().await?;
        let record = rights.enclave(&self.of.enclave).ok_or(NotTaken::Unknown)?;
        match record.state {
            EnclaveState::Active => {}
            EnclaveState::Frozen => return Err(NotTaken::Frozen),
            EnclaveState::Provisioning | EnclaveState::Deprovisioning => return Err(NotTaken::Unknown),
        }
        let told = input::Told::read(&self.of, self.spec.scheme, &parts.headers, body, signed)?;
        if !told.is_wanted(&self.spec) {
            return Ok(Taken::NotWanted);
        }
        server.hooks.rates.one_more(&self.of).map_err(NotTaken::TooOften)?;
        let (delivery, input) = told.stored(MOST)?;
        let mut tx = server.store.begin().await?;
        let stored = tx.store_delivery(&self.of, &delivery, &input, server.now()).await?;
        tx.commit().await?;
        match stored {
            Stored::New => {
                server.hooks.arrived.notify_one();
                Ok(Taken::Stored)
            }
            Stored::Known => Ok(Taken::Known),
            Stored::Full => Err(NotTaken::TooOften(60)),
            Stored::Gone => Err(NotTaken::Unknown),
        }
    }

    async fn secret(&self, server: &Server) -> Result<SecretString, NotTaken> {
        let TriggerRef { enclave, tentacle, .. } = &self.of;
        let rights = server.store.rights().await?;
        let running = rights.enclave(enclave).and_then(|record| record.tentacles.get(tentacle));
        let version = running.map_or("", |running| running.version.as_str());
        let value = server.supply.secret(Holder { enclave, tentacle, version }, &self.spec.secret).await?;
        // One of nothing proves nothing.
        value.filter(|value| !value.expose_secret().is_empty()).ok_or(NotTaken::NoSecret)
    }
}

/// A header's value, where there is exactly one and it is text.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut given = headers.get_all(name).iter();
    let only = given.next().filter(|_| given.next().is_none())?;
    only.to_str().ok()
}
