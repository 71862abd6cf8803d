//! Slack's time stamps: the time of a message in microseconds, and its name within the channel.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Microseconds since 1970, written as `1763812345.000100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Ts(u64);

/// A text that is not a time stamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time stamp: expected seconds, a dot and six digits")]
pub(crate) struct ParseTsError(String);

impl Ts {
    /// The time stamp for `now`, later than all that were given before.
    pub(crate) fn after(last: Self, now: Timestamp) -> Self {
        let now = u64::try_from(now.as_microsecond()).unwrap_or_default();
        Self(now.max(last.0 + 1))
    }

    /// Whole seconds.
    pub(crate) fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The time it stands for.
    pub(crate) fn time(self) -> Timestamp {
        let micros = i64::try_from(self.0).unwrap_or(i64::MAX);
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// The form in a link to the message: `p1763812345000100`.
    pub(crate) fn in_link(self) -> String {
        format!("p{}{:06}", self.seconds(), self.0 % 1_000_000)
    }

    /// Reads a bound of a range: like a time stamp, but the fraction may have any length or be missing.
    pub(crate) fn bound(text: &str) -> Result<Self, ParseTsError> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
        format!("{seconds}.{fraction}").parse().map_err(|_| ParseTsError(text.to_owned()))
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.seconds(), self.0 % 1_000_000)
    }
}

impl FromStr for Ts {
    type Err = ParseTsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseTsError(text.chars().take(40).collect());
        let (seconds, micros) = text.split_once('.').ok_or_else(error)?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if micros.len() != 6 || seconds.len() > 11 || !digits(seconds) || !digits(micros) {
            return Err(error());
        }
        let number = |text: &str| text.parse::<u64>().map_err(|_| error());
        Ok(Self(number(seconds)? * 1_000_000 + number(micros)?))
    }
}

impl From<Ts> for String {
    fn from(ts: Ts) -> Self {
        ts.to_string()
    }
}

impl TryFrom<String> for Ts {
    type Error = ParseTsError;

    fn try_from(text: String) -> Result<Self, ParseTsError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stamp_is_written_as_it_is_read() {
        let ts: Ts = "1763812345.000100".parse().unwrap();
        assert_eq!(ts.to_string(), "1763812345.000100");
        assert_eq!(ts.in_link(), "p1763812345000100");
        assert_eq!(ts.seconds(), 1_763_812_345);
        for text in
            ["", "1763812345", "1763812345.1", "1763812345.0001000", "-1.000000", "a.000000", "1.00000x"]
        {
            assert!(text.parse::<Ts>().is_err(), "{text}");
        }
    }

    #[test]
    fn two_in_the_same_microsecond_differ() {
        let now = Timestamp::from_microsecond(5_000_000).unwrap();
        let first = Ts::after(Ts::default(), now);
        let second = Ts::after(first, now);
        assert_eq!((first.to_string(), second.to_string()), ("5.000000".into(), "5.000001".into()));
    }

    #[test]
    fn a_bound_may_be_short() {
        assert_eq!(Ts::bound("5").unwrap().to_string(), "5.000000");
        assert_eq!(Ts::bound("5.25").unwrap().to_string(), "5.250000");
        assert!(Ts::bound("yesterday").is_err());
    }
}
