//! `tntc secret …`: values come from a file or from standard input, never from the command line, where everybody on the
//! machine could read them.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::confirm::{Loss, Sure};
use crate::failed::Failed;
use crate::output::View;
use clap::Subcommand;
use std::io::Read;
use std::path::{Path, PathBuf};
use wire::EnclaveRef;
use wire::tools::secret::{
    SecretAnswer, SecretEntry, SecretList, SecretListAnswer, SecretListArgs, SecretRemove, SecretRemoveArgs,
    SecretSet, SecretSetArgs,
};
use workflow::SecretName;

/// The most bytes that are read: a little more than the server takes, so that the server says that it is too much.
const MOST: u64 = 20 * 1024;

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
            value: value(self.from_file.as_deref())?,
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

/// The value, without the line feed that editors and `echo` put at the end.
fn value(file: Option<&Path>) -> Result<String, Failed> {
    let failed = |error: std::io::Error| match file {
        Some(file) => Failed::Bad(format!("the value in `{}` cannot be read: {error}", file.display())),
        None => Failed::Bad(format!("the value on standard input cannot be read: {error}")),
    };
    let mut value = String::new();
    match file {
        Some(file) => std::fs::File::open(file).map_err(failed)?.take(MOST).read_to_string(&mut value),
        None => std::io::stdin().take(MOST).read_to_string(&mut value),
    }
    .map_err(failed)?;
    if value.ends_with('\n') {
        value.pop();
    }
    Ok(value)
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
