//! `new TENTACLE`, `new TENTACLE from SCAFFOLD`: writes the files of a first version, after the server has allowed the deploy that they are for.

use super::deploy::NO_ENCLAVE;
use super::own_files;
use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use crate::working_copy::WorkingCopyError;
use std::path::Path;
use wire::tools::person::Whoami;
use wire::tools::tentacle::{WfApply, WfApplyArgs};
use wire::{EnclaveRef, Failure, FailureCode, Nothing};
use workflow::TentacleName;
use workflow::scaffold::{Scaffold, ScaffoldFile};

pub(super) async fn run(
    asked: &Asked<'_>,
    tentacle: TentacleName,
    scaffold: Scaffold,
) -> Result<Answer, Stop> {
    asked.channel()?;
    let files = scaffold.files(&tentacle);
    let args = WfApplyArgs {
        enclave: EnclaveRef::default(),
        commit: None,
        name: tentacle.clone(),
        files: files.iter().map(|file| (file.path.to_owned(), file.text.clone())).collect(),
        dry_run: true,
        manifests: Vec::new(),
    };
    asked.call::<WfApply>(args).await?;
    let here = asked.call::<Whoami>(Nothing {}).await?.enclave;
    let here = here.ok_or_else(|| Stop::Told(NO_ENCLAVE.to_owned()))?;
    own_files::settle(asked, &here.name, here.id)?;
    let folder = asked.kraken.working_copy.create(&here.name, &tentacle, &files).map_err(not_written)?;
    Ok(Answer::Aloud(told(&tentacle, &files, &folder)))
}

pub(super) fn told(tentacle: &TentacleName, files: &[ScaffoldFile], folder: &Path) -> Message {
    let paths: Vec<String> = files.iter().map(|file| code(file.path)).collect();
    Message::new(format!("*{tentacle}* is written: {}.", paths.join(", ")))
        .line(format!(
            "*Next:* `deploy {tentacle}` puts it to work as it is. To change it first, edit the files."
        ))
        .note(format!("They are in {}.", code(folder.display())))
}

/// What the person hears when the disk copy cannot be used.
pub(super) fn not_written(error: WorkingCopyError) -> Stop {
    Stop::Told(match error {
        // Like any tentacle that there is not: who did not ask the Kraken for it hears nothing.
        WorkingCopyError::NotThere(name) => {
            let failure = Failure::new(FailureCode::NotFound, format!("there are no files of `{name}` yet"));
            return Stop::Refused(failure.with_remedy(format!("`new {name}` writes some")));
        }
        WorkingCopyError::AlreadyThere(name) => {
            format!(
                "There are files of `{name}` already. `deploy {name}` puts them to work; for a new one choose another name."
            )
        }
        WorkingCopyError::Disk(error) => {
            tracing::error!(%error, "the disk copy cannot be used");
            "I cannot read or write the files at the moment, so nothing was done.".to_owned()
        }
        WorkingCopyError::File(path, why) => {
            format!("I cannot deploy the file `{}`: {why}.", path.replace('`', "'"))
        }
        WorkingCopyError::TooMuch(name) => {
            format!(
                "There are more files of `{name}` than a tentacle may have, or larger ones. Nothing was done."
            )
        }
    })
}
