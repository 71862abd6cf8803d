//! What is shown while an answer takes longer than a moment, where the workspace shows such things: `Kraken is on it…`.

use crate::asked::place;
use crate::kraken::Kraken;
use crate::slack::Place;
use crate::slack::envelope::{How, Incoming, Said};
use std::pin::pin;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// What is answered sooner needs none: people hear something within a second.
const MOMENT: Duration = Duration::from_millis(500);

/// Slack takes one away after two minutes.
const AGAIN: Duration = Duration::from_secs(100);

/// How long the end of it may hold up what comes next.
const LINGER: Duration = Duration::from_secs(2);

/// What follows the Kraken's name.
pub(crate) const ON_IT: &str = "is on it…";

/// Does `work`, and says in the thread of what was `said` that it goes on.
pub(crate) async fn shown<T>(
    kraken: &Kraken,
    incoming: &Incoming,
    said: &Said,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    if let Ok(done) = timeout(MOMENT, &mut work).await {
        return done;
    }
    let place = place(incoming, said);
    // What people say to each other may be none of the Kraken's business; without a thread there is no place for it.
    if said.how == How::Overheard || place.thread.is_none() {
        return work.await;
    }
    let done = tokio::select! {
        done = &mut work => done,
        () = keep_saying(kraken, &place) => work.await,
    };
    // An answer in the thread has ended it already; one that only one person sees may have not.
    let _ = timeout(LINGER, kraken.slack.doing(&place, "")).await;
    done
}

/// Ends where the workspace shows no such thing.
async fn keep_saying(kraken: &Kraken, place: &Place) {
    while kraken.slack.doing(place, ON_IT).await {
        sleep(AGAIN).await;
    }
}
