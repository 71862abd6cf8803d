//! `tntc secrets list`.

use super::Here;
use crate::failed::Failed;
use crate::output::{Output, View};
use serde::Serialize;
use workflow::{EnclaveName, TentacleName};

/// Whose secrets.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    here: Here,
}

/// A secret, without its value.
#[derive(Debug, Serialize)]
struct Entry {
    enclave: EnclaveName,
    tentacle: TentacleName,
    name: String,
    /// Who can open it.
    recipients: Vec<String>,
}

impl List {
    pub(crate) fn run(&self, output: Output) -> Result<(), Failed> {
        let clone = self.here.open()?;
        let mut entries = Vec::new();
        for (enclave, tentacle) in clone.all_on_disk()? {
            for there in clone.secrets_on_disk(&enclave, &tentacle)? {
                let (Some(service), Ok(file)) = (there.service, there.file) else { continue };
                let recipients: Vec<String> = file.recipients().map(str::to_owned).collect();
                entries.extend(file.keys().map(|key| Entry {
                    enclave: enclave.clone(),
                    tentacle: tentacle.clone(),
                    name: format!("{service}.{key}"),
                    recipients: recipients.clone(),
                }));
            }
        }
        let row = |entry: &Entry| {
            let openers = entry.recipients.len().to_string();
            [entry.enclave.to_string(), entry.tentacle.to_string(), entry.name.clone(), openers]
        };
        let heads = ["ENCLAVE", "TENTACLE", "NAME", "CAN OPEN IT"];
        let view = |all: &Vec<Entry>| {
            View::new().table(heads, all.iter().map(row), "there are no secrets in this clone")
        };
        Ok(output.show(&entries, view)?)
    }
}
