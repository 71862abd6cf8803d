//! Who asked to be let in, until the owner has answered.

use super::{Tx, holdable, now};
use crate::gate::Authorized;
use crate::gate::act::{AddMember, AskToJoin};
use crate::store::record::{EnclaveRecord, JoinRequest, PersonId};
use crate::store::{StoreError, row};
use std::sync::Arc;
use uuid::Uuid;
use workflow::EnclaveName;

/// How long a request is good for, in milliseconds: a week.
pub(in crate::store) const VALID: i64 = 7 * 24 * 60 * 60 * 1000;

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
}

/// An enclave whose owner can be asked: whoever asks stands in its channel, or is invited. Only [`Tx::askable_in`] and
/// [`Tx::askable_by`] make one, so that nobody is asked by strangers.
#[derive(Debug)]
pub(crate) struct Askable {
    record: Arc<EnclaveRecord>,
    /// The verified address that is invited.
    invited: Option<String>,
}

impl Askable {
    /// The enclave.
    pub(crate) fn record(&self) -> &EnclaveRecord {
        &self.record
    }

    /// The verified address that is invited.
    pub(crate) fn invited(&self) -> Option<&str> {
        self.invited.as_deref()
    }
}

impl Tx {
    /// The enclave of the channel that somebody asks in.
    pub(crate) async fn askable_in(
        &mut self,
        _: &Authorized<AskToJoin>,
        (team, channel): (&str, &str),
    ) -> Result<Option<Askable>, StoreError> {
        Ok(self.enclave_of(team, channel).await?.map(|record| Askable { record, invited: None }))
    }

    /// The enclave of this name, where this address, which the issuer has verified, is invited. To everybody else there is none.
    pub(crate) async fn askable_by(
        &mut self,
        _: &Authorized<AskToJoin>,
        verified_email: &str,
        name: &EnclaveName,
    ) -> Result<Option<Askable>, StoreError> {
        if !self.is_invited(name, verified_email).await? {
            return Ok(None);
        }
        let invited = Some(verified_email.to_owned());
        Ok(self.enclave(name).await?.map(|record| Askable { record, invited }))
    }

    /// Writes down that somebody asks to be let in, which uses up their invitation; `None` when they did so within a day before.
    pub(crate) async fn ask_to_join(
        &mut self,
        _: &Authorized<AskToJoin>,
        Askable { record, invited }: &Askable,
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
        if let Some(email) = invited {
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
