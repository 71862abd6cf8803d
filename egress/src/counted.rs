//! A connection whose bytes are counted, and that is given up when none have come for too long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// How many bytes went in each direction.
#[derive(Debug, Default)]
pub(crate) struct Count {
    read: AtomicU64,
    written: AtomicU64,
}

impl Count {
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Comes back when no byte has gone for `idle`, or after `lifetime`.
    pub(crate) async fn is_stuck(&self, idle: Duration, lifetime: Duration) {
        let end = Instant::now() + lifetime;
        let mut seen = (self.read(), self.written());
        while Instant::now() < end {
            tokio::time::sleep(idle.min(end - Instant::now())).await;
            let now = (self.read(), self.written());
            if now == seen {
                return;
            }
            seen = now;
        }
    }
}

/// A connection with its count.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    inner: S,
    count: Arc<Count>,
}

impl<S> Counted<S> {
    pub(crate) fn new(inner: S) -> (Self, Arc<Count>) {
        let count = Arc::new(Count::default());
        (Self { inner, count: Arc::clone(&count) }, count)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let read = buffer.filled().len().saturating_sub(before);
        self.count.read.fetch_add(read as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes))?;
        self.count.written.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
