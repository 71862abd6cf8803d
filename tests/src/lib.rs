#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what drives a test fails as a test does: by panicking"
)]

mod browser;
mod home;
mod mcp;
mod model;
mod page;
mod person;
mod process;
mod program;
mod until;
mod up;

pub use browser::{Browser, Page};
pub use home::Home;
pub use mcp::{Mcp, Refusal};
pub use model::{Model, Reply};
pub use page::Post;
pub use person::{Person, Thread};
pub use process::Process;
pub use program::Ran;
pub use until::{PATIENCE, until};
pub use up::Up;
