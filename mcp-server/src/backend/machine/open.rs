//! Putting this machine's backend together: what is there is looked for, tried, and what does not hold is said.

use super::audit::Proof;
use super::confine::{Bind, Ground, Kind, Mason, libraries};
use super::engine::{DENO, ENGINE, Parts};
use super::gateway::Gateway;
use super::groups::{Caps, Hierarchies};
use super::guarded::Guarded;
use super::images::Images;
use super::index::Index;
use super::places::Places;
use super::tentacle::Workshop;
use super::{Machine, disk, enclave, fault, probe};
use crate::backend::BackendError;
use crate::config::{Args, SandboxKind};
use crate::modules::Registries;
use crate::supply::Supply;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;
use wire::enforcement::{Enforcement, Property};
use workflow::Limits;

impl Machine {
    /// Takes the machine folder, clears it of what another life left, and tries the sandboxes.
    ///
    /// # Errors
    /// When the folder or Deno cannot be used. Where no sandbox holds, that is an error of deploys and runs.
    pub(in super::super) async fn open(args: &Args, supply: Arc<Supply>) -> Result<Self, BackendError> {
        let places = places(args)?;
        let guarded = Guarded::start(&places).await?;
        let ground = Ground::of(&places).await.map_err(fault)?;
        let groups = Arc::clone(&ground.groups);
        let files = files(args).await?;
        let gateway = Arc::new(Gateway::start(args, &places, &supply).await);
        let (runsc, bwrap) = (args.runsc.as_deref(), args.bwrap.as_deref());
        let chosen = choose(&Programs { sandbox: args.sandbox, runsc, bwrap }, &files, &ground).await;
        let registries = Registries::of(&args.modules);
        let images = Arc::new(Images::of(args, &places));
        let parts = chosen.map(|mason| {
            let (images, gateway) = (Arc::clone(&images), Arc::clone(&gateway));
            let ask_sidecars = Duration::from_secs(args.sidecar_seconds.into());
            Parts { mason, files, supply, images, ask_sidecars, registries, gateway }
        });
        let enforces = enforces(&groups, &parts, &gateway);
        for gap in enforces.not_enforced() {
            tracing::warn!(gap, "not enforced on this machine");
        }
        let workshop = Arc::new(Workshop::new(parts, places.clone()));
        let index = Arc::new(Index::read(&places, Arc::clone(&workshop)).map_err(fault)?);
        for (name, quota) in enclave::all(&places).map_err(fault)? {
            groups.make(Path::new(name.as_str()), &enclave::caps(quota)).map_err(fault)?;
        }
        images.collect(&index.images()).map_err(fault)?;
        let idle = Duration::from_secs(args.idle_seconds.into());
        let rest = AbortOnDropHandle::new(tokio::spawn(rest(Arc::clone(&index), idle)));
        let proof = Proof::default();
        Ok(Self { places, groups, index, enforces, workshop, proof, _rest: rest, _guarded: guarded })
    }
}

fn places(args: &Args) -> Result<Places, BackendError> {
    let missing = || BackendError::Unreachable("--machine-dir is not given".to_owned());
    let folder = args.machine_dir.as_ref().ok_or_else(missing)?;
    disk::make_private(folder).map_err(fault)?;
    let places = Places::new(folder.canonicalize().map_err(fault)?);
    for folder in [places.enclaves(), places.sandboxes(), places.making(), places.removing(), places.images()]
    {
        disk::make_private(&folder).map_err(fault)?;
    }
    Ok(places)
}

/// What a sandbox holds unless its tentacle's limits say otherwise.
pub(super) fn usual() -> Caps {
    Caps::of(&Limits::default())
}

/// Deno, its libraries and the engine's program.
async fn files(args: &Args) -> Result<Vec<Bind>, BackendError> {
    let given = program("deno", args.deno.as_deref()).map_err(BackendError::Unreachable)?;
    let missing = || BackendError::Unreachable("--engine-dir is not given".to_owned());
    let engine = args.engine_dir.as_deref().ok_or_else(missing)?;
    let mut files = deno(&given).await?;
    files.push(Bind::new(engine, ENGINE)?);
    Ok(files)
}

/// Deno and its libraries.
pub(super) async fn deno(deno: &Path) -> Result<Vec<Bind>, BackendError> {
    let mut files = libraries(deno).await?;
    files.push(Bind::new(deno, DENO)?);
    Ok(files)
}

/// The programs that build walls, as they are given, and which of them is wanted.
pub(super) struct Programs<'a> {
    pub(super) sandbox: SandboxKind,
    pub(super) runsc: Option<&'a Path>,
    pub(super) bwrap: Option<&'a Path>,
}

/// The program at the given place, or the one of that name on the PATH.
fn program(name: &str, given: Option<&Path>) -> Result<PathBuf, String> {
    let found = match given {
        Some(path) => path.canonicalize().map_err(|error| format!("{}: {error}", path.display())),
        None => which::which(name).map_err(|_| format!("`{name}` is not on the PATH")),
    };
    found.and_then(|path| path.canonicalize().map_err(|error| format!("{}: {error}", path.display())))
}

/// The first sandbox that really holds here; why none does.
pub(super) async fn choose(
    programs: &Programs<'_>,
    files: &[Bind],
    ground: &Ground,
) -> Result<Mason, String> {
    let kinds: &[Kind] = match programs.sandbox {
        SandboxKind::Auto => &[Kind::Runsc, Kind::Bwrap],
        SandboxKind::Runsc => &[Kind::Runsc],
        SandboxKind::Bwrap => &[Kind::Bwrap],
    };
    let mut reasons = Vec::new();
    for kind in kinds {
        let given = match kind {
            Kind::Runsc => programs.runsc,
            Kind::Bwrap => programs.bwrap,
        };
        let proven = match program(kind.name(), given) {
            Ok(program) => {
                let mason = ground.mason(*kind, program);
                probe::prove(&mason, files).await.map(|()| mason)
            }
            Err(why) => Err(why),
        };
        match proven {
            Ok(mason) => {
                tracing::info!(sandbox = kind.name(), program = %mason.program.display(), "the sandbox holds");
                return Ok(mason);
            }
            Err(why) => {
                tracing::warn!(sandbox = kind.name(), why, "a sandbox cannot be used");
                reasons.push(format!("{}: {why}", kind.name()));
            }
        }
    }
    Err(reasons.join("; "))
}

/// What is enforced here, by what was found and tried.
fn enforces(
    groups: &Hierarchies,
    parts: &Result<Parts, String>,
    gateway: &Result<Gateway, String>,
) -> Enforcement {
    let kind = parts.as_ref().map(|parts| parts.mason.kind);
    let mut enforcement = held(groups, kind.map_err(String::as_str));
    let missing: Vec<&str> =
        groups.missing().filter(|_| parts.is_ok()).map(|it| it.property().name()).collect();
    if !missing.is_empty() {
        let why = format!("an enclave can use up this machine's: {}", missing.join(", "));
        enforcement = enforcement.without(Property::EnclaveShare, &why);
    }
    match gateway {
        Ok(_) => enforcement,
        Err(why) => enforcement.noting(format!("tentacles that reach something do not run here: {why}")),
    }
}

/// What walls of this kind hold one sandbox to here; the reason where there are none.
pub(super) fn held(groups: &Hierarchies, kind: Result<Kind, &str>) -> Enforcement {
    let kind = match kind {
        Ok(kind) => kind,
        Err(why) => return Enforcement::nothing("machine", &format!("tentacles do not run here: {why}")),
    };
    let mut enforcement = Enforcement::of(kind.walls());
    let own = kind.counts_itself();
    for controller in groups.missing().filter(|missing| Some(*missing) != own) {
        enforcement = enforcement.without(controller.property(), controller.gap());
    }
    enforcement
}

/// Ends engines that nobody has used for a while.
async fn rest(index: Arc<Index>, idle: Duration) {
    let every = (idle / 4).clamp(Duration::from_millis(250), Duration::from_secs(15));
    loop {
        tokio::time::sleep(every).await;
        for tentacle in index.all() {
            tentacle.rest(idle).await;
        }
    }
}
