//! The workspace with the issuer. What the Kraken needs of them is handed over as files.

use crate::private_file::{self, PrivateFileError};
use local::{Config, Local};
use secrecy::{ExposeSecret, SecretString};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

/// How it is served.
#[derive(Debug, clap::Args)]
pub(super) struct Workspace {
    /// Where to listen
    #[arg(long)]
    bind: SocketAddr,
    /// Where its state is kept
    #[arg(long)]
    state_dir: PathBuf,
    /// The file with the secret that opens its page
    #[arg(long)]
    secret_file: PathBuf,
    /// The folder to write the tokens of the bot and of the relay to
    #[arg(long)]
    hand_over: PathBuf,
    /// Where the server's own page takes people back who have signed in for it
    #[arg(long)]
    page_redirect: Option<Url>,
    /// Where an identity provider takes people back who signed in with their account of the workspace
    #[arg(long)]
    sign_in_redirect: Option<Url>,
    /// Where the Kraken takes events as requests
    #[arg(long)]
    request_url: Option<Url>,
}

/// Why it is not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkspaceError {
    /// A file.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The secret is not there.
    #[error("there is no secret in `{0}`")]
    NoSecret(PathBuf),
    /// The port.
    #[error("cannot listen on {bind}: {error}")]
    Listen {
        /// Where.
        bind: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// Signals.
    #[error("signals cannot be listened to: {0}")]
    Signals(std::io::Error),
    /// The workspace itself.
    #[error(transparent)]
    Local(#[from] local::Error),
}

impl Workspace {
    pub(super) async fn run(self) -> Result<(), WorkspaceError> {
        let secret = private_file::read(&self.secret_file)?;
        let secret = secret.ok_or_else(|| WorkspaceError::NoSecret(self.secret_file.clone()))?;
        let bind = self.bind;
        let listener =
            TcpListener::bind(bind).await.map_err(|error| WorkspaceError::Listen { bind, error })?;
        let mut config = Config::new(&self.state_dir, SecretString::from(secret.trim()));
        config.page_redirects.extend(self.page_redirect);
        config.sign_in_redirects.extend(self.sign_in_redirect);
        config.request_url = self.request_url;
        let local = Local::open(config, listener).await?;
        let credentials = local.credentials();
        let handed_over = [
            ("slack-bot-token", &credentials.bot_token),
            ("slack-app-token", &credentials.app_token),
            ("slack-signing-secret", &credentials.signing_secret),
            ("slack-client-secret", &credentials.client_secret),
            ("relay-secret", &credentials.relay_secret),
        ];
        for (name, secret) in handed_over {
            private_file::write(&self.hand_over.join(name), secret.expose_secret().as_bytes())?;
        }
        private_file::write(&self.hand_over.join("slack-client-id"), credentials.client_id.as_bytes())?;
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let mut told = signal(SignalKind::terminate()).map_err(WorkspaceError::Signals)?;
        tokio::spawn(async move {
            told.recv().await;
            stop.cancel();
        });
        Ok(local.serve(shutdown).await?)
    }
}
