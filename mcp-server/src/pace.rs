//! How often the server does what nobody asks it for, and for how long it believes what it has fetched.

use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The server's rhythm. [`Pace::default`] is the one that is meant for use; whoever embeds the server may choose
/// another, e.g. to see within a second what otherwise takes minutes.
#[derive(Debug, Clone)]
pub struct Pace {
    /// The issuer's keys.
    pub keys: KeyPace,
    /// How often the trail's head is signed, where there is something new.
    pub sign_every: Duration,
    /// How often what was interrupted is looked for.
    pub reconcile_every: Duration,
    /// How often it is looked whether enclaves' records have to be written to the state repo.
    pub records_every: Duration,
    /// How often it is looked what is new in the state repo, where no flag says it.
    pub git_every: Duration,
    /// How often it is looked how reviews stand, where an enclave wants them.
    pub reviews_every: Duration,
    /// For this long an enclave that somebody is making or removing is left to them.
    pub left_alone: Duration,
    /// How often the clock is looked at, and which.
    pub triggers: TriggerPace,
    /// For how long a call waits when as many are worked on as may be; then it is told to come again.
    pub turn_within: Duration,
}

/// How tentacles are run by the clock.
#[derive(Clone)]
pub struct TriggerPace {
    /// How often at least it is looked at. What is known to be due earlier is done earlier; this is how late something may
    /// be of which another replica was told.
    pub look_every: Duration,
    /// The clock by which it is told what is due.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Default for TriggerPace {
    fn default() -> Self {
        Self { look_every: Duration::from_secs(5), now: Arc::new(Timestamp::now) }
    }
}

impl fmt::Debug for TriggerPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TriggerPace").field("look_every", &self.look_every).finish_non_exhaustive()
    }
}

/// How the issuer's keys are kept fresh.
#[derive(Clone)]
pub struct KeyPace {
    /// After this long without a good fetch no token is believed any more.
    pub max_age: Duration,
    /// How often the keys are fetched without being asked for.
    pub refresh_every: Duration,
    /// How often at most an unknown key makes us fetch: a stranger's tokens must not make us a nuisance to the issuer.
    pub refetch_at_most_every: Duration,
    /// The clock by which age is told.
    pub now: Arc<dyn Fn() -> Instant + Send + Sync>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            keys: KeyPace::default(),
            sign_every: Duration::from_secs(1),
            reconcile_every: Duration::from_secs(30),
            records_every: Duration::from_secs(1),
            git_every: Duration::from_secs(60),
            reviews_every: Duration::from_secs(60),
            left_alone: Duration::from_secs(60),
            triggers: TriggerPace::default(),
            turn_within: Duration::from_secs(5),
        }
    }
}

impl Default for KeyPace {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(600),
            refresh_every: Duration::from_secs(120),
            refetch_at_most_every: Duration::from_secs(5),
            now: Arc::new(Instant::now),
        }
    }
}

impl KeyPace {
    /// How long ago `then` was.
    pub(crate) fn since(&self, then: Instant) -> Duration {
        (self.now)().saturating_duration_since(then)
    }
}

impl fmt::Debug for KeyPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPace")
            .field("max_age", &self.max_age)
            .field("refresh_every", &self.refresh_every)
            .field("refetch_at_most_every", &self.refetch_at_most_every)
            .finish_non_exhaustive()
    }
}
