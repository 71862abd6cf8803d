//! What is so in channels, reported to the server as the relay. The map channel → enclave is the server's; there is no
//! second one here.

use crate::kraken::Kraken;
use crate::server::CallError;
use crate::slack::SlackError;
use crate::slack::directory::Known;
use crate::slack::envelope::What;
use jiff::Timestamp;
use wire::Nothing;
use wire::tools::channel::{ChannelMap, ChannelReport, ChannelReportArgs};

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

/// Reports what happened in a channel.
pub(crate) async fn report(kraken: &Kraken, channel: &str, what: &What) -> Result<(), ReportError> {
    let mut news = empty(kraken, channel);
    match what {
        What::Joined(user) if *user == kraken.slack.me.user_id => {
            return report_channel(kraken, channel, &mut Known::new()).await;
        }
        What::Joined(user) => {
            let account = kraken.slack.account(user).await?;
            if !account.is_somebody() {
                return Ok(());
            }
            news.joined = vec![account.person()];
        }
        What::Left(user) => news.left = vec![user.clone()],
        What::Archived => news.archived = Some(true),
        What::Unarchived => return report_channel(kraken, channel, &mut Known::new()).await,
        What::Renamed(name) => news.name = Some(name.clone()),
        What::Said(_) | What::Unsaid(_) | What::Home(_) => return Ok(()),
    }
    kraken.server.call_as_relay::<ChannelReport>(&news).await?;
    Ok(())
}

/// Reports a channel as a whole, as far as the Kraken can see it.
pub(crate) async fn report_channel(
    kraken: &Kraken,
    channel: &str,
    known: &mut Known,
) -> Result<(), ReportError> {
    let info = match kraken.slack.channel(channel).await {
        Ok(info) => info,
        Err(error) if error.code() == Some("channel_not_found") => {
            tracing::info!(channel, "a channel cannot be seen any more");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let mut news = empty(kraken, channel);
    match (info.is_archived, info.is_member) {
        (true, _) => news.archived = Some(true),
        (false, true) => {
            news.members = Some(kraken.slack.people(channel, known).await?);
            news.name = Some(info.name);
            news.archived = Some(false);
        }
        // Not in it, the Kraken cannot know who is: it says nothing, and the old list grows too old for changes.
        (false, false) => return Ok(()),
    }
    kraken.server.call_as_relay::<ChannelReport>(&news).await?;
    Ok(())
}

/// Reports every channel that has an enclave.
pub(crate) async fn report_all(kraken: &Kraken) -> Result<(), ReportError> {
    let map = kraken.server.call_as_relay::<ChannelMap>(&Nothing {}).await?;
    let mut known = Known::new();
    for mapped in map.channels.iter().filter(|mapped| mapped.team == kraken.slack.me.team_id) {
        if let Err(error) = report_channel(kraken, &mapped.channel, &mut known).await {
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
        archived: None,
        members: None,
        joined: Vec::new(),
        left: Vec::new(),
    }
}
