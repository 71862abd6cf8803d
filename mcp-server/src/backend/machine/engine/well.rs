//! Whether a sidecar is well: only what is within its sandbox can ask it, so that the engine does. One that hangs is ended, after as
//! long as on a cluster, and what comes after that is what comes after every end of a sidecar: the next run gets a new sandbox.

use super::Beside;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::task::AbortOnDropHandle;
use url::form_urlencoded;
use workflow::Sidecar;

/// How long the engine may take to say it. It waits for five seconds itself.
const SAID_WITHIN: Duration = Duration::from_secs(7);

/// Whom to ask.
#[derive(Debug, Clone)]
pub(super) struct Inquiry {
    pub(super) client: reqwest::Client,
    pub(super) token: SecretString,
}

impl Inquiry {
    /// Whether a sidecar is well, as its engine finds it; nothing where that does not say so in time.
    pub(super) async fn is_well(&self, sidecar: &Sidecar, within: Duration) -> Option<bool> {
        let mut at = "http://engine/beside?port=".to_owned() + &sidecar.port.to_string();
        if let Some(path) = &sidecar.health_path {
            let path: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
            at = format!("{at}&path={path}");
        }
        let asked = self.client.get(at).bearer_auth(self.token.expose_secret()).timeout(within).send().await;
        match asked.ok()?.status().as_u16() {
            200 => Some(true),
            503 => Some(false),
            _ => None,
        }
    }

    /// Asks it every so often for as long as the answer is held, and ends it when it hangs.
    pub(super) fn watch(&self, beside: &Beside, every: Duration) -> AbortOnDropHandle<()> {
        let (asks, sidecar, ender) = (self.clone(), beside.sidecar.clone(), beside.sandbox.ender());
        AbortOnDropHandle::new(tokio::spawn(async move {
            asks.until_it_hangs(&sidecar, every).await;
            ender.end(hangs(&sidecar));
        }))
    }

    /// An engine that says nothing is no word against a sidecar: whoever waits for the engine finds out.
    async fn until_it_hangs(&self, sidecar: &Sidecar, every: Duration) {
        // As a cluster does it: from one question to the next, however long the answer takes.
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut missed = 0;
        while missed < Sidecar::BELIEVED_AFTER {
            ticks.tick().await;
            match self.is_well(sidecar, SAID_WITHIN).await {
                Some(true) => missed = 0,
                Some(false) => missed += 1,
                None => {}
            }
        }
    }
}

fn hangs(sidecar: &Sidecar) -> String {
    let (times, port) = (Sidecar::BELIEVED_AFTER, sidecar.port);
    match &sidecar.health_path {
        Some(path) => {
            format!("it hangs: {times} times in a row it did not say at port {port}, {path}, that it is well")
        }
        None => format!("it hangs: {times} times in a row it took no connection at its port {port}"),
    }
}
