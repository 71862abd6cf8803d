//! How the engine is started: Deno with the permissions that the sandbox needs and no other.

use super::Sandbox;
use super::forward::{Forward, PROXY};
use std::net::SocketAddrV4;

pub use fetch::Fetching;
pub use unpack::Unpacking;

mod fetch;
mod unpack;

/// Where a tentacle keeps its fixtures, within its folder.
pub const FIXTURES: &str = "tests/fixtures";

/// The whole environment of the engine. Deno wants to be told where its cache is; it needs none, and this is a place
/// where nobody can make one. Unless it is told not to keep what it has compiled, it tries six times to, and waits 150 ms
/// between them, before anything runs. That variable is not in Deno's documentation, and without it a start is only slower.
pub const ENVIRONMENT: [(&str, &str); 4] = [
    ("DENO_DIR", "/dev/null/none"),
    ("DENO_EMIT_CACHE_MODE", "disable"),
    ("DENO_NO_UPDATE_CHECK", "1"),
    ("NO_COLOR", "1"),
];

/// Where things lie inside of the sandbox.
#[derive(Debug, Clone)]
pub struct Layout {
    deno: String,
    engine: String,
    code: String,
    plan: String,
    listen: Listen,
    gateway: Option<(Gateway, String)>,
    secrets: Option<String>,
    modules: Option<String>,
    load_first: bool,
}

/// Where the sandbox reaches the egress gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gateway {
    /// A Unix socket at this path.
    Unix(String),
    /// An address.
    Tcp(SocketAddrV4),
}

/// Where the engine is to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A Unix socket at this path, whose folder must exist.
    Unix(String),
    /// An address of the sandbox's own.
    Tcp(SocketAddrV4),
}

/// Why a layout is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Other characters have a meaning in permission lists and addresses.
    #[error(
        "`{0}` cannot be a path in a sandbox: use an absolute path of ASCII letters, digits, `.`, `_` and `-`"
    )]
    Path(String),
}

impl Layout {
    /// Takes the paths of the Deno binary, the engine's folder, the code's folder, and the plan.
    ///
    /// # Errors
    /// When a path is not absolute or has characters that have a meaning in permission lists.
    pub fn new([deno, engine, code, plan]: [&str; 4], listen: Listen) -> Result<Self, LayoutError> {
        let mut paths = vec![deno, engine, code, plan];
        if let Listen::Unix(socket) = &listen {
            paths.push(socket);
        }
        paths.into_iter().try_for_each(plain)?;
        let [deno, engine, code, plan] = [deno, engine, code, plan].map(str::to_owned);
        let (gateway, secrets, modules) = (None, None, None);
        Ok(Self { deno, engine, code, plan, listen, gateway, secrets, modules, load_first: false })
    }

    /// The same with a way out: where the gateway is, and the file of the pass.
    ///
    /// # Errors
    /// As [`Layout::new`].
    pub fn with_gateway(self, gateway: Gateway, pass: &str) -> Result<Self, LayoutError> {
        if let Gateway::Unix(socket) = &gateway {
            plain(socket)?;
        }
        plain(pass)?;
        Ok(Self { gateway: Some((gateway, pass.to_owned())), ..self })
    }

    /// The same with secrets: a folder that has a file for each, of its name.
    ///
    /// # Errors
    /// As [`Layout::new`].
    pub fn with_secrets(self, folder: &str) -> Result<Self, LayoutError> {
        plain(folder)?;
        Ok(Self { secrets: Some(folder.to_owned()), ..self })
    }

    /// The same with modules from registries: the folder in which they lie with their lock (`engine/modules.ts`).
    ///
    /// # Errors
    /// As [`Layout::new`].
    pub fn with_modules(self, folder: &str) -> Result<Self, LayoutError> {
        plain(folder)?;
        Ok(Self { modules: Some(folder.to_owned()), ..self })
    }

    /// The same for an engine that listens only once every node has been loaded, and ends where one cannot be: for whoever
    /// takes an engine that answers for a version that works.
    #[must_use]
    pub fn loading_first(self) -> Self {
        Self { load_first: true, ..self }
    }
}

fn plain(path: &str) -> Result<(), LayoutError> {
    if is_plain(path) { Ok(()) } else { Err(LayoutError::Path(crate::name::shown(path))) }
}

/// `(/[A-Za-z0-9._-]+)+`, without steps back.
fn is_plain(path: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && part != ".."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    path.strip_prefix('/').is_some_and(|path| path.split('/').all(word))
}

/// What the engine may do, collected from what it is for.
#[derive(Default)]
struct Permissions {
    read: Vec<String>,
    write: Vec<String>,
    net: Vec<String>,
    run: Vec<String>,
    flags: Vec<String>,
}

impl Permissions {
    fn flag(&mut self, name: &str, value: &str) {
        self.flags.extend([name.to_owned(), value.to_owned()]);
    }

    /// A Unix socket is read, written and connected to.
    fn socket(&mut self, path: &str) {
        self.read.push(path.to_owned());
        self.write.push(path.to_owned());
        self.net.push(format!("unix:{path}"));
    }

    fn listen(&mut self, listen: &Listen) {
        let address = match listen {
            Listen::Unix(socket) => {
                self.socket(socket);
                format!("unix:{socket}")
            }
            Listen::Tcp(address) => {
                self.net.push(address.to_string());
                format!("tcp:{address}")
            }
        };
        self.flag("--listen", &address);
    }

    /// The gateway, the pass, and the loopback addresses from which the engine carries connections there.
    fn gateway(&mut self, gateway: &Gateway, pass: &str, forwards: &[Forward]) {
        let address = match gateway {
            Gateway::Unix(socket) => {
                self.socket(socket);
                format!("unix:{socket}")
            }
            Gateway::Tcp(address) => {
                self.net.push(address.to_string());
                format!("tcp:{address}")
            }
        };
        self.net.push(PROXY.to_string());
        self.net.extend(forwards.iter().map(|forward| format!("{}:{}", forward.at, forward.port)));
        self.read.push(pass.to_owned());
        self.flag("--gateway", &address);
        self.flag("--pass", pass);
    }

    fn modules(&mut self, folder: Option<&str>) {
        if let Some(folder) = folder {
            self.read.push(folder.to_owned());
            self.flag("--modules", folder);
        }
    }

    /// The command line of a program of the engine.
    fn words(self, [deno, engine]: [&str; 2], program: &str) -> Vec<String> {
        let mut words: Vec<String> = [deno, "run", "--quiet", "--no-prompt", "--no-remote"]
            .into_iter()
            .chain(["--no-npm", "--no-lock", "--cached-only"])
            .map(str::to_owned)
            .collect();
        words.push(format!("--config={engine}/deno.json"));
        let all = [("read", &self.read), ("write", &self.write), ("net", &self.net), ("run", &self.run)];
        for (kind, what) in all {
            if !what.is_empty() {
                words.push(format!("--allow-{kind}={}", what.join(",")));
            }
        }
        words.push(format!("{engine}/{program}"));
        words.extend(self.flags);
        words
    }
}

impl Sandbox {
    /// The engine's command line, the program first.
    ///
    /// It reads itself, the plan, the fixtures, its secrets and its pass, listens at its one address, carries what its nodes send to the
    /// gateway, and may start its own binary again, which it does for each run with less than this.
    #[must_use]
    pub fn engine_command(&self, layout: &Layout) -> Vec<String> {
        let Layout { deno, engine, code, plan, listen, gateway, secrets, modules, load_first } = layout;
        let read = vec![engine.clone(), plan.clone(), format!("{code}/{FIXTURES}")];
        let mut may = Permissions { read, run: vec![deno.clone()], ..Permissions::default() };
        for (flag, value) in [("--plan", plan), ("--code", code), ("--deno", deno)] {
            may.flag(flag, value);
        }
        may.listen(listen);
        if matches!(listen, Listen::Unix(_)) {
            // Who is outside cannot reach a sidecar there, and asks the engine whether it is well.
            may.net.extend(self.sidecars.iter().map(|sidecar| sidecar.place().to_string()));
        }
        if let Some((gateway, pass)) = gateway {
            may.gateway(gateway, pass, &self.forwards());
        }
        if let Some(folder) = secrets {
            may.read.push(folder.clone());
            may.flag("--secrets", folder);
        }
        may.modules(modules.as_deref());
        if *load_first {
            may.flag("--load-first", "yes");
        }
        may.words([deno, engine], "main.ts")
    }

    /// The command line that tests the tentacle with its fixtures, the program first.
    ///
    /// It reads the engine, the plan and the code, and may start its own binary again. It has no network, no secrets and
    /// no pass, whatever the layout has.
    #[must_use]
    pub fn test_command(&self, layout: &Layout) -> Vec<String> {
        let Layout { deno, engine, code, plan, modules, .. } = layout;
        let read = vec![engine.clone(), plan.clone(), code.clone()];
        let mut may = Permissions { read, run: vec![deno.clone()], ..Permissions::default() };
        for (flag, value) in [("--plan", plan), ("--code", code), ("--deno", deno)] {
            may.flag(flag, value);
        }
        may.modules(modules.as_deref());
        may.words([deno, engine], "test_main.ts")
    }
}
