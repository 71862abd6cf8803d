//! The Events API over HTTP: what an app would be sent by Socket Mode is posted to its address instead, signed.
//! <https://docs.slack.dev/apis/events-api/using-http-request-urls>

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::socket::exchange::{Connection, Exchange, Outgoing};

/// How long an app may take to answer.
const WITHIN: Duration = Duration::from_secs(3);

/// An app's address, and what its requests are signed with.
struct Address {
    url: Url,
    secret: SecretString,
    http: reqwest::Client,
}

/// What an envelope of Socket Mode holds.
#[derive(serde::Deserialize)]
struct Envelope {
    envelope_id: String,
    #[serde(rename = "type")]
    kind: String,
    payload: Value,
    #[serde(default)]
    retry_attempt: u32,
}

/// Posts what is on its way to `url`, until `shutdown`. It stands in for the app's connection: an answer is the
/// acknowledgement, and what is not answered is posted again when an envelope would be.
///
/// # Errors
/// When there cannot be a client.
pub(crate) fn start(
    exchange: &Exchange,
    (url, secret): (Url, SecretString),
    tasks: &TaskTracker,
    shutdown: CancellationToken,
) -> Result<(), reqwest::Error> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(WITHIN)
        .build()?;
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    let connection = Arc::new(exchange.join(sender, Some(&url)));
    let address = Arc::new(Address { url, secret, http });
    connection.ready();
    let posts = tasks.clone();
    let work = async move {
        while let Some(next) = outgoing.recv().await {
            // There is no connection that could be ended.
            let Outgoing::Text(text) = next else { continue };
            let (address, connection) = (Arc::clone(&address), Arc::clone(&connection));
            posts.spawn(async move { address.post(&text, &connection).await });
        }
    };
    tasks.spawn(async move { shutdown.run_until_cancelled(work).await });
    Ok(())
}

impl Address {
    async fn post(&self, text: &str, connection: &Connection) {
        let Ok(envelope) = serde_json::from_str::<Envelope>(text) else { return };
        match self.send(&envelope).await {
            Ok(answer) => connection.acknowledged(envelope.envelope_id, answer),
            Err(error) => tracing::info!(%error, kind = envelope.kind, "the app did not take a request"),
        }
    }

    async fn send(&self, envelope: &Envelope) -> Result<Value, reqwest::Error> {
        let (kind, body) = match envelope.kind.as_str() {
            "events_api" => ("application/json", envelope.payload.to_string()),
            "interactive" => (FORM, form([("payload", envelope.payload.to_string())])),
            // The fields of a slash command are the form's.
            _ => {
                let fields = envelope.payload.as_object().into_iter().flatten();
                (FORM, form(fields.map(|(name, value)| (name.as_str(), plain(value)))))
            }
        };
        let at = jiff::Timestamp::now().as_second().to_string();
        let mut request = self
            .http
            .post(self.url.clone())
            .header("content-type", kind)
            .header("x-slack-signature", self.sign(&at, &body))
            .header("x-slack-request-timestamp", &at);
        if envelope.retry_attempt > 0 {
            request = request
                .header("x-slack-retry-num", envelope.retry_attempt.to_string())
                .header("x-slack-retry-reason", "http_timeout");
        }
        let answer = request.body(body).send().await?.error_for_status()?.bytes().await?;
        Ok(serde_json::from_slice(&answer).unwrap_or(Value::Null))
    }

    /// `v0=` and the HMAC of version, time and body.
    fn sign(&self, at: &str, body: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()) else {
            return String::new();
        };
        mac.update(format!("v0:{at}:{body}").as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("v0={hex}")
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn form<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
