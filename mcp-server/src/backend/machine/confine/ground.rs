//! What walls stand on, whichever they are: the machine's folder, its control groups, and the thread that starts sandboxes.

use super::{Kind, Mason};
use crate::backend::machine::groups::Hierarchies;
use crate::backend::machine::open::usual;
use crate::backend::machine::places::Places;
use crate::backend::machine::spawner::Spawner;
use nix::unistd::Uid;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The ground of all walls of one machine's folder.
pub(in crate::backend::machine) struct Ground {
    places: Places,
    pub(in crate::backend::machine) groups: Arc<Hierarchies>,
    spawner: Arc<Spawner>,
}

impl Ground {
    /// Finds the control groups that really hold something, and starts the thread.
    ///
    /// # Errors
    /// When the folder cannot be written, or the thread cannot be started.
    pub(in crate::backend::machine) async fn of(places: &Places) -> io::Result<Self> {
        let groups = Arc::new(Hierarchies::open(places)?.proven(&usual()).await?);
        let spawner = Arc::new(Spawner::new()?);
        Ok(Self { places: places.clone(), groups, spawner })
    }

    /// Who builds walls of this kind on it, with this program.
    pub(in crate::backend::machine) fn mason(&self, kind: Kind, program: PathBuf) -> Mason {
        let (places, is_root) = (self.places.clone(), Uid::effective().is_root());
        let (groups, spawner) = (Arc::clone(&self.groups), Arc::clone(&self.spawner));
        Mason { kind, program, is_root, places, groups, spawner }
    }
}
