//! How the engine is started: Deno with the permissions that the sandbox needs and no other.

use super::Sandbox;
use std::net::SocketAddrV4;

/// The whole environment of the engine. Deno wants to be told where its cache is; it needs none, and this is a place
/// where nobody can make one.
pub const ENVIRONMENT: [(&str, &str); 3] =
    [("DENO_DIR", "/dev/null/none"), ("DENO_NO_UPDATE_CHECK", "1"), ("NO_COLOR", "1")];

/// Where things lie inside of the sandbox.
#[derive(Debug, Clone)]
pub struct Layout {
    deno: String,
    engine: String,
    code: String,
    plan: String,
    listen: Listen,
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
        if let Some(path) = paths.into_iter().find(|path| !is_plain(path)) {
            return Err(LayoutError::Path(crate::name::shown(path)));
        }
        let [deno, engine, code, plan] = [deno, engine, code, plan].map(str::to_owned);
        Ok(Self { deno, engine, code, plan, listen })
    }
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

impl Sandbox {
    /// The engine's command line, the program first.
    ///
    /// It reads itself and the plan, listens at its one address, and may start its own binary again, which it does
    /// for each run with less than this. It has no network beyond that while [`Sandbox::reach`] is empty, which is
    /// the only kind of sandbox that is derived yet.
    #[must_use]
    pub fn engine_command(&self, layout: &Layout) -> Vec<String> {
        let Layout { deno, engine, code, plan, listen } = layout;
        let mut words: Vec<String> = [deno.as_str(), "run", "--quiet", "--no-prompt", "--no-remote"]
            .into_iter()
            .chain(["--no-npm", "--no-lock", "--cached-only"])
            .map(str::to_owned)
            .collect();
        words.push(format!("--config={engine}/deno.json"));
        let address = match listen {
            Listen::Unix(socket) => {
                words.push(format!("--allow-read={engine},{plan},{socket}"));
                words.push(format!("--allow-write={socket}"));
                words.push(format!("--allow-net=unix:{socket}"));
                format!("unix:{socket}")
            }
            Listen::Tcp(address) => {
                words.push(format!("--allow-read={engine},{plan}"));
                words.push(format!("--allow-net={address}"));
                format!("tcp:{address}")
            }
        };
        words.push(format!("--allow-run={deno}"));
        words.push(format!("{engine}/main.ts"));
        for (flag, value) in [("--plan", plan), ("--code", code), ("--deno", deno), ("--listen", &address)] {
            words.extend([flag.to_owned(), value.clone()]);
        }
        words
    }
}
