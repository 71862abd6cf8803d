//! Somebody who runs a tentacle again and again while something else is done to it.

use crate::site::call;
use crate::until::until;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::task::JoinHandle;

/// Runs `hello` all the time, until it is asked how that went.
pub(crate) struct Asking {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU32>,
    runs: JoinHandle<Vec<String>>,
}

impl Asking {
    pub(crate) fn start(endpoint: &str, token: &str, enclave: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (endpoint, token, stopped) = (endpoint.to_owned(), token.to_owned(), Arc::clone(&stop));
        let answered = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&answered);
        let wanted = json!({"enclave": enclave, "name": "hello"});
        let runs = tokio::spawn(async move {
            let mut failed = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                match call(&endpoint, &token, "wf_run", wanted.clone()).await {
                    Ok(ran) if ran["success"] == true => _ = count.fetch_add(1, Ordering::Relaxed),
                    other => failed.push(format!("{other:?}")),
                }
            }
            failed
        });
        Self { stop, answered, runs }
    }

    /// Waits until two more were answered: the second of them began after this was asked.
    pub(crate) async fn goes_on(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        until("they are answered meanwhile", async || self.answered.load(Ordering::Relaxed) > before + 1)
            .await;
    }

    /// Stops. Fails when one of its runs did.
    pub(crate) async fn all_were_answered(self) {
        self.stop.store(true, Ordering::Relaxed);
        let failed = self.runs.await.unwrap();
        assert_eq!(failed, [""; 0], "beside {} that were answered", self.answered.load(Ordering::Relaxed));
    }
}
