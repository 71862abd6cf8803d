//! What is so in channels, reported to the server as the relay. The map channel → enclave is the server's; there is no
//! second one here.

use crate::kraken::Kraken;
use crate::server::CallError;
use crate::slack::directory::Known;
use crate::slack::envelope::What;
use crate::slack::{ChannelInfo, SlackError};
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
}

/// The accounts that were last seen in enclaves' channels, so that a change of one is told from a new status or picture: Slack
/// reports all of them alike, and they are many.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<HashMap<String, AccountClass>>);

impl Seen {
    fn remember(&self, people: &[ChannelPerson]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(people.iter().map(|person| (person.user.clone(), person.class)));
    }

    /// Whether an account of this class was never seen, or as one of another class.
    fn is_news(&self, user: &str, class: AccountClass) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(user).map_or(class != AccountClass::Full, |known| *known != class)
    }
}

/// Reports what happened in a channel.
pub(crate) async fn report(kraken: &Kraken, channel: &str, what: &What) -> Result<(), ReportError> {
    let mut news = empty(kraken, channel);
    match what {
        What::Joined(user) if *user == kraken.slack.me.user_id => {
            return report_channel(kraken, channel, &mut Known::new()).await.map(drop);
        }
        What::Joined(user) => {
            let account = kraken.slack.account(user).await?;
            if !account.is_somebody() {
                return Ok(());
            }
            news.joined = vec![account.person()];
            kraken.seen.remember(&news.joined);
        }
        What::Left(user) => news.left = vec![user.clone()],
        What::Archived => news.archived = Some(true),
        What::Unarchived | What::Different => {
            return report_channel(kraken, channel, &mut Known::new()).await.map(drop);
        }
        What::Renamed(name) => news.name = Some(name.clone()),
        What::Moved(to) => news.moved_to = Some(to.clone()),
        What::Unseen => news.unseen = true,
        What::Account(user) => return report_account(kraken, user).await,
        What::Said(_) | What::Unsaid(_) | What::Home(_) => return Ok(()),
    }
    kraken.server.call_as_relay::<ChannelReport>(&news).await?;
    Ok(())
}

/// Reports an account that is different in every channel that has an enclave. One that cannot be used any more is in none of
/// them, and its tokens are dropped.
async fn report_account(kraken: &Kraken, user: &str) -> Result<(), ReportError> {
    let account = kraken.slack.account(user).await?;
    let is_over = account.deleted;
    if account.is_bot || !(is_over || kraken.seen.is_news(user, account.class)) {
        return Ok(());
    }
    if is_over && let Err(error) = kraken.sessions.end(user).await {
        tracing::error!(%error, "the session of an account that is over could not be ended");
    }
    for channel in channels(kraken).await? {
        let mut news = empty(kraken, &channel.channel);
        if is_over {
            news.left = vec![user.to_owned()];
        } else {
            news.changed = vec![account.person()];
        }
        kraken.server.call_as_relay::<ChannelReport>(&news).await?;
    }
    kraken.seen.remember(&[account.person()]);
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
    Ok(Some(kraken.server.call_as_relay::<ChannelReport>(&news).await?))
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
    }
}
