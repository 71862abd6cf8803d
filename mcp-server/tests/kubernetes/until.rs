//! Waiting for what must happen.

use std::time::{Duration, Instant};

/// How long a test waits: the servers are real, the machine may be busy, and what did not work at once is tried again after
/// a minute, and then every half a minute.
const PATIENCE: Duration = Duration::from_secs(300);

/// Waits until `holds`.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
