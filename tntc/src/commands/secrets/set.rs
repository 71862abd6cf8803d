//! `tntc secrets set`.

use super::{Key, Place, at, named, nobody, off_the_runtime, place, rules};
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use crate::secret_value;
use secrecy::SecretString;
use serde::Serialize;
use state_repo::{Layout, Recipient, SecretValues, WorkingClone, seal};
use std::path::PathBuf;
use wire::EnclaveRef;
use wire::tools::state::{StateStatus, StateStatusArgs};
use workflow::SecretName;

/// Which secret, and where its value is.
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// Its name, as the contract says it: `service.key`
    name: SecretName,
    /// The tentacle's folder in a clone of the state repo
    #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
    dir: PathBuf,
    /// The file with its value; standard input when left out. One line feed at its end is not part of it
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
    #[command(flatten)]
    key: Key,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Done {
    name: SecretName,
    file: String,
    /// Who can open it.
    recipients: Vec<String>,
    /// Whether the server was asked to whom, because `.sops.yaml` names nobody.
    asked_the_server: bool,
}

impl Set {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failed> {
        let dir = self.dir.clone();
        let (of, path, known) = {
            let service = self.name.parts().0.to_owned();
            off_the_runtime(move || {
                let clone = WorkingClone::discover(&dir)?;
                let of = place(&clone, &dir)?;
                let path = Layout::secrets(&of.0, &of.1, &service);
                let known = named(&rules(&clone)?, &path)?;
                Ok((of, path, known))
            })
            .await?
        };
        let asked_the_server = known.is_empty();
        let recipients = if asked_the_server { vec![servers(context, &of, &path).await?] } else { known };
        let value = secret_value::read(self.from_file.as_deref(), self.name.as_str())?;
        let told = recipients.iter().map(ToString::to_string).collect();
        let name = self.name.clone();
        let file = off_the_runtime(move || self.write(&of, value, &recipients)).await?;
        let done = Done { name, file, recipients: told, asked_the_server };
        Ok(context.output.show(&done, view)?)
    }

    /// Puts the value among those that are there.
    fn write(&self, of: &Place, value: SecretString, recipients: &[Recipient]) -> Result<String, Failed> {
        let (service, key) = self.name.parts();
        let clone = WorkingClone::discover(&self.dir)?;
        let mut values = self.others(&clone, of)?;
        values.insert(key.to_owned(), value);
        let path = Layout::secrets(&of.0, &of.1, service);
        let text = seal(&of.0, &of.1, &values, recipients).map_err(|error| at(&path, &error))?;
        Ok(clone.write_secrets((&of.0, &of.1), service, &text)?)
    }

    /// What is in the file besides. Only somebody who can open it can carry it over; nobody has to where there is nothing.
    fn others(&self, clone: &WorkingClone, of: &Place) -> Result<SecretValues, Failed> {
        let (service, key) = self.name.parts();
        let there = clone.secrets_on_disk(&of.0, &of.1)?.into_iter();
        let Some(there) = there.into_iter().find(|file| file.service.as_deref() == Some(service)) else {
            return Ok(SecretValues::new());
        };
        let file = there.file.map_err(|error| at(&there.path, &error))?;
        file.belongs_to(&of.0, &of.1).map_err(|error| at(&there.path, &error))?;
        if file.keys().all(|has| has == key) {
            return Ok(SecretValues::new());
        }
        file.open(&self.key.must()?, &of.0, &of.1).map_err(|error| at(&there.path, &error))
    }
}

/// The server's own recipient.
async fn servers(context: &Context, of: &Place, path: &str) -> Result<Recipient, Failed> {
    let args = StateStatusArgs { enclave: EnclaveRef::from(of.0.clone()) };
    let answer = context.call::<StateStatus>(Effect::Reads, &args).await?;
    let recipient = answer.recipient.ok_or_else(|| nobody(path))?;
    recipient.parse().map_err(|error| at(path, &error))
}

fn view(done: &Done) -> View {
    let mut view = View::new()
        .verdict(true, format!("{} is set in {}", done.name, done.file))
        .values([("Can open it", done.recipients.join("\n"))])
        .line("commit and push it, then deploy: `tntc state commit`, `tntc state push`, `tntc deploy`");
    if done.asked_the_server {
        view = view.line(
            "the server said to whom: put it into `.sops.yaml`, so that everybody encrypts to the same",
        );
    }
    view
}
