//! `enclave_drift`: the owner says what becomes of what somebody changes where tentacles run, past this server.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::Drift;
use policy::Action;
use wire::tools::drift::{EnclaveDrift, EnclaveDriftAnswer, EnclaveDriftArgs};
use wire::{Failure, FailureCode};

impl Handler for EnclaveDrift {
    const ABOUT: About = About {
        title: "What becomes of changes by hand",
        description: "Says what becomes of what somebody changes where the tentacles of an enclave run, past this server: \
                      `report` tells it in the channel, which is the default; `repair` puts it back and tells that.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::SetDrift];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveDriftArgs,
        _: &Progress,
    ) -> Result<EnclaveDriftAnswer, Failure> {
        let change = server.gate.change(call).await?;
        let (change, grant) = change.enclave::<act::SetDrift>(args.name.as_ref()).await?;
        let mut changing = change.decided();
        let Some(drift) = Drift::named(&args.drift) else {
            let what =
                format!("`{}` is nothing that could become of it: use `report` or `repair`", args.drift);
            return Err(changing.failed(Failure::new(FailureCode::Invalid, what)).await);
        };
        changing.tx().put_drift(&grant, drift).await.map_err(|error| unavailable(&error))?;
        changing.done().await?;
        let record = &grant.target().record;
        let before = record.drift.name().to_owned();
        Ok(EnclaveDriftAnswer { name: record.name.clone(), before, drift: drift.name().to_owned() })
    }
}
