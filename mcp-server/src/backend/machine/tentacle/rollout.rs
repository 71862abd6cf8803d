//! A new version comes, the old one goes; or the whole tentacle does.

use super::{Slot, Tentacle, blocking};
use crate::backend::machine::engine::Engine;
use crate::backend::machine::{disk, modules, version};
use crate::backend::{BackendError, Deployed, Rehearsed, Version};
use std::io;
use std::sync::Arc;
use tokio::sync::MutexGuard;
use workflow::{ContentHash, SecretName};

impl Tentacle {
    /// Deploys a version. The one before serves until the new one has shown that it starts, that its code loads, and what its fixtures expect; then
    /// it ends its runs and goes.
    pub(in super::super) async fn deploy(self: &Arc<Self>, new: &Version) -> Result<Deployed, BackendError> {
        let _one = self.rollouts.lock().await;
        if self.slot.lock().await.gone {
            return Err(BackendError::Unreachable("the tentacle is being removed".to_owned()));
        }
        let (engine, rehearsed) = match self.prove(new).await {
            Ok(proven) => proven,
            Err(error) => {
                // Nothing of a version that does not start stays.
                self.collect(&*self.slot.lock().await).await?;
                return Err(error);
            }
        };
        let hash = new.sandbox.version;
        let slot = self.slot.lock().await;
        let before = slot.current;
        let sandbox = self.workshop.parts()?.mason.kind.name();
        self.switch(slot, engine).await?;
        let created = u64::from(before.is_none());
        Ok(Deployed {
            applied: vec![format!("version {}", hash.short()), format!("sandbox of {sandbox}")],
            created,
            updated: 1 - created,
            deleted: u64::from(before.is_some_and(|before| before != hash)),
            rehearsed,
        })
    }

    /// Puts a version on disk, starts an engine for it, and sees that its code loads and passes its fixtures.
    async fn prove(&self, new: &Version) -> Result<(Engine, Option<Rehearsed>), BackendError> {
        let parts = self.workshop.parts()?;
        let hash = new.sandbox.version;
        let (places, place, bundle) = (self.workshop.places.clone(), self.place.clone(), new.bundle.clone());
        blocking(move || version::store(&places, &place, &hash, &bundle).map_err(fault)).await?;
        let modules = modules::ready(&self.workshop, &new.sandbox, &self.place, &self.place).await?;
        let release = version::Release {
            sandbox: new.sandbox.clone(),
            code: self.place.version(&hash),
            modules,
            observe: false,
            secrets: new.secrets.clone(),
        };
        let name = self.workshop.name(&self.of);
        let engine = Engine::start(parts, &release, name, Arc::clone(&self.log)).await?;
        let proven = async {
            engine.load().await?;
            engine.rehearse(&new.bundle).await
        };
        match proven.await {
            Ok(rehearsed) => Ok((engine, rehearsed)),
            Err(error) => {
                engine.end().await;
                Err(error)
            }
        }
    }

    /// From here on the new engine serves, also after a restart.
    async fn switch(
        self: &Arc<Self>,
        mut slot: MutexGuard<'_, Slot>,
        engine: Engine,
    ) -> Result<(), BackendError> {
        let (place, version) = (self.place.clone(), engine.version);
        blocking(move || version::set_current(&place, version).map_err(fault)).await?;
        let engine = Arc::new(engine);
        {
            let mut seen = self.seen();
            (seen.deployed, seen.failing, seen.copy) = (true, false, Some(engine.copy.clone()));
        }
        slot.current = Some(version);
        let Some(old) = slot.engine.replace(engine) else { return self.collect(&slot).await };
        self.let_go(&mut slot, old);
        Ok(())
    }

    /// Goes on without an engine, which ends its runs first.
    pub(super) fn let_go(self: &Arc<Self>, slot: &mut Slot, old: Arc<Engine>) {
        slot.retiring.push(Arc::clone(&old));
        let tentacle = Arc::clone(self);
        tokio::spawn(async move { tentacle.retire(&old).await });
    }

    /// Replaces an engine that holds this secret, whose value has changed: the next run starts another.
    pub(in super::super) async fn renew(self: &Arc<Self>, secret: &SecretName) {
        self.replace(|engine| engine.holds(secret)).await;
    }

    /// Replaces the engine, whatever it is at: the next run starts another. What failed to start is tried again.
    pub(in super::super) async fn restart(self: &Arc<Self>) {
        self.replace(|_| true).await;
        self.seen().failing = false;
    }

    async fn replace(self: &Arc<Self>, is_old: impl FnOnce(&mut Arc<Engine>) -> bool) {
        let mut slot = self.slot.lock().await;
        let Some(old) = slot.engine.take_if(is_old) else { return };
        self.seen().copy = None;
        self.let_go(&mut slot, old);
    }

    /// Lets an engine end its runs, and then goes on without it.
    async fn retire(&self, old: &Arc<Engine>) {
        old.drained().await;
        old.end().await;
        let mut slot = self.slot.lock().await;
        slot.retiring.retain(|engine| !Arc::ptr_eq(engine, old));
        if let Err(error) = self.collect(&slot).await {
            tracing::warn!(tentacle = %self.of, %error, "an old version is left until the next start");
        }
    }

    /// Removes the versions that nothing serves any more.
    async fn collect(&self, slot: &Slot) -> Result<(), BackendError> {
        if slot.gone {
            return Ok(());
        }
        let used = slot.retiring.iter().chain(&slot.engine).map(|engine| engine.version);
        let keep: Vec<ContentHash> = slot.current.into_iter().chain(used).collect();
        let (places, place) = (self.workshop.places.clone(), self.place.clone());
        blocking(move || version::collect(&places, &place, &keep).map_err(fault)).await
    }

    /// Removes the tentacle; answers what there was, in plain words.
    pub(in super::super) async fn remove(&self) -> Result<Vec<String>, BackendError> {
        let _one = self.rollouts.lock().await;
        let mut slot = self.slot.lock().await;
        slot.gone = true;
        let mut removed = Vec::new();
        removed.extend(slot.current.map(|version| format!("version {}", version.short())));
        let engines: Vec<_> = slot.engine.take().into_iter().chain(slot.retiring.drain(..)).collect();
        for engine in &engines {
            engine.end().await;
            removed.push(format!("sandbox {}", engine.copy));
        }
        self.log.close();
        if self.place.log().exists() {
            removed.push("log".to_owned());
        }
        let (folder, removing) = (self.place.folder.clone(), self.workshop.places.removing());
        blocking(move || disk::remove(&folder, &removing).map_err(fault)).await?;
        self.seen().deployed = false;
        Ok(removed)
    }
}

fn fault(error: io::Error) -> BackendError {
    BackendError::Fault(error.to_string())
}
