//! The chat, end to end: `tntc up` as a newcomer meets it, and what must hold when things go wrong in between.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that leaves something out says so")]

mod agent;
mod author;
mod away;
mod by_ssh;
mod canary;
mod cards;
mod commits;
mod emergency;
mod flood;
mod forms;
#[path = "../../../mcp-server/tests/shared/git.rs"]
mod git;
#[path = "../../../mcp-server/tests/shared/histories.rs"]
mod histories;
mod home;
#[path = "../../../mcp-server/tests/shared/hub.rs"]
#[expect(dead_code, reason = "other tests look at more of it")]
mod hub;
mod layers;
mod life;
mod links;
mod mcp_sdk;
mod membership;
mod modules;
mod on_page;
mod once;
mod over_http;
mod reach;
mod reviews;
mod said;
mod secret;
mod slash;
#[path = "../../../state-repo/tests/state_repo/sshd.rs"]
mod sshd;
mod stranger;
mod talk;
mod tested;
mod walk;
mod watching;
