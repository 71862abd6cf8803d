//! How often Slack lets an app call each method: so many times a minute and no burst beyond it, which is the least that Slack promises.
//! Not held to unless a test says so. <https://docs.slack.dev/apis/web-api/rate-limits>

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::fault::Fault;

/// What the limits are counted over.
const MINUTE: Duration = Duration::from_secs(60);

/// The calls of the last minute.
#[derive(Default)]
pub(crate) struct Tiers {
    are_held: AtomicBool,
    calls: Mutex<BTreeMap<String, VecDeque<Instant>>>,
}

impl Tiers {
    /// From now on the app is held to them, or not.
    pub(super) fn hold(&self, are_held: bool) {
        self.are_held.store(are_held, Ordering::Relaxed);
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Counts a call; refuses it where there were too many within a minute, and says after how many seconds there is room.
    pub(super) fn pass(&self, method: &str, now: Instant) -> Result<(), Fault> {
        let Some(most) = a_minute(method).filter(|_| self.are_held.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = calls.entry(method.to_owned()).or_default();
        while calls.front().is_some_and(|first| now.duration_since(*first) >= MINUTE) {
            calls.pop_front();
        }
        match calls.front() {
            Some(first) if calls.len() >= most => {
                let wait = MINUTE.saturating_sub(now.duration_since(*first));
                Err(Fault::RateLimited(wait.as_secs() + 1))
            }
            _ => {
                calls.push_back(now);
                Ok(())
            }
        }
    }
}

/// How many calls a minute the method's tier promises; none where Slack has a rule of its own for it.
fn a_minute(method: &str) -> Option<usize> {
    Some(match method {
        "apps.connections.open" => 1,
        "chat.startStream"
        | "chat.stopStream"
        | "conversations.archive"
        | "conversations.create"
        | "conversations.list"
        | "conversations.rename"
        | "conversations.setTopic"
        | "conversations.unarchive"
        | "reactions.remove"
        | "users.list" => 20,
        "bots.info"
        | "chat.delete"
        | "chat.update"
        | "conversations.history"
        | "conversations.info"
        | "conversations.invite"
        | "conversations.join"
        | "conversations.kick"
        | "conversations.leave"
        | "conversations.open"
        | "conversations.replies"
        | "reactions.add"
        | "reactions.get"
        | "team.info"
        | "users.conversations"
        | "users.lookupByEmail" => 50,
        "chat.appendStream"
        | "chat.postEphemeral"
        | "conversations.members"
        | "users.info"
        | "views.open"
        | "views.publish"
        | "views.push"
        | "views.update" => 100,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_room_for_what_the_tier_promises_and_says_when_there_is_more() {
        let (tiers, begin) = (Tiers::default(), Instant::now());
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        for _ in 0..100 {
            tiers.pass("users.list", begin).unwrap();
        }
        tiers.hold(true);
        for second in 0..20 {
            tiers.pass("users.list", at(second)).unwrap();
        }
        assert_eq!(tiers.pass("users.list", at(30)), Err(Fault::RateLimited(31)));
        tiers.pass("users.info", at(30)).unwrap();
        tiers.pass("users.list", at(60)).unwrap();
        assert_eq!(tiers.pass("users.list", at(60)), Err(Fault::RateLimited(2)));
        tiers.pass("auth.test", at(60)).unwrap();
    }
}
