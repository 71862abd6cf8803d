//! Writes the trail: one chain of hashes per server process, with signed heads kept outside the store.

mod heads;
mod reads;
mod record_heads;

pub use heads::{Heads, HeadsError};
pub use reads::Reads;
pub(crate) use record_heads::RecordHeads;

use crate::store::{Filed, Store, StoreError, Tx};
use jiff::{Timestamp, Unit};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;
use wire::trail::{Entry, GENESIS, Record, VERSION};

/// Where this process's chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) seq: u64,
    pub(crate) hash: String,
}

impl Chain {
    fn empty() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned() }
    }

    async fn in_store(store: &Store, writer: &str) -> Result<Self, StoreError> {
        let end = store.end_of_chain(writer).await?;
        Ok(end.map_or_else(Self::empty, |(seq, hash)| Self { seq, hash }))
    }
}

/// The trail as this process writes it.
#[derive(Debug)]
pub struct Trail {
    heads: Heads,
    /// `None` while it is not known whether the last commit holds: then the store is asked.
    chain: Arc<Mutex<Option<Chain>>>,
}

impl Trail {
    /// Goes on with the chain that `heads` has locked for this process.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open(store: &Store, mut heads: Heads) -> Result<Self, TrailError> {
        let mut chain = Chain::in_store(store, heads.writer()).await?;
        while !heads.agree_with(&chain)? {
            // What was signed for is not there. The evidence stays as it is; we write a chain of our own beside it.
            tracing::error!(
                writer = heads.writer(),
                "the trail's end is missing from the store: see `tntc trail verify`"
            );
            heads.pass_over()?;
            chain = Chain::in_store(store, heads.writer()).await?;
        }
        Ok(Self { heads, chain: Arc::new(Mutex::new(Some(chain))) })
    }

    /// Who writes.
    #[must_use]
    pub fn writer(&self) -> &str {
        self.heads.writer()
    }

    /// The signed heads.
    #[must_use]
    pub fn heads(&self) -> &Heads {
        &self.heads
    }

    /// Begins a change that is to be on record.
    pub(crate) async fn begin(&self, store: &Store) -> Result<Entries, StoreError> {
        let mut chain = Arc::clone(&self.chain).lock_owned().await;
        let mut tx = store.begin().await?;
        let staged = match &*chain {
            Some(chain) => chain.clone(),
            None => {
                let end = tx.end_of_chain(self.writer()).await?;
                end.map_or_else(Chain::empty, |(seq, hash)| Chain { seq, hash })
            }
        };
        *chain = Some(staged.clone());
        Ok(Entries { writer: self.writer().to_owned(), tx, staged, chain })
    }

    /// Signs for what has been written since the last time.
    ///
    /// # Errors
    /// When the head cannot be kept.
    pub async fn sign(&self) -> Result<(), HeadsError> {
        match self.chain.lock().await.clone() {
            Some(chain) => self.heads.sign(&chain),
            None => Ok(()),
        }
    }
}

/// Why the trail cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The heads.
    #[error(transparent)]
    Heads(#[from] HeadsError),
}

/// A change in the making, with its records. Dropped without a commit, nothing of it has happened.
pub(crate) struct Entries {
    writer: String,
    pub(crate) tx: Tx,
    staged: Chain,
    /// Held until the end, so that the numbers of a chain are given in the order of the commits.
    chain: OwnedMutexGuard<Option<Chain>>,
}

impl Entries {
    /// Adds a record.
    pub(crate) async fn append(&mut self, id: Uuid, filed: &Filed, entry: Entry) -> Result<(), StoreError> {
        let now = Timestamp::now();
        let record = Record {
            v: VERSION,
            writer: self.writer.clone(),
            seq: self.staged.seq + 1,
            prev: self.staged.hash.clone(),
            at: now.round(Unit::Millisecond).unwrap_or(now),
            id,
            entry,
        };
        self.tx.add_record(&record, filed).await?;
        self.staged = Chain { seq: record.seq, hash: record.hash()? };
        Ok(())
    }

    /// Makes all of it hold.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        // A commit whose answer does not come may hold or not.
        *self.chain = None;
        self.tx.commit().await?;
        *self.chain = Some(self.staged);
        Ok(())
    }
}
