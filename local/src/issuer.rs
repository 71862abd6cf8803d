//! The OIDC issuer: signs people in by a page on which one chooses who one is, and gives out tokens as Keycloak does.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::routing::{get, post};
use jiff::Timestamp;
use url::Url;

use crate::config::Lifetimes;
use crate::journal::{Draft, JournalError, Store};
use crate::keep::Keep;
use crate::people::PEOPLE;
use crate::serve::Served;

mod authorize;
mod claims;
mod clients;
mod control;
mod device;
mod discovery;
mod fault;
mod issued;
mod keys;
mod ledger;
mod local_only;
mod logout;
mod page;
mod params;
mod pkce;
mod revoke;
mod session;
mod token;
mod userinfo;
mod verify;

pub(crate) use claims::at_hash;
pub(crate) use clients::basic;
pub(crate) use control::routes as control_routes;
use device::Polls;
use fault::OauthError;
use issued::Issued;
pub(crate) use keys::KeyError;
use keys::Keys;
use ledger::{Account, Entry, Ledger};

/// The issuer, shared by its endpoints.
pub(crate) struct Issuer {
    name: String,
    store: Store<Ledger>,
    keys: Keys,
    lifetimes: Lifetimes,
    /// How long access tokens live, in seconds.
    access_token: AtomicU64,
    page_redirects: Vec<Url>,
    polls: Mutex<Polls>,
    issued: Issued,
}

/// Why the issuer cannot start.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Its state cannot be read or kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its signing key cannot be read or made.
    #[error("the signing key cannot be used: {0}")]
    Key(String),
    /// The folder cannot be used.
    #[error(transparent)]
    Keep(#[from] crate::keep::KeepError),
}

impl From<KeyError> for IssuerError {
    fn from(error: KeyError) -> Self {
        Self::Key(error.to_string())
    }
}

impl Issuer {
    /// Reads the key and the state, or makes them.
    pub(crate) async fn open(
        keep: &Keep,
        name: String,
        lifetimes: Lifetimes,
        page_redirects: Vec<Url>,
    ) -> Result<Self, IssuerError> {
        let path = keep.path(keys::FILE);
        let pem = keep.text_or_new(keys::FILE, || keys::make().map_err(std::io::Error::other))?;
        let keys = Keys::read(&path, &pem)?;
        let store = Self::open_ledger(&keep.path("issuer.jsonl")).await?;
        let access_token = AtomicU64::new(lifetimes.access_token.as_secs());
        let (polls, issued) = (Mutex::default(), Issued::default());
        Ok(Self { name, store, keys, lifetimes, access_token, page_redirects, polls, issued })
    }

    async fn open_ledger(path: &Path) -> Result<Store<Ledger>, JournalError> {
        let store = Store::<Ledger>::open(path).await?;
        if store.now().accounts.is_empty() {
            let founded: Result<(), std::convert::Infallible> = store
                .write(|draft| {
                    PEOPLE.iter().for_each(|person| draft.make(Entry::AccountSaved(Account::of(person))));
                    Ok(())
                })
                .await?;
            let Ok(()) = founded;
        }
        Ok(store)
    }

    /// The key with which everything here is signed.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    fn now(&self) -> Arc<Ledger> {
        self.store.now()
    }

    /// One request's changes, kept as a whole or not at all.
    async fn write<T>(
        &self,
        act: impl FnOnce(&mut Draft<Ledger>, Timestamp) -> Result<T, OauthError>,
    ) -> Result<T, OauthError> {
        let outcome = self.store.write(|draft| act(draft, Timestamp::now())).await;
        outcome.unwrap_or_else(|error| {
            tracing::error!(%error, "a change at the issuer was not kept");
            Err(OauthError::ServerError)
        })
    }

    fn polls(&self) -> std::sync::MutexGuard<'_, Polls> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long an access token lives that is given now, in seconds.
    fn access_life(&self) -> u64 {
        self.access_token.load(Ordering::Relaxed)
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.name)
    }
}

/// The paths under `/oidc`.
pub(crate) fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/jwks", get(discovery::jwks))
        .route("/device", post(device::start))
        .route("/verify", get(verify::show).post(verify::decide))
        .route("/authorize", get(authorize::show).post(authorize::decide))
        .route("/token", post(token::answer))
        .route("/userinfo", get(userinfo::answer).post(userinfo::answer))
        .route("/revoke", post(revoke::answer))
        .route("/logout", get(logout::show).post(logout::decide))
        .route("/dev/token", post(local_only::token))
}
