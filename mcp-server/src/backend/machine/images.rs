//! Images of sidecars: unpacked once from the operator's image layout, each into a folder of its digest's digits, whole from the
//! moment it has that name, and never changed.

use super::attendant::{CONFIG, Config, Order, ROOT, Unpack};
use super::disk;
use super::places::Places;
use crate::backend::BackendError;
use crate::backend::beside::Allowed;
use crate::config::Args;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;
use workflow::{Sandbox, Sidecar};

/// How long an image may take to be unpacked.
const UNPACKED_WITHIN: Duration = Duration::from_secs(120);

/// How many letters are told of what went wrong.
const TOLD: usize = 500;

/// The images of this machine.
#[derive(Debug)]
pub(super) struct Images {
    layout: Option<PathBuf>,
    places: Places,
    allowed: Allowed,
    /// One at a time is unpacked.
    one: AsyncMutex<()>,
}

/// An image that can be started.
#[derive(Debug)]
pub(super) struct Image {
    /// Its files.
    pub(super) root: PathBuf,
    /// What it says of itself.
    pub(super) config: Config,
}

impl Images {
    /// As they are configured.
    pub(super) fn of(args: &Args, places: &Places) -> Self {
        Self {
            layout: args.sidecar_layout.clone(),
            places: places.clone(),
            allowed: Allowed::of(args),
            one: AsyncMutex::default(),
        }
    }

    /// Refuses a sandbox with an image that the operator does not let run, or that is not on this machine.
    pub(super) fn check(&self, sandbox: &Sandbox) -> Result<(), BackendError> {
        self.allowed.check(sandbox)?;
        let missing = sandbox.sidecars.iter().find(|sidecar| !self.is_here(&sidecar.image));
        missing.map_or(Ok(()), |sidecar| Err(self.missing(&sidecar.image)))
    }

    fn is_here(&self, image: &str) -> bool {
        let blob = self.layout.as_ref().map(|layout| layout.join("blobs/sha256").join(digits(image)));
        self.folder(image).exists() || blob.is_some_and(|blob| blob.is_file())
    }

    fn missing(&self, image: &str) -> BackendError {
        BackendError::NoImage { image: image.to_owned(), layout: self.layout.clone() }
    }

    fn folder(&self, image: &str) -> PathBuf {
        self.places.images().join(digits(image))
    }

    /// A sidecar's image, which is unpacked when it has not been.
    pub(super) async fn ready(&self, sidecar: &Sidecar) -> Result<Image, BackendError> {
        let _one = self.one.lock().await;
        let folder = self.folder(&sidecar.image);
        if !folder.exists() {
            self.unpack(sidecar, &folder).await?;
        }
        let config = fs::read(folder.join(CONFIG)).map_err(fault)?;
        let config = serde_json::from_slice(&config).map_err(|error| fault(error.into()))?;
        Ok(Image { root: folder.join(ROOT), config })
    }

    async fn unpack(&self, sidecar: &Sidecar, folder: &Path) -> Result<(), BackendError> {
        let layout = self.layout.as_ref().ok_or_else(|| self.missing(&sidecar.image))?;
        if !self.is_here(&sidecar.image) {
            return Err(self.missing(&sidecar.image));
        }
        let made = self.places.making().join(Uuid::now_v7().simple().to_string());
        disk::make_private(&made).map_err(fault)?;
        let digest = format!("sha256:{}", digits(&sidecar.image));
        let unpack = Unpack { layout: layout.clone(), digest, into: made.clone() };
        let done = match run(&Order::Unpack(unpack)).await {
            Ok(()) => disk::give_name(&made, folder).map_err(fault),
            Err(why) => {
                let why = format!("the image of the sidecar `{}`: {why}", sidecar.name);
                Err(BackendError::DoesNotStart(why))
            }
        };
        if done.is_err() {
            let removed = tokio::task::spawn_blocking(move || disk::remove_tree(&made)).await;
            removed.map_err(|error| BackendError::Fault(error.to_string()))?.map_err(fault)?;
        }
        done
    }

    /// Removes the images that nothing uses.
    pub(super) fn collect(&self, used: &[String]) -> io::Result<()> {
        for name in disk::folders(&self.places.images())? {
            if !used.iter().any(|image| digits(image) == name) {
                disk::remove(&self.places.images().join(name), &self.places.removing())?;
            }
        }
        Ok(())
    }
}

/// Has an attendant do this; what it complains of when it cannot.
async fn run(order: &Order) -> Result<(), String> {
    let command = order.command().map_err(|error| error.to_string())?;
    let mut command = Command::from(command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = tokio::time::timeout(UNPACKED_WITHIN, command.output()).await;
    let output = output.map_err(|_| format!("it was not unpacked within {} s", UNPACKED_WITHIN.as_secs()))?;
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let told = told.trim().rsplit("tentacular-attendant: ").next().unwrap_or_default();
    match output.status.code() {
        Some(_) => Err(told.chars().take(TOLD).collect()),
        None => Err(format!("unpacking it {}", output.status)),
    }
}

/// The digits of an image's digest: a contract names each image by one.
fn digits(image: &str) -> &str {
    image.rsplit_once("@sha256:").map_or("", |(_, digits)| digits)
}

fn fault(error: io::Error) -> BackendError {
    BackendError::Fault(error.to_string())
}
