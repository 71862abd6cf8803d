//! A trigger as the store keeps it, once the tentacle that has it is deployed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use workflow::{Schedule, Scheme, SecretName, Trigger, TriggerKind};

/// What of a trigger is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spec {
    /// The clock.
    Cron(CronSpec),
    /// A call.
    Webhook(HookSpec),
}

/// A cron trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CronSpec {
    pub(crate) schedule: String,
    pub(crate) timezone: String,
    pub(crate) overlap: bool,
    pub(crate) catch_up: bool,
    pub(crate) jitter_ms: i64,
}

/// A webhook trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HookSpec {
    pub(crate) scheme: Scheme,
    pub(crate) secret: SecretName,
    pub(crate) event: Option<String>,
    pub(crate) actions: Vec<String>,
}

impl Spec {
    /// What is kept of a trigger; nothing of one that only waits for people.
    pub(crate) fn of(trigger: &Trigger) -> Option<Self> {
        match &trigger.kind {
            TriggerKind::Manual | TriggerKind::Queue { .. } => None,
            TriggerKind::Cron(cron) => Some(Self::Cron(CronSpec {
                schedule: cron.schedule.text().to_owned(),
                timezone: cron.schedule.zone().to_owned(),
                overlap: cron.overlap,
                catch_up: cron.catch_up,
                jitter_ms: i64::try_from(cron.jitter.as_millis()).unwrap_or_default(),
            })),
            TriggerKind::Webhook(hook) => Some(Self::Webhook(HookSpec {
                scheme: hook.scheme,
                secret: hook.secret.clone(),
                event: hook.event.clone(),
                actions: hook.actions.clone(),
            })),
        }
    }

    /// The kind and the rest, as they are stored.
    pub(crate) fn texts(&self) -> (&'static str, String) {
        // INVARIANT: texts and numbers are always JSON
        match self {
            Self::Cron(cron) => ("cron", serde_json::to_string(cron).unwrap_or_default()),
            Self::Webhook(hook) => ("webhook", serde_json::to_string(hook).unwrap_or_default()),
        }
    }

    /// What was stored.
    pub(crate) fn read(kind: &str, rest: &str) -> Option<Self> {
        match kind {
            "cron" => serde_json::from_str(rest).ok().map(Self::Cron),
            "webhook" => serde_json::from_str(rest).ok().map(Self::Webhook),
            _ => None,
        }
    }
}

/// A moment that is due, and when it is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) due_at: Timestamp,
    pub(crate) fire_at: Timestamp,
}

/// The moments of a cron trigger.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    schedule: Schedule,
    jitter: SignedDuration,
    /// Whose they are: the jitter is another one for each.
    key: String,
}

impl Moments {
    /// The moments of `spec`, whose owner is `key`; `None` for a schedule that no release of ours has stored.
    pub(crate) fn of(spec: &CronSpec, key: String) -> Option<Self> {
        let schedule = Schedule::read(&spec.schedule, &spec.timezone).ok()?;
        Some(Self { schedule, jitter: SignedDuration::from_millis(spec.jitter_ms), key })
    }

    /// The first one after `after`.
    pub(crate) fn next_after(&self, after: Timestamp) -> Option<Moment> {
        Some(self.moment(self.schedule.next_after(after)?))
    }

    /// The last one that is to be done by `now`.
    pub(crate) fn last_until(&self, now: Timestamp) -> Option<Moment> {
        let last = self.moment(self.schedule.last_until(now)?);
        if last.fire_at <= now {
            return Some(last);
        }
        let before = last.due_at.checked_sub(SignedDuration::from_secs(1)).ok()?;
        Some(self.moment(self.schedule.last_until(before)?))
    }

    /// The jitter is the same for whoever computes it, and ends before the next moment comes: their order stays.
    fn moment(&self, due_at: Timestamp) -> Moment {
        let until_next = self.schedule.next_after(due_at).map(|next| next.duration_since(due_at));
        let within = until_next.map_or(self.jitter, |gap| self.jitter.min(gap)).as_millis();
        let digest = Sha256::digest(format!("{} {}", self.key, due_at.as_second()));
        let drawn = digest.iter().take(8).fold(0_u64, |drawn, byte| drawn << 8 | u64::from(*byte));
        let late = u64::try_from(within).ok().and_then(|within| drawn.checked_rem(within)).unwrap_or(0);
        let late = SignedDuration::from_millis(i64::try_from(late).unwrap_or_default());
        Moment { due_at, fire_at: due_at.checked_add(late).unwrap_or(due_at) }
    }
}
