//! What is so in channels, reported to the server as the relay. The map channel → enclave is the server's; there is no
//! second one here.

use crate::kraken::Kraken;
use crate::server::CallError;
use crate::sessions::SessionError;
use crate::slack::directory::{Known, account};
use crate::slack::envelope::{Incoming, What};
use crate::slack::{Account, ChannelInfo, SlackError};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use wire::Nothing;
use wire::tools::channel::{
    AccountClass, ChannelMap, ChannelPerson, ChannelReport, ChannelReportAnswer, ChannelReportArgs,
    MappedChannel,
};

/// Why something could not be reported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// The server.
    #[error(transparent)]
    Server(#[from] CallError),
    /// Slack.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// What is kept of sign-ins.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// The accounts that were last seen in enclaves' channels, so that a change of one is told from a new status or picture: Slack
/// reports all of them alike, and they are many. One that is over has no class.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<HashMap<String, Option<AccountClass>>>);

impl Seen {
    fn remember(&self, people: &[ChannelPerson]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(people.iter().map(|person| (person.user.clone(), Some(person.class))));
    }

    fn remember_account(&self, account: &Account) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(account.id.clone(), class(account));
    }

    /// Whether an account was never seen like this, or otherwise.
    fn is_news(&self, account: &Account) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let usual = Some(AccountClass::Full);
        class(account) != seen.get(&account.id).copied().unwrap_or(usual)
    }
}

fn class(account: &Account) -> Option<AccountClass> {
    (!account.deleted).then_some(account.class)
}

/// Reports what happened in a channel.
pub(crate) async fn report(kraken: &Kraken, incoming: &Incoming, what: &What) -> Result<(), ReportError> {
    let channel = incoming.channel.as_str();
    let mut news = empty(kraken, channel);
    // What is heard of late happened when it happened; a clock of Slack's that is ahead says nothing about what comes.
    news.observed_at = incoming.at.map_or(news.observed_at, |at| at.min(news.observed_at));
    match what {
        What::Joined(user) if *user == kraken.slack.me.user_id => {
            return report_channel(kraken, channel, &mut Known::new()).await.map(drop);
        }
        What::Joined(user) => return report_joined(kraken, news, user).await,
        What::Left(user) => news.left = vec![user.clone()],
        What::Archived => news.archived = Some(true),
        What::Deleted => (news.archived, news.deleted) = (Some(true), true),
        What::Unarchived | What::Different => {
            return report_channel(kraken, channel, &mut Known::new()).await.map(drop);
        }
        What::Renamed(name) => news.name = Some(name.clone()),
        What::Moved(to) => news.moved_to = Some(to.clone()),
        What::Unseen => news.unseen = true,
        What::CutOff => return report_cut_off(kraken, news).await,
        What::Account(user) => return report_account(kraken, news, kraken.slack.account(user).await?).await,
        What::Changed(user) => {
            let account = account(user.as_ref().clone(), &kraken.slack.me.team_id);
            return report_account(kraken, news, account).await;
        }
        What::Said(_) | What::Unsaid(_) | What::Home(_) => return Ok(()),
    }
    tell(kraken, &news).await.map(drop)
}

/// Tells the server, and ends the sessions of those who are in no enclave's channel any more: there is nothing for which the Kraken
/// would act for them.
async fn tell(kraken: &Kraken, news: &ChannelReportArgs) -> Result<ChannelReportAnswer, ReportError> {
    let answer = kraken.server.call_as_relay::<ChannelReport>(news).await?;
    for account in &answer.nowhere {
        kraken.sessions.end(account).await?;
    }
    Ok(answer)
}

/// Reports that somebody joined, once Slack lists them: who has left again before that was heard of is let in by nothing. Where
/// the server knows of something later, as that somebody else has left, the list counts, which is of now.
async fn report_joined(kraken: &Kraken, mut news: ChannelReportArgs, user: &str) -> Result<(), ReportError> {
    let listed_at = Timestamp::now();
    if !kraken.slack.is_in(&news.channel, user).await? {
        return Ok(());
    }
    let account = kraken.slack.account(user).await?;
    if !account.is_somebody() {
        return Ok(());
    }
    news.joined = vec![account.person()];
    kraken.seen.remember(&news.joined);
    let answer = kraken.server.call_as_relay::<ChannelReport>(&news).await?;
    if answer.enclave.is_some() && !answer.taken {
        news.observed_at = listed_at;
        kraken.server.call_as_relay::<ChannelReport>(&news).await?;
    }
    Ok(())
}

/// Reports that no channel can be seen any more, and ends what anybody has signed in to: whoever took the Kraken out of the workspace
/// wants nothing more to be done by it there.
async fn report_cut_off(kraken: &Kraken, news: ChannelReportArgs) -> Result<(), ReportError> {
    tracing::error!(
        "the app was taken out of the workspace, or its token was revoked: install it again, and give the Kraken the new token"
    );
    // Neither waits for the other: what fails is tried again with the whole.
    let ended = kraken.sessions.end_all().await;
    for MappedChannel { channel, .. } in channels(kraken).await? {
        let news = ChannelReportArgs { channel, unseen: true, ..news.clone() };
        kraken.server.call_as_relay::<ChannelReport>(&news).await?;
    }
    Ok(ended?)
}

/// Reports an account that is different in every channel that has an enclave. One that cannot be used any more is in none of
/// them and belongs to nobody, and its tokens are dropped.
async fn report_account(
    kraken: &Kraken,
    news: ChannelReportArgs,
    mut account: Account,
) -> Result<(), ReportError> {
    if account.is_bot || !kraken.seen.is_news(&account) {
        return Ok(());
    }
    // What takes something away counts as it was told; what gives something is asked for.
    if class(&account) == Some(AccountClass::Full) {
        account = kraken.slack.account(&account.id).await?;
    }
    let (left, changed) = match account.deleted {
        true => (vec![account.id.clone()], Vec::new()),
        false => (Vec::new(), vec![account.person()]),
    };
    // Neither waits for the other: what fails is tried again with the whole.
    let ended = match account.deleted {
        true => kraken.sessions.end(&account.id).await.map(drop),
        false => Ok(()),
    };
    for MappedChannel { channel, .. } in channels(kraken).await? {
        let (left, changed) = (left.clone(), changed.clone());
        let news = ChannelReportArgs { channel, left, changed, ..news.clone() };
        kraken.server.call_as_relay::<ChannelReport>(&news).await?;
    }
    if account.deleted {
        let news = ChannelReportArgs { channel: String::new(), ended: left, ..news };
        kraken.server.call_as_relay::<ChannelReport>(&news).await?;
    }
    ended?;
    kraken.seen.remember_account(&account);
    Ok(())
}

/// Reports a channel as a whole, as far as the Kraken can see it; answers what the server made of it.
pub(crate) async fn report_channel(
    kraken: &Kraken,
    channel: &str,
    known: &mut Known,
) -> Result<Option<ChannelReportAnswer>, ReportError> {
    match kraken.slack.channel(channel).await {
        Ok(info) => report_as_seen(kraken, channel, (info, Timestamp::now()), known).await,
        Err(error) if error.code() == Some("channel_not_found") => {
            tracing::info!(channel, "a channel cannot be seen any more");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The same for one that was seen like this at that time: what is known to have happened since then counts for more.
async fn report_as_seen(
    kraken: &Kraken,
    channel: &str,
    (info, seen_at): (ChannelInfo, Timestamp),
    known: &mut Known,
) -> Result<Option<ChannelReportAnswer>, ReportError> {
    let mut news = ChannelReportArgs { observed_at: seen_at, ..empty(kraken, channel) };
    match (info.is_archived, info.is_member) {
        (true, _) => news.archived = Some(true),
        (false, true) => {
            let people = kraken.slack.people(channel, known).await?;
            kraken.seen.remember(&people);
            news.members = Some(people);
            news.name = Some(info.name);
            news.archived = Some(false);
        }
        // Not in it, the Kraken cannot know who is: it says nothing, and the old list grows too old for changes.
        (false, false) => return Ok(None),
    }
    tell(kraken, &news).await.map(Some)
}

/// The channels of this workspace that have an enclave. The map is the server's.
async fn channels(kraken: &Kraken) -> Result<Vec<MappedChannel>, CallError> {
    let mut map = kraken.server.call_as_relay::<ChannelMap>(&Nothing {}).await?;
    map.channels.retain(|mapped| mapped.team == kraken.slack.me.team_id);
    Ok(map.channels)
}

/// Reports every channel that has an enclave.
pub(crate) async fn report_all(kraken: &Kraken) -> Result<(), ReportError> {
    let mut known = Known::new();
    let mapped = channels(kraken).await?;
    // All at once, for one by one may be asked 50 times a minute; where that fails, and of those that it is not in, one by one.
    let seen_at = Timestamp::now();
    let mut own = match kraken.slack.own_channels().await {
        Ok(own) => own,
        Err(error) => {
            tracing::warn!(%error, "the Kraken's own channels could not be listed");
            HashMap::new()
        }
    };
    for mapped in mapped {
        let reported = match own.remove(&mapped.channel) {
            Some(info) => report_as_seen(kraken, &mapped.channel, (info, seen_at), &mut known).await,
            None => report_channel(kraken, &mapped.channel, &mut known).await,
        };
        if let Err(error) = reported {
            tracing::warn!(%error, enclave.name = %mapped.enclave, "a channel could not be reported");
        }
    }
    Ok(())
}

fn empty(kraken: &Kraken, channel: &str) -> ChannelReportArgs {
    ChannelReportArgs {
        team: kraken.slack.me.team_id.clone(),
        channel: channel.to_owned(),
        observed_at: Timestamp::now(),
        name: None,
        moved_to: None,
        archived: None,
        members: None,
        joined: Vec::new(),
        changed: Vec::new(),
        unseen: false,
        left: Vec::new(),
        deleted: false,
        ended: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
