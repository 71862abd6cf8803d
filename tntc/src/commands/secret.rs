//! `tntc secret …`: values come from a file or from standard input, never from the command line, where everybody on the
//! machine could read them.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::confirm::{Loss, Sure};
use crate::failed::Failed;
use crate::output::View;
use crate::secret_value;
use clap::Subcommand;
use secrecy::ExposeSecret;
use std::path::PathBuf;
use wire::EnclaveRef;
use wire::tools::secret::{
    SecretAnswer, SecretEntry, SecretList, SecretListAnswer, SecretListArgs, SecretRemove, SecretRemoveArgs,
    SecretSet, SecretSetArgs,
};
use workflow::SecretName;

/// What can be done with secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Set a secret, from a file or from standard input
    Set(Set),
    /// The secrets of an enclave; never their values
    List(List),
    /// Remove a secret for good
    Remove(Remove),
}

/// Which secret, and where its value is.
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// Its name, as contracts say it: `service.key`
    name: SecretName,
    /// The file with its value; standard input when left out. One line feed at its end is not part of it
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
    #[command(flatten)]
    within: InEnclave,
}

/// Whose secrets.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    within: InEnclave,
}

/// Which secret.
#[derive(Debug, clap::Args)]
pub(crate) struct Remove {
    /// Its name
    name: SecretName,
    #[command(flatten)]
    within: InEnclave,
    #[command(flatten)]
    sure: Sure,
}

impl SecretCommand {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        match self {
            Self::Set(command) => command.run(context).await,
            Self::List(command) => command.run(context).await,
            Self::Remove(command) => command.run(context).await,
        }
    }
}

impl Set {
    async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = SecretSetArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: self.name.clone(),
            value: secret_value::read(self.from_file.as_deref(), self.name.as_str())?
                .expose_secret()
                .to_owned(),
        };
        let answer = context.call::<SecretSet>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

impl List {
    async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = SecretListArgs { enclave: EnclaveRef::from(self.within.enclave.clone()) };
        let answer = context.call::<SecretList>(Effect::Reads, &args).await?;
        Ok(context.output.show(&answer, table)?)
    }
}

impl Remove {
    async fn run(&self, context: &Context) -> Result<(), Failed> {
        let connection = context.connect(Effect::Writes).await?;
        let what = format!("the secret `{}` from the enclave `{}`", self.name, self.within.enclave);
        self.sure.confirm(&Loss { what: &what, name: self.name.as_str() })?;
        let args = SecretRemoveArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: self.name.clone(),
            confirm: Some(self.name.to_string()),
        };
        let answer = connection.call::<SecretRemove>(&args).await?;
        connection.close().await;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(answer: &SecretAnswer) -> View {
    View::new().verdict(true, format!("{}: the secret {} is {}", answer.enclave, answer.name, answer.status))
}

fn table(answer: &SecretListAnswer) -> View {
    let row =
        |secret: &SecretEntry| [secret.name.to_string(), secret.set_by.clone(), secret.set_at.to_string()];
    View::new().table(
        ["NAME", "SET BY", "WHEN"],
        answer.secrets.iter().map(row),
        "the enclave has no secrets",
    )
}
