//! The sidecars of an engine: started with it, ended with it, and what is told of one that ends by itself.

use super::super::confine::{Beside as Wanted, End, Sandbox, StartError};
use super::super::groups::Caps;
use super::super::images::Image;
use super::super::log_book::LogBook;
use super::super::version::Release;
use super::{Parts, WAITING, write_down};
use crate::backend::BackendError;
use crate::backend::log_line::LogLine;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use workflow::{Limits, Sidecar};

/// A sidecar that runs.
#[derive(Debug)]
pub(super) struct Beside {
    pub(super) sidecar: Sidecar,
    pub(super) sandbox: Sandbox,
}

/// The program that is asked when an image has a relative one and says no path.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Starts the sidecars of a release beside the engine's sandbox.
pub(super) async fn start(
    parts: &Parts,
    release: &Release,
    host: &Sandbox,
    (name, log): (&str, &Arc<LogBook>),
) -> Result<Vec<Beside>, BackendError> {
    let mut all = Vec::new();
    for sidecar in &release.sandbox.sidecars {
        match start_one(parts, release, sidecar, host, (name, log)).await {
            Ok(one) => all.push(one),
            Err(error) => {
                end(&all).await;
                return Err(error);
            }
        }
    }
    Ok(all)
}

/// Ends them; comes back when nothing of them is left.
pub(super) async fn end(all: &[Beside]) {
    for one in all {
        one.sandbox.end();
    }
    for one in all {
        one.sandbox.ended().await;
    }
}

async fn start_one(
    parts: &Parts,
    release: &Release,
    sidecar: &Sidecar,
    host: &Sandbox,
    (name, log): (&str, &Arc<LogBook>),
) -> Result<Beside, BackendError> {
    let image = parts.images.ready(sidecar).await?;
    // A dot is in no name of an enclave, a tentacle or a sidecar.
    let name = format!("{name}.{}", sidecar.name);
    let limits = &release.sandbox.limits;
    let wanted = Wanted {
        host,
        group: Path::new(release.sandbox.tentacle.enclave.as_str()).join(&name),
        name,
        caps: caps(sidecar, limits),
        open_files: limits.open_files.into(),
        folder: image.config.working_dir.clone().filter(|at| at.starts_with('/')).unwrap_or("/".to_owned()),
        scratch: u64::from(Sidecar::SCRATCH_MIB) << 20,
        environment: environment(sidecar, &image),
        command: command(sidecar, &image)?,
        root: image.root,
    };
    let own = log.of(&sidecar.name).map_err(|error| BackendError::Fault(error.to_string()))?;
    let (to, lines) = mpsc::channel(WAITING);
    tokio::spawn(write_down(lines, own));
    let started = parts.mason.start_beside(&wanted, to).await;
    let sandbox = started.map_err(|error| match error {
        StartError::Walls(why) => BackendError::DoesNotStart(told(sidecar, &why)),
        StartError::System(..) => BackendError::Fault(error.to_string()),
    })?;
    Ok(Beside { sidecar: sidecar.clone(), sandbox })
}

/// What a sidecar may use.
fn caps(sidecar: &Sidecar, limits: &Limits) -> Caps {
    Caps {
        memory: u64::from(sidecar.limits.memory_mib) << 20,
        cpu_millis: sidecar.limits.cpu_millis.into(),
        processes: limits.processes.into(),
    }
}

/// What an engine and its sidecars may use together.
pub(super) fn together(limits: &Limits, sidecars: &[Sidecar]) -> Caps {
    sidecars.iter().map(|sidecar| caps(sidecar, limits)).fold(Caps::of(limits), |all, one| Caps {
        memory: all.memory + one.memory,
        cpu_millis: all.cpu_millis + one.cpu_millis,
        processes: all.processes + one.processes,
    })
}

/// The image's variables, and the contract's over them: as a cluster does it.
fn environment(sidecar: &Sidecar, image: &Image) -> Vec<(String, String)> {
    let mut all = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
    let own = image.config.env.iter().flatten().filter_map(|line| line.split_once('='));
    all.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    all.extend(sidecar.env.clone());
    // What has no name, or ends in its middle, cannot be given to a program.
    all.into_iter()
        .filter(|(name, value)| !name.is_empty() && !format!("{name}{value}").contains('\0'))
        .collect()
}

/// The contract's program, or else the image's: as a cluster does it.
fn command(sidecar: &Sidecar, image: &Image) -> Result<Vec<String>, BackendError> {
    let own = |words: &Option<Vec<String>>| words.clone().unwrap_or_default();
    let program = match sidecar.command.is_empty() {
        true => own(&image.config.entrypoint),
        false => sidecar.command.clone(),
    };
    let args = match (sidecar.args.is_empty(), sidecar.command.is_empty()) {
        (true, true) => own(&image.config.cmd),
        _ => sidecar.args.clone(),
    };
    let words = [program, args].concat();
    if words.first().is_none_or(String::is_empty) || words.iter().any(|word| word.contains('\0')) {
        return Err(BackendError::DoesNotStart(told(sidecar, "neither it nor its image says what to start")));
    }
    Ok(words)
}

impl Beside {
    /// How it ended, where it has.
    pub(super) fn ended(&self) -> Option<String> {
        let told = |end| format!("the sidecar `{}` ended: {}", self.sidecar.name, how(&self.sidecar, &end));
        self.sandbox.end_of_it().map(told)
    }

    /// How it ended, once it has.
    pub(super) async fn until_ended(&self) -> String {
        told(&self.sidecar, &how(&self.sidecar, &self.sandbox.ended().await))
    }

    /// Writes its end into the tentacle's log, whenever that is, unless the server has ended it.
    pub(super) fn tell(&self, log: Arc<LogBook>) {
        let (sidecar, ended) = (self.sidecar.clone(), self.sandbox.ended());
        tokio::spawn(async move {
            let end = ended.await;
            if !end.wanted {
                let line =
                    LogLine::read(&format!("the sidecar `{}` ended: {}", sidecar.name, how(&sidecar, &end)));
                if let Err(error) = log.write(&line) {
                    tracing::error!(%error, "the end of a sidecar cannot be written down");
                }
            }
        });
    }
}

fn how(sidecar: &Sidecar, end: &End) -> String {
    match end.memory_kills {
        0 => end.how.clone(),
        _ => format!("it used more memory than it may, {} MiB", sidecar.limits.memory_mib),
    }
}

fn told(sidecar: &Sidecar, why: &str) -> String {
    format!("the sidecar `{}`: {why}", sidecar.name)
}
