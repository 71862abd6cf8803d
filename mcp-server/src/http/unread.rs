//! What is sent and not read. A connection that is closed upon whoever still sends breaks off, and with it the answer that says why: many
//! clients send the headers first and the body after them, and are refused in between.

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use futures::{Stream, StreamExt};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How much of it is taken off the connection, in bytes, and for how long.
const MOST: usize = 32 << 20;
const PATIENCE: Duration = Duration::from_secs(5);

/// The request with a body whose rest is thrown away, instead of being left, when nobody reads it to its end.
pub(crate) async fn read_out(request: Request) -> Request {
    request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        Body::from_stream(Unread { parts: Some(body.into_data_stream()) })
    })
}

/// A body; nothing when it has ended.
struct Unread {
    parts: Option<BodyDataStream>,
}

impl Stream for Unread {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(parts) = &mut self.parts else { return Poll::Ready(None) };
        let part = ready!(parts.poll_next_unpin(context));
        if !matches!(part, Some(Ok(_))) {
            self.parts = None;
        }
        Poll::Ready(part)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let (Some(parts), Ok(here)) = (self.parts.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        here.spawn(tokio::time::timeout(PATIENCE, throw_away(parts)));
    }
}

async fn throw_away(mut parts: BodyDataStream) {
    let mut came = 0_usize;
    while let Some(Ok(part)) = parts.next().await {
        came = came.saturating_add(part.len());
        if came > MOST {
            return;
        }
    }
}
