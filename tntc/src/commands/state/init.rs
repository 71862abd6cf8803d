//! `tntc state init`.

use crate::failed::Failed;
use crate::output::{Output, View, tell};
use serde::Serialize;
use state_repo::{Author, WorkingClone};
use std::path::PathBuf;

/// Where to make it.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The folder: one that is not there yet, or an empty one
    #[arg(long, value_name = "FOLDER")]
    repo_path: PathBuf,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Made {
    path: PathBuf,
    /// Whether it was made now; else it was there already.
    made: bool,
}

impl Init {
    pub(crate) fn run(&self, output: Output) -> Result<(), Failed> {
        // The template is ours, and nobody has to have told git who they are to begin.
        let author = state_repo::person().unwrap_or_else(|_| Author {
            name: "Tentacular".to_owned(),
            email: "tentacular@localhost".to_owned(),
        });
        let made = matches!(state_repo::init(&self.repo_path, &author)?, state_repo::Init::Made(_));
        let clone = WorkingClone::discover(&self.repo_path)?;
        let answer = Made { path: clone.root().to_owned(), made };
        output.show(&answer, view)?;
        if made {
            tell("next: read its README.md, `git remote add origin ADDRESS`, then `tntc state push`");
        }
        Ok(())
    }
}

fn view(made: &Made) -> View {
    let shown = made.path.display();
    let said = match made.made {
        true => format!("made a state repo in `{shown}`"),
        false => format!("`{shown}` is a state repo already, and nothing was changed"),
    };
    View::new().verdict(true, said)
}
