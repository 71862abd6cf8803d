//! Bindings of Slack accounts to identities, and what is shown for an identity.

use super::record::{AccountId, PersonId};
use super::tx::{holdable, now};
use super::{Store, StoreError, Tx};
use crate::call::Call;
use crate::gate::Authorized;
use crate::gate::act::{Bind, ChannelReport, Unlink};
use crate::identity::{OnePerson, Person};

/// Why a binding was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindError {
    /// The Slack account belongs to another identity.
    AccountTaken,
    /// The identity has another account in this workspace.
    PersonTaken,
}

impl Tx {
    /// Binds the Slack account to the identity; answers whether that is new.
    pub(crate) async fn bind(
        &mut self,
        _: &Authorized<Bind>,
        one: &OnePerson,
    ) -> Result<Result<bool, BindError>, StoreError> {
        let (account, person) = (one.account(), one.person());
        match self.person_of(&account.team, &account.user).await? {
            Some(bound) if bound == *person => return Ok(Ok(false)),
            Some(_) => return Ok(Err(BindError::AccountTaken)),
            None => {}
        }
        if self.account_of(person, &account.team).await?.is_some() {
            return Ok(Err(BindError::PersonTaken));
        }
        sqlx::query(
            "INSERT INTO binding (team, account, issuer, subject, bound_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&account.team)
        .bind(&account.user)
        .bind(&person.issuer)
        .bind(&person.subject)
        .bind(now())
        .execute(self.connection())
        .await?;
        self.next_generation().await?;
        Ok(Ok(true))
    }

    /// Ends the binding of `account` to `person`, and whatever was offered to them or by them where it counted. Somebody else's
    /// only an operator ends: for whoever else asks nothing happens.
    pub(crate) async fn unlink(
        &mut self,
        _: &Authorized<Unlink>,
        by: &Call,
        (account, person): (&AccountId, &PersonId),
    ) -> Result<(), StoreError> {
        if by.operator().is_none() && by.person_id() != Some(person) {
            return Ok(());
        }
        self.end_binding(account, person).await
    }

    /// The same for an account that cannot be used any more, as the relay reports it.
    pub(crate) async fn report_ended(
        &mut self,
        _: &Authorized<ChannelReport>,
        (account, person): (&AccountId, &PersonId),
    ) -> Result<(), StoreError> {
        self.end_binding(account, person).await
    }

    async fn end_binding(&mut self, account: &AccountId, person: &PersonId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM binding WHERE team = $1 AND account = $2 AND issuer = $3 AND subject = $4")
            .bind(&account.team)
            .bind(&account.user)
            .bind(&person.issuer)
            .bind(&person.subject)
            .execute(self.connection())
            .await?;
        sqlx::query(
            "DELETE FROM offer WHERE ((issuer = $1 AND subject = $2) \
             OR (by_operator = 0 AND owner_issuer = $1 AND owner_subject = $2)) \
             AND enclave IN (SELECT name FROM enclave WHERE team = $3)",
        )
        .bind(&person.issuer)
        .bind(&person.subject)
        .bind(&account.team)
        .execute(self.connection())
        .await?;
        self.next_generation().await?;
        Ok(())
    }

    /// Remembers what to show for somebody, as their token says. It grants nothing and takes nothing.
    async fn put_identity(&mut self, person: &Person) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO identity (issuer, subject, shown, email) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (issuer, subject) DO UPDATE SET shown = excluded.shown, email = excluded.email",
        )
        .bind(&person.id.issuer)
        .bind(&person.id.subject)
        .bind(holdable(person.shown()).into_owned())
        .bind(holdable(person.verified_email.as_deref().unwrap_or_default()).into_owned())
        .execute(self.connection())
        .await?;
        self.next_generation().await?;
        Ok(())
    }
}

impl Store {
    /// Remembers what to show for somebody, where that has changed.
    ///
    /// # Errors
    /// When the store does not answer or cannot be written.
    pub async fn remember(&self, person: &Person) -> Result<(), StoreError> {
        let rights = self.rights().await?;
        let known = rights.knows(&person.id)
            && rights.shown(&person.id) == holdable(person.shown())
            && rights.email(&person.id) == person.verified_email.as_deref();
        if known {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        tx.put_identity(person).await?;
        tx.commit().await
    }
}
