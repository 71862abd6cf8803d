//! `wf_describe`: all that is on record of a tentacle.

use super::people::{everybody, members};
use super::wf_list::{entry, named};
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{Authorized, act, unavailable};
use crate::kept_source;
use crate::mirror;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{Rights, StoreError, TentacleRecord, TriggerRecord};
use policy::Action;
use std::collections::BTreeMap;
use wire::tools::describe::{
    DependencyEntry, NodeDescription, TriggerEntry, WfDescribe, WfDescribeAnswer, WfDescribeArgs,
};
use wire::tools::tentacle::{SourceCommit, TentacleEntry};
use wire::{Failure, FailureCode};
use workflow::{Reach, Trigger, TriggerKind, Workflow};

/// The file that tells people what a tentacle is.
const README: &str = "README.md";

/// The file that says what its settings may be, and the most bytes of one that is told.
const PARAMS: &str = "params.schema.json";
const PARAMS_MOST: usize = 64 * 1024;

impl Handler for WfDescribe {
    const ABOUT: About = About {
        title: "Describe a tentacle",
        description: "All that is on record of a tentacle: owner, mode, versions, commit, what makes it run and when next, its nodes, \
                      its settings and what they may be, what it talks to, and all that it reaches in words.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::TentacleDescribe];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfDescribeArgs,
        _: &Progress,
    ) -> Result<WfDescribeAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.tentacle::<act::TentacleDescribe>(named(args.enclave)?.as_ref(), &args.name)?;
        let gone = || Failure::new(FailureCode::NotFound, format!("there is no tentacle `{}`", args.name));
        let tentacle = entry(server, look.rights(), grant.target()).ok_or_else(gone)?;
        let known = Known::of(server, &grant).await.map_err(|error| unavailable(&error))?;
        Ok(known.answer(server, look.rights(), &grant, tentacle))
    }
}

/// What the store knows.
struct Known {
    files: BTreeMap<String, String>,
    versions: Vec<String>,
    triggers: Vec<TriggerRecord>,
}

impl Known {
    async fn of(server: &Server, grant: &Authorized<act::TentacleDescribe>) -> Result<Self, StoreError> {
        let version = grant.target().tentacle.as_ref().map(|tentacle| tentacle.version.clone());
        let files = server.store.source(grant, &version.unwrap_or_default()).await?;
        let versions = server.store.versions(grant).await?;
        let triggers = server.store.triggers(grant).await?;
        Ok(Self { files: files.unwrap_or_default(), versions, triggers })
    }

    fn answer(
        self,
        server: &Server,
        rights: &Rights,
        grant: &Authorized<act::TentacleDescribe>,
        tentacle: TentacleEntry,
    ) -> WfDescribeAnswer {
        let target = grant.target();
        // The source of a first deploy that has not come to its end is not kept: then there is nothing to say of it.
        let workflow = kept_source::workflow(&self.files).ok();
        let of = |told: fn(&Workflow) -> Vec<String>| workflow.as_ref().map(told).unwrap_or_default();
        let triggers = workflow.iter().flat_map(|workflow| &workflow.triggers);
        let deployed_at = target.tentacle.as_ref().map_or(tentacle.created_at, |record| record.deployed_at);
        let image = server.backend.state(target).copies.into_iter().find_map(|copy| copy.image);
        let params = self.files.get(PARAMS).filter(|text| text.len() <= PARAMS_MOST);
        WfDescribeAnswer {
            enclave_owner: rights.shown(&target.record.owner).to_owned(),
            enclave_members: members(&everybody(&target.record, rights)),
            group: tentacle.team.clone(),
            image: image.unwrap_or_default(),
            annotations: target.tentacle.as_ref().map(|it| annotations(it, rights)).unwrap_or_default(),
            params_schema: params.cloned().unwrap_or_default(),
            prompts: Vec::new(),
            workflow_version: workflow.as_ref().map(|read| read.version.to_string()).unwrap_or_default(),
            triggers: triggers.map(|trigger| self.trigger(server, &tentacle, trigger)).collect(),
            nodes: workflow.as_ref().map(nodes).unwrap_or_default(),
            edges: of(|read| read.edges.iter().map(|edge| format!("{} -> {}", edge.from, edge.to)).collect()),
            dependencies: workflow.as_ref().map(dependencies).unwrap_or_default(),
            sidecars: of(|read| read.sidecars.iter().map(|sidecar| sidecar.name.to_string()).collect()),
            reach: of(|read| Reach::of(read).iter().map(ToString::to_string).collect()),
            config: workflow.as_ref().map(|read| read.config.values.clone()).unwrap_or_default(),
            readme: self.files.get(README).cloned().unwrap_or_default(),
            versions: self.versions,
            source: SourceCommit::told(tentacle.commit.as_ref()),
            deployed_at,
            not_enforced: server.backend.enforces().not_enforced(),
            tentacle,
        }
    }

    fn trigger(&self, server: &Server, tentacle: &TentacleEntry, trigger: &Trigger) -> TriggerEntry {
        let name = trigger.name.to_string();
        let kept = self.triggers.iter().find(|kept| kept.of.name == trigger.name);
        let bare = TriggerEntry {
            kind: trigger.kind.word().to_owned(),
            schedule: None,
            timezone: None,
            next_at: None,
            url: None,
            signature: None,
            secret: None,
            name,
        };
        match &trigger.kind {
            TriggerKind::Manual | TriggerKind::Queue { .. } => bare,
            TriggerKind::Cron(cron) => TriggerEntry {
                schedule: Some(cron.schedule.text().to_owned()),
                timezone: Some(cron.schedule.zone().to_owned()),
                next_at: kept.and_then(|kept| kept.due_at),
                ..bare
            },
            TriggerKind::Webhook(hook) => TriggerEntry {
                url: Some(server.hook_url(&tentacle.enclave, &tentacle.name, &trigger.name)),
                signature: Some(hook.scheme.to_string()),
                secret: Some(hook.secret.to_string()),
                ..bare
            },
        }
    }
}

/// What a cluster shows of its record.
fn annotations(tentacle: &TentacleRecord, rights: &Rights) -> BTreeMap<String, String> {
    let mirror = mirror::of(tentacle, rights.shown(&tentacle.owner));
    let told = |(name, text): (&str, Option<&str>)| Some((name.to_owned(), text?.to_owned()));
    mirror.annotations().into_iter().filter_map(told).collect()
}

fn nodes(workflow: &Workflow) -> Vec<NodeDescription> {
    let told = |(name, node): (&workflow::PartName, &workflow::Node)| NodeDescription {
        name: name.to_string(),
        description: node.description.clone(),
        path: node.path.to_string(),
    };
    workflow.nodes.iter().map(told).collect()
}

fn dependencies(workflow: &Workflow) -> Vec<DependencyEntry> {
    let told = |(name, dependency): (&workflow::PartName, &workflow::Dependency)| DependencyEntry {
        name: name.to_string(),
        protocol: dependency.protocol.word().to_owned(),
        secret: dependency.auth.as_ref().map(|auth| auth.secret.to_string()),
    };
    workflow.contract.dependencies.iter().map(told).collect()
}
