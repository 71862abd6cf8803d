//! Who is signed in: one sealed row a person, refreshed before it ends, dropped when the issuer says so, at `logout`, and
//! after half a day without use.

use crate::inbox::{InboxError, now};
use crate::issuer::{DeviceFlow, Issuer, IssuerError, Session};
use crate::server::CallError;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqlitePool;
use std::sync::Arc;
use tokio::sync::Mutex;
use wire::seal::{Seal, SealError};

/// After this long without use a session is dropped, in seconds.
const UNUSED: i64 = 12 * 3600;

/// Why it is not known whether somebody is signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The memory.
    #[error(transparent)]
    Memory(#[from] InboxError),
    /// The seal.
    #[error("what is kept of a sign-in cannot be used: {0}")]
    Seal(#[from] SealError),
    /// The issuer.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
}

impl From<sqlx::Error> for SessionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Memory(error.into())
    }
}

/// Everybody's sessions.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    pool: SqlitePool,
    seal: Seal,
    issuer: Arc<Issuer>,
    /// One refresh at a time: a refresh token is good for one.
    refreshing: Arc<Mutex<()>>,
}

impl Sessions {
    pub(crate) fn new(pool: SqlitePool, seal: Seal, issuer: Arc<Issuer>) -> Self {
        Self { pool, seal, issuer, refreshing: Arc::default() }
    }

    /// The session of `account`, with a token that holds for a while; `None` when they must sign in.
    pub(crate) async fn of(&self, account: &str) -> Result<Option<Session>, SessionError> {
        let Some(session) = self.used_lately(account).await? else { return Ok(None) };
        if session.is_fresh() {
            self.used(account).await?;
            return Ok(Some(session));
        }
        let _one_at_a_time = self.refreshing.lock().await;
        match self.used_lately(account).await? {
            Some(session) if !session.is_fresh() => self.refresh(account, &session).await,
            other => Ok(other),
        }
    }

    /// The session of `account` with another token than the one of `refused`, which the server takes no more; `None` when they must
    /// sign in.
    pub(crate) async fn renewed(
        &self,
        account: &str,
        refused: &Session,
    ) -> Result<Option<Session>, SessionError> {
        let _one_at_a_time = self.refreshing.lock().await;
        match self.used_lately(account).await? {
            Some(session) if session.has_token_of(refused) => self.refresh(account, &session).await,
            other => Ok(other),
        }
    }

    /// Does something with `session` of `account`, and again with a new token where the server does not take the old one: a request
    /// can last longer than a token. It goes on as nobody else: where the session is not the same person's any more, they sign in.
    pub(crate) async fn by<A, F>(
        &self,
        account: &str,
        session: Session,
        call: impl Fn(Session) -> F,
    ) -> Result<Result<A, CallError>, SessionError>
    where
        F: Future<Output = Result<A, CallError>>,
    {
        match call(session.clone()).await {
            Err(CallError::Unauthorized) => match self.renewed(account, &session).await? {
                Some(renewed) if renewed.is_of(&session) => Ok(call(renewed).await),
                _ => Ok(Err(CallError::Unauthorized)),
            },
            called => Ok(called),
        }
    }

    /// New tokens for old ones, which are kept; `None`, and the session is dropped, where the issuer gives none any more.
    async fn refresh(&self, account: &str, session: &Session) -> Result<Option<Session>, SessionError> {
        match self.issuer.refresh(session).await {
            Ok(fresh) => {
                self.keep(account, &fresh).await?;
                Ok(Some(fresh))
            }
            Err(IssuerError::Refused(why)) => {
                tracing::info!(why, "a session has ended at the issuer");
                self.forget(account).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a session.
    pub(crate) async fn keep(&self, account: &str, session: &Session) -> Result<(), SessionError> {
        sqlx::query(
            "INSERT INTO session (account, sealed, used_at) VALUES ($1, $2, $3) \
             ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed, used_at = excluded.used_at",
        )
        .bind(account)
        .bind(self.seal.close(session)?)
        .bind(now())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Drops a session here.
    pub(crate) async fn forget(&self, account: &str) -> Result<(), SessionError> {
        sqlx::query("DELETE FROM session WHERE account = $1").bind(account).execute(&self.pool).await?;
        Ok(())
    }

    /// Ends a session here and at the issuer; answers whether there was one.
    pub(crate) async fn end(&self, account: &str) -> Result<bool, SessionError> {
        // A refresh that is going on would bring it back.
        let _one_at_a_time = self.refreshing.lock().await;
        let session = match self.read(account, i64::MIN).await {
            Ok(None) => return Ok(false),
            Ok(Some(session)) => Some(session),
            // What cannot be read can be dropped.
            Err(SessionError::Seal(_)) => None,
            Err(error) => return Err(error),
        };
        self.forget(account).await?;
        if let Some(session) = session
            && let Err(error) = self.issuer.revoke(&session).await
        {
            // Here it is gone for good; there it ends by itself within its life.
            tracing::warn!(%error, "a session could not be ended at the issuer");
        }
        Ok(true)
    }

    /// Ends everybody's.
    pub(crate) async fn end_all(&self) -> Result<(), SessionError> {
        let accounts: Vec<String> =
            sqlx::query_scalar("SELECT account FROM session").fetch_all(&self.pool).await?;
        for account in accounts {
            self.end(&account).await?;
        }
        Ok(())
    }

    /// Drops what nobody has used for long.
    pub(crate) async fn drop_unused(&self) -> Result<(), SessionError> {
        sqlx::query("DELETE FROM session WHERE used_at < $1")
            .bind(now() - UNUSED)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The sign-in of `account` that is going on.
    pub(crate) async fn going_on(&self, account: &str) -> Result<Option<DeviceFlow>, SessionError> {
        let row = sqlx::query("SELECT sealed FROM sign_in WHERE account = $1 AND expires_at > $2")
            .bind(account)
            .bind(now())
            .fetch_optional(&self.pool)
            .await?;
        self.opened(row)
    }

    /// Everybody whose sign-in is going on, or has expired meanwhile.
    pub(crate) async fn all_going_on(&self) -> Result<Vec<(String, DeviceFlow)>, SessionError> {
        let rows = sqlx::query("SELECT account, sealed FROM sign_in").fetch_all(&self.pool).await?;
        let open = |row: sqlx::sqlite::SqliteRow| {
            let account: String = row.try_get("account")?;
            let sealed: Vec<u8> = row.try_get("sealed")?;
            Ok((account, self.seal.open(&sealed)?))
        };
        rows.into_iter().map(open).collect()
    }

    /// Writes down a sign-in that has begun; `false` where another one is going on already, which stays.
    pub(crate) async fn begun(&self, account: &str, flow: &DeviceFlow) -> Result<bool, SessionError> {
        let written = sqlx::query(
            "INSERT INTO sign_in (account, sealed, expires_at) VALUES ($1, $2, $3) \
             ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at \
             WHERE sign_in.expires_at <= $4",
        )
        .bind(account)
        .bind(self.seal.close(flow)?)
        .bind(flow.expires_at)
        .bind(now())
        .execute(&self.pool)
        .await?;
        Ok(written.rows_affected() == 1)
    }

    /// This sign-in of `account` is over, one way or the other; `false` where it is not the one on record: that one goes on.
    pub(crate) async fn over(&self, account: &str, flow: &DeviceFlow) -> Result<bool, SessionError> {
        let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM sign_in WHERE account = $1")
            .bind(account)
            .fetch_optional(&self.pool)
            .await?;
        let Some(sealed) = sealed else { return Ok(false) };
        if !self.seal.open::<DeviceFlow>(&sealed)?.is(flow) {
            return Ok(false);
        }
        let removed = sqlx::query("DELETE FROM sign_in WHERE account = $1 AND sealed = $2")
            .bind(account)
            .bind(sealed)
            .execute(&self.pool)
            .await?;
        Ok(removed.rows_affected() == 1)
    }

    /// What is kept, where it was used within half a day: what is left of others is dropped now and then, and nobody acts by it
    /// until then.
    async fn used_lately(&self, account: &str) -> Result<Option<Session>, SessionError> {
        self.read(account, now() - UNUSED).await
    }

    async fn read(&self, account: &str, used_since: i64) -> Result<Option<Session>, SessionError> {
        let row = sqlx::query("SELECT sealed FROM session WHERE account = $1 AND used_at >= $2")
            .bind(account)
            .bind(used_since)
            .fetch_optional(&self.pool)
            .await?;
        self.opened(row)
    }

    async fn used(&self, account: &str) -> Result<(), SessionError> {
        sqlx::query("UPDATE session SET used_at = $1 WHERE account = $2")
            .bind(now())
            .bind(account)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    fn opened<T: DeserializeOwned>(
        &self,
        row: Option<sqlx::sqlite::SqliteRow>,
    ) -> Result<Option<T>, SessionError> {
        let Some(row) = row else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get("sealed")?;
        Ok(Some(self.seal.open(&sealed)?))
    }
}

#[cfg(test)]
mod tests;
