//! What tentacles are written in, as whoever writes one meets it: what may be said, what it means, and what is answered to the rest.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod bundle;
#[path = "../../benches/derive/large.rs"]
mod large;
mod modules;
mod original;
mod parse;
mod reference;
mod release;
mod sandbox;
mod sidecars;
mod triggers;

/// A small tentacle that is written rightly.
pub(crate) const HELLO: &str = "\
name: hello
version: 1.0
triggers: [{type: manual}]
nodes:
  hello: {path: nodes/hello.ts, description: Says hello}
";
