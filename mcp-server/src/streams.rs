//! Answers that take longer than a client listens. What is told of a call is kept as a stream of events for whoever asked,
//! and read on from where they stopped: the original command line hangs up after 30 seconds and comes back.
//!
//! An answer that comes soon is no stream, and nothing of it is kept.

use async_trait::async_trait;
use futures::SinkExt;
use futures::channel::mpsc;
use rmcp::model::ServerJsonRpcMessage;
use rmcp::transport::common::server_side_http::ServerSseMessage;
use rmcp::transport::streamable_http_server::session::{EventId, EventStore, EventStoreError, EventStream};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// After this long without an answer, a call becomes a stream: well before any client hangs up.
pub(crate) const SOON: Duration = Duration::from_secs(8);

/// How soon a client may come back.
const COME_BACK: Duration = Duration::from_secs(1);

/// How long an answer is kept that nobody has come back for; longer than any call takes.
const KEPT_FOR: Duration = Duration::from_secs(20 * 60);

/// The most streams of one owner, and of all together. Then the oldest goes.
const MOST_OF_ONE: usize = 32;
const MOST: usize = 4_096;

/// Every stream, by its id.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    all: Mutex<HashMap<String, Arc<Stream>>>,
    /// Makes each event's id another one, also where nothing was told in between.
    fresh: AtomicU64,
}

/// What is told of one call.
#[derive(Debug)]
struct Stream {
    owner: String,
    begun: Instant,
    events: Mutex<Vec<ServerSseMessage>>,
    told: watch::Sender<usize>,
}

/// The streams of one owner: nobody else's can be read through it.
#[derive(Debug)]
pub(crate) struct OwnStreams {
    owner: String,
    streams: Arc<Streams>,
}

impl Streams {
    /// Those of this owner.
    pub(crate) fn of(self: &Arc<Self>, owner: String) -> OwnStreams {
        OwnStreams { owner, streams: Arc::clone(self) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Stream>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stream of this id, or a new one.
    fn open(&self, owner: &str, id: &str) -> Option<Arc<Stream>> {
        let mut all = self.lock();
        if let Some(there) = all.get(id) {
            return (there.owner == owner).then(|| Arc::clone(there));
        }
        all.retain(|_, stream| stream.begun.elapsed() < KEPT_FOR);
        let own = all.values().filter(|stream| stream.owner == owner).count();
        if own >= MOST_OF_ONE {
            drop_oldest(&mut all, |stream| stream.owner == owner);
        } else if all.len() >= MOST {
            drop_oldest(&mut all, |_| true);
        }
        let stream = Stream {
            owner: owner.to_owned(),
            begun: Instant::now(),
            events: Mutex::default(),
            told: watch::Sender::new(0),
        };
        let stream = Arc::new(stream);
        all.insert(id.to_owned(), Arc::clone(&stream));
        Some(stream)
    }

    /// The id of the place after `told` events.
    fn place(&self, id: &str, told: usize) -> EventId {
        format!("{id}.{told}.{}", self.fresh.fetch_add(1, Ordering::Relaxed))
    }
}

fn drop_oldest(all: &mut HashMap<String, Arc<Stream>>, of: impl Fn(&Stream) -> bool) {
    let oldest = all.iter().filter(|(_, stream)| of(stream)).min_by_key(|(_, stream)| stream.begun);
    if let Some(id) = oldest.map(|(id, _)| id.clone()) {
        all.remove(&id);
    }
}

impl Stream {
    fn events(&self) -> MutexGuard<'_, Vec<ServerSseMessage>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was told after so many events; and whether that is all there will be.
    fn after(&self, told: usize) -> (Vec<ServerSseMessage>, bool) {
        let events = self.events();
        let ended = events.iter().any(is_answer);
        (events.iter().skip(told).cloned().collect(), ended)
    }
}

/// The answer is the last of what is told.
fn is_answer(event: &ServerSseMessage) -> bool {
    let message = event.message.as_deref();
    matches!(message, Some(ServerJsonRpcMessage::Response(_) | ServerJsonRpcMessage::Error(_)))
}

#[async_trait]
impl EventStore for OwnStreams {
    async fn store_event(&self, id: &str, event: &ServerSseMessage) -> Result<EventId, EventStoreError> {
        let stream = self.streams.open(&self.owner, id).ok_or("the stream is another's")?;
        let mut events = stream.events();
        let place = self.streams.place(id, events.len() + 1);
        let mut kept = event.clone();
        kept.event_id = Some(place.clone());
        events.push(kept);
        let told = events.len();
        drop(events);
        stream.told.send_replace(told);
        Ok(place)
    }

    async fn replay_events_after(&self, last: &str) -> Result<EventStream, EventStoreError> {
        let mut parts = last.split('.');
        let id = parts.next().unwrap_or_default().to_owned();
        let told: usize =
            parts.next().and_then(|told| told.parse().ok()).ok_or("this is no event of ours")?;
        let found = self.streams.lock().get(&id).filter(|stream| stream.owner == self.owner).cloned();
        // Whether it never was or is another's is the same to whoever asks.
        let stream = found.ok_or("there is no such stream")?;
        let (to, events) = mpsc::channel(8);
        // A place of its own first: whoever comes back again and again must see that it gets on.
        let begins = ServerSseMessage::priming(self.streams.place(&id, told), COME_BACK);
        tokio::spawn(tell(stream, told, begins, to));
        Ok(Box::pin(events))
    }
}

/// Tells what is there and what comes, until the answer, or until nobody listens.
async fn tell(
    stream: Arc<Stream>,
    mut told: usize,
    begins: ServerSseMessage,
    mut to: mpsc::Sender<ServerSseMessage>,
) {
    let mut changed = stream.told.subscribe();
    if to.send(begins).await.is_err() {
        return;
    }
    loop {
        changed.mark_unchanged();
        let (events, ended) = stream.after(told);
        for event in events {
            told += 1;
            if to.send(event).await.is_err() {
                return;
            }
        }
        if ended {
            return;
        }
        let left = KEPT_FOR.saturating_sub(stream.begun.elapsed());
        let listens = futures::future::poll_fn(|context| to.poll_ready(context).map(|ready| ready.is_ok()));
        if !listens.await || tokio::time::timeout(left, changed.changed()).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    fn event() -> ServerSseMessage {
        ServerSseMessage::retry(COME_BACK)
    }

    #[tokio::test]
    async fn nobody_reads_anothers_stream() {
        let streams = Arc::new(Streams::default());
        let (ana, ben) = (streams.of("ana".to_owned()), streams.of("ben".to_owned()));
        let last = ana.store_event("one", &event()).await.unwrap();
        assert!(ben.replay_events_after(&last).await.is_err());
        assert!(ben.store_event("one", &event()).await.is_err());
        assert!(ana.replay_events_after(&last).await.is_ok());
        assert!(ana.replay_events_after("junk").await.is_err());
    }

    #[tokio::test]
    async fn what_is_told_meanwhile_is_read_on_from_the_place() {
        let streams = Arc::new(Streams::default());
        let own = streams.of("ana".to_owned());
        let first = own.store_event("one", &event()).await.unwrap();
        let second = own.store_event("one", &event()).await.unwrap();
        let mut read = own.replay_events_after(&first).await.unwrap();
        let place = read.next().await.unwrap().event_id.unwrap();
        assert!(place != first && place.starts_with("one.1."), "{place}");
        assert_eq!(read.next().await.unwrap().event_id, Some(second));
        let third = own.store_event("one", &event()).await.unwrap();
        assert_eq!(read.next().await.unwrap().event_id, Some(third));
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_goes() {
        let streams = Arc::new(Streams::default());
        let own = streams.of("ana".to_owned());
        for number in 0..=MOST_OF_ONE {
            own.store_event(&number.to_string(), &event()).await.unwrap();
        }
        assert_eq!(streams.lock().len(), MOST_OF_ONE);
        assert!(!streams.lock().contains_key("0"));
    }
}
