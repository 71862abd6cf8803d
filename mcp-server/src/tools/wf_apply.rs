//! `wf_apply`: deploys a tentacle from its source. Everything else is derived here.

use super::{About, Effect, Handler, Repeat, bounds};
use crate::backend::Deployed;
use crate::call::Call;
use crate::gate::target::OnTentacle;
use crate::gate::unavailable;
use crate::progress::Progress;
use crate::rollout::{self, Source};
use crate::server::Server;
use policy::{Action, Preset};
use wire::tools::tentacle::{WfApply, WfApplyAnswer, WfApplyArgs};
use wire::{Failure, FailureCode};

impl Handler for WfApply {
    const ABOUT: About = About {
        title: "Deploy a tentacle",
        description: "Deploys a tentacle from its source (`files`: workflow.yaml and nodes). The server derives the sandbox from \
                      the contract; the version before serves until the new one is ready. `dry_run` only checks.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Apply, Action::ApplyNew];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfApplyArgs,
        progress: &Progress,
    ) -> Result<WfApplyAnswer, Failure> {
        let named = super::wf_list::named(args.enclave.clone())?;
        let (change, grant) = server.gate.change(call).await?.deploy(named.as_ref(), &args.name).await?;
        let target = grant.target();
        let mut changing = change.decided();
        let source = room(target).and_then(|()| source(&args, target));
        let (source, initiator) = match (source, call.initiator()) {
            (Ok(source), Some(initiator)) => (source, initiator),
            (Err(failure), _) => return Err(changing.failed(failure).await),
            (_, None) => {
                let failure = Failure::new(FailureCode::Denied, "only a person deploys");
                return Err(changing.failed(failure).await);
            }
        };
        progress.step(1, 3, "checked").await;
        let did = if args.dry_run {
            Did::Check
        } else if is_running(server, target, &source.version.hash) {
            Did::Nothing
        } else {
            if target.tentacle.is_none() {
                // A new tentacle is as open as its enclave is; a later deploy changes neither mode nor owner.
                let mode = target.record.mode.unwrap_or(Preset::Private.mode());
                let put = changing.tx().put_tentacle(&grant, &initiator.person, mode).await;
                put.map_err(|error| unavailable(&error))?;
            }
            let effect = changing.begin(&source.payload).await?;
            let deployed = rollout::deploy(server, &grant, effect, &source, &initiator).await?;
            progress.step(2, 3, "ready").await;
            return Ok(answer(server, target, &source, Did::Deploy(deployed)));
        };
        changing.done().await?;
        Ok(answer(server, target, &source, did))
    }
}

/// Whether there is room for it: one that is there already takes none.
fn room(target: &OnTentacle) -> Result<(), Failure> {
    match target.tentacle {
        Some(_) => Ok(()),
        None => bounds::one_more_tentacle(target.record.tentacles.len()),
    }
}

fn source(args: &WfApplyArgs, target: &OnTentacle) -> Result<Source, Failure> {
    if !args.manifests.is_empty() {
        let what = "manifests are not taken yet; send the tentacle's source as `files`";
        return Err(Failure::new(FailureCode::NotYet, what));
    }
    Source::read(&target.record.name, &args.name, &args.files)
}

/// What was done.
enum Did {
    Check,
    Nothing,
    Deploy(Deployed),
}

/// Whether exactly this content runs already.
fn is_running(server: &Server, target: &OnTentacle, hash: &str) -> bool {
    let same = target.tentacle.as_ref().is_some_and(|tentacle| tentacle.version == hash);
    same && server.backend.state(target).ready
}

fn answer(server: &Server, target: &OnTentacle, source: &Source, did: Did) -> WfApplyAnswer {
    let (status, did) = match did {
        Did::Check => ("checked", Deployed::default()),
        Did::Nothing => ("unchanged", Deployed::default()),
        Did::Deploy(deployed) => ("deployed", deployed),
    };
    let enclave = target.record.name.clone();
    WfApplyAnswer {
        name: target.name.clone(),
        namespace: enclave.clone(),
        enclave,
        status: status.to_owned(),
        version: source.version.hash.clone(),
        applied: did.applied,
        created: did.created,
        updated: did.updated,
        deleted: did.deleted,
        source: super::wf_list::NOT_IN_GIT.to_owned(),
        not_enforced: server.backend.gaps(),
    }
}
