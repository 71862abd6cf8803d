//! The services: how each is started, in which order, and how all of them end.

mod orders;

use super::announce;
use super::child::Ended;
use super::keeper::Keeper;
use super::programs::Programs;
use super::repo::OwnRepo;
use super::world::World;
use crate::web::{Web, WebError};
use orders::Service;

use std::ffi::OsString;
use std::path::Path;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What is started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) world: &'a World,
    pub(super) programs: &'a Programs,
    /// Where the engine's program lies.
    pub(super) engine: &'a Path,
    /// Where what is deployed is kept.
    pub(super) repo: &'a OwnRepo,
    /// More flags of the server.
    pub(super) egress: &'a [OsString],
    /// More flags of the Kraken: its model.
    pub(super) model: &'a [OsString],
    /// The port on which the Kraken takes events as requests, where it does.
    pub(super) slack_http: Option<u16>,
    pub(super) verbose: bool,
}

/// Why the services do not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// One ended before it worked.
    #[error("{name} {how}{}; its log is `{log}`", said(.last_words))]
    Ended {
        /// Which.
        name: &'static str,
        /// How.
        how: String,
        /// What it said last.
        last_words: Vec<String>,
        /// Where the rest is.
        log: String,
    },
    /// One does not come to work.
    #[error("{name} runs and does not work: {last}; its log is `{log}`")]
    NotReady {
        /// Which.
        name: &'static str,
        /// What it said last.
        last: String,
        /// Where the rest is.
        log: String,
    },
    /// Signals cannot be listened to.
    #[error("signals cannot be listened to: {0}")]
    Signals(std::io::Error),
    /// Requests cannot be sent.
    #[error(transparent)]
    Web(#[from] WebError),
}

fn said(last_words: &[String]) -> String {
    match last_words.last() {
        Some(last) => format!(", and said last: {last}"),
        None => String::new(),
    }
}

/// What asks `up` to end: Ctrl-C, a terminal that closes, a `kill`.
pub(super) struct Signals([Signal; 3]);

impl Signals {
    /// Takes them from now on.
    pub(super) fn listen() -> Result<Self, ServiceError> {
        let take = |kind| signal(kind).map_err(ServiceError::Signals);
        Ok(Self([
            take(SignalKind::interrupt())?,
            take(SignalKind::terminate())?,
            take(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// What came of the start.
pub(super) enum Started {
    /// All services run.
    All(Running),
    /// It was asked to end before that; nothing runs.
    Interrupted,
}

/// The services that run, the first that was started first.
pub(super) struct Running {
    keepers: Vec<Keeper>,
    signals: Signals,
}

/// Starts each service when the one before it works.
pub(super) async fn start(plan: &Plan<'_>, mut signals: Signals) -> Result<Started, ServiceError> {
    let web = Web::new()?;
    let mut keepers: Vec<Keeper> = Vec::new();
    for service in orders::all(plan) {
        let Service { order, proof } = service;
        announce::starting(order.name);
        let (name, log) = (order.name, order.log.display().to_string());
        let mut keeper = Keeper::start(order);
        let outcome = tokio::select! {
            ended = keeper.failed() => Err(ended_early(name, ended, log)),
            ready = proof.wait(plan.world, &web) => ready.map_err(|last| ServiceError::NotReady { name, last, log }).map(Some),
            () = signals.next() => Ok(None),
        };
        keepers.push(keeper);
        match outcome {
            Ok(Some(())) => {}
            Ok(None) => {
                end(keepers, &mut signals).await;
                return Ok(Started::Interrupted);
            }
            Err(error) => {
                end(keepers, &mut signals).await;
                return Err(error);
            }
        }
    }
    for keeper in &keepers {
        keeper.is_steady();
    }
    Ok(Started::All(Running { keepers, signals }))
}

fn ended_early(name: &'static str, ended: Ended, log: String) -> ServiceError {
    let Ended { how, last_words } = ended;
    ServiceError::Ended { name, how, last_words, log }
}

impl Running {
    /// Keeps them running until it is asked to end, and ends them.
    pub(super) async fn keep(self) {
        let Self { keepers, mut signals } = self;
        signals.next().await;
        end(keepers, &mut signals).await;
    }
}

/// Ends the services, the last that was started first. Asked again, it does not wait: this process ends, and the leash
/// ends what is left.
async fn end(keepers: Vec<Keeper>, signals: &mut Signals) {
    announce::ending();
    let in_order = async {
        for keeper in keepers.into_iter().rev() {
            keeper.end().await;
        }
    };
    tokio::select! {
        () = in_order => {}
        () = signals.next() => announce::at_once(),
    }
}
