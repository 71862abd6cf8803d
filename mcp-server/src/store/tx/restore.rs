//! An enclave comes back, as its record in git says.

use super::{Tx, holdable, now};
use crate::gate::Authorized;
use crate::gate::act::{Apply, Restore};
use crate::store::record::{AccountId, ChangedBy, ChannelRecord, Enrollment, PersonId, Quota, Verdict};
use crate::store::review::Review;
use crate::store::told::Drift;
use crate::store::{StoreError, row};
use jiff::Timestamp;
use policy::{Frozen, Mode, State};
use uuid::Uuid;
use wire::tools::tentacle::{Metadata, SourceCommit};
use workflow::{Reach, TentacleName};

/// An enclave that comes back.
#[derive(Debug, Clone)]
pub(crate) struct Restored {
    pub(crate) id: Uuid,
    pub(crate) created_at: Timestamp,
    /// The generation of its record: whatever is written from now on is newer.
    pub(crate) generation: i64,
    pub(crate) frozen: Frozen,
    /// `None` where the record had none that could be read: then nobody may anything by it.
    pub(crate) mode: Option<Mode>,
    pub(crate) enrollment: Enrollment,
    pub(crate) quota: Quota,
    pub(crate) drift: Drift,
    pub(crate) review: Review,
    pub(crate) owner: PersonId,
    pub(crate) channel: Option<ChannelRecord>,
    pub(crate) named: Vec<PersonId>,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) bindings: Vec<(AccountId, PersonId)>,
    /// What people are called.
    pub(crate) shown: Vec<(PersonId, String)>,
    pub(crate) tentacles: Vec<RestoredTentacle>,
}

/// A tentacle that comes back: who may do what with it. That it runs is another matter.
#[derive(Debug, Clone)]
pub(crate) struct RestoredTentacle {
    pub(crate) name: TentacleName,
    pub(crate) owner: PersonId,
    pub(crate) mode: Option<Mode>,
    pub(crate) created_at: Timestamp,
    pub(crate) version: String,
    pub(crate) deployed_at: Timestamp,
    /// To show.
    pub(crate) deployed_by: String,
    pub(crate) deployed_via: String,
    pub(crate) deployed_agent: String,
    pub(crate) updated: Option<ChangedBy>,
    pub(crate) description: String,
    pub(crate) metadata: Metadata,
    pub(crate) commit: Option<SourceCommit>,
    pub(crate) reach: Reach,
    /// The number of its version; 0 where nobody wrote it down.
    pub(crate) deploys: i64,
}

/// The deploy of what runs, as the record says that it was. It is filed once, however often its restore goes on.
const FILE_AGAIN: &str = "INSERT INTO deploy_history (id, enclave, tentacle, version, reach, source, asked_by, client, \
     started_at, duration_ms, outcome, step, error, source_commit, number) \
     SELECT $3, enclave, name, version, $4, $5, deployed_by, deployed_via, deployed_at, 0, 'deployed', '', '', source_commit, deploys \
     FROM tentacle WHERE enclave = $1 AND name = $2 AND NOT EXISTS (SELECT 1 FROM deploy_history AS filed \
     WHERE filed.enclave = $1 AND filed.tentacle = $2 AND filed.number = tentacle.deploys)";

impl Tx {
    /// Writes an enclave down as it was, in state provisioning. Bindings that were made anew since, and names that people go by now,
    /// stay as they are.
    pub(crate) async fn restore_enclave(
        &mut self,
        grant: &Authorized<Restore>,
        restored: &Restored,
    ) -> Result<(), StoreError> {
        let name = &grant.target().name;
        sqlx::query("UPDATE generation SET number = $1 WHERE one = 1 AND number < $1")
            .bind(restored.generation)
            .execute(self.connection())
            .await?;
        let generation = self.next_generation().await?;
        let channel = restored.channel.as_ref();
        sqlx::query(
            "INSERT INTO enclave (name, id, changed, mirror_wanted, mirror_made, state, frozen_owner, frozen_archive, frozen_operator, mode, \
             enrollment, quota, drift, owner_issuer, owner_subject, team, channel, channel_name, channel_creator, \
             observed_at, heard_at, created_at, updated_at, review) \
             VALUES ($1, $2, $3, 0, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        )
        .bind(name.as_str())
        .bind(restored.id.to_string())
        .bind(generation)
        .bind(State::Provisioning.name())
        .bind(i64::from(restored.frozen.by_owner))
        .bind(i64::from(restored.frozen.by_archive))
        .bind(i64::from(restored.frozen.by_operator))
        .bind(mode_text(restored.mode))
        .bind(restored.enrollment.name())
        .bind(restored.quota.name())
        .bind(restored.drift.name())
        .bind(&restored.owner.issuer)
        .bind(&restored.owner.subject)
        .bind(channel.map(|channel| channel.team.clone()))
        .bind(channel.map(|channel| channel.id.clone()))
        .bind(channel.map(|channel| holdable(&channel.name).into_owned()))
        .bind(channel.map(|channel| channel.creator.clone()))
        .bind(channel.map(|channel| channel.observed_at.as_millisecond()))
        .bind(channel.map_or(0, |channel| channel.heard_at.as_millisecond()))
        .bind(restored.created_at.as_millisecond())
        .bind(now())
        .bind(restored.review.name())
        .execute(self.connection())
        .await?;
        self.put_those_in(name, channel, &restored.named).await?;
        for verdict in &restored.verdicts {
            self.put_verdict(name, verdict.allowed, verdict).await?;
        }
        for tentacle in &restored.tentacles {
            self.restore_tentacle(grant, tentacle).await?;
        }
        self.restore_people(restored).await
    }

    async fn restore_tentacle(
        &mut self,
        grant: &Authorized<Restore>,
        tentacle: &RestoredTentacle,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO tentacle (enclave, name, owner_issuer, owner_subject, mode, description, version, deployed_by, \
             deployed_via, created_at, deployed_at, reach, source_commit, deploys, metadata, deployed_agent, \
             updated) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        )
        .bind(grant.target().name.as_str())
        .bind(tentacle.name.as_str())
        .bind(&tentacle.owner.issuer)
        .bind(&tentacle.owner.subject)
        .bind(mode_text(tentacle.mode))
        .bind(holdable(&tentacle.description).into_owned())
        .bind(&tentacle.version)
        .bind(holdable(&tentacle.deployed_by).into_owned())
        .bind(&tentacle.deployed_via)
        .bind(tentacle.created_at.as_millisecond())
        .bind(tentacle.deployed_at.as_millisecond())
        .bind(row::reach_text(&tentacle.reach))
        .bind(holdable(&row::commit_text(tentacle.commit.as_ref())).into_owned())
        .bind(tentacle.deploys)
        .bind(holdable(&row::json_text(&tentacle.metadata)).into_owned())
        .bind(&tentacle.deployed_agent)
        .bind(tentacle.updated.as_ref().map(row::json_text).unwrap_or_default())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Files the deploy of what came back under its own number, with whoever deployed it and when. Nothing is pruned by that: what
    /// runs is on record, however long ago that was.
    pub(crate) async fn file_again(
        &mut self,
        grant: &Authorized<Apply>,
        (reach, commit): (&Reach, Option<&SourceCommit>),
    ) -> Result<(), StoreError> {
        let (enclave, name) = (grant.target().record.name.as_str(), grant.target().name.as_str());
        // An older record does not say its number: it is the first that is known.
        sqlx::query("UPDATE tentacle SET deploys = 1 WHERE enclave = $1 AND name = $2 AND deploys = 0")
            .bind(enclave)
            .bind(name)
            .execute(self.connection())
            .await?;
        sqlx::query(FILE_AGAIN)
            .bind(enclave)
            .bind(name)
            .bind(grant.id().to_string())
            .bind(reach.digest())
            .bind(holdable(&SourceCommit::told(commit)).into_owned())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn restore_people(&mut self, restored: &Restored) -> Result<(), StoreError> {
        for (account, person) in &restored.bindings {
            sqlx::query(
                "INSERT INTO binding (team, account, issuer, subject, bound_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(&account.team)
            .bind(&account.user)
            .bind(&person.issuer)
            .bind(&person.subject)
            .bind(now())
            .execute(self.connection())
            .await?;
        }
        for (person, shown) in &restored.shown {
            sqlx::query(
                "INSERT INTO identity (issuer, subject, shown, email) VALUES ($1, $2, $3, '') ON CONFLICT DO NOTHING",
            )
            .bind(&person.issuer)
            .bind(&person.subject)
            .bind(holdable(shown).into_owned())
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }
}

/// A mode as it is kept; one that could not be read stays unreadable, and grants nothing.
fn mode_text(mode: Option<Mode>) -> String {
    mode.map(|mode| mode.to_string()).unwrap_or_default()
}
