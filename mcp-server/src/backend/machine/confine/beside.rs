//! Sidecars: a program of an image, put beside a sandbox that is there, within the same walls.
//!
//! It has the sandbox's loopback and the folder that is shared, and nothing else of it: its files, its processes, its variables
//! and its limits are its own.

use super::super::disk;
use super::sandbox::{Remains, Sandbox};
use super::start::{BUILT_WITHIN, command, first_process};
use super::{Caps, Kind, Mason, StartError, bwrap, runsc};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

/// How often it is looked whether a sandbox runs.
const LOOK: Duration = Duration::from_millis(20);

/// What to put beside a sandbox.
#[derive(Debug)]
pub(in super::super) struct Beside<'a> {
    /// The sandbox.
    pub(in super::super) host: &'a Sandbox,
    /// A name that no other living sandbox has.
    pub(in super::super) name: String,
    /// The control group, within that of the enclave.
    pub(in super::super) group: PathBuf,
    /// How much it may use.
    pub(in super::super) caps: Caps,
    /// Open files of each process.
    pub(in super::super) open_files: u64,
    /// The files of its image.
    pub(in super::super) root: PathBuf,
    /// The folder that it stands in.
    pub(in super::super) folder: String,
    /// How much its `/tmp` can hold, in bytes.
    pub(in super::super) scratch: u64,
    /// Its variables.
    pub(in super::super) environment: Vec<(String, String)>,
    /// The program and its arguments, as it sees them.
    pub(in super::super) command: Vec<String>,
}

impl Mason {
    /// Puts a program beside a sandbox. What it says goes to `lines`.
    ///
    /// # Errors
    /// When that cannot be done; nothing is left of the attempt then.
    pub(in super::super) async fn start_beside(
        &self,
        beside: &Beside<'_>,
        lines: mpsc::Sender<String>,
    ) -> Result<Sandbox, StartError> {
        let scratch = self.places.sandboxes().join(&beside.name);
        let remains = Remains::new(self.groups.group(&beside.group), scratch);
        if self.kind == Kind::Runsc {
            self.until_it_runs(beside.host).await?;
        }
        let (info, inner) = pipe::pipe().map_err(StartError::of("a pipe"))?;
        let started = match self.prepare_beside(beside, &remains, info) {
            Ok(command) => self.spawner.spawn(command).await.map_err(StartError::of("starting")),
            Err(error) => Err(error),
        };
        let child = match started {
            Ok(child) => child,
            Err(error) => {
                remains.tidy().await.map_err(StartError::of("clearing away"))?;
                return Err(error);
            }
        };
        let mut sandbox = Sandbox::keep(child, remains, lines);
        if self.kind == Kind::Bwrap {
            sandbox.first = tokio::time::timeout(BUILT_WITHIN, first_process(inner)).await.ok().flatten();
            if sandbox.first.is_none() {
                sandbox.end();
                return Err(StartError::Walls(sandbox.ended().await.how));
            }
        }
        Ok(sandbox)
    }

    /// Waits until gVisor has written down that a sandbox runs: before that its folders are not mounted, and what became a part
    /// of it would have others, which nothing bounds.
    async fn until_it_runs(&self, host: &Sandbox) -> Result<(), StartError> {
        let name = &host.name;
        let state = self.places.sandboxes().join(name).join("state").join(runsc::written_as(name));
        let runs = async {
            while !fs::read(&state).is_ok_and(|text| runsc::runs(&text)) {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = runs => Ok(()),
            end = host.ended() => Err(StartError::Walls(format!("the sandbox beside which it is to be: {}", end.how))),
            () = tokio::time::sleep(BUILT_WITHIN) => {
                let why = format!("the sandbox does not run within {} s", BUILT_WITHIN.as_secs());
                Err(StartError::Walls(why))
            }
        }
    }

    /// Makes the sidecar's folder and group, and the command that becomes it.
    fn prepare_beside(
        &self,
        beside: &Beside<'_>,
        remains: &Remains,
        info: pipe::Sender,
    ) -> Result<Command, StartError> {
        disk::make_private(&remains.scratch).map_err(StartError::of("the sidecar's folder"))?;
        let group = self.groups.make(&beside.group, &beside.caps);
        let folders = group.map_err(StartError::of("the control group"))?.folders().to_vec();
        let host = self.places.sandboxes().join(&beside.host.name);
        let parent = i32::try_from(std::process::id()).unwrap_or_default();
        let enter = match self.kind {
            Kind::Bwrap => bwrap::enter_beside(self, beside, &host, parent, folders),
            Kind::Runsc => runsc::enter_beside(self, beside, (&host, &remains.scratch), parent, folders)
                .map_err(StartError::of("the bundle"))?,
        };
        command(enter, info)
    }
}
