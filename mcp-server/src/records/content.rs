//! What the record of an enclave says, from the rights.

use crate::store::{
    Drift, EnclaveRecord, PersonId, Review, Rights, TentacleRecord, Verdict, class_name, frozen_by,
};
use state_repo::{
    Format, Identity, RecordedChange, RecordedChannel, RecordedDeploy, RecordedMember, RecordedTentacle,
    RecordedVerdict, leaks,
};
use std::collections::BTreeMap;
use workflow::{EnclaveName, TentacleName};

/// The digests of what tentacles may reach.
pub(super) type Reach = BTreeMap<(EnclaveName, TentacleName), String>;

/// The record, without a generation and without a signature.
pub(super) fn of(rights: &Rights, record: &EnclaveRecord, reach: &Reach) -> state_repo::EnclaveRecord {
    let verdicts = |allowed| {
        let mut verdicts: Vec<_> =
            record.verdicts.iter().filter(|verdict| verdict.allowed == allowed).map(verdict).collect();
        verdicts.sort();
        verdicts
    };
    let ran = record.tentacles.iter().filter(|(_, tentacle)| !tentacle.version.is_empty());
    state_repo::EnclaveRecord {
        format: Format::One,
        generation: 0,
        name: record.name.clone(),
        id: record.id.to_string(),
        created: Some(record.created_at),
        frozen: frozen_by(record.frozen),
        mode: record.mode.map(|mode| mode.to_string()),
        enrollment: record.enrollment.name().to_owned(),
        quota: record.quota.name().to_owned(),
        drift: (record.drift != Drift::Report).then(|| record.drift.name().to_owned()),
        review: (record.review != Review::None).then(|| record.review.name().to_owned()),
        channel: record.channel.as_ref().map(|channel| RecordedChannel {
            team: channel.team.clone(),
            id: channel.id.clone(),
            name: shown(&channel.name),
            creator: channel.creator.clone(),
        }),
        owner: identity(rights, &record.owner),
        members: members(rights, record),
        approved: verdicts(true),
        blocked: verdicts(false),
        tentacles: ran
            .map(|(name, tentacle)| {
                let reach = reach.get(&(record.name.clone(), name.clone())).cloned().unwrap_or_default();
                self::tentacle(rights, (name, tentacle), reach)
            })
            .collect(),
        signature: None,
    }
}

fn members(rights: &Rights, record: &EnclaveRecord) -> Vec<RecordedMember> {
    let mut named: Vec<_> = record
        .named
        .iter()
        .map(|person| RecordedMember {
            name: shown(rights.shown(person)),
            account: None,
            class: None,
            issuer: Some(person.issuer.clone()),
            subject: Some(person.subject.clone()),
        })
        .collect();
    named.sort();
    let Some(channel) = &record.channel else { return named };
    let in_channel = channel.people.iter().map(|(account, person)| {
        let bound = rights.person_of(&channel.team, account);
        RecordedMember {
            name: shown(&person.shown),
            account: Some(account.clone()),
            class: Some(class_name(person.class).to_owned()),
            issuer: bound.map(|bound| bound.issuer.clone()),
            subject: bound.map(|bound| bound.subject.clone()),
        }
    });
    named.extend(in_channel);
    named
}

fn tentacle(
    rights: &Rights,
    (name, record): (&TentacleName, &TentacleRecord),
    reach: String,
) -> RecordedTentacle {
    RecordedTentacle {
        name: name.clone(),
        owner: identity(rights, &record.owner),
        mode: record.mode.map(|mode| mode.to_string()),
        created: Some(record.created_at),
        version: record.version.clone(),
        deployed: Some(RecordedDeploy {
            at: record.deployed_at,
            by: shown(&record.deployed_by),
            via: record.deployed_via.clone(),
            agent: some(&record.deployed_agent),
            number: u64::try_from(record.deploys).ok().filter(|number| *number > 0),
            summary: record
                .commit
                .as_ref()
                .map(|commit| shown(&commit.summary))
                .filter(|text| !text.is_empty()),
        }),
        updated: record.updated.as_ref().map(|change| RecordedChange {
            at: change.at,
            by: shown(&change.by),
            via: some(&change.via),
            agent: some(&change.agent),
        }),
        commit: record.commit.as_ref().map(|commit| commit.id.clone()),
        reach,
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn verdict(verdict: &Verdict) -> RecordedVerdict {
    RecordedVerdict {
        account: verdict.account.clone(),
        issuer: verdict.person.as_ref().map(|person| person.issuer.clone()),
        subject: verdict.person.as_ref().map(|person| person.subject.clone()),
    }
}

fn identity(rights: &Rights, person: &PersonId) -> Identity {
    Identity {
        name: shown(rights.shown(person)),
        issuer: person.issuer.clone(),
        subject: person.subject.clone(),
    }
}

/// A name that somebody chose for themselves, or the words of their commit. One that looks like a secret would keep the whole record out of git.
fn shown(name: &str) -> String {
    if leaks("", name.as_bytes()).is_empty() { name.to_owned() } else { "(not shown)".to_owned() }
}
