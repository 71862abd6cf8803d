//! Works through the inbox: one conversation in order, different ones side by side, again after a failure.

use crate::away;
use crate::facts::{self, ReportError};
use crate::home;
use crate::inbox::{Lane, Open, runnable};
use crate::kraken::Kraken;
use crate::server::CallError;
use crate::slack::envelope::What;
use crate::talk::{self, Became};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How many conversations are worked on at once, in each lane.
const AT_ONCE: usize = 32;

/// How long after a failure something is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(3);

/// Works for ever.
pub(crate) async fn work(kraken: &Arc<Kraken>) {
    let mut running: HashMap<i64, Lane> = HashMap::new();
    let mut tasks: JoinSet<i64> = JoinSet::new();
    loop {
        match kraken.inbox.open_events().await {
            Ok(open) => {
                let begun: HashSet<i64> = running.keys().copied().collect();
                for event in runnable(&open, &begun) {
                    if running.values().filter(|lane| **lane == event.lane).count() >= AT_ONCE {
                        continue;
                    }
                    running.insert(event.seq, event.lane);
                    tasks.spawn(one(Arc::clone(kraken), event.clone()));
                }
            }
            Err(error) => {
                tracing::error!(%error, "the inbox cannot be read; trying again");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
        tokio::select! {
            () = kraken.inbox.news() => {}
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => match ended {
                Ok(seq) => {
                    running.remove(&seq);
                }
                Err(error) => {
                    tracing::error!(%error, "answering ended in a fault");
                    // Which one it was is not known: begin anew with what the inbox says.
                    tasks.abort_all();
                    while tasks.join_next().await.is_some() {}
                    running.clear();
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
            }
        }
    }
}

/// Works on one event; answers its number.
async fn one(kraken: Arc<Kraken>, open: Open) -> i64 {
    match kraken.inbox.begin(open.seq).await {
        Ok(true) => {}
        // It was taken back.
        Ok(false) => return open.seq,
        Err(error) => {
            tracing::error!(%error, "that work begins could not be written down; trying again");
            tokio::time::sleep(AGAIN_AFTER).await;
            return open.seq;
        }
    }
    let became = match &open.incoming.what {
        // Nothing is to be done for it: it was taken back where it was written down.
        What::Unsaid(_) => Became::Done,
        What::Home(at_home) => home::show(&kraken, &open, at_home).await,
        What::Said(said) => talk::answer(&kraken, &open, said).await,
        fact => match facts::report(&kraken, &open.incoming, fact).await {
            Ok(()) => Became::Done,
            // Whoever asks something there meanwhile is not to wait without a word.
            Err(ReportError::Server(CallError::Away(away, detail))) => {
                tracing::warn!(detail, "a channel's news wait");
                away::wait_with_news(&kraken, &open, away).await
            }
            // What comes after it in the channel does not wait for it: the next report of the whole makes up for it.
            Err(ReportError::Slack(error)) if error.is_final() => {
                tracing::warn!(%error, "a channel's news cannot be reported by themselves");
                Became::Done
            }
            Err(error) => {
                tracing::warn!(%error, "a channel's news could not be reported; trying again");
                Became::Again
            }
        },
    };
    match became {
        Became::Done => {
            if let Err(error) = kraken.inbox.done(open.seq).await {
                tracing::error!(%error, "what is done could not be marked as done");
            }
        }
        Became::Waits => {}
        Became::Again => tokio::time::sleep(AGAIN_AFTER).await,
    }
    open.seq
}

#[cfg(test)]
mod tests;
