//! One line a call: who, where to, how much, and what was decided. Never what was sent.

use jiff::Timestamp;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

/// How many lines may wait to be written. Beyond, they are counted and left out: no call waits for them.
const WAITING: usize = 4096;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was carried.
    Allowed,
    /// It was not.
    Refused,
    /// It was not, and an approved contract could allow it.
    WouldNeed,
    /// It was allowed and did not come about.
    Failed,
}

/// A call.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// When it began.
    pub time: Timestamp,
    /// Whose it was: `enclave/tentacle`; empty without a pass.
    pub tentacle: String,
    /// Which version's.
    pub version: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address that was connected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, where it was not carried.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Bytes from the tentacle.
    pub bytes_out: u64,
    /// Bytes to it.
    pub bytes_in: u64,
    /// How long it took.
    pub duration_ms: u64,
}

/// What is to be written, or waited for.
#[derive(Debug)]
enum Entry {
    Call(Box<Record>),
    Flush(oneshot::Sender<()>),
}

/// Where records go.
#[derive(Debug, Clone)]
pub struct Records {
    to: mpsc::Sender<Entry>,
    lost: Arc<AtomicU64>,
}

impl Records {
    /// Writes each record as a line of JSON.
    #[must_use]
    pub fn to(mut output: impl AsyncWrite + Unpin + Send + 'static) -> Self {
        let (to, mut records) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        tokio::spawn(async move {
            while let Some(entry) = records.recv().await {
                let record = match entry {
                    Entry::Call(record) => record,
                    Entry::Flush(done) => {
                        // Whoever asked may have given up waiting.
                        let _ = done.send(());
                        continue;
                    }
                };
                let mut line = serde_json::to_vec(&record).unwrap_or_default();
                line.push(b'\n');
                if output.write_all(&line).await.is_err() || output.flush().await.is_err() {
                    tracing::error!("nobody reads the records of calls any more");
                    return;
                }
                let lost = counted.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tracing::error!(lost, "records of calls were left out: nobody read them fast enough");
                }
            }
        });
        Self { to, lost }
    }

    pub(crate) fn write(&self, record: Record) {
        if self.to.try_send(Entry::Call(Box::new(record))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Comes back when all that was to be written is.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.to.send(Entry::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}
