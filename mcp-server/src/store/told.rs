//! What channels were told of tentacles that are not as they should be: each difference once.

use super::tx::holdable;
use super::{Store, StoreError, Tx};
use crate::gate::Authorized;
use crate::gate::act::SetDrift;
use sqlx::Row;
use std::collections::BTreeMap;
use workflow::EnclaveName;

/// What becomes of what somebody changed where tentacles run, past this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// It is told.
    Report,
    /// It is put back, and that is told.
    Repair,
}

impl Drift {
    /// The name, as records carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Repair => "repair",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Report, Self::Repair].into_iter().find(|drift| drift.name() == name)
    }
}

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToldAbout {
    /// Somebody changed it where it runs.
    Hand,
    /// Somebody changed it where it runs, and it was put back.
    PutBack,
    /// Git has another version, or none.
    Git,
    /// A review came further.
    Review,
}

impl ToldAbout {
    const fn name(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::PutBack => "put_back",
            Self::Git => "git",
            Self::Review => "review",
        }
    }
}

/// What was told, by enclave and tentacle.
pub(crate) type ToldAlready = BTreeMap<(String, String), String>;

impl Store {
    /// All that was told about this.
    pub(crate) async fn told(&self, about: ToldAbout) -> Result<ToldAlready, StoreError> {
        let rows = sqlx::query("SELECT enclave, tentacle, what FROM told_difference WHERE about = $1")
            .bind(about.name())
            .fetch_all(self.pool())
            .await?;
        let mut told = ToldAlready::new();
        for row in &rows {
            told.insert((row.try_get("enclave")?, row.try_get("tentacle")?), row.try_get("what")?);
        }
        Ok(told)
    }
}

impl Tx {
    /// Says what becomes of what somebody changes in an enclave past this server.
    pub(crate) async fn put_drift(
        &mut self,
        grant: &Authorized<SetDrift>,
        drift: Drift,
    ) -> Result<(), StoreError> {
        let statement = "UPDATE enclave SET drift = $1 WHERE name = $2";
        self.put_text(statement, &grant.target().record.name, drift.name()).await
    }

    /// Writes down that a difference of a tentacle, or how its review stands, is told; answers whether it was not told before, by this server or by another one.
    pub(crate) async fn tell_once(
        &mut self,
        about: ToldAbout,
        (enclave, of): (&EnclaveName, &str),
        what: &str,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO told_difference (enclave, tentacle, about, what) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (enclave, tentacle, about) DO UPDATE SET what = excluded.what \
             WHERE told_difference.what <> excluded.what",
        )
        .bind(enclave.as_str())
        .bind(of)
        .bind(about.name())
        .bind(holdable(what).into_owned())
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// There is no difference any more: the next one is told again.
    pub(crate) async fn tell_anew(
        &mut self,
        about: ToldAbout,
        (enclave, tentacle): (&str, &str),
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM told_difference WHERE enclave = $1 AND tentacle = $2 AND about = $3")
            .bind(enclave)
            .bind(tentacle)
            .bind(about.name())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
