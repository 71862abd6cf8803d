//! The authority for every right: one database, SQLite or PostgreSQL, behind one set of statements.
//!
//! A change happens in a [`Tx`]: it reads the record, the gate decides, the trail and the change are written, and all
//! of it holds or none. Reading tools use [`Rights`], which knows whether it is current.

mod advisory_lock;
mod approval;
mod checkpoint;
mod effect;
mod glance;
mod happened;
mod history;
mod identity;
mod mirror;
mod notice;
mod record;
mod recorded;
mod request;
mod review;
mod rights;
mod row;
mod told;
mod trail;
mod trigger;
mod tx;

pub(crate) use advisory_lock::{Held, Hold};
pub(crate) use approval::{Approval, ApprovalState};
pub(crate) use effect::{Initiator, OpenEffect};
pub(crate) use glance::Waits;
pub(crate) use history::{
    DeployEnd, DeployRecord, MayReadHistory, NodeTime, RunEnd, RunOutcome, RunRecord, Window, brief,
};
pub use identity::BindError;
pub(crate) use mirror::Behind;
pub use record::{
    AccountId, ChangedBy, ChannelPersonRecord, ChannelRecord, EnclaveRecord, Enrollment, LastRun, PersonId,
    Quota, TentacleRecord, Verdict,
};
pub(crate) use record::{JoinRequest, frozen_by, frozen_named};
pub(crate) use recorded::{Recorded, today};
pub use request::{Claimed, RequestId};
pub use review::Review;
pub use rights::Rights;
pub use row::Corrupt;
pub(crate) use row::{class_name, class_named};
pub use told::Drift;
pub(crate) use told::{ToldAbout, ToldAlready};
pub(crate) use trail::Filed;
pub use trail::TrailPage;
pub(crate) use trigger::TriggerRecord;
pub(crate) use tx::{
    AnsweredIn, Asker, Claim, Delivery, DeployRow, DeployedVersion, Heard, MOST_INVITATIONS,
    NewEnclaveRecord, Restored, RestoredTentacle, RunBegin, Side, Step, Stored, Tried, Tx, Unmet, Wanted,
};

use checkpoint::Checkpoints;
use sqlx::any::AnyPoolOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, AnyPool, Executor};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long a change waits for one of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a change waits for those of this process that were asked for before it.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);

/// Why the store did not do what was asked. In doubt nothing happens.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names no kind of store that there is.
    // Its scheme alone: the rest may have a password in it.
    #[error("`{0}:` is not a kind of store: use sqlite:<file> or postgres://…")]
    Address(String),
    /// The database failed.
    #[error("the store does not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the store's schema cannot be brought up to date: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// What it holds cannot be read.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// A record has no canonical form; cannot happen with records that this program makes.
    #[error(transparent)]
    Canonical(#[from] wire::canonical::NotCanonical),
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

/// The store.
#[derive(Debug)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
    rights: rights::Cache,
    /// Whose turn it is to change something, in the order in which they asked: SQLite itself lets whoever tries at the right
    /// moment go first, so that under load one could wait for ever, and those who wait would hold the connections of those who
    /// only read.
    turn: Arc<Semaphore>,
    /// What looks after the log of an SQLite database.
    checkpoints: Option<Checkpoints>,
}

impl Store {
    /// Opens `address`, `sqlite:<file>` or `postgres://…`, and brings its schema up to date.
    ///
    /// # Errors
    /// When the address is none, the database does not answer, or its schema is newer than this program.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let dialect = match address.split_once(':') {
            Some(("sqlite", _)) => Dialect::Sqlite,
            Some(("postgres" | "postgresql", _)) => Dialect::Postgres,
            other => {
                let scheme = other.map(|(scheme, _)| scheme).unwrap_or_default();
                return Err(StoreError::Address(scheme.to_owned()));
            }
        };
        let address = match dialect {
            Dialect::Sqlite if !address.contains('?') => format!("{address}?mode=rwc"),
            _ => address.to_owned(),
        };
        if dialect == Dialect::Sqlite {
            make_private(&address)?;
        }
        let pool = AnyPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(BUSY_TIMEOUT)
            // A connection to a file is not lost while nobody uses it.
            .test_before_acquire(dialect == Dialect::Postgres)
            .after_connect(move |connection, _| Box::pin(prepare(connection, dialect)))
            .connect(&address)
            .await?;
        migrate(&pool).await?;
        let checkpoints = (dialect == Dialect::Sqlite).then(|| Checkpoints::start(pool.clone()));
        let turn = Arc::new(Semaphore::new(1));
        Ok(Self { pool, dialect, rights: rights::Cache::default(), turn, checkpoints })
    }

    /// Begins a change. Changes of all replicas happen one after the other; those of this one in the order in which they were
    /// begun.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        let turn = timeout(TURN_TIMEOUT, Arc::clone(&self.turn).acquire_owned()).await;
        let turn = turn.map_err(|_elapsed| sqlx::Error::PoolTimedOut)?;
        let turn = turn.map_err(|_closed| sqlx::Error::PoolClosed)?;
        let inner = match self.dialect {
            Dialect::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await?,
            Dialect::Postgres => {
                let mut inner = self.pool.begin().await?;
                let lock = sqlx::query("SELECT number FROM generation WHERE one = 1 FOR UPDATE");
                lock.execute(&mut *inner).await?;
                inner
            }
        };
        let changed = self.checkpoints.as_ref().map(Checkpoints::changed);
        Ok(Tx::new(inner, self.rights.held(), turn, changed))
    }

    /// The rights as they are now: what is held in memory when nothing has changed since, else read anew.
    ///
    /// # Errors
    /// When the store does not answer or holds what cannot be read; never an old answer.
    pub async fn rights(&self) -> Result<Arc<Rights>, StoreError> {
        self.rights.current(&self.pool).await
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes the database's file, where it is to be made, so that nobody else can read it: SQLite itself would leave that to
/// the umask, and gives the files beside it the same mode. One that is there keeps the mode that somebody gave it.
fn make_private(address: &str) -> Result<(), StoreError> {
    let options: SqliteConnectOptions = address.parse()?;
    if address.contains(":memory:") || !address.contains("mode=rwc") {
        return Ok(());
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(options.get_filename());
    match file {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(sqlx::Error::Io(error).into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

async fn prepare(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
    if dialect == Dialect::Sqlite {
        // WAL: readers do not wait for the writer. FULL: what was committed survives a power cut.
        for pragma in [
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA busy_timeout = 10000",
            checkpoint::AT_LATEST,
        ] {
            connection.execute(pragma).await?;
        }
    }
    Ok(())
}

async fn migrate(pool: &AnyPool) -> Result<(), StoreError> {
    sqlx::migrate!().run(pool).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn changes_are_made_in_turn_and_whoever_reads_waits_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", dir.path().join("store.db").display());
        let store = Arc::new(Store::open(&address).await.unwrap());
        let first = store.begin().await.unwrap();
        let (done, mut order) = tokio::sync::mpsc::unbounded_channel();
        for number in 0..50 {
            let (store, done) = (Arc::clone(&store), done.clone());
            tokio::spawn(async move {
                let change = store.begin().await.unwrap();
                done.send(number).unwrap();
                change.commit().await.unwrap();
            });
            // It has asked by the time that the next one does.
            tokio::task::yield_now().await;
        }
        store.ping().await.unwrap();
        assert!(order.is_empty());
        first.commit().await.unwrap();
        for number in 0..50 {
            assert_eq!(order.recv().await, Some(number));
        }
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_not_told() {
        for address in ["postgress://t:hunter2@db.example/t", "hunter2", "//t:hunter2@db.example/t"] {
            let told = Store::open(address).await.unwrap_err().to_string();
            assert!(told.contains("use sqlite:<file>") && !told.contains("hunter2"), "{told}");
        }
    }
}
