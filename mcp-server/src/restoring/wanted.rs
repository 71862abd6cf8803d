//! What a record says, as the store keeps it: the way back of what is written into records.

use crate::rollout::Source;
use crate::store::{
    AccountId, ChangedBy, ChannelPersonRecord, ChannelRecord, Drift, Enrollment, PersonId, Quota, Restored,
    RestoredTentacle, Review, Verdict, class_named, frozen_named,
};
use jiff::Timestamp;
use state_repo::{
    EnclaveRecord, Identity, RecordedDeploy, RecordedMember, RecordedTentacle, RecordedVerdict,
};
use std::collections::BTreeMap;
use wire::Failure;
use wire::tools::tentacle::SourceCommit;
use workflow::TentacleName;

/// The sources of the versions that ran, or why there is none.
pub(super) type Sources = BTreeMap<TentacleName, Result<Source, Failure>>;

/// Who is said to have deployed what a record says nobody did.
const BY: &str = "a restore";

/// What comes into the store.
///
/// # Errors
/// Says which word of the record this release does not know.
pub(super) fn of(record: &EnclaveRecord, sources: &Sources) -> Result<Restored, String> {
    let unknown = |what: &str, word: &str| format!("`{word}` is no {what} that this release knows");
    let frozen = frozen_named(&record.frozen).map_err(|word| unknown("reason for a freeze", &word))?;
    let enrollment = Enrollment::named(&record.enrollment);
    let drift = record.drift.as_deref().map_or(Some(Drift::Report), Drift::named);
    let review = record.review.as_deref().map_or(Some(Review::None), Review::named);
    let channel = record.channel.as_ref();
    let people = record.members.iter().filter_map(|member| Some((member.account.clone()?, member)));
    let people = people.map(|(account, member)| Ok((account, in_channel(member)?)));
    let people = people.collect::<Result<BTreeMap<_, _>, String>>()?;
    Ok(Restored {
        id: record.id.parse().map_err(|_| unknown("id", &record.id))?,
        created_at: record.created.unwrap_or_else(Timestamp::now),
        generation: i64::try_from(record.generation).map_err(|_| "its generation is none".to_owned())?,
        frozen,
        mode: record.mode.as_deref().and_then(|mode| mode.parse().ok()),
        enrollment: enrollment.ok_or_else(|| unknown("enrollment", &record.enrollment))?,
        quota: Quota::named(&record.quota).ok_or_else(|| unknown("size", &record.quota))?,
        drift: drift
            .ok_or_else(|| unknown("answer to drift", record.drift.as_deref().unwrap_or_default()))?,
        review: review
            .ok_or_else(|| unknown("rule for reviews", record.review.as_deref().unwrap_or_default()))?,
        owner: person(&record.owner),
        channel: channel.map(|channel| ChannelRecord {
            team: channel.team.clone(),
            id: channel.id.clone(),
            name: channel.name.clone(),
            creator: channel.creator.clone(),
            // Nobody has confirmed it: it carries no change until the Kraken has asked Slack.
            observed_at: Timestamp::UNIX_EPOCH,
            heard_at: Timestamp::UNIX_EPOCH,
            people,
        }),
        named: record.members.iter().filter(|member| member.account.is_none()).filter_map(bound).collect(),
        verdicts: verdicts(&record.approved, true).chain(verdicts(&record.blocked, false)).collect(),
        bindings: channel.map_or_else(Vec::new, |channel| bindings(&channel.team, &record.members)),
        shown: shown(record),
        tentacles: record.tentacles.iter().map(|of| tentacle(of, sources)).collect(),
    })
}

fn in_channel(member: &RecordedMember) -> Result<ChannelPersonRecord, String> {
    let class = member.class.as_deref().unwrap_or_default();
    let known = class_named(class).ok_or_else(|| format!("`{class}` is no kind of account"))?;
    Ok(ChannelPersonRecord { class: known, shown: member.name.clone() })
}

fn person(identity: &Identity) -> PersonId {
    PersonId { issuer: identity.issuer.clone(), subject: identity.subject.clone() }
}

fn bound(member: &RecordedMember) -> Option<PersonId> {
    Some(PersonId { issuer: member.issuer.clone()?, subject: member.subject.clone()? })
}

fn bindings(team: &str, members: &[RecordedMember]) -> Vec<(AccountId, PersonId)> {
    let binding = |member: &RecordedMember| {
        Some((AccountId { team: team.to_owned(), user: member.account.clone()? }, bound(member)?))
    };
    members.iter().filter_map(binding).collect()
}

fn verdicts(of: &[RecordedVerdict], allowed: bool) -> impl Iterator<Item = Verdict> + '_ {
    of.iter().map(move |verdict| {
        let person = verdict.issuer.clone().zip(verdict.subject.clone());
        Verdict {
            allowed,
            account: verdict.account.clone(),
            person: person.map(|(issuer, subject)| PersonId { issuer, subject }),
        }
    })
}

/// The names that people go by.
fn shown(record: &EnclaveRecord) -> Vec<(PersonId, String)> {
    let owners = record.tentacles.iter().map(|tentacle| &tentacle.owner).chain([&record.owner]);
    let owners = owners.map(|owner| (person(owner), owner.name.clone()));
    let members = record.members.iter().filter_map(|member| Some((bound(member)?, member.name.clone())));
    owners.chain(members).filter(|(_, name)| !name.is_empty()).collect()
}

fn tentacle(of: &RecordedTentacle, sources: &Sources) -> RestoredTentacle {
    let source = sources.get(&of.name).and_then(|source| source.as_ref().ok());
    let deployed = of.deployed.as_ref();
    RestoredTentacle {
        name: of.name.clone(),
        owner: person(&of.owner),
        mode: of.mode.as_deref().and_then(|mode| mode.parse().ok()),
        created_at: of.created.unwrap_or_else(Timestamp::now),
        version: of.version.clone(),
        deployed_at: deployed.map_or_else(Timestamp::now, |deployed| deployed.at),
        deployed_by: deployed.map_or_else(|| BY.to_owned(), |deployed| deployed.by.clone()),
        deployed_via: deployed.map(|deployed| deployed.via.clone()).unwrap_or_default(),
        deployed_agent: deployed.and_then(|deployed| deployed.agent.clone()).unwrap_or_default(),
        updated: of.updated.clone().map(|change| ChangedBy {
            by: change.by,
            via: change.via.unwrap_or_default(),
            agent: change.agent.unwrap_or_default(),
            at: change.at,
        }),
        description: source.map(|source| source.description.clone()).unwrap_or_default(),
        metadata: source.map(|source| source.metadata.clone()).unwrap_or_default(),
        deploys: deployed.and_then(|deployed| i64::try_from(deployed.number?).ok()).unwrap_or_default(),
        commit: source
            .and_then(|source| source.commit.clone())
            .or_else(|| Some(unread(of.commit.as_deref()?, deployed))),
        // What cannot be read may reach nothing: its next deploy asks for all of it.
        reach: source.map(|source| source.version.sandbox.reach.clone()).unwrap_or_default(),
    }
}

/// A commit of which no more is known than what the record says: so that the next one still says it.
fn unread(id: &str, deployed: Option<&RecordedDeploy>) -> SourceCommit {
    SourceCommit {
        id: id.to_owned(),
        at: Timestamp::UNIX_EPOCH,
        summary: deployed.and_then(|deployed| deployed.summary.clone()).unwrap_or_default(),
        author: String::new(),
    }
}
