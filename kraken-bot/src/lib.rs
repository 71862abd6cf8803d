#![doc = include_str!("../README.md")]

mod agent;
mod asked;
mod away;
mod buttons;
mod cards;
mod clicks;
mod command;
mod commands;
mod config;
mod doing;
mod facts;
mod home;
mod inbox;
mod issuer;
mod kraken;
mod live;
mod misunderstood;
mod modals;
mod notices;
mod reply;
mod server;
mod sessions;
mod sign_in;
mod slack;
mod state;
mod talk;
#[cfg(test)]
mod tests;
mod told;
mod worker;
mod working_copy;

pub use config::{Args, ConfigError, ModelApi, ModelArgs, StateArgs};
pub use inbox::InboxError;
pub use wire::seal::new_age_key;

use crate::agent::{Agent, Model};
use crate::config::{Hears, Secrets};
use crate::inbox::Inbox;
use crate::issuer::Issuer;
use crate::kraken::Kraken;
use crate::server::Server;
use crate::sessions::Sessions;
use crate::slack::{Slack, socket};
use crate::state::StateRepo;
use crate::working_copy::WorkingCopy;
use slack_morphism::prelude::SlackClient;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use wire::seal::Seal;
use wire::signing::{SigningError, SigningKey};

/// How often every channel is reported as a whole. A list that is older than an hour carries no change.
const REPORT_EVERY: Duration = Duration::from_secs(300);

/// How long we wait for Slack before we ask again who we are.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// Why the Kraken does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The signing key.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The memory.
    #[error(transparent)]
    Memory(#[from] InboxError),
    /// Anything else that cannot be used.
    #[error("{0}")]
    Unusable(String),
}

/// Logs to standard error as JSON lines; `RUST_LOG` says how much. Libraries that would log whole requests are kept
/// quiet.
pub fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let quiet = ["rmcp=warn", "hyper=info", "sqlx=warn", "slack_morphism=warn", "tungstenite=warn"];
    let filter =
        quiet.into_iter().filter_map(|rule| rule.parse().ok()).fold(filter, EnvFilter::add_directive);
    // A second call, from a program that logs already, changes nothing.
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Runs as `args` say until SIGINT or SIGTERM.
///
/// # Errors
/// Says which part cannot be used.
pub async fn run(args: Args) -> Result<(), RunError> {
    // Several crates bring TLS; one of them provides the cryptography for all. A second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let key = SigningKey::read(&args.signing_key_file)?;
    if args.print_keys {
        #[expect(clippy::print_stdout, reason = "it was asked to print them")]
        {
            println!("{}", key.jwks());
        }
        return Ok(());
    }
    let secrets = args.secrets()?;
    let stopped = stop_signal()?;
    tokio::select! {
        ended = listen(&args, key, secrets) => ended,
        () = stopped => Ok(()),
    }
}

fn stop_signal() -> Result<impl Future<Output = ()>, RunError> {
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|error| RunError::Unusable(error.to_string()))?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}

/// Listens, works, reports and delivers, for ever.
async fn listen(args: &Args, key: SigningKey, secrets: Secrets) -> Result<(), RunError> {
    let unusable = RunError::Unusable;
    let working_copy = WorkingCopy::new(args.work_dir()?);
    let inbox = Inbox::open(&args.state).await?;
    let seal = Seal::read(&secrets.age).map_err(|error| unusable(error.to_string()))?;
    let issuer = Issuer::new(
        args.oidc_issuer.clone(),
        args.kraken_client.clone(),
        args.relay_client.clone(),
        secrets.relay.clone(),
    );
    let issuer = Arc::new(issuer.map_err(|error| unusable(error.to_string()))?);
    let model = Model::new(&args.model, secrets.model_key.clone()).map_err(unusable)?;
    let client = slack::client(args.slack_api_url.as_str());
    let state = match secrets.repo {
        Some(config) => Some(StateRepo::open(config).await.map_err(|error| unusable(error.to_string()))?),
        None => None,
    };
    let slack = loop {
        match Slack::connect(Arc::clone(&client), &secrets.bot_token).await {
            Ok(slack) => break slack,
            Err(error) if error.code().is_some() => return Err(unusable(error.to_string())),
            Err(error) => tracing::warn!(%error, "slack does not answer yet"),
        }
        tokio::time::sleep(ASK_AGAIN).await;
    };
    let kraken = Arc::new(Kraken {
        server: Server::new(args.endpoint(), args.audience.clone(), key, Arc::clone(&issuer)),
        sessions: Sessions::new(inbox.pool().clone(), seal, Arc::clone(&issuer)),
        working_copy,
        state,
        agent: model.map(|model| Agent::new(model, &args.model)),
        seen: facts::Seen::default(),
        slack,
        inbox,
        issuer,
    });
    if let Err(error) = sign_in::go_on(&kraken).await {
        tracing::error!(%error, "sign-ins that were going on could not be gone on with");
    }
    tracing::info!(user = kraken.slack.me.user_id, "the Kraken is awake");
    let hearing = hear(&kraken, client, &secrets.hears);
    let (heard, (), (), (), ()) = tokio::join!(
        hearing,
        worker::work(&kraken),
        away::watch(&kraken),
        notices::deliver(&kraken),
        housekeeping(&kraken)
    );
    heard
}

/// Listens to Slack, in the way that the configuration says.
async fn hear(
    kraken: &Kraken,
    client: Arc<SlackClient<slack::Connector>>,
    hears: &Hears,
) -> Result<(), RunError> {
    let (inbox, me) = (kraken.inbox.clone(), kraken.slack.me.user_id.clone());
    match hears {
        Hears::Socket(token) => {
            socket::listen(client, token, inbox, me).await;
            Ok(())
        }
        Hears::Http(at, secret) => slack::http::listen(*at, secret.clone(), inbox, me)
            .await
            .map_err(|error| RunError::Unusable(format!("cannot listen at {at}: {error}"))),
    }
}

/// Reports every channel, and forgets what is old, now and then.
async fn housekeeping(kraken: &Kraken) {
    loop {
        let reported = facts::report_all(kraken).await;
        if let Err(error) = &reported {
            tracing::warn!(%error, "the channels could not be reported");
        }
        if let Err(error) = kraken.inbox.forget_old().await {
            tracing::warn!(%error, "what is old could not be forgotten");
        }
        if let Err(error) = kraken.sessions.drop_unused().await {
            tracing::warn!(%error, "unused sessions could not be dropped");
        }
        tokio::time::sleep(if reported.is_ok() { REPORT_EVERY } else { ASK_AGAIN }).await;
    }
}
