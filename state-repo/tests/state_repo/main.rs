//! Repositories as the rest of Tentacular meets them: made, read, committed to and pushed, over folders, HTTP and SSH, with
//! the real git beside it as the judge.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod archived;
mod damaged;
mod git;
mod hostile;
mod person;
mod publishing;
mod raw;
mod served;
#[cfg(feature = "real-servers")]
mod ssh;
mod sshd;
mod template;
