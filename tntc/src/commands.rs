//! The commands, one file each.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod backends;
pub(crate) mod cluster;
pub(crate) mod compare;
pub(crate) mod deploy;
pub(crate) mod describe;
pub(crate) mod enclave;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod jobs;
pub(crate) mod list;
#[cfg(feature = "up")]
pub(crate) mod lock;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod logs;
pub(crate) mod new;
pub(crate) mod pods;
pub(crate) mod reach;
pub(crate) mod render;
pub(crate) mod restart;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod secret;
pub(crate) mod secrets;
pub(crate) mod set_mode;
pub(crate) mod state;
pub(crate) mod status;
#[cfg(feature = "up")]
pub(crate) mod test;
pub(crate) mod trail;
pub(crate) mod transfer;
pub(crate) mod undeploy;
pub(crate) mod validate;
pub(crate) mod visualize;
pub(crate) mod whoami;
pub(crate) mod why;

pub(crate) use new::NewError;
pub(crate) use render::RenderError;
#[cfg(feature = "up")]
pub(crate) use test::TestError;
pub(crate) use trail::TrailError;

use crate::caller::Connection;
use crate::cli::{Cli, Command, Options};
use crate::failed::{Exit, Failed};
use crate::output::{Output, plain, tell};
use crate::server::Server;
use anstyle::{AnsiColor, Style};
use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use wire::Tool;
use wire::client::Told;

/// What is over sooner is not told step by step.
const A_MOMENT: Duration = Duration::from_secs(1);

/// What goes for every command.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) options: Options,
    pub(crate) output: Output,
}

/// What a command does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only looks.
    Reads,
    /// It changes something.
    Writes,
}

/// Runs a command to its end, and tells how it ended.
pub(crate) fn run(cli: Cli) -> ExitCode {
    // Several crates bring TLS; one of them provides the cryptography for all. A second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let output = Output { format: cli.options.output };
    let context = Context { options: cli.options, output };
    let runtime = runtime(&cli.command);
    match runtime.and_then(|runtime| runtime.block_on(dispatch(cli.command, &context))) {
        Ok(()) => Exit::Done.into(),
        Err(failed) => {
            complain(&failed);
            failed.exit().into()
        }
    }
}

/// One thread is enough for a command line, and `up` needs its children to be started by the thread that stays.
fn runtime(command: &Command) -> Result<Runtime, Failed> {
    let mut builder = match command {
        #[cfg(feature = "up")]
        Command::Serve(_) => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    builder.enable_all().build().map_err(|error| Failed::Bad(format!("this program cannot start: {error}")))
}

async fn dispatch(command: Command, context: &Context) -> Result<(), Failed> {
    match command {
        Command::Enclave(command) => command.run(context).await,
        Command::Account(command) => command.run(context).await,
        Command::List(command) => command.run(context).await,
        Command::Status(command) => command.run(context).await,
        Command::Run(command) => command.run(context).await,
        Command::Logs(command) => command.run(context).await,
        Command::Deploy(command) => command.run(context).await,
        Command::Undeploy(command) => command.run(context).await,
        Command::Reach(command) => command.run(context).await,
        Command::Secret(command) => command.run(context).await,
        Command::Secrets(command) => command.run(context).await,
        Command::Describe(command) => command.run(context).await,
        Command::History(command) => command.run(context).await,
        Command::Compare(command) => command.run(context).await,
        Command::Events(command) => command.run(context).await,
        Command::Jobs(command) => command.run(context).await,
        Command::Pods(command) => command.run(context).await,
        Command::Health(command) => command.run(context).await,
        Command::Audit(command) => command.run(context).await,
        Command::Cluster(command) => command.run(context).await,
        Command::Backends(command) => command.run(context).await,
        Command::Restart(command) => command.run(context).await,
        Command::SetMode(command) => command.run(context).await,
        Command::Transfer(command) => command.run(context).await,
        Command::Login(command) => command.run(context).await,
        Command::Logout(command) => command.run(context).await,
        Command::Whoami(command) => command.run(context).await,
        Command::Why(command) => command.run(context).await,
        Command::Trail(command) => command.run(context).await,
        Command::Render(command) => command.run(context),
        Command::State(command) => command.run(context).await,
        Command::New(command) => command.run(context),
        Command::Scaffolds(command) => command.run(context),
        Command::Schema(command) => command.run(),
        Command::Validate(command) => command.run(context),
        Command::Visualize(command) => command.run(context),
        #[cfg(feature = "up")]
        Command::Lock(command) => command.run(context),
        #[cfg(feature = "up")]
        Command::Test(command) => command.run(context).await,
        #[cfg(feature = "up")]
        Command::Up(command) => Ok(command.run().await?),
        #[cfg(feature = "up")]
        Command::Serve(service) => Ok(service.run().await.map_err(crate::up::UpError::from)?),
    }
}

/// What failed and why, then what to do next.
fn complain(failed: &Failed) {
    let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
    let bold = Style::new().bold();
    let what = failed.what();
    tell(&format!("{red}error:{red:#} {}", plain(&what)));
    if let Some(next) = failed.next() {
        tell(&format!("{bold} next:{bold:#} {}", plain(&next)));
    }
}

impl Context {
    /// The server that is meant.
    pub(crate) fn server(&self) -> Result<&Server, Failed> {
        self.options.server.as_ref().ok_or_else(|| Failed::Usage {
            what: "no server is named".to_owned(),
            next: "say `--server https://…` or set TENTACULAR_SERVER; `tntc up` starts one on this machine",
        })
    }

    /// A connection for a command with this effect.
    pub(crate) async fn connect(&self, effect: Effect) -> Result<Connection, Failed> {
        let server = self.server()?;
        let reason = self.options.reason.clone().filter(|reason| !reason.trim().is_empty());
        let Some(glass) = &self.options.break_glass else {
            return Ok(Connection::as_person(server).await?);
        };
        // The server refuses it too. Said here, it costs no call and leaves no denial on record.
        if effect == Effect::Writes && reason.is_none() {
            return Err(Failed::Usage {
                what: "emergency access changes nothing without a reason".to_owned(),
                next: "say why with `--reason \"…\"`: the channel and the trail are told",
            });
        }
        Ok(Connection::as_operator(server, glass, reason).await?)
    }

    /// Calls one tool and answers what it says.
    pub(crate) async fn call<T: Tool>(&self, effect: Effect, args: &T::Args) -> Result<T::Answer, Failed> {
        let connection = self.connect(effect).await?;
        let answer = connection.call::<T>(args).await?;
        connection.close().await;
        Ok(answer)
    }

    /// The same for what may take long: people are told how far it has come once it takes more than a moment.
    pub(crate) async fn call_patiently<T: Tool>(
        &self,
        effect: Effect,
        args: &T::Args,
    ) -> Result<T::Answer, Failed> {
        let connection = self.connect(effect).await?;
        let (to, told) = unbounded_channel();
        let answer = tokio::select! {
            answer = connection.call_told::<T>(args, to) => answer?,
            never = self.tell_all(told) => match never {},
        };
        connection.close().await;
        Ok(answer)
    }

    /// Prints what a call tells while it goes on, a line each.
    pub(crate) async fn follow<T: Tool>(&self, args: &T::Args) -> Result<(), Failed> {
        let connection = self.connect(Effect::Reads).await?;
        let (to, mut told) = unbounded_channel();
        let printing = async {
            while let Some(Told { message, .. }) = told.recv().await {
                self.output.line(&message)?;
            }
            Ok::<(), Failed>(())
        };
        let (answered, printed) = tokio::join!(connection.call_told::<T>(args, to), printing);
        answered?;
        connection.close().await;
        printed
    }

    async fn tell_all(&self, mut told: UnboundedReceiver<Told>) -> Infallible {
        tokio::time::sleep(A_MOMENT).await;
        while let Some(Told { message, .. }) = told.recv().await {
            tell(&plain(&message));
        }
        std::future::pending().await
    }
}
