//! Approvals of new reach: asked for, decided, used once.
//!
//! What uses one up for good is that its version comes to serve: the transaction that writes that down makes every approval
//! of the tentacle void that was asked for while something else ran. Until then it is taken by the deploy that has begun with it, so
//! that no second one begins with it, and given back in the transaction that records how that deploy failed.

use super::{Tx, holdable, now};
use crate::gate::Authorized;
use crate::gate::act::{Apply, ApproveReach, Remove};
use crate::store::approval::{Approval, ApprovalState};
use crate::store::effect::Initiator;
use crate::store::row;
use crate::store::{Store, StoreError};
use policy::Action;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;
use uuid::Uuid;
use workflow::{EnclaveName, Reach, TentacleName};

/// How long an approval is good for, in milliseconds: a day.
const VALID: i64 = 24 * 60 * 60 * 1000;

/// One approval that is not too old.
const OF_ID: &str = "SELECT * FROM approval WHERE id = $1 AND expires_at > $2";

/// What is to be approved.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    /// The version that is to run.
    pub(crate) version: &'a str,
    /// All that it reaches.
    pub(crate) reach: &'a Reach,
    /// What of it is new.
    pub(crate) new: &'a Reach,
    /// Who asks.
    pub(crate) asker: &'a Initiator,
    /// The source of the version, as its effect keeps it.
    pub(crate) payload: &'a str,
}

/// The versions that wait for an owner. It says of one whether it does, and lists none: nobody was asked whether they may see them.
#[derive(Debug)]
pub(crate) struct Unanswered(BTreeSet<[String; 3]>);

/// A deploy that has failed.
#[derive(Debug, Clone)]
pub(crate) struct Tried<'a> {
    /// The version that was to run.
    pub(crate) version: &'a str,
    /// All that it reaches.
    pub(crate) reach: &'a Reach,
    /// Who asked for it.
    pub(crate) asker: &'a Initiator,
    /// Whether it is certain that it never served.
    pub(crate) never_served: bool,
}

impl Store {
    /// The approval of this id that is not too old, whatever became of it. That it is known to somebody gives no right:
    /// whom it may be shown to is the gate's to say.
    pub(crate) async fn approval(&self, id: Uuid) -> Result<Option<Approval>, StoreError> {
        let found = sqlx::query(OF_ID).bind(id.to_string()).bind(now()).fetch_optional(self.pool()).await?;
        found.as_ref().map(row::approval).transpose()
    }

    /// The versions of all enclaves that wait for an owner.
    pub(crate) async fn unanswered(&self) -> Result<Unanswered, StoreError> {
        let waiting =
            "SELECT enclave, tentacle, version FROM approval WHERE state = 'waiting' AND expires_at > $1";
        let found = sqlx::query(waiting).bind(now()).fetch_all(self.pool()).await?;
        let of =
            |row: &AnyRow| Ok([row.try_get("enclave")?, row.try_get("tentacle")?, row.try_get("version")?]);
        found.iter().map(of).collect::<Result<_, sqlx::Error>>().map(Unanswered).map_err(StoreError::from)
    }
}

impl Unanswered {
    /// Whether this version of a tentacle waits for its enclave's owner.
    pub(crate) fn holds(&self, enclave: &EnclaveName, tentacle: &TentacleName, version: &str) -> bool {
        self.0.contains(&[enclave.as_str(), tentacle.as_str(), version].map(ToOwned::to_owned))
    }
}

impl Tx {
    /// What the version of a tentacle that runs reaches: nothing where none does.
    pub(crate) async fn running_reach(&mut self, grant: &Authorized<Apply>) -> Result<Reach, StoreError> {
        let target = grant.target();
        let found =
            sqlx::query("SELECT reach FROM tentacle WHERE enclave = $1 AND name = $2 AND version <> ''")
                .bind(target.record.name.as_str())
                .bind(target.name.as_str())
                .fetch_optional(self.connection())
                .await?;
        found.as_ref().map_or(Ok(Reach::default()), row::reach)
    }

    /// Whether exactly this was approved, or has begun with an approval and was interrupted.
    pub(crate) async fn is_approved(
        &mut self,
        grant: &Authorized<Apply>,
        wanted: &Wanted<'_>,
    ) -> Result<bool, StoreError> {
        let found = self.find_approval(grant, wanted).await?;
        match found {
            Some(found) if found.is_given() => Ok(true),
            _ => self.has_begun(grant, wanted).await,
        }
    }

    /// Whether the same person's deploy of the same source was begun and has no end: it is the same deploy.
    async fn has_begun(
        &mut self,
        grant: &Authorized<Apply>,
        wanted: &Wanted<'_>,
    ) -> Result<bool, StoreError> {
        let (target, person) = (grant.target(), &wanted.asker.person);
        let found = sqlx::query(
            "SELECT id FROM open_effect WHERE enclave_id = $1 AND object = $2 AND issuer = $3 AND subject = $4 \
             AND payload = $5 AND action IN ($6, $7)",
        )
        .bind(target.record.id.to_string())
        .bind(target.name.as_str())
        .bind(&person.issuer)
        .bind(&person.subject)
        .bind(wanted.payload)
        .bind(Action::Apply.name())
        .bind(Action::ApplyNew.name())
        .fetch_optional(self.connection())
        .await?;
        Ok(found.is_some())
    }

    /// Takes the approval of exactly this, in the transaction in which the deploy begins: no other begins with it.
    pub(crate) async fn use_approval(
        &mut self,
        grant: &Authorized<Apply>,
        wanted: &Wanted<'_>,
    ) -> Result<(), StoreError> {
        match self.find_approval(grant, wanted).await? {
            Some(found) if found.is_given() => {
                sqlx::query("UPDATE approval SET state = $2, version = $3 WHERE id = $1")
                    .bind(found.id.to_string())
                    .bind(ApprovalState::Used.name())
                    .bind(wanted.version)
                    .execute(self.connection())
                    .await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The deploy that began with an approval has failed: it can be begun with again, until it is too old. Tells whether there
    /// was one. Nothing else is widened by that: who approved it agreed that this person puts this reach to work from what
    /// runs now, and whoever has it at work may change its code without asking.
    pub(crate) async fn return_approval(
        &mut self,
        grant: &Authorized<Apply>,
        tried: &Tried<'_>,
    ) -> Result<bool, StoreError> {
        // Where it is not known whether the version serves, it is that version alone which may be brought to its end.
        let state = if tried.never_served { ApprovalState::Returned } else { ApprovalState::Approved };
        let (target, person) = (grant.target(), &tried.asker.person);
        // The newest one alone: an older one of the same was for a deploy of its own.
        let returned = sqlx::query(
            "UPDATE approval SET state = $8 WHERE expires_at > $9 AND id = (SELECT MAX(id) FROM approval WHERE enclave = $1 \
             AND tentacle = $2 AND running = $3 AND version = $4 AND reach = $5 AND issuer = $6 AND subject = $7 \
             AND state = 'used')",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .bind(running(grant))
        .bind(tried.version)
        .bind(tried.reach.digest())
        .bind(&person.issuer)
        .bind(&person.subject)
        .bind(state.name())
        .bind(now())
        .execute(self.connection())
        .await?;
        Ok(returned.rows_affected() > 0)
    }

    /// This version has come to serve: what was asked for, approved or taken while another ran is void, and stays so when that
    /// one comes back.
    pub(super) async fn void_approvals(
        &mut self,
        grant: &Authorized<Apply>,
        version: &str,
    ) -> Result<(), StoreError> {
        let target = grant.target();
        sqlx::query(
            "UPDATE approval SET state = 'void' WHERE enclave = $1 AND tentacle = $2 AND running <> $3 AND state <> 'refused'",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .bind(version)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The tentacle goes: nothing that was approved for it is good for another of its name.
    pub(super) async fn void_all_approvals(&mut self, grant: &Authorized<Remove>) -> Result<(), StoreError> {
        let target = grant.target();
        sqlx::query(
            "UPDATE approval SET state = 'void' WHERE enclave = $1 AND tentacle = $2 AND state <> 'refused'",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Asks for an approval; the same question asked again is the same one. Tells whether it is a new one.
    pub(crate) async fn ask_approval(
        &mut self,
        grant: &Authorized<Apply>,
        wanted: &Wanted<'_>,
    ) -> Result<(Approval, bool), StoreError> {
        sqlx::query("DELETE FROM approval WHERE expires_at <= $1")
            .bind(now())
            .execute(self.connection())
            .await?;
        if let Some(found) = self.find_approval(grant, wanted).await?
            && found.state == ApprovalState::Waiting
        {
            return Ok((found, false));
        }
        let (target, id, person) = (grant.target(), Uuid::now_v7(), &wanted.asker.person);
        sqlx::query(
            "INSERT INTO approval (id, enclave, tentacle, running, version, reach, changes, issuer, subject, asked_by, \
             state, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', $11)",
        )
        .bind(id.to_string())
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .bind(running(grant))
        .bind(wanted.version)
        .bind(wanted.reach.digest())
        .bind(row::reach_text(wanted.new))
        .bind(&person.issuer)
        .bind(&person.subject)
        .bind(holdable(&wanted.asker.shown).into_owned())
        .bind(now() + VALID)
        .execute(self.connection())
        .await?;
        let made = self.approval(id).await?.ok_or(StoreError::Database(sqlx::Error::RowNotFound))?;
        Ok((made, true))
    }

    /// Decides what waits in the grant's own enclave; `None` when nothing of that id waits there.
    pub(crate) async fn decide_approval(
        &mut self,
        grant: &Authorized<ApproveReach>,
        id: Uuid,
        approve: bool,
        by: &str,
    ) -> Result<Option<Approval>, StoreError> {
        let Some(found) = self.approval(id).await? else { return Ok(None) };
        if found.enclave != grant.target().record.name || found.state != ApprovalState::Waiting {
            return Ok(None);
        }
        let state = if approve { ApprovalState::Approved } else { ApprovalState::Refused };
        self.set_state(id, state, by).await?;
        Ok(Some(Approval { state, decided_by: by.to_owned(), ..found }))
    }

    /// The approval of this id that is not too old.
    async fn approval(&mut self, id: Uuid) -> Result<Option<Approval>, StoreError> {
        let found =
            sqlx::query(OF_ID).bind(id.to_string()).bind(now()).fetch_optional(self.connection()).await?;
        found.as_ref().map(row::approval).transpose()
    }

    /// The newest open approval of exactly this: by the same asker, from the version that runs now, to this one; or to one that
    /// reaches the same, where the version that it was given for was tried and never served.
    async fn find_approval(
        &mut self,
        grant: &Authorized<Apply>,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Approval>, StoreError> {
        let (target, person) = (grant.target(), &wanted.asker.person);
        let found = sqlx::query(
            "SELECT * FROM approval WHERE enclave = $1 AND tentacle = $2 AND running = $3 AND reach = $5 AND issuer = $6 \
             AND subject = $7 AND expires_at > $8 \
             AND (version = $4 AND state IN ('waiting', 'approved') OR state = 'returned') ORDER BY state, id DESC LIMIT 1",
        )
        .bind(target.record.name.as_str())
        .bind(target.name.as_str())
        .bind(running(grant))
        .bind(wanted.version)
        .bind(wanted.reach.digest())
        .bind(&person.issuer)
        .bind(&person.subject)
        .bind(now())
        .fetch_optional(self.connection())
        .await?;
        found.as_ref().map(row::approval).transpose()
    }

    async fn set_state(&mut self, id: Uuid, state: ApprovalState, by: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE approval SET state = $2, decided_by = $3 WHERE id = $1")
            .bind(id.to_string())
            .bind(state.name())
            .bind(holdable(by).into_owned())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

/// The version that runs, as it was when the deploy was decided, in this very transaction.
fn running(grant: &Authorized<Apply>) -> &str {
    grant.target().tentacle.as_ref().map_or("", |tentacle| tentacle.version.as_str())
}
