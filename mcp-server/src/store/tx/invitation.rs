//! Who is invited by e-mail, until they have asked to be let in.

use super::{Tx, holdable, now};
use crate::gate::Authorized;
use crate::gate::act::{AddMember, Waiting, Whoami};
use crate::store::record::EnclaveRecord;
use crate::store::{Store, StoreError, row};
use jiff::Timestamp;
use sqlx::Row;
use wire::tools::joining::{InvitationEntry, Invited, JoinEntry};
use workflow::EnclaveName;

/// How long an invitation is good for, in milliseconds: a week.
const VALID: i64 = 7 * 24 * 60 * 60 * 1000;

/// How many of an enclave can stand at once.
pub(crate) const MOST_INVITATIONS: i64 = 100;

/// How many a person is told of.
const MOST_TOLD: i64 = 100;

impl Store {
    /// What waits for the owner of an enclave: who asked to be let in, and who is invited.
    pub(crate) async fn waiting_at(
        &self,
        grant: &Authorized<Waiting>,
    ) -> Result<(Vec<JoinEntry>, Vec<InvitationEntry>), StoreError> {
        let record = &grant.target().record;
        let joins = sqlx::query(
            "SELECT * FROM join_request WHERE enclave = $1 AND refused = 0 AND asked_at > $2 ORDER BY asked_at, id",
        )
        .bind(record.name.as_str())
        .bind(now() - super::joining::VALID)
        .fetch_all(self.pool())
        .await?;
        let invitations =
            sqlx::query("SELECT * FROM invitation WHERE enclave = $1 AND expires_at > $2 ORDER BY email")
                .bind(record.name.as_str())
                .bind(now())
                .fetch_all(self.pool())
                .await?;
        Ok((
            joins.iter().map(row::join_entry).collect::<Result<_, _>>()?,
            invitations.iter().map(row::invitation).collect::<Result<_, _>>()?,
        ))
    }

    /// The enclaves that whoever has this verified address is invited to.
    pub(crate) async fn invitations_of(
        &self,
        _: &Authorized<Whoami>,
        verified_email: &str,
    ) -> Result<Vec<Invited>, StoreError> {
        let found = sqlx::query(
            "SELECT * FROM invitation WHERE email = $1 AND expires_at > $2 ORDER BY enclave LIMIT $3",
        )
        .bind(holdable(verified_email).into_owned())
        .bind(now())
        .bind(MOST_TOLD)
        .fetch_all(self.pool())
        .await?;
        found.iter().map(row::invited).collect()
    }
}

impl Tx {
    /// Invites an address to the grant's enclave, anew where it was invited before. `None` where too many are invited.
    pub(crate) async fn invite(
        &mut self,
        grant: &Authorized<AddMember>,
        email: &str,
        by: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let enclave = grant.target().record.name.as_str();
        sqlx::query("DELETE FROM invitation WHERE expires_at <= $1")
            .bind(now())
            .execute(self.connection())
            .await?;
        let others = sqlx::query("SELECT COUNT(*) AS n FROM invitation WHERE enclave = $1 AND email <> $2")
            .bind(enclave)
            .bind(email)
            .fetch_one(self.connection())
            .await?;
        if others.try_get::<i64, _>("n")? >= MOST_INVITATIONS {
            return Ok(None);
        }
        let expires_at = now() + VALID;
        sqlx::query(
            "INSERT INTO invitation (enclave, email, invited_by, expires_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (enclave, email) DO UPDATE \
             SET invited_by = excluded.invited_by, expires_at = excluded.expires_at",
        )
        .bind(enclave)
        .bind(email)
        .bind(holdable(by).into_owned())
        .bind(expires_at)
        .execute(self.connection())
        .await?;
        Ok(Timestamp::from_millisecond(expires_at).ok())
    }

    /// Takes an invitation to the grant's enclave back; answers whether there was one.
    pub(crate) async fn withdraw_invitation(
        &mut self,
        grant: &Authorized<AddMember>,
        email: &str,
    ) -> Result<bool, StoreError> {
        let gone =
            sqlx::query("DELETE FROM invitation WHERE enclave = $1 AND email = $2 AND expires_at > $3")
                .bind(grant.target().record.name.as_str())
                .bind(email)
                .bind(now())
                .execute(self.connection())
                .await?;
        Ok(gone.rows_affected() > 0)
    }

    /// Whether this verified address is invited to the enclave of this name.
    pub(super) async fn is_invited(
        &mut self,
        name: &EnclaveName,
        verified_email: &str,
    ) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT enclave FROM invitation WHERE enclave = $1 AND email = $2 AND expires_at > $3",
        )
        .bind(name.as_str())
        .bind(holdable(verified_email).into_owned())
        .bind(now())
        .fetch_optional(self.connection())
        .await?;
        Ok(found.is_some())
    }

    /// Whoever asked has used their invitation up.
    pub(super) async fn use_invitation(
        &mut self,
        record: &EnclaveRecord,
        verified_email: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM invitation WHERE enclave = $1 AND email = $2")
            .bind(record.name.as_str())
            .bind(holdable(verified_email).into_owned())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
