//! `enclave_sync`: changes members, mode, enrollment, size, shown name or state. Each field is decided as its own action;
//! if one is denied, nothing changes.

mod grants;
mod wanted;

use self::grants::{Done, Grants, People};
use self::wanted::{Wanted, nothing_named};
use super::people::{caller_word, info};
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::unavailable;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::enclave::{EnclaveSync, EnclaveSyncAnswer, EnclaveSyncArgs};
use wire::{Failure, FailureCode};
use workflow::EnclaveName;

impl Handler for EnclaveSync {
    const ABOUT: About = About {
        title: "Change an enclave",
        description: "Changes who belongs to an enclave, its mode, how people become members, its size, the shown name of its \
                      channel, or its state: all of what is asked, or nothing.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[
        Action::AddMember,
        Action::RemoveMember,
        Action::SetMode,
        Action::TightenMode,
        Action::OpenEnrollment,
        Action::CloseEnrollment,
        Action::RaiseQuota,
        Action::LowerQuota,
        Action::Rename,
        Action::Freeze,
        Action::Unfreeze,
    ];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveSyncArgs,
        _: &Progress,
    ) -> Result<EnclaveSyncAnswer, Failure> {
        let wanted = Wanted::of(&args)?;
        let rights = server.store.rights().await.map_err(|error| unavailable(&error))?;
        let (change, grants) =
            Grants::ask(server.gate.change(call).await?, args.name.as_ref(), &wanted).await?;
        let mut changing = change.decided();
        let Some((record, grant)) = grants.decided_on() else { return Err(nothing_named()) };
        let people = match People::find(&wanted, record, &rights) {
            Ok(people) => people,
            Err(failure) => return Err(changing.failed(failure).await),
        };
        let done =
            grants.apply(changing.tx(), call, &wanted, &people).await.map_err(|error| unavailable(&error))?;
        changing.done().await?;
        server.follow(grant, &record.name).await;
        answer(server, call, &record.name, done).await
    }
}

async fn answer(
    server: &Server,
    call: &Call,
    name: &EnclaveName,
    done: Done,
) -> Result<EnclaveSyncAnswer, Failure> {
    let look = server.gate.look(call).await?;
    let gone = || Failure::new(FailureCode::Conflict, format!("`{name}` was changed and is gone since"));
    let record = look.rights().enclave(name).ok_or_else(gone)?;
    let yours = caller_word(call, &look, record);
    Ok(EnclaveSyncAnswer {
        name: name.clone(),
        updated: done.updated.into_iter().map(str::to_owned).collect(),
        transfers: done.transfers,
        enclave: info(record, yours, look.rights(), server.backend.as_ref()),
    })
}
