//! Puts the parts together and serves until it is told to stop.

use crate::assertions::Assertions;
use crate::backend::Backend;
use crate::config::{Args, ConfigError};
use crate::differences;
use crate::gate::Gate;
use crate::hooks::{self, Hooks};
use crate::http::{Public, router};
use crate::identity::{Authenticator, BreakGlass, Clients, Keys};
use crate::keyed_lock::KeyedLocks;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::page::Page;
use crate::reconcile;
use crate::records;
use crate::review;
use crate::rollout::Rollouts;
use crate::server::Server;
use crate::state::StateRepo;
use crate::store::{OpenEffect, Store, StoreError};
use crate::supply::Supply;
use crate::telemetry::Telemetry;
use crate::trail::{Heads, HeadsError, Reads, RecordHeads, Trail, TrailError};
use crate::triggers::{self, Turns};
use axum::serve::ListenerExt;
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wire::signing::{PublicKeysError, SigningError, SigningKey};

/// How long calls that are going on may take to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The trail.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// The trail's heads.
    #[error(transparent)]
    Heads(#[from] HeadsError),
    /// The server's own key.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The Kraken's keys.
    #[error(transparent)]
    KrakenKeys(#[from] PublicKeysError),
    /// The backend.
    #[error("the backend cannot be used: {0}")]
    Backend(#[from] crate::backend::BackendError),
    /// The state repo.
    #[error("the state repo's copy cannot be used: {0}")]
    State(#[from] state_repo::StateError),
    /// The network.
    #[error("cannot listen or connect: {0}")]
    Network(String),
}

/// What the backend and the rest of the server share: the store, the server's key, and what sandboxes are given.
#[derive(Debug)]
pub struct Base {
    store: Arc<Store>,
    signing: Arc<SigningKey>,
    supply: Arc<Supply>,
    rollouts: Arc<Rollouts>,
}

impl Base {
    /// Opens the store and reads the keys.
    ///
    /// # Errors
    /// Says which part cannot be used.
    pub async fn open(args: &Args) -> Result<Self, ServeError> {
        args.check()?;
        let signing = Arc::new(SigningKey::read(&args.signing_key_file)?);
        let store = Arc::new(Store::open(args.store_address()?.expose_secret()).await?);
        let supply = Arc::new(Supply::open(args, Arc::clone(&store), Arc::clone(&signing))?);
        let rollouts = Arc::new(Rollouts::new(Arc::clone(&store)));
        Ok(Self { store, signing, supply, rollouts })
    }

    /// What sandboxes are given.
    #[must_use]
    pub fn supply(&self) -> Arc<Supply> {
        Arc::clone(&self.supply)
    }

    /// Whose turn it is to change what runs.
    #[must_use]
    pub fn rollouts(&self) -> Arc<Rollouts> {
        Arc::clone(&self.rollouts)
    }
}

/// A server that is ready to serve.
pub struct Ready {
    server: Arc<Server>,
    public: Public,
    reads: Reading,
    pace: Pace,
    /// How often it is looked what is new in git.
    poll: Option<Duration>,
    /// What the last stop interrupted: read before the first call can begin anything.
    left: Vec<OpenEffect>,
}

/// The task that puts reads on record, and how it is told to end.
struct Reading {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Ready {
    /// Puts the parts together: opens the store, goes on with the trail, reads the keys.
    ///
    /// # Errors
    /// Says which part cannot be used.
    pub async fn new(args: &Args, backend: Arc<dyn Backend>) -> Result<Self, ServeError> {
        Self::with_pace(args, backend, Pace::default()).await
    }

    /// The same with another rhythm.
    ///
    /// # Errors
    /// As [`Ready::new`].
    pub async fn with_pace(args: &Args, backend: Arc<dyn Backend>, pace: Pace) -> Result<Self, ServeError> {
        Self::over(Base::open(args).await?, args, backend, pace).await
    }

    /// The same over a base that is open already.
    ///
    /// # Errors
    /// As [`Ready::new`].
    pub async fn over(
        base: Base,
        args: &Args,
        backend: Arc<dyn Backend>,
        pace: Pace,
    ) -> Result<Self, ServeError> {
        let Base { store, signing, supply, rollouts } = base;
        let assertions = Assertions::read(&args.kraken_keys, args.oidc_audience.clone())?;
        let heads = Heads::open(&args.trail_heads_dir, Arc::clone(&signing))?;
        let trail = Arc::new(Trail::open(&store, heads).await?);
        let left = store.left_open(trail.writer()).await?;
        let stop = CancellationToken::new();
        let (reads, task) = Reads::start(Arc::clone(&store), Arc::clone(&trail), stop.clone());
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ServeError::Network(error.to_string()))?;
        let keys = Arc::new(Keys::new(args.oidc_issuer.clone(), http.clone(), pace.keys.clone()));
        let page = args
            .page_client
            .clone()
            .map(|client| Arc::new(Page::new(&args.public_url, args.oidc_issuer.clone(), client, http)));
        let clients = Clients {
            kraken: args.kraken_client.clone(),
            relay: args.relay_client.clone(),
            tntc: args.tntc_client.clone(),
            others: args.mcp_clients.clone(),
        };
        let glass = args.break_glass_file.clone().map(BreakGlass::new);
        let (issuer, audience) = (args.oidc_issuer.clone(), args.oidc_audience.clone());
        let state = match args.state.read()? {
            Some(config) => {
                let heads = RecordHeads::open(&args.trail_heads_dir, trail.writer(), Arc::clone(&signing))?;
                Some(StateRepo::open(config, heads).await?)
            }
            None => None,
        };
        let metrics = Arc::new(Metrics::new());
        let telemetry =
            args.otlp_endpoint.as_ref().map_or_else(|| Ok(Telemetry::default()), Telemetry::to)?;
        let server = Server {
            gate: Gate::new(Arc::clone(&store), Arc::clone(&trail), reads, Arc::clone(&metrics)),
            authenticator: Authenticator::new(keys, issuer.clone(), audience, clients, glass),
            store,
            trail,
            backend,
            supply,
            assertions,
            signing,
            metrics,
            telemetry,
            lifecycles: KeyedLocks::default(),
            rollouts,
            url: args.public_url.clone(),
            hooks: Hooks::default(),
            unasked: Turns::default(),
            clock: pace.triggers.clone(),
            requests: KeyedLocks::default(),
            page,
            state,
        };
        let public = Public { url: args.public_url.clone(), issuer };
        let reviews_every = args.state.poll(pace.reviews_every).unwrap_or(pace.reviews_every);
        Ok(Self {
            server: Arc::new(server),
            public,
            reads: Reading { task, stop },
            poll: args.state.poll(pace.git_every),
            pace: Pace { reviews_every, ..pace },
            left,
        })
    }

    /// Serves on `listener` until `shutdown`; then lets what goes on come to its end, and signs the trail's end.
    ///
    /// # Errors
    /// When the network fails.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), ServeError> {
        let background = self.start_background();
        let by_triggers = self.start_triggers(&shutdown);
        let streams = CancellationToken::new();
        let router = router(Arc::clone(&self.server), self.public, self.pace.turn_within, &streams);
        let listener = listener.tap_io(|connection| {
            // Without this every event of a stream waits for the one before it to be acknowledged.
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
        });
        let stop = shutdown.clone();
        // Webhooks are shared among addresses.
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving =
            axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await });
        let drained = async {
            shutdown.cancelled().await;
            tokio::time::sleep(DRAIN).await;
            streams.cancel();
        };
        let served = tokio::select! {
            served = serving.into_future() => served.map_err(|error| ServeError::Network(error.to_string())),
            () = drained => Ok(()),
        };
        // What a trigger has begun is let come to its end, as calls are.
        if tokio::time::timeout(DRAIN, futures::future::join_all(by_triggers)).await.is_err() {
            tracing::warn!("runs by triggers did not end in time: they are told as interrupted");
        }
        for task in background {
            task.abort();
        }
        Self::finish(self.server, self.reads).await;
        served
    }

    fn start_background(&self) -> Vec<JoinHandle<()>> {
        let keys = Arc::clone(self.server.authenticator.keys());
        let (signing, reconciling) = (Arc::clone(&self.server), Arc::clone(&self.server));
        let (sign_every, pace, left) = (self.pace.sign_every, self.pace.clone(), self.left.clone());
        let (looking, look_every) = (Arc::clone(&self.server), pace.reconcile_every);
        let settles = pace.left_alone;
        let (polling, poll) = (Arc::clone(&self.server), self.poll);
        let (recording, records_every) = (Arc::clone(&self.server), self.pace.records_every);
        let following = Arc::clone(&self.server);
        let reviews_every = self.pace.reviews_every;
        vec![
            tokio::spawn(async move {
                if let Some(state) = following.state.as_ref().filter(|state| state.has_reviews()) {
                    review::follow(&following, state, reviews_every).await;
                }
            }),
            tokio::spawn(async move { differences::follow_hands(&looking, look_every).await }),
            tokio::spawn(async move {
                if let Some(state) =
                    polling.state.as_ref().filter(|it| poll.is_some() || it.webhook().is_some())
                {
                    differences::follow_git(&polling, state, poll, settles).await;
                }
            }),
            tokio::spawn(async move { keys.keep_fresh().await }),
            tokio::spawn(async move { sign_now_and_then(&signing.trail, sign_every).await }),
            tokio::spawn(async move { records::forever(&recording, records_every).await }),
            tokio::spawn(async move { reconcile::forever(&reconciling, &pace, left).await }),
        ]
    }

    fn start_triggers(&self, shutdown: &CancellationToken) -> [JoinHandle<()>; 2] {
        let (server, pace) = (&self.server, &self.pace.triggers);
        [
            tokio::spawn(triggers::forever(Arc::clone(server), pace.clone(), shutdown.clone())),
            tokio::spawn(hooks::forever(Arc::clone(server), pace.clone(), shutdown.clone())),
        ]
    }

    /// Writes what still waits, signs for it, and lets go of the store.
    async fn finish(server: Arc<Server>, reads: Reading) {
        reads.stop.cancel();
        if tokio::time::timeout(DRAIN, reads.task).await.is_err() {
            tracing::error!("some reads could not be put on record before the end");
        }
        if let Err(error) = server.trail.sign().await {
            tracing::error!(%error, "the trail's end could not be signed");
        }
        server.telemetry.end().await;
        server.store.close().await;
    }
}

async fn sign_now_and_then(trail: &Trail, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = trail.sign().await {
            tracing::error!(%error, "the trail's head could not be signed; trying again");
        }
    }
}
