//! `wf_set_mode`: who may do what with a tentacle.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{TentacleModeGrant, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use policy::{Action, Mode, parse_mode};
use wire::tools::custody::{WfSetMode, WfSetModeAnswer, WfSetModeArgs};
use wire::{Failure, FailureCode};

impl Handler for WfSetMode {
    const ABOUT: About = About {
        title: "Set a tentacle's mode",
        description: "Sets who may see, change and run a tentacle: a preset (`private`, `member-run`, `member-read`, \
                      `member-edit`, `open-read`, `open-run`) or nine letters such as `rwxr-x---`. The enclave's mode holds besides.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::TentacleSetMode, Action::TentacleTighten];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfSetModeArgs,
        _: &Progress,
    ) -> Result<WfSetModeAnswer, Failure> {
        let named = named(args.enclave)?;
        let mode =
            parse_mode(&args.mode).map_err(|error| Failure::new(FailureCode::Invalid, error.to_string()))?;
        let change = server.gate.change(call).await?;
        let (change, grant) = change.tentacle_mode(named.as_ref(), &args.name, mode).await?;
        let mut changing = change.decided();
        let put = match &grant {
            TentacleModeGrant::Set(grant) => {
                changing.tx().set_tentacle_mode(grant, mode, &call.changes()).await
            }
            TentacleModeGrant::Tighten(grant) => {
                changing.tx().tighten_tentacle_mode(grant, mode, &call.changes()).await
            }
        };
        put.map_err(|error| unavailable(&error))?;
        changing.done().await?;
        let target = grant.target();
        server.follow(grant.changed(), &target.record.name).await;
        let before = target.tentacle.as_ref().and_then(|tentacle| tentacle.mode);
        let enclave = target.record.name.clone();
        Ok(WfSetModeAnswer {
            name: args.name,
            namespace: enclave.clone(),
            enclave,
            before: before.as_ref().map_or_else(|| "unreadable".to_owned(), Mode::to_string),
            mode: mode.to_string(),
        })
    }
}
