//! `enclave_unfreeze`: allows change again, by the side that froze.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::Side;
use policy::{Action, State};
use wire::Failure;
use wire::tools::enclave::{EnclaveArgs, EnclaveStateAnswer, EnclaveUnfreeze};

impl Handler for EnclaveUnfreeze {
    const ABOUT: About = About {
        title: "Unfreeze an enclave",
        description: "Lifts the freeze of the side that asks: the owner's or the operator's. An enclave that another side \
                      froze too stays frozen.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Unfreeze];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveArgs,
        _: &Progress,
    ) -> Result<EnclaveStateAnswer, Failure> {
        let change = server.gate.change(call).await?;
        let (change, grant) = change.enclave::<act::Unfreeze>(args.name.as_ref()).await?;
        let record = &grant.target().record;
        let mut changing = change.decided();
        let frozen =
            changing.tx().unfreeze(&grant, Side::of(call)).await.map_err(|error| unavailable(&error))?;
        if let Some(told) = call.emergency("lifted the operators' freeze of this enclave") {
            changing.tx().notify(record, &told).await.map_err(|error| unavailable(&error))?;
        }
        changing.done().await?;
        server.follow(&grant, &record.name).await;
        let state = if frozen.any() { State::Frozen } else { State::Active };
        Ok(EnclaveStateAnswer {
            name: record.name.clone(),
            status: state.name().to_owned(),
            frozen_by: crate::store::frozen_by(frozen),
        })
    }
}
