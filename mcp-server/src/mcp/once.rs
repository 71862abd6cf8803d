//! One request, done once: the Kraken's calls carry the Slack event that they come from, and a repetition of the same
//! event, tool and arguments gets the stored answer.

use super::Handler;
use crate::call::Call;
use crate::gate::{is_ours, unavailable};
use crate::progress::Progress;
use crate::store::{Claimed, RequestId};
use crate::tools::{Effect, Entry, Repeat};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wire::canonical;
use wire::{Failure, FailureCode};

/// A stored answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stored {
    Answer(Value),
    Failure(Failure),
}

impl Handler {
    /// Does the call, unless it was done before.
    pub(super) async fn once(
        &self,
        entry: &Entry,
        call: &Call,
        arguments: Value,
        progress: &Progress,
    ) -> Result<Value, Failure> {
        let Some(request) = request(entry, call) else {
            return self.run(entry, call, arguments, progress).await;
        };
        let key = &request.key;
        let _one_at_a_time = self.server.requests.lock(key).await;
        let store = &self.server.store;
        match store.claim_request(&request).await.map_err(|error| unavailable(&error))? {
            Claimed::Answered(answer) => return read(&answer),
            Claimed::Forgotten => return Err(forgotten()),
            Claimed::Begun if entry.about.repeat == Repeat::Never => return Err(interrupted()),
            Claimed::Begun | Claimed::New => {}
        }
        let result = self.run(entry, call, arguments, progress).await;
        let kept = match &result {
            // What failed was ours. Where nothing has begun, or what has can be gone on with, it may be tried again; else
            // the request stays begun, and a repetition hears that nobody knows how far it came.
            Err(failure) if is_ours(failure) => match entry.about.repeat {
                Repeat::Never if call.may_have_begun() => Ok(()),
                Repeat::Never | Repeat::Resumes => store.release_request(key).await,
            },
            _ => store.answer_request(key, &write(&result)).await,
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "an answer could not be kept for a repetition");
        }
        result
    }
}

/// What names the request, where it has to be done once: the event, the tool and the arguments; and the person and the
/// channel, so that nobody is ever given the answer to what somebody else asked, or asked elsewhere.
fn request(entry: &Entry, call: &Call) -> Option<RequestId> {
    let via = call.via.as_ref().filter(|_| entry.about.effect != Effect::Reads)?;
    let channel = via.channel.as_ref().map_or("", |channel| channel.id.as_str());
    let (issuer, subject) = (&via.person_issuer, &via.person_subject);
    let named = [&via.team, channel, &via.event, issuer, subject, &via.tool, &via.arguments_sha256];
    let key = canonical::sha256(&named).ok()?;
    Some(RequestId { key, team: via.team.clone(), channel: channel.to_owned() })
}

fn forgotten() -> Failure {
    Failure::new(FailureCode::Conflict, "this was done before, and the enclave has been removed since")
}

fn interrupted() -> Failure {
    Failure::new(FailureCode::Conflict, "this stopped in the middle, and nobody knows how far it came")
        .with_remedy("look at its status, and ask again if it has to be done again")
}

fn write(result: &Result<Value, Failure>) -> String {
    let stored = match result {
        Ok(value) => Stored::Answer(value.clone()),
        Err(failure) => Stored::Failure(failure.clone()),
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

fn read(stored: &str) -> Result<Value, Failure> {
    match serde_json::from_str(stored) {
        Ok(Stored::Answer(value)) => Ok(value),
        Ok(Stored::Failure(failure)) => Err(failure),
        Err(error) => {
            tracing::error!(%error, "a stored answer cannot be read");
            Err(Failure::new(FailureCode::Internal, "the stored answer to this request cannot be read"))
        }
    }
}
