//! How modules are fetched: a program of the engine, in a sandbox in which nothing of the tentacle is.

use super::{Gateway, LayoutError, Listen, Permissions, plain};
use crate::sandbox::RunTokenHash;

/// Where things lie inside of a sandbox that fetches modules.
#[derive(Debug, Clone, Copy)]
pub struct Fetching<'a> {
    /// The Deno binary.
    pub deno: &'a str,
    /// The engine's folder.
    pub engine: &'a str,
    /// The folder that says what to fetch: `entry.ts`, `deno.lock`, `registries.json`.
    pub wanted: &'a str,
    /// Where it is put.
    pub cache: &'a str,
    /// Where it is asked for.
    pub listen: &'a Listen,
    /// Where the egress gateway is.
    pub gateway: &'a Gateway,
    /// The file of the pass.
    pub pass: &'a str,
    /// Who may ask.
    pub token: RunTokenHash,
}

impl Fetching<'_> {
    /// The command line, the program first.
    ///
    /// # Errors
    /// When a path is not absolute or has characters that have a meaning in permission lists.
    pub fn command(&self) -> Result<Vec<String>, LayoutError> {
        let Self { deno, engine, wanted, cache, listen, gateway, pass, token } = *self;
        for path in [deno, engine, wanted, cache, pass] {
            plain(path)?;
        }
        let read = [engine, wanted, cache].map(str::to_owned).to_vec();
        let mut may = Permissions { read, run: vec![deno.to_owned()], ..Permissions::default() };
        for (flag, value) in [("--deno", deno), ("--wanted", wanted), ("--cache", cache)] {
            may.flag(flag, value);
        }
        may.flag("--token-sha256", &token.to_string());
        may.listen(listen);
        may.gateway(gateway, pass, &[]);
        Ok(may.words([deno, engine], "fetch_main.ts"))
    }
}
