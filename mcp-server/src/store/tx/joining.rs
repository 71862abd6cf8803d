//! Who asked to be let in, until the owner has answered.

use super::{Tx, holdable, now};
use crate::gate::Authorized;
use crate::gate::act::{AddMember, AskToJoin, List};
use crate::store::record::{EnclaveRecord, JoinRequest, PersonId};
use crate::store::{Store, StoreError, row};
use sqlx::Row;
use uuid::Uuid;

/// How long a request is good for, in milliseconds: a week.
pub(super) const VALID: i64 = 7 * 24 * 60 * 60 * 1000;

/// How long the owner is not asked again for the same person, in milliseconds: a day.
const QUIET: i64 = 24 * 60 * 60 * 1000;

/// Who asks to be let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) person: &'a PersonId,
    /// Their Slack account; empty where they ask by a client of their own.
    pub(crate) account: &'a str,
    /// Their name, to show.
    pub(crate) shown: &'a str,
    /// Their address, where an invitation to it lets them ask.
    pub(crate) invited: Option<&'a str>,
}

impl Store {
    /// How many people wait to be let into an enclave.
    pub(crate) async fn joins_waiting(&self, grant: &Authorized<List>) -> Result<u64, StoreError> {
        let count = sqlx::query(
            "SELECT COUNT(*) AS n FROM join_request WHERE enclave = $1 AND refused = 0 AND asked_at > $2",
        )
        .bind(grant.target().record.name.as_str())
        .bind(now() - VALID)
        .fetch_one(self.pool())
        .await?;
        Ok(u64::try_from(count.try_get::<i64, _>("n")?).unwrap_or_default())
    }
}

impl Tx {
    /// Writes down that somebody asks to be let in, which uses up their invitation; `None` when they did so within a day before.
    pub(crate) async fn ask_to_join(
        &mut self,
        _: &Authorized<AskToJoin>,
        record: &EnclaveRecord,
        asker: &Asker<'_>,
    ) -> Result<Option<Uuid>, StoreError> {
        sqlx::query("DELETE FROM join_request WHERE asked_at <= $1")
            .bind(now() - VALID)
            .execute(self.connection())
            .await?;
        let id = Uuid::now_v7();
        let asked = sqlx::query(
            "INSERT INTO join_request (id, enclave, issuer, subject, account, shown, asked_at, refused) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (enclave, issuer, subject) DO UPDATE \
             SET id = excluded.id, account = excluded.account, shown = excluded.shown, asked_at = excluded.asked_at, \
             refused = 0 WHERE join_request.asked_at <= $8",
        )
        .bind(id.to_string())
        .bind(record.name.as_str())
        .bind(&asker.person.issuer)
        .bind(&asker.person.subject)
        .bind(asker.account)
        .bind(holdable(asker.shown).into_owned())
        .bind(now())
        .bind(now() - QUIET)
        .execute(self.connection())
        .await?;
        if let Some(email) = asker.invited {
            self.use_invitation(record, email).await?;
        }
        Ok((asked.rows_affected() > 0).then_some(id))
    }

    /// The request of this id in the grant's own enclave that nobody has answered.
    pub(crate) async fn join_request(
        &mut self,
        grant: &Authorized<AddMember>,
        id: Uuid,
    ) -> Result<Option<JoinRequest>, StoreError> {
        let found = sqlx::query(
            "SELECT * FROM join_request WHERE id = $1 AND enclave = $2 AND refused = 0 AND asked_at > $3",
        )
        .bind(id.to_string())
        .bind(grant.target().record.name.as_str())
        .bind(now() - VALID)
        .fetch_optional(self.connection())
        .await?;
        found.as_ref().map(row::join_request).transpose()
    }

    /// It is answered: who was let in is forgotten here, who was not may ask again after a day.
    pub(crate) async fn end_join_request(
        &mut self,
        grant: &Authorized<AddMember>,
        request: &JoinRequest,
        allowed: bool,
    ) -> Result<(), StoreError> {
        let statement = if allowed {
            "DELETE FROM join_request WHERE id = $1 AND enclave = $2"
        } else {
            "UPDATE join_request SET refused = 1 WHERE id = $1 AND enclave = $2"
        };
        sqlx::query(statement)
            .bind(request.id.to_string())
            .bind(grant.target().record.name.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
