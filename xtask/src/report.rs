//! The steps of a run: what was done, how long it took, how it ended, and what was left out.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::console;

/// All steps, in their order.
#[derive(Debug)]
pub(crate) struct Report {
    start: Instant,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Passed(Duration),
    Failed(Duration, String),
    LeftOut(String),
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), rows: Vec::new() }
    }

    /// Does a step and records how it ended. A failure does not stop the run: one run shows all failures.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        console::complain(&format!("── {name}"));
        let start = Instant::now();
        let result = work();
        self.record(name, start.elapsed(), result);
    }

    /// Records a step that was done elsewhere.
    pub(crate) fn record(&mut self, name: &str, time: Duration, result: Result<()>) {
        let outcome = match result {
            Ok(()) => Outcome::Passed(time),
            Err(error) => {
                let error = format!("{error:#}");
                console::complain(&format!("── {name} failed: {error}"));
                Outcome::Failed(time, error)
            }
        };
        self.rows.push(Row { name: name.to_owned(), outcome });
    }

    /// Records what this run does not do, and why.
    pub(crate) fn left_out(&mut self, name: &str, why: &str) {
        self.rows.push(Row { name: name.to_owned(), outcome: Outcome::LeftOut(why.to_owned()) });
    }

    /// Prints the table; an error when a step failed.
    pub(crate) fn finish(self) -> Result<()> {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        console::say("");
        for Row { name, outcome } in &self.rows {
            console::say(&match outcome {
                Outcome::Passed(time) => format!("passed    {name:width$}  {}", console::time(*time)),
                Outcome::Failed(time, why) => {
                    format!("FAILED    {name:width$}  {}  {why}", console::time(*time))
                }
                Outcome::LeftOut(why) => format!("left out  {name:width$}  {why}"),
            });
        }
        let failed = self.rows.iter().filter(|row| matches!(row.outcome, Outcome::Failed(..))).count();
        let time = console::time(self.start.elapsed());
        match failed {
            0 => console::say(&format!("all passed in {time}")),
            1 => bail!("1 step failed, in {time}"),
            _ => bail!("{failed} steps failed, in {time}"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn one_failed_step_fails_the_run_but_does_not_stop_it() {
        let mut report = Report::new();
        let mut done = false;
        report.step("first", || Err(anyhow!("broken")));
        report.step("second", || {
            done = true;
            Ok(())
        });
        assert!(done);
        assert!(report.finish().unwrap_err().to_string().starts_with("1 step failed"));
    }

    #[test]
    fn what_is_left_out_is_no_failure() {
        let mut report = Report::new();
        report.step("first", || Ok(()));
        report.left_out("large counts", "only with --full");
        assert!(report.finish().is_ok());
    }
}
