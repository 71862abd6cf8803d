//! Slack, as far as the Kraken needs it: the crate's client with answers of our own, so that nothing is lost in types
//! that are stricter than what Slack sends.

mod before;
pub(crate) mod blocks;
mod click;
mod clock;
pub(crate) mod directory;
pub(crate) mod envelope;
pub(crate) mod heard;
pub(crate) mod http;
mod method;
mod say;
mod shortcut;
mod signature;
mod slash;
pub(crate) mod socket;
mod stream;
pub(crate) mod view;

pub(crate) use before::Earlier;
pub(crate) use directory::{Account, ChannelInfo};
use method::Method;
pub(crate) use say::{Place, said_at};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::prelude::{SlackApiToken, SlackClient};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub(crate) type Connector = SlackClientHyperConnector<HttpsConnector<HttpConnector>>;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How often a question is asked again that got no answer.
const TRIES: u32 = 4;

/// How long Slack's rate limit lasts when it doesn't say.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// Why Slack did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlackError {
    /// Slack said no.
    #[error("slack refused {method}: {code}")]
    Refused {
        /// The method.
        method: String,
        /// Slack's word for it.
        code: String,
    },
    /// Nobody knows whether Slack did it.
    #[error("slack did not answer {method}: {detail}")]
    NoAnswer {
        /// The method.
        method: String,
        /// What the network said.
        detail: String,
    },
}

/// Slack's words for a trouble of its own, after which the same request may well be carried out.
const PASSES: [&str; 6] = [
    "fatal_error",
    "internal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
];

impl SlackError {
    /// Whether the same request would be refused again: the channel is gone, the person is, the right is.
    pub(crate) fn is_final(&self) -> bool {
        self.code().is_some_and(|code| !PASSES.contains(&code))
    }

    /// A list of who is in a channel that is not whole: it lacks the Kraken, which is in it.
    fn lacks_me() -> Self {
        let detail = "the list lacks the Kraken, which is in the channel".to_owned();
        Self::NoAnswer { method: Method::ConversationsMembers.name().to_owned(), detail }
    }

    /// Slack's word for a refusal.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::NoAnswer { .. } => None,
        }
    }
}

/// The bot's own account.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Myself {
    pub(crate) user_id: String,
    pub(crate) team_id: String,
}

/// Slack with the bot's token.
#[derive(Clone)]
pub(crate) struct Slack {
    client: Arc<SlackClient<Connector>>,
    token: SlackApiToken,
    /// Whether the workspace has refused to show what the bot is doing.
    shows_nothing: Arc<AtomicBool>,
    /// Whether the workspace has refused a message that grows.
    grows_nothing: Arc<AtomicBool>,
    pub(crate) me: Myself,
}

impl Slack {
    /// Connects, and asks who we are.
    pub(crate) async fn connect(
        client: Arc<SlackClient<Connector>>,
        token: &SecretString,
    ) -> Result<Self, SlackError> {
        let token = api_token(token);
        let unknown = Myself { user_id: String::new(), team_id: String::new() };
        let (shows_nothing, grows_nothing) = (Arc::default(), Arc::default());
        let mut slack = Self { client, token, shows_nothing, grows_nothing, me: unknown };
        slack.me = slack.ask(Method::AuthTest, &[]).await?;
        Ok(slack)
    }

    /// Asks Slack something that changes nothing; again where there was no answer.
    pub(crate) async fn ask<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        params: &[(&str, String)],
    ) -> Result<T, SlackError> {
        let mut tries = 0;
        loop {
            let params: Vec<(&str, Option<&String>)> =
                params.iter().map(|(key, value)| (*key, Some(value))).collect();
            let session = self.client.open_session(&self.token);
            let asked = tokio::time::timeout(
                TIMEOUT,
                session.http_session_api.http_get::<Value, _, _>(method.name(), &params, None),
            )
            .await;
            tries += 1;
            match outcome(method.name(), asked) {
                Outcome::Done(value) => return read(method.name(), value),
                Outcome::Wait(time) => tokio::time::sleep(time).await,
                Outcome::Failed(error @ SlackError::Refused { .. }) => return Err(error),
                Outcome::Failed(error) if tries >= TRIES => return Err(error),
                Outcome::Failed(_) => tokio::time::sleep(Duration::from_millis(200 << tries)).await,
            }
        }
    }

    /// Tells Slack to do something, once. Where there is no answer, nobody knows whether it was done.
    pub(crate) async fn tell<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        body: &(impl Serialize + Send + Sync),
    ) -> Result<T, SlackError> {
        loop {
            let session = self.client.open_session(&self.token);
            let told = tokio::time::timeout(
                TIMEOUT,
                session.http_session_api.http_post::<_, Value>(method.name(), body, None),
            )
            .await;
            match outcome(method.name(), told) {
                Outcome::Done(value) => return read(method.name(), value),
                // A request over the limit was not carried out, so it may be sent again.
                Outcome::Wait(time) => tokio::time::sleep(time).await,
                Outcome::Failed(error) => return Err(error),
            }
        }
    }
}

/// Where the next page of a list begins; empty after the last.
#[derive(Default, Deserialize)]
struct Cursor {
    #[serde(default)]
    next_cursor: String,
}

enum Outcome {
    Done(Value),
    Wait(Duration),
    Failed(SlackError),
}

fn outcome(
    method: &str,
    result: Result<Result<Value, SlackClientError>, tokio::time::error::Elapsed>,
) -> Outcome {
    let no_answer =
        |detail: String| Outcome::Failed(SlackError::NoAnswer { method: method.to_owned(), detail });
    match result {
        Ok(Ok(value)) => Outcome::Done(value),
        Ok(Err(SlackClientError::RateLimitError(limit))) => {
            Outcome::Wait(limit.retry_after.unwrap_or(USUAL_WAIT).max(USUAL_WAIT))
        }
        Ok(Err(SlackClientError::ApiError(error))) => {
            Outcome::Failed(SlackError::Refused { method: method.to_owned(), code: error.code })
        }
        Ok(Err(SlackClientError::HttpError(error))) => no_answer(error.status_code.to_string()),
        Ok(Err(_)) => no_answer("the connection or the answer was broken".to_owned()),
        Err(_) => no_answer(format!("nothing within {} s", TIMEOUT.as_secs())),
    }
}

fn read<T: DeserializeOwned>(method: &str, value: Value) -> Result<T, SlackError> {
    serde_json::from_value(value).map_err(|error| SlackError::NoAnswer {
        method: method.to_owned(),
        detail: format!("the answer cannot be read: {error}"),
    })
}

/// The crate's client for `api_url`, which may be plain http on loopback.
pub(crate) fn client(api_url: &str) -> Arc<SlackClient<Connector>> {
    let https = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    let connector = SlackClientHyperConnector::with_connector(https);
    Arc::new(SlackClient::new(connector.with_slack_api_url(api_url.trim_end_matches('/'))))
}

pub(crate) fn api_token(token: &SecretString) -> SlackApiToken {
    SlackApiToken::new(token.expose_secret().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_final_unless_slack_is_in_trouble_itself() {
        let refused = |code: &str| SlackError::Refused { method: "m".into(), code: code.into() }.is_final();
        assert!(refused("user_not_in_channel") && refused("is_archived") && refused("channel_not_found"));
        assert!(!refused("internal_error") && !refused("ratelimited"));
        assert!(!SlackError::NoAnswer { method: "m".into(), detail: "nothing".into() }.is_final());
    }
}
