//! When the clock runs a tentacle: cron's five fields, read in a time zone.

use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, Weekday};
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use std::fmt;

/// A schedule: at which moments something is due.
///
/// Where clocks change, croner's rules hold: a fixed time that a clock jumps over is due when it arrives, and one that
/// comes twice is due once; a schedule with a wildcard or a step follows the clock as it goes.
#[derive(Clone)]
pub struct Schedule {
    text: String,
    zone: String,
    cron: Box<Cron>,
    time_zone: TimeZone,
}

/// Why a text is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not cron's five fields.
    #[error("{0}")]
    Pattern(String),
    /// Correct, and never due.
    #[error("it is never due")]
    Never,
    /// No time zone of the IANA database.
    #[error("`{0}` is no time zone")]
    Zone(String),
}

/// The most characters of a schedule.
const LONGEST: usize = 200;

impl Schedule {
    /// The time zone where none is given.
    pub const UTC: &str = "UTC";

    /// Reads a schedule of five fields (or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`) in a time zone of the
    /// IANA database, which is part of this program: what is due does not depend on the machine.
    ///
    /// # Errors
    /// When one of them is none, or nothing would ever be due.
    pub fn read(text: &str, zone: &str) -> Result<Self, ScheduleError> {
        let unknown = || ScheduleError::Zone(zone.to_owned());
        let time_zone = TimeZoneDatabase::bundled().get(zone).map_err(|_| unknown())?;
        let zone = time_zone.iana_name().ok_or_else(unknown)?.to_owned();
        if text.chars().count() > LONGEST {
            return Err(ScheduleError::Pattern(format!("it has more than {LONGEST} characters")));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| ScheduleError::Pattern(in_words(&error)))?;
        if !is_ever_due(&cron) {
            return Err(ScheduleError::Never);
        }
        Ok(Self { text: text.trim().to_owned(), zone, cron: Box::new(cron), time_zone })
    }

    /// The first moment after `after` at which it is due.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after = after.to_zoned(self.time_zone.clone());
        self.cron.find_next_occurrence(&after, false).ok().map(|due| due.timestamp())
    }

    /// The last moment at which it was due, up to `until` and that included.
    #[must_use]
    pub fn last_until(&self, until: Timestamp) -> Option<Timestamp> {
        let until = until.to_zoned(self.time_zone.clone());
        self.cron.find_previous_occurrence(&until, true).ok().map(|due| due.timestamp())
    }

    /// The fields, as they were written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The time zone's name.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// The names of all time zones.
    pub(super) fn zones() -> Vec<String> {
        TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
    }
}

/// Whether there is a day that it names. Days and weekdays come again after 28 years; the library itself would look as far
/// as the year 5000 before it gives up.
fn is_ever_due(cron: &Cron) -> bool {
    let first = Date::constant(2000, 1, 1);
    let days = first.series(1.day()).take_while(|day| day.year() < 2028);
    let parts = days.filter_map(|day| {
        let number = |part: i8| u32::try_from(part).ok();
        Some((i32::from(day.year()), number(day.month())?, number(day.day())?, day.weekday()))
    });
    let mut parts = parts.filter(|(_, month, ..)| cron.pattern.month_match(*month).unwrap_or(false));
    parts.any(|(year, month, day, weekday)| {
        let weekday = u32::try_from(weekday.to_sunday_zero_offset()).unwrap_or_default();
        cron.pattern.day_match(year, month, day, Weekday::from_days_from_sunday(weekday)).unwrap_or(false)
    })
}

/// The library's message in the house's words: no full stop, no capital.
fn in_words(error: &CronError) -> String {
    let (CronError::InvalidPattern(told)
    | CronError::IllegalCharacters(told)
    | CronError::ComponentError(told)) = error
    else {
        return "it is empty or never due".to_owned();
    };
    let told = told.trim().trim_end_matches('.');
    let mut letters = told.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.zone) == (&other.text, &other.zone)
    }
}

impl Eq for Schedule {}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({self})")
    }
}

/// The fields and the time zone, for people.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(text: &str, zone: &str, after: &str) -> String {
        let schedule = Schedule::read(text, zone).unwrap();
        schedule.next_after(after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_time_zone_says_when_it_is_nine_o_clock() {
        assert_eq!(due("0 9 * * MON-FRI", "UTC", "2026-03-06T09:00:00Z"), "2026-03-09T09:00:00Z");
        assert_eq!(due("0 9 * * *", "Europe/Berlin", "2026-01-01T00:00:00Z"), "2026-01-01T08:00:00Z");
        assert_eq!(due("0 9 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z"), "2026-07-01T07:00:00Z");
        assert_eq!(due("@daily", "America/New_York", "2026-07-01T04:00:00Z"), "2026-07-02T04:00:00Z");
    }

    #[test]
    fn where_clocks_change_a_fixed_time_is_due_once() {
        // 02:30 does not exist on the 29th of March 2026 in Berlin, and comes twice on the 25th of October.
        let schedule = Schedule::read("30 2 * * *", "Europe/Berlin").unwrap();
        let count = |from: &str, to: &str| {
            let (mut at, to): (Timestamp, Timestamp) = (from.parse().unwrap(), to.parse().unwrap());
            let mut count = 0;
            while let Some(due) = schedule.next_after(at).filter(|due| *due < to) {
                (at, count) = (due, count + 1);
            }
            count
        };
        assert_eq!(count("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"), 3);
        assert_eq!(count("2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z"), 3);
    }

    #[test]
    fn the_last_one_is_found_too_and_fractions_count_for_nothing() {
        let schedule = Schedule::read("*/5 * * * *", "UTC").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(schedule.last_until(at("2026-01-01T00:04:59.9Z")), Some(at("2026-01-01T00:00:00Z")));
        assert_eq!(schedule.last_until(at("2026-01-01T00:05:00Z")), Some(at("2026-01-01T00:05:00Z")));
        assert_eq!(schedule.next_after(at("2026-01-01T00:05:00.3Z")), Some(at("2026-01-01T00:10:00Z")));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "0 0 * * * * 2030",
            "61 * * * *",
            "@every 5m",
            "@reboot",
            "TZ=UTC * * * * *",
        ] {
            let refused = Schedule::read(text, "UTC").unwrap_err();
            assert!(matches!(refused, ScheduleError::Pattern(_)), "{text}: {refused:?}");
        }
        assert_eq!(Schedule::read("0 0 30 2 *", "UTC").unwrap_err(), ScheduleError::Never);
        assert_eq!(Schedule::read("0 0 31 2,4,6,9,11 *", "UTC").unwrap_err(), ScheduleError::Never);
        assert_eq!(due("0 0 * 2 MON#5", "UTC", "2026-01-01T00:00:00Z"), "2044-02-29T00:00:00Z");
        assert_eq!(Schedule::read("* * * * *", "CEST"), Err(ScheduleError::Zone("CEST".to_owned())));
        let long = "1,".repeat(LONGEST);
        assert!(Schedule::read(&format!("{long}2 * * * *"), "UTC").is_err());
    }
}
