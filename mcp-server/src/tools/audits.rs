//! What the audits have in common: what is asked for, and what of the findings the caller may see.

use super::bounds;
use super::wf_list::named;
use crate::backend::{Audit, Audited};
use crate::call::Call;
use crate::gate::act;
use crate::server::Server;
use std::collections::BTreeSet;
use wire::tools::audit::{AuditAnswer, AuditFinding};
use wire::{EnclaveRef, Failure, Page};
use workflow::EnclaveName;

/// What of an enclave the caller may see.
pub(super) struct Visible {
    enclave: EnclaveName,
    /// The tentacles that the caller may audit.
    tentacles: BTreeSet<String>,
    /// All that are on record.
    all: BTreeSet<String>,
}

/// Looks at an enclave for whoever may see it.
pub(super) async fn audited(
    server: &Server,
    call: &Call,
    enclave: EnclaveRef,
    what: Audit,
) -> Result<(Audited, Visible), Failure> {
    let look = server.gate.look(call).await?;
    let listed = look.enclave::<act::List>(named(enclave)?.as_ref())?;
    let record = &listed.target().record;
    let all = record.tentacles.keys().map(ToString::to_string).collect();
    let enclave = record.name.clone();
    let seen = look.tentacles::<act::TentacleAudit>(listed.clone());
    let tentacles = seen.map(|grant| grant.target().name.to_string()).collect();
    let audited = server.backend.audit(&listed, what).await.map_err(|error| error.into_failure())?;
    Ok((audited, Visible { enclave, tentacles, all }))
}

impl Visible {
    /// One tentacle, which the caller may audit.
    pub(super) fn only(enclave: EnclaveName, tentacle: &str) -> Self {
        let one = BTreeSet::from([tentacle.to_owned()]);
        Self { enclave, tentacles: one.clone(), all: one }
    }

    /// What the caller hears. Of a tentacle that they may not see nothing is told; of what only claims to be one, all.
    pub(super) fn answer(self, audited: Audited, page: &Page) -> Result<AuditAnswer, Failure> {
        let Self { enclave, tentacles, all } = self;
        let hidden = |name: &String| all.contains(name) && !tentacles.contains(name);
        let mut findings = audited.findings;
        findings.retain(|finding| !finding.tentacle.as_ref().is_some_and(hidden));
        findings.sort_by(|a, b| {
            (a.severity, &a.object, a.rule, &a.message).cmp(&(b.severity, &b.object, b.rule, &b.message))
        });
        let names = |texts: Vec<String>| -> Vec<String> {
            texts
                .into_iter()
                .filter(|text| !all.iter().any(|name| hidden(name) && speaks_of(text, name)))
                .collect()
        };
        let total = findings.len();
        let begin: usize = match &page.cursor {
            Some(cursor) => cursor.parse().map_err(|_| bounds::cursor())?,
            None => 0,
        };
        let end = begin.saturating_add(page.size());
        let shown = findings.into_iter().skip(begin).take(page.size()).map(|finding| AuditFinding {
            severity: finding.severity.word().to_owned(),
            rule: finding.rule.to_owned(),
            object: finding.object,
            tentacle: finding.tentacle,
            reason: finding.message.clone(),
            message: finding.message,
            remediation: finding.remedy,
        });
        Ok(AuditAnswer {
            namespace: enclave.clone(),
            enclave,
            compliant: total == 0 && audited.unseen.is_empty(),
            findings: shown.collect(),
            total: total as u64,
            next_cursor: (end < total).then(|| end.to_string()),
            looked_at: names(audited.looked_at),
            unseen: names(audited.unseen),
            beyond: audited.beyond,
            others_left_out: tentacles.len() < all.len(),
        })
    }
}

/// Whether a text has this name as a word of its own.
fn speaks_of(text: &str, name: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').any(|word| word == name)
}
