//! Triggers: put in place with a version, and settled moment by moment.

use super::{Tx, now};
use crate::call::TriggerRef;
use crate::gate::act::{Apply, TriggerRun};
use crate::gate::{Authorized, MayRun};
use crate::store::StoreError;
use crate::store::history::{LONGEST_RUN, RunOutcome};
use crate::triggers::{Moment, Moments, Spec};
use jiff::Timestamp;
use sqlx::Row;
use std::collections::BTreeMap;
use uuid::Uuid;
use workflow::Trigger;

/// How long settled moments are kept, in milliseconds: longer than any clock is set back.
const TICKS: i64 = 2 * 24 * 3600 * 1000;

/// For this long a channel hears no more of a trigger that fails, in milliseconds.
const TOLD: i64 = 3600 * 1000;

/// What came of the attempt to have a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is ours, and nobody else's.
    Ours,
    /// The trigger has moved on, or is gone.
    Moved,
    /// Somebody has had this moment before.
    Taken,
}

/// How a trigger moves on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// What it waited for.
    pub(crate) due_at: Timestamp,
    /// The moment that it is run for.
    pub(crate) at: Moment,
    /// What it waits for from then on.
    pub(crate) next: Option<Moment>,
}

/// Moments at which nothing ran, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unmet {
    pub(crate) outcome: RunOutcome,
    pub(crate) why: &'static str,
    pub(crate) last: Timestamp,
    pub(crate) moments: u32,
}

impl Tx {
    /// Puts the triggers of the version that runs now in place of those of the one before. One that is the same goes on
    /// where it was; whatever is new is due from `now` on.
    pub(crate) async fn put_triggers(
        &mut self,
        grant: &Authorized<Apply>,
        triggers: &[Trigger],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (enclave, tentacle) = (&grant.target().record.name, &grant.target().name);
        let rows =
            sqlx::query("SELECT name, kind, spec FROM tentacle_trigger WHERE enclave = $1 AND tentacle = $2")
                .bind(enclave.as_str())
                .bind(tentacle.as_str())
                .fetch_all(self.connection())
                .await?;
        let mut before = BTreeMap::new();
        for row in rows {
            let (name, kind, spec): (String, String, String) =
                (row.try_get("name")?, row.try_get("kind")?, row.try_get("spec")?);
            before.insert(name, (kind, spec));
        }
        for trigger in triggers {
            let Some(spec) = Spec::of(trigger) else { continue };
            let (kind, text) = spec.texts();
            if before.get(trigger.name.as_str()).is_some_and(|had| had.0 == kind && had.1 == text) {
                before.remove(trigger.name.as_str());
                continue;
            }
            let (enclave, tentacle, name) = (enclave.clone(), tentacle.clone(), trigger.name.clone());
            let of = TriggerRef { enclave, tentacle, name };
            self.put_trigger(&of, &spec, now).await?;
            before.remove(trigger.name.as_str());
        }
        for name in before.into_keys() {
            sqlx::query("DELETE FROM tentacle_trigger WHERE enclave = $1 AND tentacle = $2 AND name = $3")
                .bind(enclave.as_str())
                .bind(tentacle.as_str())
                .bind(name)
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    async fn put_trigger(&mut self, of: &TriggerRef, spec: &Spec, now: Timestamp) -> Result<(), StoreError> {
        let first = match spec {
            Spec::Cron(cron) => Moments::of(cron, of.to_string()).and_then(|moments| moments.next_after(now)),
            Spec::Webhook(_) => None,
        };
        let (kind, text) = spec.texts();
        sqlx::query(
            "INSERT INTO tentacle_trigger (enclave, tentacle, name, kind, spec, due_at, fire_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (enclave, tentacle, name) DO UPDATE SET \
             kind = excluded.kind, spec = excluded.spec, due_at = excluded.due_at, fire_at = excluded.fire_at",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .bind(of.name.as_str())
        .bind(kind)
        .bind(text)
        .bind(first.map(|moment| moment.due_at.as_millisecond()))
        .bind(first.map(|moment| moment.fire_at.as_millisecond()))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Takes the step's moment for the run that `grant` allows; the trigger waits for the next one from now on. Only where it still
    /// waits for what it waited for: of all who try, one has it.
    pub(crate) async fn claim(
        &mut self,
        grant: &Authorized<TriggerRun>,
        of: &TriggerRef,
        step: Step,
    ) -> Result<Claim, StoreError> {
        let Step { due_at, at, next } = step;
        if !self.advance(of, due_at, next, Some(grant.id())).await? {
            return Ok(Claim::Moved);
        }
        let ticked = sqlx::query(
            "INSERT INTO trigger_tick (enclave, tentacle, name, due_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .bind(of.name.as_str())
        .bind(at.due_at.as_millisecond())
        .execute(self.connection())
        .await?;
        sqlx::query(
            "DELETE FROM trigger_tick WHERE enclave = $1 AND tentacle = $2 AND name = $3 AND due_at < $4",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .bind(of.name.as_str())
        .bind(at.due_at.as_millisecond() - TICKS)
        .execute(self.connection())
        .await?;
        Ok(if ticked.rows_affected() == 1 { Claim::Ours } else { Claim::Taken })
    }

    /// The trigger waits for `next` from now on, where it still waits for `due_at`; tells whether it did. Scheduling is no
    /// right: nobody is asked for it.
    pub(crate) async fn pass_over(
        &mut self,
        of: &TriggerRef,
        due_at: Timestamp,
        next: Option<Moment>,
        unmet: Option<Unmet>,
    ) -> Result<bool, StoreError> {
        let moved = self.advance(of, due_at, next, None).await?;
        if let Some(unmet) = unmet.filter(|_| moved) {
            self.note(of, unmet).await?;
        }
        Ok(moved)
    }

    async fn advance(
        &mut self,
        of: &TriggerRef,
        due_at: Timestamp,
        next: Option<Moment>,
        run: Option<Uuid>,
    ) -> Result<bool, StoreError> {
        let moved = sqlx::query(
            "UPDATE tentacle_trigger SET due_at = $5, fire_at = $6, running = CASE WHEN $7 = '' THEN running ELSE $7 END \
             WHERE enclave = $1 AND tentacle = $2 AND name = $3 AND due_at = $4",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .bind(of.name.as_str())
        .bind(due_at.as_millisecond())
        .bind(next.map(|moment| moment.due_at.as_millisecond()))
        .bind(next.map(|moment| moment.fire_at.as_millisecond()))
        .bind(run.map(|id| id.to_string()).unwrap_or_default())
        .execute(self.connection())
        .await?;
        Ok(moved.rows_affected() == 1)
    }

    /// Writes down that nothing ran; one stretch of the same kind is one record.
    pub(crate) async fn note(&mut self, of: &TriggerRef, unmet: Unmet) -> Result<(), StoreError> {
        let longer = sqlx::query(
            "UPDATE run_history SET moments = moments + $6, due_at = $7 WHERE outcome = $4 AND error = $5 AND id = \
             (SELECT id FROM run_history WHERE enclave = $1 AND tentacle = $2 AND cause = $3 ORDER BY id DESC LIMIT 1)",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .bind(of.name.as_str())
        .bind(unmet.outcome.name())
        .bind(unmet.why)
        .bind(i64::from(unmet.moments))
        .bind(unmet.last.as_millisecond())
        .execute(self.connection())
        .await?;
        if longer.rows_affected() > 0 {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO run_history (id, enclave, tentacle, version, cause, asked_by, due_at, started_at, duration_ms, \
             outcome, moments, nodes, error) SELECT $4, enclave, name, version, $3, $5, $6, $7, 0, $8, $9, '[]', $10 \
             FROM tentacle WHERE enclave = $1 AND name = $2",
        )
        .bind(of.enclave.as_str())
        .bind(of.tentacle.as_str())
        .bind(of.name.as_str())
        .bind(Uuid::now_v7().to_string())
        .bind(format!("trigger {}", of.name))
        .bind(unmet.last.as_millisecond())
        .bind(now())
        .bind(unmet.outcome.name())
        .bind(i64::from(unmet.moments))
        .bind(unmet.why)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// A run that is on record waits for its turn still: it begins now at the earliest.
    pub(crate) async fn run_waits(&mut self, grant: &Authorized<TriggerRun>) -> Result<(), StoreError> {
        let effect = "UPDATE open_effect SET since = $2 WHERE id = $1";
        let run = "UPDATE run_history SET started_at = $2 WHERE id = $1 AND outcome = 'running'";
        for statement in [effect, run] {
            sqlx::query(statement)
                .bind(grant.id().to_string())
                .bind(now())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }

    /// Whether a run is still going on, as far as anybody can know.
    pub(crate) async fn is_going_on(&mut self, run: &str) -> Result<bool, StoreError> {
        let longest = i64::try_from(LONGEST_RUN.as_millis()).unwrap_or(i64::MAX);
        let found = sqlx::query("SELECT id FROM open_effect WHERE id = $1 AND since > $2")
            .bind(run)
            .bind(now() - longest)
            .fetch_optional(self.connection())
            .await?;
        Ok(found.is_some())
    }

    /// Whether a trigger fails that did not fail before, and nobody was told of lately; from now on somebody is.
    pub(crate) async fn fails_now(&mut self, grant: &dyn MayRun, cause: &str) -> Result<bool, StoreError> {
        let (enclave, tentacle) = (grant.target().record.name.as_str(), grant.target().name.as_str());
        let before = sqlx::query(
            "SELECT outcome FROM run_history WHERE enclave = $1 AND tentacle = $2 AND cause = $3 AND id < $4 \
             AND outcome IN ('succeeded', 'failed') ORDER BY id DESC LIMIT 1",
        )
        .bind(enclave)
        .bind(tentacle)
        .bind(cause)
        .bind(grant.id().to_string())
        .fetch_optional(self.connection())
        .await?;
        let before: Option<String> = before.map(|row| row.try_get("outcome")).transpose()?;
        if before.as_deref() == Some(RunOutcome::Failed.name()) {
            return Ok(false);
        }
        let told = sqlx::query(
            "UPDATE tentacle_trigger SET told_at = $4 WHERE enclave = $1 AND tentacle = $2 AND name = $3 AND told_at < $5",
        )
        .bind(enclave)
        .bind(tentacle)
        .bind(cause)
        .bind(now())
        .bind(now() - TOLD)
        .execute(self.connection())
        .await?;
        Ok(told.rows_affected() > 0)
    }
}
