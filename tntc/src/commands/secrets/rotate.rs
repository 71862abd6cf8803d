//! `tntc secrets rotate`: all files of a clone anew, or none.

use super::{Here, Key, at, named, nobody, rules};
use crate::failed::Failed;
use crate::output::{Output, View};
use serde::Serialize;
use state_repo::seal;

/// Which clone, and whose key opens what is there.
#[derive(Debug, clap::Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    here: Here,
    #[command(flatten)]
    key: Key,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Done {
    files: Vec<String>,
}

impl Rotate {
    pub(crate) fn run(&self, output: Output) -> Result<(), Failed> {
        let clone = self.here.open()?;
        let (key, rules) = (self.key.must()?, rules(&clone)?);
        let mut anew = Vec::new();
        for (enclave, tentacle) in clone.all_on_disk()? {
            for there in clone.secrets_on_disk(&enclave, &tentacle)? {
                let (path, Some(service)) = (there.path, there.service) else { continue };
                let recipients = named(&rules, &path)?;
                if recipients.is_empty() {
                    return Err(nobody(&path));
                }
                let text = there.file.and_then(|file| {
                    let values = file.open(&key, &enclave, &tentacle)?;
                    seal(&enclave, &tentacle, &values, &recipients)
                });
                let text = text.map_err(|error| at(&path, &error))?;
                anew.push(((enclave.clone(), tentacle.clone()), service, text));
            }
        }
        // Whatever cannot be opened has been found by now.
        let mut files = Vec::new();
        for ((enclave, tentacle), service, text) in &anew {
            files.push(clone.write_secrets((enclave, tentacle), service, text)?);
        }
        let view = |done: &Done| {
            let encrypted = done
                .files
                .iter()
                .fold(View::new(), |view, file| view.line(format!("encrypted anew: {file}")));
            encrypted.line(match done.files.as_slice() {
                [] => "there are no secrets in this clone",
                _ => "commit, push and deploy them. Whoever could open the files before still can open the old ones, which \
                      stay in git: replace values that somebody should not know any more",
            })
        };
        Ok(output.show(&Done { files }, view)?)
    }
}
