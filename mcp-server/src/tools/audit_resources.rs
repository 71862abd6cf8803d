//! `audit_resources`: whether an enclave may use no more than was given, or whether a tentacle is as its contract says.

use super::audits::{Visible, audited};
use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::backend::Audit;
use crate::call::Call;
use crate::gate::{Authorized, act, unavailable};
use crate::progress::Progress;
use crate::rollout::Source;
use crate::server::Server;
use crate::store::StoreError;
use policy::Action;
use std::collections::BTreeSet;
use wire::Failure;
use wire::tools::audit::{
    AuditAnswer, AuditPart, AuditResources, AuditResourcesAnswer, AuditResourcesArgs, AuditSecrets, Expected,
};
use workflow::{TentacleName, TriggerKind};

impl Handler for AuditResources {
    const ABOUT: About = About {
        title: "Audit what an enclave may use, or a tentacle",
        description: "Without a tentacle: whether the enclave and each container in it may use no more than was given. With one: \
                      whether all that is really there of it is as its contract says, with its secrets and schedules.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleAudit];

    async fn handle(
        server: &Server,
        call: &Call,
        args: AuditResourcesArgs,
        _: &Progress,
    ) -> Result<AuditResourcesAnswer, Failure> {
        let Some(name) = args.workflow_name else {
            let (audited, visible) = audited(server, call, args.enclave, Audit::Limits).await?;
            let audit = visible.answer(audited, &args.page)?;
            let overall = word(audit.compliant).to_owned();
            let none = (None, None, None, None);
            let (workflow_name, network_policy, secrets, cron_jobs) = none;
            return Ok(AuditResourcesAnswer {
                audit,
                overall,
                workflow_name,
                network_policy,
                secrets,
                cron_jobs,
            });
        };
        let look = server.gate.look(call).await?;
        let grant = look.tentacle::<act::TentacleAudit>(named(args.enclave)?.as_ref(), &name)?;
        let audited = server.backend.audit_tentacle(&grant).await.map_err(|error| error.into_failure())?;
        let kept = Kept::of(server, &grant).await.map_err(|error| unavailable(&error))?;
        let enclave = grant.target().record.name.clone();
        let audit = Visible::only(enclave, name.as_str()).answer(audited, &args.page)?;
        Ok(kept.answer(audit, args.expected.as_ref(), name))
    }
}

/// What is on record of a tentacle.
struct Kept {
    /// The source of the running version; none while its first deploy has not come to its end.
    source: Option<Source>,
    /// The secrets that it needs and nobody has set.
    unset: Vec<String>,
    /// The schedules by which it really is run.
    schedules: BTreeSet<String>,
}

impl Kept {
    async fn of(server: &Server, grant: &Authorized<act::TentacleAudit>) -> Result<Self, StoreError> {
        let target = grant.target();
        let version = target.tentacle.as_ref().map(|tentacle| tentacle.version.clone()).unwrap_or_default();
        let files = server.store.source(grant, &version).await?.unwrap_or_default();
        let source = Source::read(&target.record.name, &target.name, &files).ok();
        let in_git = server.store.git_secrets(&target.record.name, &target.name, &version).await?.names();
        let mut unset = Vec::new();
        for name in source.iter().flat_map(Source::secrets) {
            let set = in_git.contains(&name)
                || server.store.sealed_secret(&target.record.name, &name).await?.is_some();
            if !set {
                unset.push(name.to_string());
            }
        }
        let triggers = server.store.triggers(grant).await?;
        let schedules = triggers.iter().filter(|trigger| trigger.due_at.is_some());
        Ok(Self { schedules: schedules.map(|trigger| trigger.of.name.to_string()).collect(), source, unset })
    }

    fn answer(
        self,
        audit: AuditAnswer,
        expected: Option<&Expected>,
        name: TentacleName,
    ) -> AuditResourcesAnswer {
        let network = self.network(&audit, expected);
        let secrets = self.secrets(expected);
        let cron_jobs = self.cron_jobs(expected);
        let passes =
            [&network.status, &secrets.status, &cron_jobs.status].iter().all(|status| *status == PASS);
        AuditResourcesAnswer {
            audit,
            overall: word(passes).to_owned(),
            workflow_name: Some(name),
            network_policy: Some(network),
            secrets: Some(secrets),
            cron_jobs: Some(cron_jobs),
        }
    }

    fn network(&self, audit: &AuditAnswer, expected: Option<&Expected>) -> AuditPart {
        let amiss = match (&self.source, audit.compliant) {
            (None, _) => Some("no version of it is deployed".to_owned()),
            (_, true) => None,
            (_, false) => {
                let told = audit.findings.iter().map(|finding| &finding.message).chain(&audit.unseen);
                Some(told.cloned().collect::<Vec<_>>().join("; "))
            }
        };
        let reach = self.source.iter().flat_map(|source| source.version.sandbox.reach.iter());
        let reach: Vec<String> = reach.map(ToString::to_string).collect();
        let reach = if reach.is_empty() { "it reaches nothing".to_owned() } else { reach.join("; ") };
        let counts = expected.map_or_else(String::new, |counts| {
            format!(
                "; {} rules out and {} in were expected, and are not compared: hosts are held by the egress gateway, by name",
                counts.egress_rule_count, counts.ingress_rule_count
            )
        });
        let details = amiss.as_ref().map_or_else(|| reach.clone(), |why| format!("{why}; {reach}"));
        AuditPart { status: word(amiss.is_none()).to_owned(), details: format!("{details}{counts}") }
    }

    fn secrets(&self, expected: Option<&Expected>) -> AuditSecrets {
        let needs: BTreeSet<String> =
            self.source.iter().flat_map(Source::secrets).map(|name| name.to_string()).collect();
        let mut missing = self.unset.clone();
        let mut extra = Vec::new();
        if let Some(expected) = expected {
            let wanted = expected.secrets.iter();
            missing.extend(wanted.filter(|name| !needs.contains(*name)).cloned());
            // An earlier command line expects none of those that callers of webhooks sign with, and no sandbox has them.
            let has = self.source.iter().flat_map(|source| &source.version.sandbox.secrets);
            let has = has.map(ToString::to_string);
            extra.extend(has.filter(|name| !expected.secrets.contains(name)));
        }
        AuditSecrets { status: word(missing.is_empty() && extra.is_empty()).to_owned(), missing, extra }
    }

    fn cron_jobs(&self, expected: Option<&Expected>) -> AuditPart {
        let triggers = self.source.iter().flat_map(|source| &source.triggers);
        let wanted: BTreeSet<String> = triggers
            .filter(|trigger| matches!(trigger.kind, TriggerKind::Cron(_)))
            .map(|trigger| trigger.name.to_string())
            .collect();
        let kept = self.schedules.iter().filter(|name| wanted.contains(*name)).count();
        let counted = expected.is_none_or(|expected| expected.cron_job_count == kept as u64);
        let status = word(kept == wanted.len() && counted).to_owned();
        let details = match expected.filter(|_| !counted) {
            Some(expected) => {
                format!("{kept} schedules run it, and {} were expected", expected.cron_job_count)
            }
            None => format!("{kept} of the {} schedules of its source run it", wanted.len()),
        };
        AuditPart { status, details }
    }
}

const PASS: &str = "pass";

const fn word(passes: bool) -> &'static str {
    if passes { PASS } else { "fail" }
}
