//! `tntc secrets check`: what can be seen without a key, and with one that nothing was altered.

use super::{Here, Key, named, rules};
use crate::failed::Failed;
use crate::folder::Folder;
use crate::output::{Output, View, words};
use serde::Serialize;
use state_repo::{AgeKey, SecretOnDisk, SopsError, SopsRules, WorkingClone};
use std::collections::BTreeSet;
use workflow::{EnclaveName, SecretName, TentacleName, TriggerKind, Workflow};

/// Which clone, and whose key opens what is there.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    here: Here,
    #[command(flatten)]
    key: Key,
    /// A secret that a contract asks for and that is not here is no fault: it may be set on the server
    #[arg(long)]
    allow_missing: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Found {
    /// How many files were looked at.
    files: u64,
    /// Whether they were opened too.
    opened: bool,
    faults: Vec<Fault>,
}

/// What is wrong, and where.
#[derive(Debug, Serialize)]
struct Fault {
    path: String,
    what: String,
}

/// One look at a clone.
struct Look<'a> {
    clone: &'a WorkingClone,
    rules: SopsRules,
    key: Option<AgeKey>,
    allow_missing: bool,
    found: Found,
}

impl Check {
    pub(crate) fn run(&self, output: Output) -> Result<(), Failed> {
        let clone = self.here.open()?;
        let (rules, key) = (rules(&clone)?, self.key.read()?);
        let found = Found { files: 0, opened: key.is_some(), faults: Vec::new() };
        let mut look = Look { clone: &clone, rules, key, allow_missing: self.allow_missing, found };
        for (enclave, tentacle) in clone.all_on_disk()? {
            look.at(&enclave, &tentacle)?;
        }
        let found = look.found;
        output.show(&found, view)?;
        match found.faults.len() as u64 {
            0 => Ok(()),
            count => Err(Failed::Bad(words::count(count, "fault was found", "faults were found"))),
        }
    }
}

impl Look<'_> {
    fn at(&mut self, enclave: &EnclaveName, tentacle: &TentacleName) -> Result<(), Failed> {
        let mut there = BTreeSet::new();
        for on_disk in self.clone.secrets_on_disk(enclave, tentacle)? {
            self.found.files += 1;
            if let Err(what) = self.file(&on_disk, enclave, tentacle)? {
                self.found.faults.push(Fault { path: on_disk.path.clone(), what });
            }
            let (Some(service), Ok(file)) = (&on_disk.service, &on_disk.file) else { continue };
            there.extend(file.keys().filter_map(|key| format!("{service}.{key}").parse::<SecretName>().ok()));
        }
        let folder = self.clone.folder(enclave, tentacle);
        // What is no tentacle is told by `tntc validate`.
        let Ok(Folder { workflow, .. }) = Folder::read(&folder) else { return Ok(()) };
        for missing in needed(&workflow).difference(&there).filter(|_| !self.allow_missing) {
            self.found.faults.push(Fault {
                path: state_repo::Layout::tentacle(enclave, tentacle),
                what: format!(
                    "it needs the secret `{missing}`, which is not here: `tntc secrets set {missing}`"
                ),
            });
        }
        Ok(())
    }

    /// Looks at one file; the inner error is what is wrong with it.
    fn file(
        &self,
        there: &SecretOnDisk,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
    ) -> Result<Result<(), String>, Failed> {
        if there.service.is_none() {
            return Ok(Err(
                "it is called otherwise than `SERVICE.enc.yaml`, so that it may be in clear: remove it"
                    .to_owned(),
            ));
        }
        let looked = there.file.as_ref().map_err(SopsError::clone).and_then(|file| match &self.key {
            Some(key) => file.open(key, enclave, tentacle).map(drop),
            None => file.belongs_to(enclave, tentacle),
        });
        if let Err(error) = looked {
            return Ok(Err(error.to_string()));
        }
        let wanted: BTreeSet<String> =
            named(&self.rules, &there.path)?.iter().map(ToString::to_string).collect();
        let has: BTreeSet<String> = there
            .file
            .iter()
            .flat_map(|file| file.recipients().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        Ok(match wanted.is_empty() || wanted == has {
            true => Ok(()),
            false => {
                Err("it is encrypted to others than `.sops.yaml` names: `tntc secrets rotate`".to_owned())
            }
        })
    }
}

/// The secrets that a tentacle's contract and its webhooks ask for.
fn needed(workflow: &Workflow) -> BTreeSet<SecretName> {
    let by_contract = workflow.contract.dependencies.values().filter_map(|used| used.auth.as_ref());
    let by_hooks = workflow.triggers.iter().filter_map(|trigger| match &trigger.kind {
        TriggerKind::Webhook(hook) => Some(&hook.secret),
        _ => None,
    });
    by_contract.map(|auth| &auth.secret).chain(by_hooks).cloned().collect()
}

fn view(found: &Found) -> View {
    let faults = found
        .faults
        .iter()
        .fold(View::new(), |view, fault| view.line(format!("{}: {}", fault.path, fault.what)));
    let files = words::count(found.files, "file is as it should be", "files are as they should be");
    match (found.faults.as_slice(), found.opened) {
        ([], true) => faults.verdict(true, files),
        ([], false) => faults
            .verdict(true, format!("{files}, as far as can be seen without a key"))
            .line("with `--age-key FILE` they are opened too, which shows whether anything was altered"),
        _ => faults,
    }
}
