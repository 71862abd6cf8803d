//! The commands: one file each.

mod add;
pub(crate) mod approve;
pub(crate) mod bring_back;
pub(crate) mod card;
mod choose_mode;
mod compare;
mod deploy;
mod enclaves;
mod enrollment;
mod failed;
mod freeze;
mod give;
pub(crate) mod help;
mod history;
pub(crate) mod join;
pub(crate) mod logout;
mod logs;
mod members;
mod new;
mod own_files;
mod put_back;
mod remove;
mod remove_tentacle;
mod review;
mod roll_back;
mod run;
mod set_mode;
mod set_secret;
mod set_size;
mod set_tentacle_mode;
mod set_up;
mod shut_down;
mod status;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) use status::{layers::is_begun, seconds};
mod sync;
pub(crate) mod transfer;
mod unfreeze;
pub(crate) mod unlink;
mod versions;
mod whoami;
mod why;

use crate::asked::{Answer, Asked, Stop};
use crate::command::Command;
use crate::slack::envelope::Click;

/// What a click asks for; `None` for a button of another release.
pub(crate) fn clicked(click: &Click) -> Option<Command> {
    let approve = || approve::read(click).map(|(approval, yes)| Command::Approve { approval, yes });
    approve().or_else(|| transfer::read(click)).or_else(|| join::read(click))
}

/// Carries out a command of somebody who has signed in.
pub(crate) async fn run(asked: &Asked<'_>, command: Command) -> Result<Answer, Stop> {
    match command {
        Command::SetUp { name } => set_up::run(asked, name).await,
        // Whoever wants to sign in has done so when they come here.
        Command::Whoami | Command::Login => whoami::run(asked).await,
        Command::Members => members::run(asked).await,
        Command::Add(whom) => add::run(asked, whom).await,
        Command::Remove(whom) => remove::run(asked, whom).await,
        Command::SetMode(mode) => set_mode::run(asked, mode).await,
        Command::SetTentacleMode { tentacle, mode } => set_tentacle_mode::run(asked, tentacle, mode).await,
        Command::ChooseMode(tentacle) => choose_mode::run(asked, tentacle).await,
        Command::SetSize(None) => set_size::ask(asked).await,
        Command::SetSize(Some(size)) => set_size::run(asked, size).await,
        Command::SetSecret { name, filled_in } => set_secret::run(asked, name, filled_in).await,
        Command::Give { tentacle, to } => give::run(asked, tentacle, to).await,
        Command::Status(None) => status::of_enclave(asked).await,
        Command::Status(Some(tentacle)) => status::of_tentacle(asked, tentacle).await,
        Command::New { tentacle, scaffold } => new::run(asked, tentacle, scaffold).await,
        Command::Deploy(tentacle) => deploy::run(asked, tentacle).await,
        Command::Approve { approval, yes } => approve::run(asked, approval, yes).await,
        Command::Run { tentacle, input } => run::run(asked, tentacle, input).await,
        Command::Logs(tentacle) => logs::run(asked, tentacle).await,
        Command::History(tentacle) => history::run(asked, tentacle).await,
        Command::Versions(tentacle) => versions::run(asked, tentacle).await,
        Command::Compare { tentacle, between } => compare::run(asked, tentacle, between).await,
        Command::PutBack(tentacle) => put_back::run(asked, tentacle).await,
        Command::RollBack { tentacle, to } => roll_back::run(asked, tentacle, to).await,
        Command::RemoveTentacle { tentacle, confirmed } => {
            remove_tentacle::run(asked, tentacle, confirmed).await
        }
        Command::Freeze => freeze::run(asked).await,
        Command::Unfreeze => unfreeze::run(asked).await,
        Command::ShutDown { typed } => shut_down::run(asked, typed).await,
        Command::Why { person, action, tentacle } => why::run(asked, person, action, tentacle).await,
        Command::Enclaves => enclaves::run(asked).await,
        Command::Failed(lately) => failed::run(asked, lately).await,
        Command::Sync => sync::run(asked).await,
        Command::Transfer(to) => transfer::ask(asked, &to).await,
        Command::Offer(to) => transfer::offer(asked, to).await,
        Command::TakeOver { offer, yes } => transfer::take_over(asked, offer, yes).await,
        Command::AskToJoin => join::ask(asked).await,
        Command::LetIn { request, yes } => join::decide(asked, request, yes).await,
        Command::Enrollment { open } => enrollment::run(asked, open).await,
        Command::Review { required } => review::run(asked, required).await,
        Command::BringBack(from) => bring_back::run(asked, from).await,
        Command::Unlink => unlink::run(asked).await,
        Command::Help => Ok(help::run(asked.said.direct, asked.kraken.agent.is_some())),
        // It is answered by a model, and not here.
        Command::InOwnWords => Ok(help::run(asked.said.direct, asked.kraken.agent.is_some())),
        // It is answered before anybody has to be signed in.
        Command::Logout => Ok(help::run(asked.said.direct, asked.kraken.agent.is_some())),
    }
}
