//! `channel_report`: what the relay says is so in a channel. Whoever leaves loses their place at once.

use super::account_unlink::{pass_on, reowned};
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{Authorized, Change, act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{
    AccountId, ChannelPersonRecord, ChannelRecord, EnclaveRecord, Heard, PersonId, Rights, StoreError, Tx,
};
use jiff::Timestamp;
use policy::{Action, Frozen, State};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wire::tools::channel::{
    AccountClass, ChannelPerson, ChannelReport, ChannelReportAnswer, ChannelReportArgs,
};
use wire::{Failure, FailureCode};
use workflow::TentacleName;

impl Handler for ChannelReport {
    const ABOUT: About = About {
        title: "Report a channel",
        description: "For the relay: says who is in a channel, who joined or left, its name, and whether it is archived. For a \
                      channel without an enclave nothing is kept.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ChannelReport];

    async fn handle(
        server: &Server,
        call: &Call,
        args: ChannelReportArgs,
        _: &Progress,
    ) -> Result<ChannelReportAnswer, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let (mut change, grant) = server.gate.change(call).await?.itself::<act::ChannelReport>().await?;
        if !args.ended.is_empty() {
            return ended(server, change, &grant, args).await;
        }
        let Some(record) = change.enclave_of(&args.team, &args.channel).await? else {
            change.decided().done().await?;
            return Ok(ChannelReportAnswer::default());
        };
        let Some(channel) = &record.channel else { return Ok(ChannelReportAnswer::default()) };
        let news = News::of(&args, &record, channel);
        if let Some(moved_to) = &args.moved_to
            && change.enclave_of(&args.team, moved_to).await?.is_some()
        {
            let taken = Failure::new(FailureCode::Conflict, "another enclave lives in that channel");
            return Err(change.decided().failed(taken).await);
        }
        let lost = change.people_of(&channel.team, &news.lost).await?;
        let (change, reown) = reown(change, &record, &lost).await?;
        let rights = server.store.rights().await.map_err(failed)?;
        let mut changing = change.decided();
        let tx = changing.tx();
        tx.report_lost(&grant, &record, &lost).await.map_err(failed)?;
        if let Some((people, heard)) = &news.people {
            tx.report_people(&grant, &record.name, people, *heard).await.map_err(failed)?;
        }
        if let Some(name) = &news.name {
            tx.report_name(&grant, &record.name, name).await.map_err(failed)?;
        }
        if let Some(archived) = news.archived {
            let frozen = tx.report_archived(&grant, &record, archived).await.map_err(failed)?;
            if !args.deleted {
                tell_archived(tx, &record, archived, frozen).await.map_err(failed)?;
            }
        }
        if args.deleted {
            tx.notify_person(&record, &record.owner, &deleted(&record), None).await.map_err(failed)?;
        }
        if let Some(moved_to) = &args.moved_to {
            tx.report_move(&grant, &record.name, moved_to).await.map_err(failed)?;
        }
        if args.unseen {
            tx.notify_person(&record, &record.owner, &unseen(&record), None).await.map_err(failed)?;
        }
        let told =
            Lost { record: &record, rights: &rights, now: news.people.as_ref().map(|(people, _)| people) };
        for person in &lost {
            let passed = match &reown {
                Some((reown, owners)) if owners.contains(person) => {
                    tx.reown(reown, person).await.map_err(failed)?
                }
                _ => Vec::new(),
            };
            tx.notify(&record, &left(person, &passed, &told)).await.map_err(failed)?;
        }
        changing.done().await?;
        if news.name.is_some() || news.archived.is_some() || args.moved_to.is_some() {
            server.follow(&grant, &record.name).await;
        }
        Ok(ChannelReportAnswer {
            enclave: Some(record.name.clone()),
            nowhere: nowhere(&args, &news, (&record, channel), &rights),
            taken: news.taken() || args.moved_to.is_some(),
            arrived: news.arrived,
            gone: news.gone,
        })
    }
}

/// The accounts that left, however often that is reported, or that the list lacks, and that are in no other enclave's channel.
fn nowhere(
    args: &ChannelReportArgs,
    news: &News,
    (record, channel): (&EnclaveRecord, &ChannelRecord),
    rights: &Rights,
) -> Vec<String> {
    let now = news.people.as_ref().map_or(&channel.people, |(people, _)| people);
    let gone = channel.people.keys().chain(&args.left).filter(|account| !now.contains_key(*account));
    let is_other = |other: &&Arc<EnclaveRecord>| {
        other.name != record.name && other.team() == Some(channel.team.as_str())
    };
    let others: Vec<_> = rights.enclaves().filter(is_other).collect();
    let is_nowhere = |account: &&String| others.iter().all(|other| other.account_shown(account).is_none());
    gone.filter(is_nowhere).cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The bindings of accounts that cannot be used any more end, and what rested on them.
async fn ended(
    server: &Server,
    mut change: Change<'_>,
    grant: &Authorized<act::ChannelReport>,
    args: ChannelReportArgs,
) -> Result<ChannelReportAnswer, Failure> {
    let failed = |error: StoreError| unavailable(&error);
    let rights = server.store.rights().await.map_err(failed)?;
    let (mut bound, mut reown) = (Vec::new(), Vec::new());
    for user in args.ended {
        let account = AccountId { team: args.team.clone(), user };
        let Some(person) = rights.person_of(&account.team, &account.user) else { continue };
        let (next, owned) = reowned(change, &rights, &account, person).await?;
        change = next;
        reown.extend(owned);
        bound.push((account, person.clone()));
    }
    let mut changing = change.decided();
    let tx = changing.tx();
    for (account, person) in &bound {
        tx.report_ended(grant, (account, person)).await.map_err(failed)?;
    }
    for owned in &reown {
        pass_on(tx, owned, &rights).await.map_err(failed)?;
    }
    changing.done().await?;
    Ok(ChannelReportAnswer { taken: !bound.is_empty(), ..ChannelReportAnswer::default() })
}

/// That somebody lost their place, in one line.
fn left(person: &PersonId, passed: &[TentacleName], lost: &Lost<'_>) -> String {
    let (who, owner) = (lost.rights.shown(person), lost.rights.shown(&lost.record.owner));
    let account = lost.record.team().and_then(|team| lost.rights.account_of(person, team));
    // Who is still there has another class of account than before.
    let is_here = account.is_some_and(|account| lost.now.is_some_and(|people| people.contains_key(account)));
    let how = if is_here {
        "is no full member of the workspace any more"
    } else {
        "is not in the channel any more"
    };
    if lost.record.owner == *person {
        return format!(
            "{who}, who owns this enclave, {how} and is a visitor here until that changes. Until then nobody can change \
             its members, its mode or what it may reach; members go on as the mode allows. An operator can offer it to another \
             owner."
        );
    }
    if passed.is_empty() {
        return format!("{who} {how}, and no longer a member.");
    }
    format!("{who} {how}, and no longer a member. {} {owner}'s now.", names(passed))
}

/// What those who lost their place are told of by.
struct Lost<'a> {
    record: &'a EnclaveRecord,
    rights: &'a Rights,
    /// Who is in the channel now.
    now: Option<&'a People>,
}

/// That nobody can see who is in the channel any more.
fn unseen(record: &EnclaveRecord) -> String {
    let channel = record.channel.as_ref().map(|channel| channel.name.as_str()).unwrap_or_default();
    format!(
        "I was removed from #{channel} and cannot see any more who is in it. After an hour nothing can be changed in the \
         enclave {}; runs and reads go on. Invite me back to go on as before.",
        record.name
    )
}

/// That the channel is gone for good.
fn deleted(record: &EnclaveRecord) -> String {
    let channel = record.channel.as_ref().map(|channel| channel.name.as_str()).unwrap_or_default();
    format!(
        "The channel #{channel} was deleted, and Slack does not bring it back. Your enclave {name} is frozen: what runs by hand \
         goes on, nothing changes, and no schedule runs. When you have what you want to keep, shut it down with `tntc enclave \
         deprovision {name}`.",
        name = record.name
    )
}

/// Tentacles by name, with the verb: `hello and digest are`.
pub(super) fn names(tentacles: &[TentacleName]) -> String {
    let names: Vec<&str> = tentacles.iter().map(TentacleName::as_str).collect();
    match names.as_slice() {
        [] => "Nothing is".to_owned(),
        [one] => format!("{one} is"),
        [most @ .., last] => format!("{} and {last} are", most.join(", ")),
    }
}

/// What the archiving of a channel means: to its owner alone while nobody can be told in the channel, and to all when it is
/// in use again.
async fn tell_archived(
    tx: &mut Tx,
    record: &EnclaveRecord,
    archived: bool,
    frozen: Frozen,
) -> Result<(), StoreError> {
    let channel = record.channel.as_ref().map(|channel| channel.name.as_str()).unwrap_or_default();
    if archived {
        let told = format!(
            "The channel #{channel} was archived, so your enclave {} is frozen: what runs by hand goes on, nothing changes, \
             and no schedule runs. To go on, unarchive the channel and invite me back into it.",
            record.name
        );
        return tx.notify_person(record, &record.owner, &told, None).await.map(drop);
    }
    let still = if frozen.any() {
        format!(" It stays frozen by {}.", crate::store::frozen_by(frozen).join(" and "))
    } else {
        String::new()
    };
    tx.notify(record, &format!("This channel is in use again, and so is its enclave.{still}")).await
}

type Reown = Option<(Authorized<act::Reown>, Vec<PersonId>)>;

/// The reconciler's right to pass on the tentacles of those who lost their place, where they own any.
async fn reown<'g>(
    change: Change<'g>,
    record: &Arc<EnclaveRecord>,
    lost: &[PersonId],
) -> Result<(Change<'g>, Reown), Failure> {
    let owns = |person: &PersonId| {
        *person != record.owner && record.tentacles.values().any(|tentacle| tentacle.owner == *person)
    };
    let owners: Vec<PersonId> = lost.iter().filter(|person| owns(person)).cloned().collect();
    if owners.is_empty() {
        return Ok((change, None));
    }
    let (change, grant) = change.housekeeping::<act::Reown>(record).await?;
    Ok((change, Some((grant, owners))))
}

/// What of a report is new.
struct News {
    people: Option<(People, Heard)>,
    name: Option<String>,
    archived: Option<bool>,
    /// The accounts that are no full members of the channel any more.
    lost: Vec<String>,
    /// Who is there that was not on record, to show.
    arrived: Vec<String>,
    /// Who was on record and is not there, to show.
    gone: Vec<String>,
}

impl News {
    fn of(args: &ChannelReportArgs, record: &EnclaveRecord, channel: &ChannelRecord) -> Self {
        let people = people(args, record, channel, Timestamp::now());
        let lost = people.as_ref().map(|(now, _)| lost(&channel.people, now)).unwrap_or_default();
        let (arrived, gone) = match &people {
            Some((now, _)) => (missing(now, &channel.people), missing(&channel.people, now)),
            None => (Vec::new(), Vec::new()),
        };
        let usable = matches!(record.state, State::Active | State::Frozen);
        Self {
            people,
            lost,
            arrived,
            gone,
            name: args.name.clone().filter(|name| *name != channel.name),
            archived: args.archived.filter(|archived| usable && *archived != record.frozen.by_archive),
        }
    }

    fn taken(&self) -> bool {
        self.people.is_some() || self.name.is_some() || self.archived.is_some()
    }
}

/// The people in a channel, by Slack user.
type People = BTreeMap<String, ChannelPersonRecord>;

/// Who is in the channel after the report; `None` when it says nothing about that, or nothing that counts.
fn people(
    args: &ChannelReportArgs,
    record: &EnclaveRecord,
    channel: &ChannelRecord,
    now: Timestamp,
) -> Option<(People, Heard)> {
    // A clock that is ahead must not keep out what comes after.
    let at = args.observed_at.min(now);
    if args.archived.unwrap_or(record.frozen.by_archive) {
        return while_archived(args, channel, at);
    }
    let current = at >= channel.heard_at.max(channel.observed_at).min(now);
    let mut people = channel.people.clone();
    match &args.members {
        Some(members) if current => people = members.iter().map(entry).collect(),
        _ => {}
    }
    if current {
        people.extend(args.joined.iter().map(entry));
    }
    for person in &args.changed {
        if people.contains_key(&person.user) {
            people.extend([entry(person)]);
        }
    }
    // Leaving counts whenever it is heard of: a list that comes later puts right what was too much.
    people.retain(|account, _| !args.left.contains(account));
    let said = args.members.is_some()
        || !args.joined.is_empty()
        || !args.left.is_empty()
        || !args.changed.is_empty();
    let heard = Heard { at, whole_list: current && args.members.is_some() };
    (said && (current || people != channel.people)).then_some((people, heard))
}

/// The same of an archived channel, which has no members: they count as they stood just before, but for accounts that are no full
/// ones any more.
fn while_archived(
    args: &ChannelReportArgs,
    channel: &ChannelRecord,
    at: Timestamp,
) -> Option<(People, Heard)> {
    let mut people = channel.people.clone();
    for person in args.changed.iter().filter(|person| person.class != AccountClass::Full) {
        if people.contains_key(&person.user) {
            people.extend([entry(person)]);
        }
    }
    (people != channel.people).then_some((people, Heard { at, whole_list: false }))
}

fn entry(person: &ChannelPerson) -> (String, ChannelPersonRecord) {
    (person.user.clone(), ChannelPersonRecord { class: person.class, shown: person.name.clone() })
}

/// Those of `people` who are not among `others`, to show.
fn missing(people: &People, others: &People) -> Vec<String> {
    let here = people.iter().filter(|(account, _)| !others.contains_key(*account));
    here.map(|(_, person)| person.shown.clone()).collect()
}

/// The accounts that were full members before and are not any more.
fn lost(before: &People, now: &People) -> Vec<String> {
    let full = |people: &People, account: &String| {
        people.get(account).is_some_and(|person| person.class == AccountClass::Full)
    };
    before.keys().filter(|account| full(before, account) && !full(now, account)).cloned().collect()
}
