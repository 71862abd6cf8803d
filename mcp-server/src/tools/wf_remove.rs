//! `wf_remove`: removes a tentacle, and only what belongs to it.

use super::enclave_deprovision::unconfirmed;
use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::rollout;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::tentacle::{WfRemove, WfRemoveAnswer, WfRemoveArgs};

impl Handler for WfRemove {
    const ABOUT: About = About {
        title: "Remove a tentacle",
        description: "Removes a tentacle for good, and only what belongs to it. `confirm` must be the tentacle's name.",
        effect: Effect::Destroys,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Remove];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfRemoveArgs,
        _: &Progress,
    ) -> Result<WfRemoveAnswer, Failure> {
        let named = named(args.enclave)?;
        let (change, grant) =
            server.gate.change(call).await?.tentacle::<act::Remove>(named.as_ref(), &args.name).await?;
        let record = &grant.target().record;
        let mut changing = change.decided();
        if let Some(failure) = unconfirmed(call, args.confirm.as_deref(), args.name.as_str()) {
            return Err(changing.failed(failure).await);
        }
        if let Some(told) = call.emergency(&format!("is removing the tentacle `{}`", args.name)) {
            changing.tx().notify(record, &told).await.map_err(|error| unavailable(&error))?;
        }
        let effect = changing.begin("").await?;
        let removed = rollout::remove(server, &grant, effect).await?;
        let enclave = record.name.clone();
        Ok(WfRemoveAnswer {
            name: args.name,
            namespace: enclave.clone(),
            enclave,
            deleted: removed.len() as u64,
            removed,
            exo_cleaned_up: false,
        })
    }
}
