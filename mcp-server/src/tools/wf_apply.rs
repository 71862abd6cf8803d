//! `wf_apply`: deploys a tentacle from its source. Everything else is derived here.

use super::{About, Effect, Handler, Repeat};
use crate::backend::{Deployed, Version};
use crate::call::Call;
use crate::gate::target::OnTentacle;
use crate::gate::unavailable;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::DeployedVersion;
use policy::{Action, Preset};
use wire::tools::tentacle::{WfApply, WfApplyAnswer, WfApplyArgs};
use wire::{Failure, FailureCode};
use workflow::{Bundle, EnclaveName, Facts, TentacleName, Workflow, derive};

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
        let named = super::wf_list::named(args.enclave)?;
        let (change, grant) = server.gate.change(call).await?.deploy(named.as_ref(), &args.name).await?;
        let target = grant.target();
        let changing = change.decided();
        let source =
            match Source::read(&target.record.name, &args.name, args.files, args.manifests.is_empty()) {
                Ok(source) => source,
                Err(failure) => return Err(changing.failed(failure).await),
            };
        progress.step(1, 3, "checked").await;
        let status = if args.dry_run {
            Status::Checked
        } else if is_running(server, target, &source.version.hash) {
            Status::Unchanged
        } else {
            Status::Deployed
        };
        if !matches!(status, Status::Deployed) {
            changing.done().await?;
            return Ok(answer(server, target, &source, Deployed::default(), status));
        }
        let Some(person) = call.person() else {
            let failure = Failure::new(FailureCode::Denied, "only a person deploys");
            return Err(changing.failed(failure).await);
        };
        let effect = changing.begin().await?;
        let deployed = match server.backend.deploy(&grant, &source.version).await {
            Ok(deployed) => deployed,
            Err(error) => return Err(effect.failed(error.into_failure()).await),
        };
        progress.step(2, 3, "ready").await;
        let row = DeployedVersion {
            description: source.description.clone(),
            version: source.version.hash.clone(),
            deployed_by: person.shown().to_owned(),
            deployed_via: person.client_id.clone(),
        };
        // A new tentacle is as open as its enclave is; a later deploy changes neither mode nor owner.
        let mode = target.record.mode.unwrap_or(Preset::Private.mode());
        let mut ending = effect.end().await?;
        ending
            .tx()
            .put_tentacle(&grant, &row, &person.id, mode)
            .await
            .map_err(|error| unavailable(&error))?;
        ending.done().await?;
        Ok(answer(server, target, &source, deployed, status))
    }
}

/// What was sent, read and derived.
struct Source {
    version: Version,
    description: String,
}

impl Source {
    fn read(
        enclave: &EnclaveName,
        name: &TentacleName,
        files: std::collections::BTreeMap<String, String>,
        no_manifests: bool,
    ) -> Result<Self, Failure> {
        let invalid = |message: String| Failure::new(FailureCode::Invalid, message);
        if !no_manifests {
            let what = "manifests are not taken yet; send the tentacle's source as `files`";
            return Err(Failure::new(FailureCode::NotYet, what));
        }
        let files = files.into_iter().map(|(path, text)| (path, text.into_bytes()));
        let bundle = Bundle::new(files).map_err(|problems| invalid(problems.to_string()))?;
        let workflow = Workflow::of(&bundle).map_err(|problems| invalid(problems.to_string()))?;
        if workflow.name != *name {
            return Err(invalid(format!("the workflow.yaml is of `{}`, not of `{name}`", workflow.name))
                .with_remedy("deploy it under its own name, or change the name in workflow.yaml"));
        }
        let content = bundle.content_hash();
        let facts = Facts { enclave: enclave.clone(), version: content };
        let sandbox = derive(&workflow, &facts)
            .map_err(|problems| Failure::new(FailureCode::NotYet, problems.to_string()))?;
        let version = Version { bundle, sandbox, hash: content.to_string() };
        Ok(Self { version, description: workflow.description.unwrap_or_default() })
    }
}

#[derive(Clone, Copy)]
enum Status {
    Checked,
    Unchanged,
    Deployed,
}

/// Whether exactly this content runs already.
fn is_running(server: &Server, target: &OnTentacle, hash: &str) -> bool {
    let same = target.tentacle.as_ref().is_some_and(|tentacle| tentacle.version == hash);
    same && server.backend.state(target).ready
}

fn answer(
    server: &Server,
    target: &OnTentacle,
    source: &Source,
    did: Deployed,
    status: Status,
) -> WfApplyAnswer {
    let status = match status {
        Status::Checked => "checked",
        Status::Unchanged => "unchanged",
        Status::Deployed => "deployed",
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
