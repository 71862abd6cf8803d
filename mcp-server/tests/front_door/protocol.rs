//! The protocol: what any MCP client meets, whatever it asks for.

mod answers;
mod boundaries;
mod calls;
