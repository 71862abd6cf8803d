//! `enclave_deprovision`: removes an enclave and all that is in it.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::identity::Client;
use crate::lifecycle;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::enclave::{EnclaveDeprovision, EnclaveDeprovisionAnswer, EnclaveDeprovisionArgs};
use wire::{Failure, FailureCode};

impl Handler for EnclaveDeprovision {
    const ABOUT: About = About {
        title: "Shut down an enclave",
        description: "Removes an enclave with all its tentacles and data, for good. `confirm` must be the enclave's name.",
        effect: Effect::Destroys,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Deprovision];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveDeprovisionArgs,
        _: &Progress,
    ) -> Result<EnclaveDeprovisionAnswer, Failure> {
        let (change, grant) =
            server.gate.change(call).await?.enclave::<act::Deprovision>(args.name.as_ref()).await?;
        let record = &grant.target().record;
        let mut changing = change.decided();
        if let Some(failure) = unconfirmed(call, args.confirm.as_deref(), record.name.as_str()) {
            return Err(changing.failed(failure).await);
        }
        changing.tx().begin_removal(&grant).await.map_err(|error| unavailable(&error))?;
        if let Some(told) = call.emergency(&format!("is shutting down the enclave `{}`", record.name)) {
            changing.tx().notify(record, &told).await.map_err(|error| unavailable(&error))?;
        }
        let effect = changing.begin("").await?;
        let _one_at_a_time = server.lifecycles.lock(record.name.as_str()).await;
        lifecycle::deprovision(server, &grant, effect).await?;
        let tentacles_removed = record.tentacles.len() as u64;
        Ok(EnclaveDeprovisionAnswer { name: record.name.clone(), deleted: true, tentacles_removed })
    }
}

/// What to say when something that destroys was not confirmed by naming it once more. The command line asks by itself.
pub(super) fn unconfirmed(call: &Call, confirm: Option<&str>, name: &str) -> Option<Failure> {
    let asked_already = call.person().is_some_and(|person| person.client == Client::Tntc);
    if asked_already || confirm == Some(name) {
        return None;
    }
    let (message, remedy) = match confirm {
        Some(other) => (
            format!("`{other}` is not `{name}`, so nothing was removed"),
            format!("to go on, confirm with `{name}`"),
        ),
        None => (
            format!("this removes `{name}` for good, so it must be confirmed"),
            format!("call again with `confirm` set to `{name}`"),
        ),
    };
    Some(Failure::new(FailureCode::ConfirmationRequired, message).with_remedy(remedy))
}
