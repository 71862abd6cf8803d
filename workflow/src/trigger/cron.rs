//! A trigger that waits for the clock.

use super::needed;
use super::schedule::{Schedule, ScheduleError};
use crate::fields::Fields;
use crate::name::shown;
use crate::nearest::nearest;
use crate::problem::Rule;
use std::time::Duration;

/// A cron trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    /// When it is due.
    pub schedule: Schedule,
    /// Whether a run begins while the one before it is still going on.
    pub overlap: bool,
    /// Whether it is run once, late, for all that was due while the server was away.
    pub catch_up: bool,
    /// A run begins up to this long after it is due, so that not everything begins at the full hour.
    pub jitter: Duration,
}

impl Cron {
    /// The longest jitter.
    pub const LONGEST_JITTER: Duration = Duration::from_secs(600);
}

pub(super) const KEYS: &[&str] = &["schedule", "timezone", "overlap", "catchUp", "jitter"];

pub(super) fn read(fields: &Fields<'_>) -> Option<Cron> {
    let overlap = word(fields, "overlap", "allow or skip", ["allow", "skip"]);
    let catch_up = word(fields, "catchUp", "true or false", ["true", "false"]);
    let jitter = fields.duration("jitter", Cron::LONGEST_JITTER);
    let schedule = schedule(fields)?;
    Some(Cron {
        schedule,
        overlap: overlap.unwrap_or(false),
        catch_up: catch_up.unwrap_or(false),
        jitter: jitter.unwrap_or_default(),
    })
}

fn schedule(fields: &Fields<'_>) -> Option<Schedule> {
    let zone = fields.line("timezone");
    let text = needed(fields, "schedule", "cron")?;
    let name = zone.map_or(Schedule::UTC, |zone| zone.text);
    match Schedule::read(&text, name) {
        Ok(schedule) => Some(schedule),
        Err(ScheduleError::Zone(got)) => {
            let at = zone.map_or(fields.at, |zone| zone.at);
            let zones = Schedule::zones();
            let nearest = nearest(&got, zones.iter().map(String::as_str));
            fields.add(at, Rule::TimeZone { got: shown(&got), nearest });
            None
        }
        Err(why @ (ScheduleError::Pattern(_) | ScheduleError::Never)) => {
            let at = fields.value("schedule").map_or(fields.at, |yaml| yaml.at);
            fields.add(at, Rule::Schedule { got: shown(&text), why });
            None
        }
    }
}

/// Whether the first of two words was chosen.
fn word(
    fields: &Fields<'_>,
    key: &'static str,
    known: &'static str,
    [yes, no]: [&'static str; 2],
) -> Option<bool> {
    let text = fields.text(key)?;
    match text.text {
        word if word == yes => Some(true),
        word if word == no => Some(false),
        other => {
            let nearest = nearest(other, [yes, no]);
            fields.add(text.at, Rule::Word { what: key, got: shown(other), known, nearest });
            None
        }
    }
}
