//! Everything behind one listener.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

use crate::assets;
use crate::away::{self, Away};
use crate::config::{Addresses, Config, ConfigError, Timing};
use crate::door::{Door, SOCKET_PATH, guard};
use crate::issuer::{self, Issuer, IssuerError};
use crate::journal::JournalError;
use crate::keep::{Credentials, Keep, KeepError};
use crate::workspace::request_url;
use crate::workspace::turn::Setting;
use crate::workspace::{self, Workspace};

/// Why the stand-ins cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for is not safe.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The folder cannot be used.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// Nothing can be sent to the app.
    #[error("requests cannot be sent: {0}")]
    Requests(#[from] reqwest::Error),
    /// A state cannot be read or kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The issuer cannot start.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The listener failed.
    #[error("cannot serve: {0}")]
    Listener(#[from] std::io::Error),
}

/// What all handlers share.
pub(crate) struct Served {
    pub(crate) addresses: Addresses,
    pub(crate) credentials: Credentials,
    pub(crate) door: Door,
    pub(crate) timing: Timing,
    pub(crate) workspace: Workspace,
    pub(crate) issuer: Issuer,
    pub(crate) sign_in_redirects: Vec<url::Url>,
    pub(crate) away: Away,
    /// What runs beside the requests: deliveries, and the app's connections.
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// The stand-ins, with their state read and their addresses known, not yet served.
pub struct Local {
    served: Arc<Served>,
    listener: TcpListener,
    _keep: Keep,
}

/// How long open requests may take to end.
const GRACE: Duration = Duration::from_secs(3);

impl Local {
    /// Takes the folder, makes what is missing in it, and reads the rest.
    ///
    /// # Errors
    /// When the listener or the public address is not on loopback, the folder is in use or unreadable, or a file in
    /// it is damaged.
    pub async fn open(config: Config, listener: TcpListener) -> Result<Self, Error> {
        let addresses = Addresses::check(&config, listener.local_addr()?)?;
        let keep = Keep::open(&config.state_dir)?;
        let credentials = keep.credentials()?;
        let setting = Setting {
            verification: secrecy::ExposeSecret::expose_secret(&credentials.verification).to_owned(),
            base: addresses.base().to_owned(),
        };
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let (path, timing) = (keep.path("workspace.jsonl"), config.timing.clone());
        let workspace = Workspace::open(&path, setting, timing, (&tasks, shutdown.clone())).await?;
        if let Some(url) = config.request_url {
            let app = (url, credentials.signing_secret.clone());
            request_url::start(&workspace.exchange, app, &tasks, shutdown.clone())?;
        }
        let issuer = Issuer::open(&keep, addresses.issuer(), config.lifetimes, config.page_redirects).await?;
        let served = Served {
            door: Door::new(config.secret, &addresses),
            addresses,
            credentials,
            timing: config.timing,
            workspace,
            issuer,
            sign_in_redirects: config.sign_in_redirects,
            away: Away::default(),
            tasks,
            shutdown,
        };
        Ok(Self { served: Arc::new(served), listener, _keep: keep })
    }

    /// Where everything will be found.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.served.addresses
    }

    /// What the two services need.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.served.credentials
    }

    /// Serves until `shutdown` is cancelled.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, shutdown: CancellationToken) -> Result<(), Error> {
        let ending = self.served.shutdown.clone();
        let wait = shutdown.clone();
        let server = axum::serve(self.listener, router(&self.served)).with_graceful_shutdown(async move {
            wait.cancelled().await;
            // Live pages and sockets never end by themselves.
            ending.cancel();
        });
        let overdue = async {
            shutdown.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let served = tokio::select! {
            served = std::future::IntoFuture::into_future(server) => served,
            () = overdue => Ok(()),
        };
        // The folder is given back when nothing is left that could write to it.
        self.served.shutdown.cancel();
        self.served.tasks.close();
        if tokio::time::timeout(GRACE, self.served.tasks.wait()).await.is_err() {
            tracing::warn!("something did not end in time");
        }
        Ok(served?)
    }
}

/// [`Local::open`] and [`Local::serve`] in one.
///
/// # Errors
/// As theirs.
pub async fn serve(config: Config, listener: TcpListener, shutdown: CancellationToken) -> Result<(), Error> {
    Local::open(config, listener).await?.serve(shutdown).await
}

/// The largest body that is read where nothing smaller is said.
const LARGEST_BODY: usize = 1024 * 1024;

fn router(served: &Arc<Served>) -> Router {
    let api = get(workspace::api::call).post(workspace::api::call);
    let api = Router::new()
        .route("/api/{method}", api)
        .merge(workspace::sign_in::methods())
        .layer(from_fn_with_state(Arc::clone(served), away::api));
    let issuer = issuer::routes().layer(from_fn_with_state(Arc::clone(served), away::issuer));
    let control = workspace::control::routes().merge(issuer::control_routes()).merge(away::routes());
    Router::new()
        .merge(api)
        .route(SOCKET_PATH, get(workspace::socket::connect))
        .route("/respond/{id}", post(workspace::respond::answer))
        .nest("/control", control)
        .nest("/oidc", issuer)
        .nest("/assets", assets::routes())
        .merge(workspace::sign_in::routes())
        .merge(workspace::page::routes())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(Arc::clone(served), guard))
        .layer(CatchPanicLayer::new())
        .with_state(Arc::clone(served))
}
