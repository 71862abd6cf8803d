//! One use of a remote: what opens it, within which bounds of size and time, and what went wrong on the way.

use crate::address::OverSsh;
use crate::credentials::Credentials;
use crate::remote::RemoteError;
use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most bytes that are sent at once: a push of texts has far less.
pub(crate) const MOST_SENT: usize = 64 * 1024 * 1024;

/// How long a connection may take to be made.
pub(crate) const CONNECT: Duration = Duration::from_secs(15);

/// What goes for one use of a remote.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) credentials: Option<Credentials>,
    /// Where it is, if it is reached by SSH: libgit2 is told no more than that.
    pub(crate) ssh: Option<OverSsh>,
    most_bytes: u64,
    pub(crate) until: Instant,
    /// The bytes that came so far.
    received: Mutex<u64>,
    /// What went wrong, which libgit2 would only keep as a text.
    fault: Mutex<Option<RemoteError>>,
}

thread_local! {
    /// libgit2 makes a transport by its scheme alone, on the thread that asked for it.
    static LINE: RefCell<Option<Arc<Line>>> = const { RefCell::new(None) };
}

impl Line {
    pub(crate) fn new(
        credentials: Option<Credentials>,
        ssh: Option<OverSsh>,
        most_bytes: u64,
        until: Instant,
    ) -> Arc<Self> {
        let (received, fault) = (Mutex::new(0), Mutex::new(None));
        Arc::new(Self { credentials, ssh, most_bytes, until, received, fault })
    }

    /// Does `work`, which may use remotes on this thread.
    pub(crate) fn during<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        let before = LINE.replace(Some(Arc::clone(self)));
        let done = work();
        LINE.set(before);
        done
    }

    /// The use that goes on on this thread.
    pub(crate) fn of_this_thread() -> Result<Arc<Self>, git2::Error> {
        let line = LINE.with_borrow(Clone::clone);
        line.ok_or_else(|| git2::Error::from_str("no remote is asked for here"))
    }

    /// What went wrong, if it was on the way.
    pub(crate) fn fault(&self) -> Option<RemoteError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps what went wrong first: what follows from it says less.
    pub(crate) fn fail(&self, fault: RemoteError) -> io::Error {
        let text = fault.to_string();
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
        io::Error::other(text)
    }

    pub(crate) fn count(&self, bytes: usize) -> io::Result<()> {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        *received = received.saturating_add(bytes as u64);
        if *received > self.most_bytes { Err(self.fail(RemoteError::TooLarge)) } else { Ok(()) }
    }

    pub(crate) fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.fail(RemoteError::TooSlow)) } else { Ok(left) }
    }
}
