//! Delivers what the server wants channels to hear, each once.

use crate::cards;
use crate::commands::{approve, join, transfer};
use crate::kraken::Kraken;
use crate::server::CallError;
use crate::slack::Place;
use crate::slack::blocks::{Message, escape};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use uuid::Uuid;
use wire::tools::channel::{Notice, NoticeQuestion, Notices, NoticesArgs};

/// How often the server is asked.
const EVERY: Duration = Duration::from_secs(2);

/// How long a notice that cannot be delivered is left alone.
const LATER: Duration = Duration::from_secs(600);

/// Delivers for ever.
pub(crate) async fn deliver(kraken: &Kraken) {
    let mut told = Vec::new();
    let mut later: HashMap<Uuid, Instant> = HashMap::new();
    loop {
        if let Err(error) = round(kraken, &mut told, &mut later).await {
            tracing::debug!(%error, "notices cannot be fetched");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(
    kraken: &Kraken,
    told: &mut Vec<Uuid>,
    later: &mut HashMap<Uuid, Instant>,
) -> Result<(), CallError> {
    let waiting = kraken.server.call_as_relay::<Notices>(&NoticesArgs { acknowledge: told.clone() }).await?;
    told.clear();
    later.retain(|_, until| *until > Instant::now());
    for notice in waiting.notices.iter().filter(|notice| notice.team == kraken.slack.me.team_id) {
        if later.contains_key(&notice.id) {
            continue;
        }
        match tell(kraken, notice).await {
            Ok(()) => told.push(notice.id),
            Err(error) => {
                let enclave = notice.enclave.as_ref().map(ToString::to_string);
                tracing::warn!(%error, enclave.name = enclave, "a notice cannot be delivered; trying later");
                later.insert(notice.id, Instant::now() + LATER);
            }
        }
    }
    if !told.is_empty() {
        kraken.server.call_as_relay::<Notices>(&NoticesArgs { acknowledge: told.clone() }).await?;
        told.clear();
    }
    Ok(())
}

async fn tell(kraken: &Kraken, notice: &Notice) -> Result<(), crate::kraken::SayError> {
    // Whoever asked for the review is told in their thread, by the request that waits for it.
    if let (Some(enclave), Some(number)) = (&notice.enclave, notice.review)
        && kraken.inbox.review_moved(enclave, number).await?
    {
        return Ok(());
    }
    let channel = match (&notice.user, &notice.address) {
        (Some(user), _) => kraken.slack.direct(user).await?,
        (None, Some(address)) => match kraken.slack.account_at(address).await? {
            Some(account) => kraken.slack.direct(&account.id).await?,
            // There is nobody here to be told.
            None => return Ok(()),
        },
        (None, None) => notice.channel.clone(),
    };
    let place = Place { channel, thread: None };
    let message = told(notice);
    if let Some(decided) = notice.decided {
        cards::settle(kraken, decided, &message).await;
    }
    kraken.say_once(&place, &message, &format!("notice:{}", notice.id)).await.map(drop)
}

/// A notice, with the buttons for what it asks.
pub(crate) fn told(notice: &Notice) -> Message {
    let message = Message::new(escape(&notice.text));
    let message = match notice.question {
        Some(NoticeQuestion::Offer(offer)) => message
            .buttons(&transfer::buttons(&notice.channel, offer))
            .note("The offer is good for a day. Nothing changes before you take it."),
        Some(NoticeQuestion::Join(request)) => message.buttons(&join::buttons(&notice.channel, request)),
        None => message,
    };
    match notice.approval {
        Some(approval) => message
            .asking_for(approval)
            .buttons(&approve::buttons(approval))
            .note("Only the enclave's owner can decide. The question is good for a day."),
        None => message,
    }
}
