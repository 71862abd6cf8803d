//! Locks by name that all replicas heed. They are PostgreSQL's own advisory locks on a connection of their own
//! (<https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>): who holds one loses it with its process, and nothing
//! is left of it. An SQLite store is one server's, whose own locks are enough.

use super::{Dialect, Store, StoreError};
use sqlx::{AnyConnection, Connection};
use std::sync::Mutex;

/// What is to be held, by name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hold<'n> {
    /// Together with others who share it.
    Shared(&'n str),
    /// By nobody else.
    Alone(&'n str),
}

/// Locks, until it is dropped. Nobody uses the connection any more; behind the mutex it can be seen from several threads.
#[derive(Debug)]
pub(crate) struct Held(#[expect(dead_code, reason = "its end is theirs")] Option<Mutex<AnyConnection>>);

/// A connection that waits, or holds, for minutes is not to be ended for that; and where the machine of the one who holds is gone
/// without a word, its locks are gone within some minutes.
const PATIENT: &str = "SELECT count(set_config(name, CASE WHEN name LIKE 'tcp%' THEN '15' ELSE '0' END, false)) FROM pg_settings \
                       WHERE name IN ('idle_session_timeout', 'statement_timeout', 'lock_timeout', 'tcp_keepalives_idle', \
                       'tcp_keepalives_interval')";

impl Store {
    /// Waits until it holds all of these, one after the other.
    pub(crate) async fn hold(&self, all: &[Hold<'_>]) -> Result<Held, StoreError> {
        if self.dialect == Dialect::Sqlite {
            return Ok(Held(None));
        }
        let mut connection = AnyConnection::connect_with(&self.pool.connect_options()).await?;
        sqlx::query(PATIENT).execute(&mut connection).await?;
        for hold in all {
            let (lock, name) = match hold {
                Hold::Shared(name) => {
                    ("SELECT 1 FROM pg_advisory_lock_shared(hashtextextended($1, 0))", name)
                }
                Hold::Alone(name) => ("SELECT 1 FROM pg_advisory_lock(hashtextextended($1, 0))", name),
            };
            sqlx::query(lock).bind(*name).execute(&mut connection).await?;
        }
        Ok(Held(Some(Mutex::new(connection))))
    }
}
