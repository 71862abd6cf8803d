//! `what failed`, and since when.

use super::{NotUnderstood, almost};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _, Zoned};

/// Which time is asked about, as the clock goes where they live who ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lately {
    /// The last 24 hours.
    Day,
    /// Since midnight.
    Today,
    /// The day before that.
    Yesterday,
    /// From six in the evening to eight in the morning.
    LastNight,
}

/// What follows `what failed`.
pub(super) fn when(words: &[&str]) -> Result<Lately, NotUnderstood> {
    let joined = words.join(" ");
    Ok(match joined.strip_suffix('?').unwrap_or(&joined).trim_end() {
        "" => Lately::Day,
        "today" => Lately::Today,
        "yesterday" => Lately::Yesterday,
        "last night" => Lately::LastNight,
        _ => return Err(almost("what")),
    })
}

impl Lately {
    /// In words, after `in` or `failed`.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Day => "in the last 24 hours",
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::LastNight => "last night",
        }
    }

    /// From when to when that is at `now`, for clocks that are `offset` seconds ahead of UTC.
    pub(crate) fn at(self, now: Timestamp, offset: i32) -> (Timestamp, Timestamp) {
        let zone = Offset::from_seconds(offset).unwrap_or(Offset::UTC);
        let here = now.to_zoned(TimeZone::fixed(zone));
        let hours = |from: &Zoned, hours: i64| from.saturating_add(hours.hours()).timestamp();
        let Ok(midnight) = here.start_of_day() else { return (hours(&here, -24), now) };
        match self {
            Self::Day => (hours(&here, -24), now),
            Self::Today => (midnight.timestamp(), now),
            Self::Yesterday => (hours(&midnight, -24), midnight.timestamp()),
            Self::LastNight => (hours(&midnight, -6), hours(&midnight, 8).min(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_night_is_that_of_whoever_asks() {
        let at = |lately: Lately, now: &str, offset: i32| {
            let (from, to) = lately.at(now.parse().unwrap(), offset);
            format!("{from} {to}")
        };
        let noon = "2026-03-04T12:00:00Z";
        assert_eq!(at(Lately::Day, noon, 0), "2026-03-03T12:00:00Z 2026-03-04T12:00:00Z");
        assert_eq!(at(Lately::Today, noon, 0), "2026-03-04T00:00:00Z 2026-03-04T12:00:00Z");
        assert_eq!(at(Lately::Yesterday, noon, 0), "2026-03-03T00:00:00Z 2026-03-04T00:00:00Z");
        assert_eq!(at(Lately::LastNight, noon, 0), "2026-03-03T18:00:00Z 2026-03-04T08:00:00Z");
        // At five in the morning it is not over.
        assert_eq!(
            at(Lately::LastNight, "2026-03-04T05:00:00Z", 0),
            "2026-03-03T18:00:00Z 2026-03-04T05:00:00Z"
        );
        // Where it is nine in the morning: eight hours behind, and nine ahead.
        assert_eq!(
            at(Lately::LastNight, "2026-03-04T17:00:00Z", -8 * 3600),
            "2026-03-04T02:00:00Z 2026-03-04T16:00:00Z"
        );
        assert_eq!(
            at(Lately::LastNight, "2026-03-04T00:00:00Z", 9 * 3600),
            "2026-03-03T09:00:00Z 2026-03-03T23:00:00Z"
        );
    }
}
