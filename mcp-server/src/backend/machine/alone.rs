//! This machine's walls without a server: for whoever has a tentacle's code to try where he writes it.

use super::confine::{Bind, Ground, Mason, SOCKET_BYTES, Wanted};
use super::engine::{CODE, DENO, ENGINE, MODULES, PLAN};
use super::groups::Caps;
use super::guarded::Guarded;
use super::open::{self, Programs};
use super::places::Places;
use super::{disk, fault};
use crate::backend::BackendError;
use crate::config::SandboxKind;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;
use workflow::{Layout, LayoutError, Limits, Listen};

/// The control group of what is tried. No enclave has this name: it has a character that they cannot have.
const GROUP: &str = "alone.";

/// What walls are to be built with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Which walls.
    pub sandbox: SandboxKind,
    /// Deno.
    pub deno: PathBuf,
    /// gVisor's `runsc`; looked up on the PATH when left out.
    pub runsc: Option<PathBuf>,
    /// Bubblewrap; looked up on the PATH when left out.
    pub bwrap: Option<PathBuf>,
}

/// What lies within the walls, where the machine has it. Everything is for reading alone.
#[derive(Debug, Clone)]
pub struct Laid {
    /// The engine's program.
    pub engine: PathBuf,
    /// The tentacle's source.
    pub code: PathBuf,
    /// Its plan.
    pub plan: PathBuf,
    /// What it imports from registries, where it does: the folder, and the cache that is to be found in it.
    pub modules: Option<(PathBuf, PathBuf)>,
}

/// Walls that hold here.
#[derive(Debug)]
pub struct Alone {
    mason: Mason,
    /// Deno and its libraries.
    files: Vec<Bind>,
    guarded: Guarded,
}

impl Alone {
    /// Looks for walls, and tries them. What they need lies in `folder`, which is nobody else's.
    ///
    /// # Errors
    /// Says why none hold here.
    pub async fn open(folder: &Path, tools: &Tools) -> Result<Self, String> {
        let told = |error: BackendError| error.to_string();
        disk::make_private(folder).map_err(|error| error.to_string())?;
        let root = folder.canonicalize().map_err(|error| error.to_string())?;
        let places = Places::new(root);
        disk::make_private(&places.sandboxes()).map_err(|error| error.to_string())?;
        let guarded = Guarded::start(&places).await.map_err(told)?;
        match build(places, tools).await {
            Ok((mason, files)) => Ok(Self { mason, files, guarded }),
            Err(why) => {
                guarded.end().await;
                Err(why)
            }
        }
    }

    /// The program that builds them.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.mason.kind.name()
    }

    /// What cannot be held here, each in words.
    #[must_use]
    pub fn not_enforced(&self) -> Vec<String> {
        open::held(&self.mason.groups, Ok(self.mason.kind)).not_enforced()
    }

    /// Where the program finds what lies within.
    ///
    /// # Errors
    /// None: these places can all be told.
    pub fn layout(laid: &Laid) -> Result<Layout, LayoutError> {
        // It listens nowhere.
        let layout = Layout::new([DENO, ENGINE, CODE, PLAN], Listen::Unix("/none".to_owned()))?;
        if laid.modules.is_some() { layout.with_modules(MODULES) } else { Ok(layout) }
    }

    /// Has a command do its work within; what it wrote.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn run(&self, laid: &Laid, limits: &Limits, command: Vec<String>) -> Result<Output, String> {
        let told = |error: BackendError| error.to_string();
        let mut files = self.files.clone();
        let own = [(&laid.engine, ENGINE), (&laid.code, CODE), (&laid.plan, PLAN)];
        for (from, at) in own {
            files.push(Bind::new(from, at).map_err(told)?);
        }
        if let Some((folder, cache)) = &laid.modules {
            files.push(Bind::new(folder, MODULES).map_err(told)?);
            files.push(Bind::new(cache, &format!("{MODULES}/cache")).map_err(told)?);
        }
        let name = "test".to_owned();
        let wanted = Wanted {
            group: Path::new(GROUP).join(&name),
            name,
            caps: Caps::of(limits),
            data: u64::from(limits.data_mib) << 20,
            open_files: limits.open_files.into(),
            files,
            texts: Vec::new(),
            room: SOCKET_BYTES,
            shared: None,
            tcp: false,
            keeps: false,
            command,
        };
        self.mason.once(&wanted).await.map_err(|error| error.to_string())
    }

    /// Lets go of everything; comes back when nothing is left but the folder.
    pub async fn end(self) {
        let Self { mason, guarded, .. } = self;
        drop(mason);
        guarded.end().await;
    }
}

async fn build(places: Places, tools: &Tools) -> Result<(Mason, Vec<Bind>), String> {
    let told = |error: BackendError| error.to_string();
    let said = |error: io::Error| fault(error).to_string();
    let ground = Ground::of(&places).await.map_err(said)?;
    let files = open::deno(&tools.deno).await.map_err(told)?;
    let Tools { sandbox, runsc, bwrap, .. } = tools;
    let programs = Programs { sandbox: *sandbox, runsc: runsc.as_deref(), bwrap: bwrap.as_deref() };
    // What is tried is the same with the engine's program beside it.
    let mason = open::choose(&programs, &files, &ground).await?;
    Ok((mason, files))
}
