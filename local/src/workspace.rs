//! The Slack-compatible workspace: its state, the app's connections, and who may ask for what.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Timing;
use crate::journal::{JournalError, Store};

pub(crate) mod act;
pub(crate) mod api;
pub(crate) mod blocks;
pub(crate) mod change;
pub(crate) mod compose;
pub(crate) mod control;
pub(crate) mod event;
pub(crate) mod fault;
pub(crate) mod id;
pub(crate) mod markup;
pub(crate) mod methods;
pub(crate) mod page;
pub(crate) mod request_url;
pub(crate) mod respond;
mod seed;
pub(crate) mod shape;
pub(crate) mod sign_in;
pub(crate) mod socket;
pub(crate) mod state;
pub(crate) mod tiers;
pub(crate) mod ts;
pub(crate) mod turn;
pub(crate) mod values;

use fault::Fault;
use socket::exchange::Exchange;
use socket::tickets::Tickets;
use state::State;
use turn::{Setting, Turn};

/// The workspace, shared by everything that serves it.
pub(crate) struct Workspace {
    store: Arc<Store<State>>,
    setting: Arc<Setting>,
    /// The app's connections and what is on its way to it.
    pub(crate) exchange: Exchange,
    /// The addresses that were given out for new connections.
    pub(crate) tickets: Tickets,
    /// Which methods are to refuse for a while.
    pub(crate) limits: control::Limits,
    /// How often it may call each method.
    pub(crate) tiers: tiers::Tiers,
    /// Who signs in elsewhere with their account of this workspace.
    pub(crate) sign_ins: sign_in::SignIns,
}

impl Workspace {
    /// Reads the state, or founds the workspace, and begins to deliver.
    pub(crate) async fn open(
        path: &Path,
        setting: Setting,
        timing: Timing,
        (tasks, shutdown): (&TaskTracker, CancellationToken),
    ) -> Result<Self, JournalError> {
        let store = Arc::new(Store::<State>::open(path).await?);
        seed::found(&store, Timestamp::now()).await?;
        let setting = Arc::new(setting);
        let exchange = Exchange::start(Arc::clone(&store), timing, tasks, shutdown);
        Ok(Self {
            store,
            setting,
            exchange,
            tickets: Tickets::default(),
            limits: control::Limits::default(),
            tiers: tiers::Tiers::default(),
            sign_ins: sign_in::SignIns::default(),
        })
    }

    /// The state as of now.
    pub(crate) fn now(&self) -> Arc<State> {
        self.store.now()
    }

    /// A number that grows when somebody who looks would see a difference.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.store.watch()
    }

    /// One request's changes, kept as a whole or not at all.
    pub(crate) async fn turn<T>(
        &self,
        act: impl FnOnce(&mut Turn<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let outcome =
            self.store.write(|draft| act(&mut Turn::new(draft, &self.setting, Timestamp::now()))).await;
        outcome.unwrap_or_else(|error| {
            tracing::error!(%error, "a change of the workspace was not kept");
            Err(Fault::Internal)
        })
    }
}
