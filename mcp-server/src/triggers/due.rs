//! What is to be done with a trigger that is due. Pure: the clock is a number here.

use super::spec::{Moment, Moments};
use jiff::{SignedDuration, Timestamp};

/// A moment is met as long as this long has not passed since it was to be done.
const ON_TIME: SignedDuration = SignedDuration::from_secs(60);

/// The most missed moments that are counted one by one.
const COUNTED: u32 = 1000;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing yet.
    Wait,
    /// It runs, for this moment; so many before it were missed.
    Fire { at: Moment, missed: u32, next: Option<Moment> },
    /// It does not run: so many moments were missed, `last` the last of them.
    Miss { last: Moment, missed: u32, next: Option<Moment> },
}

/// Decides about everything that has become due since `due_at`, that included, up to `now`.
pub(crate) fn decide(
    moments: &Moments,
    due_at: Timestamp,
    now: Timestamp,
    catch_up: bool,
    frozen: bool,
) -> Verdict {
    let Some(last) = moments.last_until(now).filter(|last| last.due_at >= due_at) else {
        return Verdict::Wait;
    };
    let mut missed = 0;
    let mut at = Some(due_at);
    while let Some(due) = at.filter(|due| *due < last.due_at && missed < COUNTED) {
        missed += 1;
        at = moments.next_after(due).map(|moment| moment.due_at);
    }
    let next = moments.next_after(last.due_at);
    let on_time = now.duration_since(last.fire_at) <= ON_TIME;
    if !frozen && (on_time || catch_up) {
        return Verdict::Fire { at: last, missed, next };
    }
    Verdict::Miss { last, missed: missed + 1, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triggers::spec::CronSpec;

    fn moments(schedule: &str, jitter: i64) -> Moments {
        let spec = CronSpec {
            schedule: schedule.to_owned(),
            timezone: "UTC".to_owned(),
            overlap: false,
            catch_up: false,
            jitter_ms: jitter,
        };
        Moments::of(&spec, "a/b/cron".to_owned()).unwrap()
    }

    fn at(time: &str) -> Timestamp {
        format!("2026-01-05T{time}Z").parse().unwrap()
    }

    /// What is decided at `now`, when 10:00 is due of every five minutes: the moment, the missed ones, the next.
    fn decided(now: &str, catch_up: bool, frozen: bool) -> (&'static str, String, u32) {
        match decide(&moments("*/5 * * * *", 0), at("10:00:00"), at(now), catch_up, frozen) {
            Verdict::Wait => ("wait", String::new(), 0),
            Verdict::Fire { at, missed, .. } => ("fire", at.due_at.to_string(), missed),
            Verdict::Miss { last, missed, .. } => ("miss", last.due_at.to_string(), missed),
        }
    }

    #[test]
    fn what_is_due_fires_on_time_and_else_is_missed() {
        let fire = |time: &str, missed| ("fire", at(time).to_string(), missed);
        let miss = |time: &str, missed| ("miss", at(time).to_string(), missed);
        assert_eq!(decided("09:59:59", false, false).0, "wait");
        assert_eq!(decided("10:00:00", false, false), fire("10:00:00", 0));
        assert_eq!(decided("10:01:00", false, false), fire("10:00:00", 0));
        assert_eq!(decided("10:01:01", false, false), miss("10:00:00", 1));
        assert_eq!(decided("10:15:10", false, false), fire("10:15:00", 3));
        assert_eq!(decided("10:17:00", false, false), miss("10:15:00", 4));
        // caught up once, for all that was missed
        assert_eq!(decided("10:17:00", true, false), fire("10:15:00", 3));
        // what is frozen fires nothing, and catches nothing up
        assert_eq!(decided("10:00:00", true, true), miss("10:00:00", 1));
    }

    #[test]
    fn a_long_absence_is_not_counted_to_its_end() {
        let verdict = decide(
            &moments("* * * * *", 0),
            at("10:00:00"),
            at("10:00:00") + SignedDuration::from_hours(24 * 365),
            false,
            false,
        );
        assert!(matches!(verdict, Verdict::Fire { missed: COUNTED, .. }), "{verdict:?}");
    }

    #[test]
    fn a_jitter_is_the_same_for_everybody_and_keeps_the_order() {
        let (one, other) = (moments("* * * * *", 600_000), moments("* * * * *", 600_000));
        let mut now = at("10:00:00");
        let mut drawn = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let (a, b) = (one.next_after(now).unwrap(), other.next_after(now).unwrap());
            assert_eq!(a, b);
            assert!(a.fire_at < one.next_after(a.due_at).unwrap().due_at, "{a:?}");
            drawn.insert(a.fire_at.duration_since(a.due_at));
            now = a.due_at;
        }
        assert!(drawn.len() > 90, "{drawn:?}");
    }

    #[test]
    fn what_waits_for_its_jitter_is_not_due_yet() {
        let moments = moments("0 * * * *", 600_000);
        let next = moments.next_after(at("09:30:00")).unwrap();
        assert!(next.fire_at > next.due_at);
        let before = next.fire_at - SignedDuration::from_millis(1);
        assert_eq!(decide(&moments, next.due_at, before, false, false), Verdict::Wait);
        assert!(matches!(
            decide(&moments, next.due_at, next.fire_at, false, false),
            Verdict::Fire { missed: 0, .. }
        ));
    }
}
