//! How modules are unpacked that a cluster keeps: by a program of the engine, before the engine itself is started.

use super::{LayoutError, Permissions, plain};

/// Where things lie for whoever unpacks modules.
#[derive(Debug, Clone, Copy)]
pub struct Unpacking<'a> {
    /// The Deno binary.
    pub deno: &'a str,
    /// The engine's folder.
    pub engine: &'a str,
    /// The folder of the parts: `part-0`, `part-1`, ….
    pub packed: &'a str,
    /// How many parts there are.
    pub parts: usize,
    /// Where the files are put.
    pub into: &'a str,
    /// The digest of names and content, to which they are held.
    pub digest: &'a str,
}

impl Unpacking<'_> {
    /// The command line, the program first. It has no network, and starts nothing.
    ///
    /// # Errors
    /// When a path is not absolute or has characters that have a meaning in permission lists.
    pub fn command(&self) -> Result<Vec<String>, LayoutError> {
        let Self { deno, engine, packed, parts, into, digest } = *self;
        for path in [deno, engine, packed, into] {
            plain(path)?;
        }
        let read = [engine, packed].map(str::to_owned).to_vec();
        let mut may = Permissions { read, write: vec![into.to_owned()], ..Permissions::default() };
        let parts = parts.to_string();
        for (flag, value) in
            [("--packed", packed), ("--parts", &parts), ("--into", into), ("--digest", digest)]
        {
            may.flag(flag, value);
        }
        Ok(may.words([deno, engine], "unpack_main.ts"))
    }
}
