//! `wf_restart`: ends the copy that serves, after the runs on it; the next run begins with a fresh one.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::custody::{WfRestart, WfRestartAnswer, WfRestartArgs};
use wire::{Failure, FailureCode};

impl Handler for WfRestart {
    const ABOUT: About = About {
        title: "Restart a tentacle",
        description: "Ends the copy of a tentacle that serves, after the runs on it; the next run begins with a fresh one.",
        effect: Effect::Changes,
        repeat: Repeat::Never,
    };
    const ACTIONS: &'static [Action] = &[Action::Restart];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfRestartArgs,
        _: &Progress,
    ) -> Result<WfRestartAnswer, Failure> {
        let named = named(args.enclave)?;
        let missing = || Failure::new(FailureCode::Invalid, "no tentacle is named");
        let name = args.name.or(args.deployment).ok_or_else(missing)?;
        let (change, grant) =
            server.gate.change(call).await?.tentacle::<act::Restart>(named.as_ref(), &name).await?;
        let mut changing = change.decided();
        let record = &grant.target().record;
        if let Some(told) = call.emergency(&format!("is restarting the tentacle `{name}`")) {
            changing.tx().notify(record, &told).await.map_err(|error| unavailable(&error))?;
        }
        let effect = changing.begin("").await?;
        if let Err(error) = server.backend.restart(&grant).await {
            return Err(effect.failed(error.into_failure()).await);
        }
        effect.end().await?.done().await?;
        let enclave = record.name.clone();
        Ok(WfRestartAnswer { name, namespace: enclave.clone(), enclave, restarted: true })
    }
}
