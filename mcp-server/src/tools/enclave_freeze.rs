//! `enclave_freeze`: stops all change; what runs goes on.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::Side;
use policy::{Action, State};
use wire::Failure;
use wire::tools::enclave::{EnclaveArgs, EnclaveFreeze, EnclaveStateAnswer};

impl Handler for EnclaveFreeze {
    const ABOUT: About = About {
        title: "Freeze an enclave",
        description: "Stops all change in an enclave: nothing is deployed, removed or granted until it is unfrozen. Reads, \
                      runs asked for by people, and taking rights away go on.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Freeze];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveArgs,
        _: &Progress,
    ) -> Result<EnclaveStateAnswer, Failure> {
        let change = server.gate.change(call).await?;
        let (change, grant) = change.enclave::<act::Freeze>(args.name.as_ref()).await?;
        let record = &grant.target().record;
        let mut changing = change.decided();
        let frozen =
            changing.tx().freeze(&grant, Side::of(call)).await.map_err(|error| unavailable(&error))?;
        if let Some(told) = call.emergency("froze this enclave") {
            changing.tx().notify(record, &told).await.map_err(|error| unavailable(&error))?;
        }
        changing.done().await?;
        server.follow(&grant, &record.name).await;
        Ok(EnclaveStateAnswer {
            name: record.name.clone(),
            status: State::Frozen.name().to_owned(),
            frozen_by: crate::store::frozen_by(frozen),
        })
    }
}
