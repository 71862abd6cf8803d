//! `tntc state commit`.

use super::Here;
use crate::failed::Failed;
use crate::output::{Output, View};
use jiff::Timestamp;
use serde::Serialize;

/// What to say of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Commit {
    /// What changes, in one line; more after an empty one
    #[arg(short, long, value_name = "TEXT")]
    message: String,
    #[command(flatten)]
    here: Here,
}

/// A commit.
#[derive(Debug, Serialize)]
struct Done {
    commit: String,
    at: Timestamp,
    summary: String,
    author: String,
}

impl Commit {
    pub(crate) fn run(&self, output: Output) -> Result<(), Failed> {
        if self.message.trim().is_empty() {
            return Err(Failed::Usage {
                what: "a commit without a message says nothing to the others".to_owned(),
                next: "say what changes, in one line: `-m \"tea: look twice a day\"`",
            });
        }
        let made = self.here.open()?.commit(&self.message, self.here.key()?.as_ref())?;
        let done =
            Done { commit: made.commit.to_string(), at: made.at, summary: made.summary, author: made.author };
        let view = |done: &Done| {
            View::new()
                .verdict(true, format!("committed: {}", done.summary))
                .values([("Commit", done.commit.clone()), ("By", done.author.clone())])
        };
        Ok(output.show(&done, view)?)
    }
}
