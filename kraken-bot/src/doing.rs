//! What is shown while an answer takes longer than a moment: `Kraken is on it…` in the thread, where there is one and the workspace
//! shows such things, else a line that whoever asked alone can read.

use crate::asked::place;
use crate::kraken::Kraken;
use crate::slack::Place;
use crate::slack::blocks::Message;
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

/// What whoever asked reads where that is not shown.
pub(crate) const I_AM_ON_IT: &str = "I am on it.";

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
    // What people say to each other may be none of the Kraken's business.
    if said.how == How::Overheard {
        return work.await;
    }
    let place = place(incoming, said);
    let done = tokio::select! {
        done = &mut work => done,
        () = keep_saying(kraken, incoming, said, &place) => work.await,
    };
    if place.thread.is_some() {
        // An answer in the thread has ended it already; one that only one person sees may have not.
        let _ = timeout(LINGER, kraken.slack.doing(&place, "")).await;
    }
    done
}

/// Ends where the workspace shows no such thing, when it has been said otherwise.
async fn keep_saying(kraken: &Kraken, incoming: &Incoming, said: &Said, place: &Place) {
    let mut is_shown = false;
    while place.thread.is_some() && kraken.slack.doing(place, ON_IT).await {
        is_shown = true;
        sleep(AGAIN).await;
    }
    if !is_shown && let Err(error) = kraken.whisper(incoming, said, &Message::new(I_AM_ON_IT)).await {
        // The answer comes all the same.
        tracing::debug!(%error, "that an answer takes a while could not be said");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::world::{World, words};

    /// What Ana alone has read when something that she asked for has taken a while.
    async fn read(said: Said, is_seen: impl AsyncFn(&World) -> bool, shows: bool) -> usize {
        let world = World::new().await;
        if !shows {
            world.around().failing.insert("assistant.threads.setStatus");
        }
        let open = world.says("view/1", said.clone()).await;
        shown(&world.kraken, &open.incoming, &said, world.until("it is seen", is_seen)).await;
        let whispered = world.heard("chat.postEphemeral");
        assert!(whispered.iter().all(|sent| sent["text"] == I_AM_ON_IT), "{whispered:?}");
        whispered.len()
    }

    #[tokio::test]
    async fn that_it_is_at_work_is_shown_in_the_thread_and_else_said_once() {
        let is_shown = async |world: &World| !world.heard("assistant.threads.setStatus").is_empty();
        assert_eq!(read(words("status", "1.1", "1.1"), is_shown, true).await, 0);
        let is_said = async |world: &World| !world.heard("chat.postEphemeral").is_empty();
        assert_eq!(read(words("status", "1.1", "1.1"), is_said, false).await, 1);
        // A form stands in no thread, nor does what is asked in a direct message.
        assert_eq!(read(Said { how: How::Form, ..words("status", "", "") }, is_said, true).await, 1);
        assert_eq!(read(Said { direct: true, ..words("status", "1.1", "1.1") }, is_said, true).await, 1);
    }
}
