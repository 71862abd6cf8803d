//! What can be changed about an enclave, each by the grant for exactly that.

use super::{Tx, holdable, now};
use crate::call::Call;
use crate::gate::Authorized;
use crate::gate::act::{
    CloseEnrollment, Deprovision, Freeze, LowerQuota, OpenEnrollment, Provision, RaiseQuota, Rename, SetMode,
    TightenMode, Unfreeze,
};
use crate::store::StoreError;
use crate::store::record::{AccountId, ChannelRecord, Enrollment, PersonId, Quota};
use policy::{Frozen, Mode, State};
use sqlx::Row;
use uuid::Uuid;
use workflow::EnclaveName;

/// How long somebody may make a channel their enclave that another made, in milliseconds: a day.
const FOUNDING_VALID: i64 = 24 * 60 * 60 * 1000;

/// What an enclave is made of.
#[derive(Debug, Clone)]
pub(crate) struct NewEnclaveRecord {
    pub(crate) owner: PersonId,
    pub(crate) mode: Mode,
    pub(crate) quota: Quota,
    pub(crate) channel: Option<ChannelRecord>,
    pub(crate) named: Vec<PersonId>,
}

impl Tx {
    /// Writes down an enclave that is being made. Its id is that of the decision which allowed it, so that this decision
    /// is filed under it too.
    pub(crate) async fn insert_enclave(
        &mut self,
        grant: &Authorized<Provision>,
        new: &NewEnclaveRecord,
    ) -> Result<(), StoreError> {
        let name = &grant.target().name;
        let generation = self.next_generation().await?;
        let channel = new.channel.as_ref();
        sqlx::query(
            "INSERT INTO enclave (name, id, changed, mirror_wanted, mirror_made, state, frozen_owner, frozen_archive, frozen_operator, mode, \
             enrollment, quota, owner_issuer, owner_subject, team, channel, channel_name, channel_creator, \
             observed_at, heard_at, created_at, updated_at) \
             VALUES ($1, $2, $3, 0, 0, $4, 0, 0, 0, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)",
        )
        .bind(name.as_str())
        .bind(grant.id().to_string())
        .bind(generation)
        .bind(State::Provisioning.name())
        .bind(new.mode.to_string())
        .bind(Enrollment::Open.name())
        .bind(new.quota.name())
        .bind(&new.owner.issuer)
        .bind(&new.owner.subject)
        .bind(channel.map(|channel| channel.team.clone()))
        .bind(channel.map(|channel| channel.id.clone()))
        .bind(channel.map(|channel| holdable(&channel.name).into_owned()))
        .bind(channel.map(|channel| channel.creator.clone()))
        .bind(channel.map(|channel| channel.observed_at.as_millisecond()))
        .bind(channel.map_or(0, |channel| channel.heard_at.as_millisecond()))
        .bind(now())
        .execute(self.connection())
        .await?;
        self.put_those_in(name, channel, &new.named).await
    }

    /// Writes down who is in the channel of a new enclave, and the members that its record names.
    pub(super) async fn put_those_in(
        &mut self,
        name: &EnclaveName,
        channel: Option<&ChannelRecord>,
        named: &[PersonId],
    ) -> Result<(), StoreError> {
        if let Some(channel) = channel {
            self.put_people(name, &channel.people).await?;
        }
        for person in named {
            self.put_named(name, person).await?;
        }
        Ok(())
    }

    /// Lets the owner of a Slack account make a channel their enclave, within a day, which is `told` there when they do. Only an
    /// operator does: for whoever else asks nothing happens, and the channel's maker makes it.
    pub(crate) async fn let_found(
        &mut self,
        _: &Authorized<Provision>,
        by: &Call,
        (account, channel): (&AccountId, &str),
        told: &str,
    ) -> Result<(), StoreError> {
        if by.operator().is_none() {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO founder (team, channel, account, expires_at, told) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (team, channel) DO UPDATE SET account = excluded.account, expires_at = excluded.expires_at, \
             told = excluded.told",
        )
        .bind(&account.team)
        .bind(channel)
        .bind(&account.user)
        .bind(now() + FOUNDING_VALID)
        .bind(holdable(told).into_owned())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// What a channel hears when it becomes an enclave, where an operator let somebody make it.
    pub(crate) async fn founding_told(
        &mut self,
        team: &str,
        channel: &str,
    ) -> Result<Option<String>, StoreError> {
        let found =
            sqlx::query("SELECT told FROM founder WHERE team = $1 AND channel = $2 AND expires_at > $3")
                .bind(team)
                .bind(channel)
                .bind(now())
                .fetch_optional(self.connection())
                .await?;
        Ok(found.map(|row| row.try_get("told")).transpose()?.filter(|told: &String| !told.is_empty()))
    }

    /// Whether an operator lets the owner of a Slack account make this channel their enclave.
    pub(crate) async fn may_found(
        &mut self,
        team: &str,
        channel: &str,
        account: &str,
    ) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT account FROM founder WHERE team = $1 AND channel = $2 AND account = $3 AND expires_at > $4",
        )
        .bind(team)
        .bind(channel)
        .bind(account)
        .bind(now())
        .fetch_optional(self.connection())
        .await?;
        Ok(found.is_some())
    }

    /// The enclave with this id is made to the end; answers whether it is still wanted. One that another replica has
    /// made to the end already, and that may be frozen by now, stays as it is.
    pub(crate) async fn activate_enclave(
        &mut self,
        grant: &Authorized<Provision>,
        id: Uuid,
    ) -> Result<bool, StoreError> {
        let name = &grant.target().name;
        match self.enclave(name).await? {
            Some(record) if record.id != id || record.state == State::Deprovisioning => Ok(false),
            Some(record) if record.state == State::Provisioning => {
                // One that was restored may have been frozen.
                let state = if record.frozen.any() { State::Frozen } else { State::Active };
                self.put_state(name, state).await?;
                // Whoever was let make it has done so.
                if let Some(channel) = &record.channel {
                    sqlx::query("DELETE FROM founder WHERE team = $1 AND channel = $2")
                        .bind(&channel.team)
                        .bind(&channel.id)
                        .execute(self.connection())
                        .await?;
                }
                Ok(true)
            }
            Some(_) => Ok(true),
            None => Ok(false),
        }
    }

    /// The enclave could not be made and nothing of it is left.
    pub(crate) async fn forget_unmade_enclave(
        &mut self,
        grant: &Authorized<Provision>,
    ) -> Result<(), StoreError> {
        let name = &grant.target().name;
        self.next_generation().await?;
        sqlx::query("DELETE FROM enclave WHERE name = $1 AND state = $2")
            .bind(name.as_str())
            .bind(State::Provisioning.name())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// The enclave is being removed.
    pub(crate) async fn begin_removal(&mut self, grant: &Authorized<Deprovision>) -> Result<(), StoreError> {
        self.put_state(&grant.target().record.name, State::Deprovisioning).await
    }

    /// The enclave is gone: nothing of it stays but the trail.
    pub(crate) async fn forget_enclave(&mut self, grant: &Authorized<Deprovision>) -> Result<(), StoreError> {
        let record = &grant.target().record;
        self.next_generation().await?;
        sqlx::query("DELETE FROM enclave WHERE name = $1 AND id = $2 AND state = $3")
            .bind(record.name.as_str())
            .bind(record.id.to_string())
            .bind(State::Deprovisioning.name())
            .execute(self.connection())
            .await?;
        self.forget_answers(record).await
    }

    /// Freezes by the side that asked; answers the reasons that hold now.
    pub(crate) async fn freeze(
        &mut self,
        grant: &Authorized<Freeze>,
        side: Side,
    ) -> Result<Frozen, StoreError> {
        let record = &grant.target().record;
        self.put_frozen(&record.name, side.with(record.frozen, true)).await
    }

    /// Lifts the freeze of the side that asked; answers the reasons that still hold.
    pub(crate) async fn unfreeze(
        &mut self,
        grant: &Authorized<Unfreeze>,
        side: Side,
    ) -> Result<Frozen, StoreError> {
        let record = &grant.target().record;
        self.put_frozen(&record.name, side.with(record.frozen, false)).await
    }

    /// Sets a mode that grants something new.
    pub(crate) async fn set_mode(
        &mut self,
        grant: &Authorized<SetMode>,
        mode: Mode,
    ) -> Result<(), StoreError> {
        self.put_text(
            "UPDATE enclave SET mode = $1 WHERE name = $2",
            &grant.target().record.name,
            &mode.to_string(),
        )
        .await
    }

    /// Sets a mode that only takes away.
    pub(crate) async fn tighten_mode(
        &mut self,
        grant: &Authorized<TightenMode>,
        mode: Mode,
    ) -> Result<(), StoreError> {
        self.put_text(
            "UPDATE enclave SET mode = $1 WHERE name = $2",
            &grant.target().record.name,
            &mode.to_string(),
        )
        .await
    }

    /// Lets people in without approval.
    pub(crate) async fn open_enrollment(
        &mut self,
        grant: &Authorized<OpenEnrollment>,
    ) -> Result<(), StoreError> {
        self.put_enrollment(&grant.target().record.name, Enrollment::Open).await
    }

    /// Asks for approval of each.
    pub(crate) async fn close_enrollment(
        &mut self,
        grant: &Authorized<CloseEnrollment>,
    ) -> Result<(), StoreError> {
        self.put_enrollment(&grant.target().record.name, Enrollment::Approval).await
    }

    /// Gives more to use.
    pub(crate) async fn raise_quota(
        &mut self,
        grant: &Authorized<RaiseQuota>,
        quota: Quota,
    ) -> Result<(), StoreError> {
        self.put_text(
            "UPDATE enclave SET quota = $1 WHERE name = $2",
            &grant.target().record.name,
            quota.name(),
        )
        .await
    }

    /// Gives less to use.
    pub(crate) async fn lower_quota(
        &mut self,
        grant: &Authorized<LowerQuota>,
        quota: Quota,
    ) -> Result<(), StoreError> {
        self.put_text(
            "UPDATE enclave SET quota = $1 WHERE name = $2",
            &grant.target().record.name,
            quota.name(),
        )
        .await
    }

    /// Changes the name that is shown for the channel.
    pub(crate) async fn rename_channel(
        &mut self,
        grant: &Authorized<Rename>,
        shown: &str,
    ) -> Result<(), StoreError> {
        self.put_text(
            "UPDATE enclave SET channel_name = $1 WHERE name = $2",
            &grant.target().record.name,
            shown,
        )
        .await
    }

    async fn put_enrollment(&mut self, name: &EnclaveName, enrollment: Enrollment) -> Result<(), StoreError> {
        self.put_text("UPDATE enclave SET enrollment = $1 WHERE name = $2", name, enrollment.name()).await
    }

    async fn put_state(&mut self, name: &EnclaveName, state: State) -> Result<(), StoreError> {
        self.put_text("UPDATE enclave SET state = $1 WHERE name = $2", name, state.name()).await
    }

    pub(in crate::store) async fn put_text(
        &mut self,
        statement: &'static str,
        name: &EnclaveName,
        value: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(statement)
            .bind(holdable(value).into_owned())
            .bind(name.as_str())
            .execute(self.connection())
            .await?;
        self.touch_mirrored(name).await
    }

    pub(super) async fn put_frozen(
        &mut self,
        name: &EnclaveName,
        frozen: Frozen,
    ) -> Result<Frozen, StoreError> {
        let state = if frozen.any() { State::Frozen } else { State::Active };
        sqlx::query(
            "UPDATE enclave SET frozen_owner = $1, frozen_archive = $2, frozen_operator = $3, state = $4 \
             WHERE name = $5",
        )
        .bind(i64::from(frozen.by_owner))
        .bind(i64::from(frozen.by_archive))
        .bind(i64::from(frozen.by_operator))
        .bind(state.name())
        .bind(name.as_str())
        .execute(self.connection())
        .await?;
        self.touch_mirrored(name).await?;
        Ok(frozen)
    }
}

/// Which side freezes or lifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The enclave's owner.
    Owner,
    /// An operator.
    Operator,
}

impl Side {
    /// The side that a call comes from.
    pub(crate) fn of(call: &Call) -> Self {
        if call.operator().is_some() { Self::Operator } else { Self::Owner }
    }

    const fn with(self, frozen: Frozen, holds: bool) -> Frozen {
        match self {
            Self::Owner => Frozen { by_owner: holds, ..frozen },
            Self::Operator => Frozen { by_operator: holds, ..frozen },
        }
    }
}
