//! The one place that writes to the terminal, a whole line at a time, so that what runs side by side stays readable.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's command talks to its terminal")]

use std::time::Duration;

/// Writes a result: what was asked for, and what a script may read.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Writes what is going on, or what went wrong.
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}

/// `0.4 s`, `35 s`, `6 min 32 s`.
pub(crate) fn time(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_exact_as_it_is_short() {
        let shown = [400, 9_990, 35_400, 392_000].map(|millis| time(Duration::from_millis(millis)));
        assert_eq!(shown, ["0.4 s", "10.0 s", "35 s", "6 min 32 s"]);
    }
}
