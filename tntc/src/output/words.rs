//! Words for values.

use jiff::{Timestamp, Unit};

/// A list, or nothing.
pub(crate) fn list(words: &[String]) -> String {
    words.join(", ")
}

/// A time, to the second.
pub(crate) fn time(at: Timestamp) -> String {
    at.round(Unit::Second).unwrap_or(at).to_string()
}

/// Milliseconds as seconds.
pub(crate) fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

/// How many of something.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_easily() {
        assert_eq!(time("2026-01-02T03:04:05.678Z".parse().unwrap()), "2026-01-02T03:04:06Z");
        assert_eq!([0, 90, 1234, 61_000].map(seconds), ["0.0 s", "0.0 s", "1.2 s", "61.0 s"]);
        assert_eq!([0, 1, 2].map(|n| count(n, "page", "pages")), ["0 pages", "1 page", "2 pages"]);
    }
}
