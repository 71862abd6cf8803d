//! Whether it is the engine that answers: where sidecars are, one of them could have taken the engine's port while it was not
//! there, and would be told the run token.

use super::{Asked, NoReport};
use crate::backend::BackendError;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use uuid::Uuid;
use wire::canonical;
use workflow::RunTokenHash;

/// The headers of the question and of the answer.
const CHALLENGE: &str = "tentacular-challenge";
const PROOF: &str = "tentacular-proof";

impl Asked<'_> {
    /// Has the engine show that it was given the plan, which has the token's digest in it: nobody else in the sandbox was.
    pub(in super::super) async fn is_engine(&self) -> Result<(), NoReport> {
        let challenge = Uuid::new_v4().to_string();
        let request = self.client.get(format!("{}/health", self.base)).header(CHALLENGE, &challenge);
        let answer = request.send().await.map_err(|error| NoReport::Ending(error.to_string()))?;
        let given = answer.headers().get(PROOF).and_then(|proof| proof.to_str().ok()).unwrap_or_default();
        let digest = RunTokenHash::of(self.token.expose_secret()).to_string();
        // INVARIANT: a key of any length will do
        let mut mac = Hmac::<Sha256>::new_from_slice(digest.as_bytes())
            .map_err(|error| NoReport::Broke(error.to_string()))?;
        mac.update(challenge.as_bytes());
        if canonical::from_hex(given).is_some_and(|given| mac.verify_slice(&given).is_ok()) {
            return Ok(());
        }
        let why =
            "something else answers in the place of its engine: a sidecar must leave the port 8080 alone";
        Err(NoReport::Refused(BackendError::DoesNotStart(why.to_owned())))
    }
}
