//! The keys in a call's `_meta`: what goes with a call beside its arguments.

/// The Kraken's signed channel assertion, as compact JWS.
pub const ASSERTION: &str = "tentacular.io/assertion";

/// An operator's reason.
pub const REASON: &str = "tentacular.io/reason";

/// In a progress notification: what became of a node of the run ([`crate::step::NodeStep`]).
pub const STEP: &str = "tentacular.io/step";

/// The trace that the caller is in (W3C Trace Context), as MCP names it.
pub const TRACEPARENT: &str = "traceparent";
