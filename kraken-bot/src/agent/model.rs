//! The model: it is told what was said and which tools there are, and answers in words or with calls that it wants. Two APIs
//! are spoken; what they have in common is here, as it is kept on disk.

mod chat_completions;
mod messages;

use crate::config::{ModelApi, ModelArgs};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use wire::client::ToolShown;

/// The most tokens of one answer.
const MOST_TOKENS: u32 = 1_500;

/// The most bytes of one answer that are read.
const MOST_BYTES: usize = 512 * 1024;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// The longest that is waited before a model that asked for patience is asked once more.
const PATIENCE: Duration = Duration::from_secs(5);

/// One part of a conversation with the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Turn {
    /// What a person asked.
    Person {
        /// The words, with what belongs to them.
        words: String,
        /// Words of others go with it.
        with_others: bool,
    },
    /// What the model answered.
    Model {
        /// In words.
        words: String,
        /// What it wants to be called.
        wishes: Vec<Wish>,
    },
    /// What came of that, in the same order.
    Results(Vec<Outcome>),
}

impl Turn {
    /// How long it is, in bytes.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Person { words, .. } => words.len(),
            Self::Model { words, wishes } => {
                words.len() + wishes.iter().map(|wish| wish.arguments.to_string().len()).sum::<usize>()
            }
            Self::Results(results) => results.iter().map(|result| result.told.len()).sum(),
        }
    }
}

/// What the model answered, and how many tokens that took.
#[derive(Debug, PartialEq)]
pub(super) struct Answered {
    pub(super) turn: Turn,
    pub(super) tokens: u64,
}

/// A call that the model wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Wish {
    /// Its name for it.
    pub(super) id: String,
    /// The tool.
    pub(super) tool: String,
    /// The arguments, as the model wrote them.
    pub(super) arguments: Value,
}

/// What came of a wish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// The wish.
    pub(super) id: String,
    /// What the model is told.
    pub(super) told: String,
}

/// Everything that the model is told at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) system: &'a str,
    pub(super) tools: &'a [ToolShown],
    pub(super) turns: &'a [Turn],
}

/// Why the model has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Out {
    /// Nothing answers.
    #[error("does not answer at the moment")]
    Silent,
    /// It takes too long.
    #[error("takes too long at the moment")]
    Slow,
    /// Too much was asked of it.
    #[error("has too much to do at the moment")]
    Busy,
    /// It does not take the key.
    #[error("does not take my key, which is for the operator to see to")]
    Refused,
    /// What it says is no answer.
    #[error("answers nothing that I could use")]
    Nonsense,
}

/// The model that is set up.
pub(crate) struct Model {
    http: Client,
    api: ModelApi,
    url: String,
    name: String,
    key: Option<SecretString>,
}

impl Model {
    /// The model that `args` name, where they name one.
    pub(crate) fn new(args: &ModelArgs, key: Option<SecretString>) -> Result<Option<Self>, String> {
        let (Some(url), Some(name)) = (&args.model_url, &args.model) else { return Ok(None) };
        let http = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(args.timeout())
            .build()
            .map_err(|error| error.to_string())?;
        let url = url.as_str().trim_end_matches('/').to_owned();
        Ok(Some(Self { http, api: args.model_api, url, name: name.clone(), key }))
    }

    /// Asks it; once more where it was only busy.
    pub(super) async fn ask(&self, told: &Told<'_>) -> Result<Answered, Out> {
        let first = self.ask_once(told).await;
        match first {
            Err(Failed { out: Out::Busy | Out::Silent, again: Some(wait) }) if wait <= PATIENCE => {
                tokio::time::sleep(wait).await;
                self.ask_once(told).await.map_err(|failed| failed.out)
            }
            other => other.map_err(|failed| failed.out),
        }
    }

    async fn ask_once(&self, told: &Told<'_>) -> Result<Answered, Failed> {
        let answer = self.request(told).send().await.map_err(|error| failed_by(&error))?;
        let status = answer.status();
        if !status.is_success() {
            // What it says besides may hold what people said, and is not logged.
            tracing::warn!(%status, "the model refused");
            return Err(refused(&answer));
        }
        let nonsense = Failed { out: Out::Nonsense, again: None };
        let body = body(answer).await?;
        let Ok(answer) = serde_json::from_slice::<Value>(&body) else { return Err(nonsense) };
        let (turn, tokens) = match self.api {
            ModelApi::Messages => (messages::read(&answer), messages::tokens(&answer)),
            ModelApi::ChatCompletions => (chat_completions::read(&answer), chat_completions::tokens(&answer)),
        };
        match turn {
            Some(Turn::Model { words, wishes }) if words.trim().is_empty() && wishes.is_empty() => {
                Err(nonsense)
            }
            Some(turn) => Ok(Answered { tokens: tokens.unwrap_or_else(|| guess(told, &turn)), turn }),
            None => Err(nonsense),
        }
    }

    fn request(&self, told: &Told<'_>) -> RequestBuilder {
        let key = self.key.as_ref().map(ExposeSecret::expose_secret);
        match self.api {
            ModelApi::Messages => {
                let request = self.http.post(format!("{}/messages", self.url));
                let request = request.header("anthropic-version", messages::VERSION);
                let request = request.json(&messages::request(&self.name, MOST_TOKENS, told));
                key.into_iter().fold(request, |request, key| request.header("x-api-key", key))
            }
            ModelApi::ChatCompletions => {
                let request = self.http.post(format!("{}/chat/completions", self.url));
                let request = request.json(&chat_completions::request(&self.name, MOST_TOKENS, told));
                key.into_iter().fold(request, RequestBuilder::bearer_auth)
            }
        }
    }
}

/// About how many tokens it took, where the API does not say: one for each four bytes.
fn guess(told: &Told<'_>, turn: &Turn) -> u64 {
    let tools: usize = told.tools.iter().map(|tool| tool.about.len() + tool.schema.to_string().len()).sum();
    let turns: usize = told.turns.iter().map(Turn::length).sum();
    u64::try_from((told.system.len() + tools + turns + turn.length()) / 4).unwrap_or(u64::MAX)
}

/// Why one try failed, and after how long another makes sense.
struct Failed {
    out: Out,
    again: Option<Duration>,
}

fn failed_by(error: &reqwest::Error) -> Failed {
    let (out, again) = match error.is_timeout() {
        true => (Out::Slow, None),
        false => (Out::Silent, Some(Duration::from_millis(200))),
    };
    tracing::warn!(%out, "the model could not be asked");
    Failed { out, again }
}

fn refused(answer: &Response) -> Failed {
    const USUAL: Duration = Duration::from_secs(1);
    let after = answer.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
    match answer.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failed { out: Out::Refused, again: None },
        // 529 is Anthropic's word for it.
        status if status == StatusCode::TOO_MANY_REQUESTS || status.as_u16() == 529 => {
            Failed { out: Out::Busy, again: Some(after.map_or(USUAL, Duration::from_secs)) }
        }
        status if status.is_server_error() => Failed { out: Out::Silent, again: Some(USUAL) },
        _ => Failed { out: Out::Nonsense, again: None },
    }
}

/// The body, as long as it is no longer than an answer can be.
async fn body(mut answer: Response) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| failed_by(&error))? {
        if body.len() + part.len() > MOST_BYTES {
            return Err(Failed { out: Out::Nonsense, again: None });
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}
