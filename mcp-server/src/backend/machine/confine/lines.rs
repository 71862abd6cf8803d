//! Reading what a sandbox says, in bounded memory and at a bounded pace, whatever it says.

use crate::backend::cutter::Cutter;
use crate::backend::log_line::LogLine;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How much is read in a second. More waits in the pipe, and then with whoever writes it: the engine leaves out lines
/// when nobody reads them.
const PACE: usize = 1024 * 1024;

/// How many of the last lines are kept, and how much of each, to say how something ended.
const KEPT: usize = 10;
const KEPT_OF_EACH: usize = 500;

/// The last lines that a sandbox said.
#[derive(Debug, Clone, Default)]
pub(super) struct Last(Arc<Mutex<VecDeque<String>>>);

impl Last {
    fn push(&self, line: &str) {
        let line = LogLine::read(line);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line.message().chars().take(KEPT_OF_EACH).collect());
    }

    /// How something ended, and what it said before.
    pub(super) fn after(&self, how: &str) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said: Vec<&str> = lines.iter().map(String::as_str).collect();
        if said.is_empty() { how.to_owned() } else { format!("{} ({how})", said.join("\n")) }
    }
}

/// Passes on lines until there are no more, or nobody takes them.
pub(super) async fn pass_on(mut from: impl AsyncRead + Unpin, to: mpsc::Sender<String>, last: Last) {
    let mut cutter = Cutter::default();
    let mut part = [0; 16 * 1024];
    let (mut second, mut read) = (Instant::now(), 0);
    loop {
        let count = match from.read(&mut part).await {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        for line in cutter.cut(part.get(..count).unwrap_or_default()) {
            last.push(&line);
            if to.send(line).await.is_err() {
                return;
            }
        }
        read += count;
        if read >= PACE {
            tokio::time::sleep_until(second + Duration::from_secs(1)).await;
            (second, read) = (Instant::now(), 0);
        }
    }
    if let Some(line) = cutter.rest() {
        last.push(&line);
        // Nobody may be there to take it.
        let _ = to.send(line).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::cutter::LONGEST;

    #[tokio::test]
    async fn lines_pass_whole_and_an_endless_one_is_cut() {
        let text = format!("one\n\ntwo\n{}\nlast", "x".repeat(3 * LONGEST));
        let (to, mut lines) = mpsc::channel(16);
        let last = Last::default();
        pass_on(text.as_bytes(), to, last.clone()).await;
        let mut got = Vec::new();
        while let Some(line) = lines.recv().await {
            got.push(line);
        }
        assert_eq!(got[..2], ["one", "two"]);
        assert_eq!((got[2].len(), got[3].as_str(), got.len()), (LONGEST, "last", 4));
        assert!(last.after("ended").ends_with("\nlast (ended)"));
    }
}
