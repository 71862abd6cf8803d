//! All tentacles on this machine, in memory: it is made from what is on disk, and every change goes through it.

use super::disk;
use super::places::Places;
use super::tentacle::{Tentacle, Workshop};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use workflow::{EnclaveName, TentacleName, TentacleRef};

type Tentacles = HashMap<EnclaveName, HashMap<TentacleName, Arc<Tentacle>>>;

/// The index.
#[derive(Debug)]
pub(super) struct Index {
    workshop: Arc<Workshop>,
    tentacles: Mutex<Tentacles>,
}

impl Index {
    /// Reads what is on disk.
    pub(super) fn read(places: &Places, workshop: Arc<Workshop>) -> io::Result<Self> {
        let mut tentacles = Tentacles::new();
        for enclave in disk::folders(&places.enclaves())? {
            let Ok(enclave) = enclave.parse::<EnclaveName>() else { continue };
            for tentacle in disk::folders(&places.enclave(&enclave).tentacles())? {
                let Ok(tentacle) = tentacle.parse::<TentacleName>() else { continue };
                let of = TentacleRef { enclave: enclave.clone(), tentacle: tentacle.clone() };
                let opened = Tentacle::open(of, Arc::clone(&workshop))?;
                tentacles.entry(enclave.clone()).or_default().insert(tentacle, Arc::new(opened));
            }
        }
        Ok(Self { workshop, tentacles: Mutex::new(tentacles) })
    }

    /// A tentacle, if it is here.
    pub(super) fn find(&self, enclave: &EnclaveName, name: &TentacleName) -> Option<Arc<Tentacle>> {
        self.lock().get(enclave)?.get(name).cloned()
    }

    /// A tentacle, or the place for it.
    pub(super) fn find_or_open(&self, of: &TentacleRef) -> io::Result<Arc<Tentacle>> {
        let mut tentacles = self.lock();
        let enclave = tentacles.entry(of.enclave.clone()).or_default();
        if let Some(there) = enclave.get(&of.tentacle) {
            return Ok(Arc::clone(there));
        }
        let opened = Arc::new(Tentacle::open(of.clone(), Arc::clone(&self.workshop))?);
        enclave.insert(of.tentacle.clone(), Arc::clone(&opened));
        Ok(opened)
    }

    /// Forgets a tentacle that is no more, unless there is another of its name already.
    pub(super) fn forget(&self, gone: &Arc<Tentacle>) {
        let mut tentacles = self.lock();
        let Some(enclave) = tentacles.get_mut(&gone.of.enclave) else { return };
        if enclave.get(&gone.of.tentacle).is_some_and(|there| Arc::ptr_eq(there, gone)) {
            enclave.remove(&gone.of.tentacle);
        }
        if enclave.is_empty() {
            tentacles.remove(&gone.of.enclave);
        }
    }

    /// All tentacles of an enclave.
    pub(super) fn of(&self, enclave: &EnclaveName) -> Vec<Arc<Tentacle>> {
        self.lock().get(enclave).into_iter().flat_map(HashMap::values).cloned().collect()
    }

    /// The images of all sidecars.
    pub(super) fn images(&self) -> Vec<String> {
        self.all().iter().flat_map(|tentacle| tentacle.images()).collect()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Tentacle>> {
        self.lock().values().flat_map(HashMap::values).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Tentacles> {
        self.tentacles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
