//! `tntc secrets …`: secrets in git, beside a tentacle, encrypted so that the server opens them at a deploy. Those that the
//! server itself keeps for a whole enclave are `tntc secret …`.

mod check;
mod list;
mod rotate;
mod set;

use super::Context;
use super::state::off_the_runtime;
use crate::failed::Failed;
use crate::private_file;
use secrecy::SecretString;
use state_repo::{AgeKey, Recipient, SopsError, SopsRules, StateError, WorkingClone};
use std::path::{Path, PathBuf};
use workflow::{EnclaveName, TentacleName};

/// What can be done with secrets in git.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum SecretsCommand {
    /// Set a secret of a tentacle, typed or from standard input, and encrypt it
    Set(set::Set),
    /// Which secrets there are, and how many can open them; never their values
    List(list::List),
    /// Encrypt anew, with new keys, to those whom `.sops.yaml` names now
    Rotate(rotate::Rotate),
    /// Whether each file is encrypted, lies where it belongs, and has what the contract asks for
    Check(check::Check),
}

/// Which clone.
#[derive(Debug, clap::Args)]
struct Here {
    /// The clone of the state repo, or a folder in it
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    repo_path: PathBuf,
}

/// Whose key opens what is there.
#[derive(Debug, clap::Args)]
struct Key {
    /// A file with an age identity that opens what is there already
    #[arg(long, env = "SOPS_AGE_KEY_FILE", value_name = "FILE")]
    age_key: Option<PathBuf>,
}

/// A tentacle's place in a clone.
type Place = (EnclaveName, TentacleName);

impl SecretsCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failed> {
        let output = context.output;
        match self {
            Self::Set(set) => set.run(context).await,
            Self::List(list) => off_the_runtime(move || list.run(output)).await,
            Self::Rotate(rotate) => off_the_runtime(move || rotate.run(output)).await,
            Self::Check(check) => off_the_runtime(move || check.run(output)).await,
        }
    }
}

impl Here {
    fn open(&self) -> Result<WorkingClone, StateError> {
        WorkingClone::discover(&self.repo_path)
    }
}

impl Key {
    /// The key, where one is named.
    fn read(&self) -> Result<Option<AgeKey>, Failed> {
        let Some(file) = &self.age_key else { return Ok(None) };
        let wrong = |what: &dyn std::fmt::Display| {
            Failed::Bad(format!("`{}` cannot be used: {what}", file.display()))
        };
        let text = private_file::read(file).map_err(|error| wrong(&error))?;
        let text = text.ok_or_else(|| wrong(&"it is not there"))?;
        Ok(Some(AgeKey::read(&SecretString::from(text)).map_err(|error| wrong(&error))?))
    }

    /// The same, where nothing can be done without.
    fn must(&self) -> Result<AgeKey, Failed> {
        self.read()?.ok_or_else(|| Failed::Usage {
            what: "what is there can be carried over only by somebody who can open it".to_owned(),
            next: "name the file with your age identity: `--age-key FILE`, or SOPS_AGE_KEY_FILE",
        })
    }
}

/// The tentacle whose folder `dir` is.
fn place(clone: &WorkingClone, dir: &Path) -> Result<Place, Failed> {
    clone.place(dir)?.ok_or_else(|| Failed::Usage {
        what: format!("`{}` is not the folder of a tentacle in this clone", dir.display()),
        next: "name it: `--in enclaves/ENCLAVE/TENTACLE`",
    })
}

fn rules(clone: &WorkingClone) -> Result<SopsRules, Failed> {
    clone.sops_rules()?.map_err(|error| Failed::Bad(error.to_string()))
}

/// To whom `.sops.yaml` says that the file at `path` is encrypted.
fn named(rules: &SopsRules, path: &str) -> Result<Vec<Recipient>, Failed> {
    rules.recipients(path).map_err(|error| Failed::Bad(format!("`.sops.yaml`: {error}")))
}

/// Nobody is named who could open a file.
fn nobody(path: &str) -> Failed {
    Failed::Bad(format!(
        "`{path}`: {}: name the server's recipient, which `tntc state status` shows, in `.sops.yaml` under `age`",
        SopsError::NoRecipients
    ))
}

/// What is wrong with a file.
fn at(path: &str, error: &SopsError) -> Failed {
    Failed::Bad(format!("`{path}`: {error}"))
}
