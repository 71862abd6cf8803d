//! `channel_report`: what the relay says is so in a channel. Whoever leaves loses their place at once.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{Change, act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{ChannelPersonRecord, ChannelRecord, EnclaveRecord, Heard, PersonId, StoreError};
use jiff::Timestamp;
use policy::{Action, State};
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::Failure;
use wire::tools::channel::{
    AccountClass, ChannelPerson, ChannelReport, ChannelReportAnswer, ChannelReportArgs,
};

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
        let Some(record) = change.enclave_of(&args.team, &args.channel).await? else {
            change.decided().done().await?;
            return Ok(ChannelReportAnswer { enclave: None, taken: false });
        };
        let Some(channel) = &record.channel else {
            return Ok(ChannelReportAnswer { enclave: None, taken: false });
        };
        let news = News::of(&args, &record, channel);
        let lost = change.people_of(&channel.team, &news.lost).await?;
        let (change, reown) = reown(change, &record, lost).await?;
        let mut changing = change.decided();
        let tx = changing.tx();
        if let Some((people, heard)) = &news.people {
            tx.report_people(&grant, &record.name, people, *heard).await.map_err(failed)?;
        }
        if let Some(name) = &news.name {
            tx.report_name(&grant, &record.name, name).await.map_err(failed)?;
        }
        if let Some(archived) = news.archived {
            tx.report_archived(&grant, &record, archived).await.map_err(failed)?;
        }
        if let Some((reown, people)) = reown {
            for person in people {
                let passed = tx.reown(&reown, &person).await.map_err(failed)?;
                tracing::info!(enclave.name = %record.name, count = passed.len(), "tentacles passed to the owner");
                tx.notify(&record, &passed_on(passed.len())).await.map_err(failed)?;
            }
        }
        changing.done().await?;
        if news.name.is_some() || news.archived.is_some() {
            server.follow(&grant, &record.name).await;
        }
        Ok(ChannelReportAnswer { enclave: Some(record.name.clone()), taken: news.taken() })
    }
}

fn passed_on(count: usize) -> String {
    match count {
        1 => "Somebody who left owned a tentacle here; it belongs to the enclave's owner now.".to_owned(),
        _ => {
            format!("Somebody who left owned {count} tentacles here; they belong to the enclave's owner now.")
        }
    }
}

type Reown = Option<(crate::gate::Authorized<act::Reown>, Vec<PersonId>)>;

/// The reconciler's right to pass on the tentacles of those who lost their place, where they own any.
async fn reown<'g>(
    change: Change<'g>,
    record: &Arc<EnclaveRecord>,
    lost: Vec<PersonId>,
) -> Result<(Change<'g>, Reown), Failure> {
    let owns = |person: &PersonId| {
        *person != record.owner && record.tentacles.values().any(|tentacle| tentacle.owner == *person)
    };
    let owners: Vec<PersonId> = lost.into_iter().filter(owns).collect();
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
}

impl News {
    fn of(args: &ChannelReportArgs, record: &EnclaveRecord, channel: &ChannelRecord) -> Self {
        let people = people(args, record, channel, Timestamp::now());
        let lost = people.as_ref().map(|(now, _)| lost(&channel.people, now)).unwrap_or_default();
        let usable = matches!(record.state, State::Active | State::Frozen);
        Self {
            people,
            lost,
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
    // An archived channel has no members: they count as they stood just before.
    let archived = args.archived.unwrap_or(record.frozen.by_archive);
    if archived {
        return None;
    }
    // A clock that is ahead must not keep out what comes after.
    let at = args.observed_at.min(now);
    let current = at >= channel.heard_at.max(channel.observed_at).min(now);
    let mut people = channel.people.clone();
    match &args.members {
        Some(members) if current => people = members.iter().map(entry).collect(),
        _ => {}
    }
    if current {
        people.extend(args.joined.iter().map(entry));
    }
    // Leaving counts whenever it is heard of: a list that comes later puts right what was too much.
    people.retain(|account, _| !args.left.contains(account));
    let said = args.members.is_some() || !args.joined.is_empty() || !args.left.is_empty();
    let heard = Heard { at, whole_list: current && args.members.is_some() };
    (said && (current || people != channel.people)).then_some((people, heard))
}

fn entry(person: &ChannelPerson) -> (String, ChannelPersonRecord) {
    (person.user.clone(), ChannelPersonRecord { class: person.class, shown: person.name.clone() })
}

/// The accounts that were full members before and are not any more.
fn lost(before: &People, now: &People) -> Vec<String> {
    let full = |people: &People, account: &String| {
        people.get(account).is_some_and(|person| person.class == AccountClass::Full)
    };
    before.keys().filter(|account| full(before, account) && !full(now, account)).cloned().collect()
}
