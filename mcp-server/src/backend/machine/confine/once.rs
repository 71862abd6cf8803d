//! A program that is put behind walls, does what it has to do, and ends: whoever asked for it gets what it wrote, as it is.

use super::sandbox::Remains;
use super::{Mason, StartError, Wanted};
use std::process::Output;
use tokio::net::unix::pipe;

impl Mason {
    /// Has the wanted program do its work behind walls, and waits for its end.
    ///
    /// # Errors
    /// When it cannot be started. Nothing of it is left, however it ends.
    pub(in super::super) async fn once(&self, wanted: &Wanted) -> Result<Output, StartError> {
        let scratch = self.places.sandboxes().join(&wanted.name);
        let remains = Remains::new(self.groups.group(&wanted.group), scratch);
        // Nobody asks which process is the first within: what it says has somewhere to go, and that is all.
        let (info, _inner) = pipe::pipe().map_err(StartError::of("a pipe"))?;
        let ended = match self.prepare(wanted, &remains, info) {
            Ok(command) => match self.spawner.spawn(command).await {
                Ok(child) => child.wait_with_output().await.map_err(StartError::of("waiting for its end")),
                Err(error) => Err(StartError::System("starting", error)),
            },
            Err(error) => Err(error),
        };
        remains.tidy().await.map_err(StartError::of("clearing away"))?;
        ended
    }
}
