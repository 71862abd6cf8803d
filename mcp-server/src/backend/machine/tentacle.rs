//! One tentacle on this machine: its current version, and the engine that serves it while it is used.

mod rollout;
mod seen;

use super::engine::{Engine, Parts, Pass};
use super::log_book::LogBook;
use super::places::{Places, TentaclePlace};
use super::version;
use crate::backend::{BackendError, LogOrder, RunOrder, RunReport, TentacleState};
use crate::supply::Holder;
use seen::{Counted, Seen, What};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex as AsyncMutex;
use workflow::{ContentHash, TentacleRef};

/// How often a run is offered that no engine has begun.
const TRIES: usize = 3;

/// What tentacles need to start engines; the reason when nothing can hold them.
#[derive(Debug)]
pub(super) struct Workshop {
    pub(super) parts: Result<Parts, String>,
    pub(super) places: Places,
    started: AtomicU64,
}

impl Workshop {
    pub(super) fn new(parts: Result<Parts, String>, places: Places) -> Self {
        Self { parts, places, started: AtomicU64::new(0) }
    }

    pub(super) fn parts(&self) -> Result<&Parts, BackendError> {
        self.parts.as_ref().map_err(|why| BackendError::NoSandbox(why.clone()))
    }

    /// A name that no other living sandbox has.
    pub(super) fn name(&self, of: &TentacleRef) -> String {
        format!("{}-{}", of.key(), self.started.fetch_add(1, Ordering::Relaxed))
    }
}

/// A tentacle.
#[derive(Debug)]
pub(super) struct Tentacle {
    pub(super) of: TentacleRef,
    place: TentaclePlace,
    workshop: Arc<Workshop>,
    pub(super) log: Arc<LogBook>,
    /// One rollout at a time.
    rollouts: AsyncMutex<()>,
    /// One engine at a time is started for runs.
    slot: AsyncMutex<Slot>,
    seen: Mutex<Seen>,
}

/// What serves.
#[derive(Debug, Default)]
struct Slot {
    current: Option<ContentHash>,
    engine: Option<Arc<Engine>>,
    /// Engines of versions before, with runs that go on.
    retiring: Vec<Arc<Engine>>,
    gone: bool,
}

impl Tentacle {
    /// The tentacle as it is on disk.
    pub(super) fn open(of: TentacleRef, workshop: Arc<Workshop>) -> io::Result<Self> {
        let place = workshop.places.enclave(&of.enclave).tentacle(&of.tentacle);
        let current = version::current(&place)?;
        version::collect(&workshop.places, &place, current.as_slice())?;
        Ok(Self {
            log: Arc::new(LogBook::new(place.log())),
            of,
            place,
            workshop,
            rollouts: AsyncMutex::default(),
            slot: AsyncMutex::new(Slot { current, ..Slot::default() }),
            seen: Mutex::new(Seen::new(current.is_some())),
        })
    }

    /// Runs it, on its engine, which is started when there is none, or when the one that was there has just ended.
    pub(super) async fn run(self: &Arc<Self>, order: &RunOrder) -> Result<RunReport, BackendError> {
        let _run = Counted::begin(&self.seen, What::Run);
        for _ in 0..TRIES {
            let engine = self.engine().await?;
            if let Some(report) = engine.run(order).await? {
                return Ok(report);
            }
        }
        Err(BackendError::DoesNotStart(format!("its sandbox ended {TRIES} times before it took a run")))
    }

    async fn engine(self: &Arc<Self>) -> Result<Pass, BackendError> {
        let mut slot = self.slot.lock().await;
        if let Some(engine) = slot.engine.as_ref().filter(|engine| engine.is_alive() && engine.is_whole()) {
            return Ok(engine.pass());
        }
        if let Some(broken) = slot.engine.take_if(|engine| engine.is_alive()) {
            self.let_go(&mut slot, broken);
        }
        if let Some(dead) = slot.engine.take() {
            dead.end().await;
        }
        let not_here = || BackendError::DoesNotStart("no version of it is on this machine".to_owned());
        let current = slot.current.filter(|_| !slot.gone).ok_or_else(not_here)?;
        let starting = Counted::begin(&self.seen, What::Start);
        let started = self.start(current).await;
        drop(starting);
        let mut seen = self.seen();
        // Whether it can be started is known now, for better or worse, until it is deployed again.
        seen.failing = started.is_err();
        let engine = Arc::new(started?);
        seen.copy = Some(engine.copy.clone());
        slot.engine = Some(Arc::clone(&engine));
        Ok(engine.pass())
    }

    async fn start(&self, current: ContentHash) -> Result<Engine, BackendError> {
        let parts = self.workshop.parts()?;
        let (place, enclave) = (self.place.clone(), self.of.enclave.clone());
        let mut release = blocking(move || version::load(&place, &enclave, current)).await?;
        let version = current.to_string();
        let (enclave, tentacle) = (&self.of.enclave, &self.of.tentacle);
        release.secrets = parts.supply.kept(Holder { enclave, tentacle, version: &version }).await?;
        Engine::start(parts, &release, self.workshop.name(&self.of), Arc::clone(&self.log)).await
    }

    /// The log that is asked for.
    pub(super) fn log_of(&self, what: &LogOrder) -> Result<Arc<LogBook>, BackendError> {
        what.sidecar.as_ref().map_or_else(|| Ok(Arc::clone(&self.log)), |sidecar| self.log.find(sidecar))
    }

    /// The images of its sidecars. What cannot be read has none: they are unpacked again when they are needed.
    pub(super) fn images(&self) -> Vec<String> {
        let current = version::current(&self.place).ok().flatten();
        let load = |current| version::load(&self.place, &self.of.enclave, current).ok();
        let release = current.and_then(load);
        release.into_iter().flat_map(|it| it.sandbox.sidecars).map(|sidecar| sidecar.image).collect()
    }

    /// Ends its engine when nobody has used it for this long.
    pub(super) async fn rest(&self, idle: Duration) {
        // While something is being started it is being used.
        let Ok(mut slot) = self.slot.try_lock() else { return };
        let dead = |engine: &Arc<Engine>| {
            let used = if engine.is_whole() { idle } else { Duration::ZERO };
            !engine.is_alive() || engine.is_idle(used)
        };
        if let Some(engine) = slot.engine.take_if(|engine| dead(engine)) {
            self.seen().copy = None;
            engine.end().await;
        }
    }

    /// The engine that serves it now, if there is one.
    ///
    /// # Errors
    /// While one is being started or replaced.
    pub(super) fn living(&self) -> Result<Option<Arc<Engine>>, &'static str> {
        let slot = self.slot.try_lock().map_err(|_| "it is just being started or replaced")?;
        Ok(slot.engine.clone().filter(|engine| engine.is_alive()))
    }

    /// Whether a version of it is here.
    pub(super) fn is_deployed(&self) -> bool {
        self.seen().deployed
    }

    /// How it is.
    pub(super) fn state(&self) -> TentacleState {
        let sandbox = self.workshop.parts.as_ref().map_or("", |parts| parts.mason.kind.name());
        self.seen().state(sandbox, self.workshop.parts.is_ok())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs what waits for a disk where it holds up nobody.
pub(super) async fn blocking<T, F>(work: F) -> Result<T, BackendError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, BackendError> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.map_err(|error| BackendError::Fault(error.to_string()))?
}
