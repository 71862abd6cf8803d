//! Moving what was committed from SQLite's write-ahead log into the database, between changes rather than at the end of one: whoever
//! commits the thousandth page would wait for all of them. <https://www.sqlite.org/wal.html#ckpt>

use sqlx::{AnyPool, Executor};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

/// How long changes are gathered.
const GATHERED: Duration = Duration::from_secs(1);

/// A commit moves the log by itself where it has grown to so many pages (of 4 KiB) all the same: nothing else did.
pub(super) const AT_LATEST: &str = "PRAGMA wal_autocheckpoint = 20000";

/// What moves it. It sleeps for as long as nothing is changed, and ends with this.
#[derive(Debug)]
pub(super) struct Checkpoints {
    changed: Arc<Notify>,
    _moving: AbortOnDropHandle<()>,
}

impl Checkpoints {
    /// Begins to look after the log of this database.
    pub(super) fn start(pool: AnyPool) -> Self {
        let changed = Arc::new(Notify::new());
        let moving = tokio::spawn(go_on(pool, Arc::clone(&changed)));
        Self { changed, _moving: AbortOnDropHandle::new(moving) }
    }

    /// Says that something was changed.
    pub(super) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }
}

async fn go_on(pool: AnyPool, changed: Arc<Notify>) {
    loop {
        changed.notified().await;
        tokio::time::sleep(GATHERED).await;
        // It waits for nobody, and nobody for it: what a reader still needs is moved the next time.
        if let Err(error) = pool.execute("PRAGMA wal_checkpoint(PASSIVE)").await {
            if pool.is_closed() {
                return;
            }
            tracing::warn!(%error, "the store's log is not moved into the database: it grows until it can be");
        }
    }
}
