//! A model's API on this machine, in place of one that cannot be had: it answers what a test tells it to, and takes only what the
//! real ones take. Its shapes are those of the official client libraries: Anthropic's Messages and OpenAI's Chat Completions.

mod chat_completions;
mod messages;

use crate::home::Home;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The key that it wants.
const KEY: &str = "sk-canary-model-key-0815";

/// What it is called.
const NAME: &str = "stand-in-1";

/// What it answers to one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Words.
    Words(String),
    /// It wants these tools called, with these arguments.
    Calls(Vec<(&'static str, Value)>),
    /// It fails with this status.
    Fails(u16),
    /// It sends this instead of an answer.
    Odd(&'static str),
    /// It answers when it is told to go on.
    Held(Box<Reply>),
}

impl Reply {
    /// Words.
    #[must_use]
    pub fn words(words: &str) -> Self {
        Self::Words(words.to_owned())
    }

    /// One call.
    #[must_use]
    pub fn call(tool: &'static str, arguments: Value) -> Self {
        Self::Calls(vec![(tool, arguments)])
    }

    /// The same, once it is told to go on.
    #[must_use]
    pub fn held(self) -> Self {
        Self::Held(Box::new(self))
    }
}

/// What the model's API speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Messages,
    ChatCompletions,
}

/// The model.
#[derive(Debug)]
pub struct Model {
    api: Api,
    address: String,
    state: Arc<Heard>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Heard {
    api: Api,
    script: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<Value>>,
    /// Requests that were not as the real one takes them.
    wrong: Mutex<Vec<String>>,
    go_on: Notify,
    holds: AtomicUsize,
    /// How many tokens it says that a request took.
    tokens: AtomicUsize,
}

/// A request that is held, until it is answered or whoever sent it is gone.
struct Hold<'h>(&'h AtomicUsize);

impl<'h> Hold<'h> {
    fn new(count: &'h AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Model {
    /// The key that it wants.
    pub const KEY: &'static str = KEY;

    /// One that speaks Anthropic's Messages API.
    pub async fn messages() -> Self {
        Self::start(Api::Messages).await
    }

    /// One that speaks OpenAI's Chat Completions API.
    pub async fn chat_completions() -> Self {
        Self::start(Api::ChatCompletions).await
    }

    async fn start(api: Api) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let state = Arc::new(Heard {
            api,
            script: Mutex::default(),
            requests: Mutex::default(),
            wrong: Mutex::default(),
            go_on: Notify::new(),
            holds: AtomicUsize::new(0),
            tokens: AtomicUsize::new(1),
        });
        let router = Router::new().fallback(any(answer)).with_state(Arc::clone(&state));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { api, address, state, serving }
    }

    /// The flags of `tntc up` that make the Kraken ask it, with the key in a file of `home`.
    #[must_use]
    pub fn flags(&self, home: &Home) -> Vec<String> {
        let file = home.path().join("model-key");
        std::fs::write(&file, format!("{KEY}\n")).unwrap();
        let api = match self.api {
            Api::Messages => "messages",
            Api::ChatCompletions => "chat-completions",
        };
        ["--model-url", &self.address, "--model", NAME, "--model-api", api, "--model-key-file"]
            .into_iter()
            .map(str::to_owned)
            .chain([file.display().to_string()])
            .collect()
    }

    /// What it answers next, one after the other.
    pub fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.script.lock().unwrap().extend(replies);
    }

    /// From now on it says that each request took so many tokens, and its answer one.
    pub fn takes(&self, tokens: usize) {
        self.state.tokens.store(tokens, Ordering::SeqCst);
    }

    /// What it was to answer and was not asked for.
    #[must_use]
    pub fn left(&self) -> usize {
        self.state.script.lock().unwrap().len()
    }

    /// How many requests it holds.
    #[must_use]
    pub fn holds(&self) -> usize {
        self.state.holds.load(Ordering::SeqCst)
    }

    /// Lets what it holds go.
    pub fn goes_on(&self) {
        self.state.go_on.notify_one();
    }

    /// Ends it: nothing answers there any more.
    pub fn ends(&self) {
        self.serving.abort();
    }

    /// The requests so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Value> {
        let wrong = self.state.wrong.lock().unwrap();
        assert!(wrong.is_empty(), "the real one would not have taken it: {wrong:?}");
        self.state.requests.lock().unwrap().clone()
    }

    /// What it was told in its last request came of its calls, or of what else it was told last.
    #[must_use]
    pub fn told_last(&self) -> String {
        let requests = self.heard();
        requests
            .last()
            .map(|request| request["messages"].as_array().unwrap().last().unwrap().to_string())
            .unwrap()
    }
}

async fn answer(State(heard): State<Arc<Heard>>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let checked = match heard.api {
        Api::Messages => messages::check(uri.path(), &headers, &body),
        Api::ChatCompletions => chat_completions::check(uri.path(), &headers, &body),
    };
    if let Err(wrong) = checked {
        heard.wrong.lock().unwrap().push(format!("{wrong}: {body}"));
        return failed(400, &wrong);
    }
    let number = {
        let mut requests = heard.requests.lock().unwrap();
        requests.push(body);
        requests.len()
    };
    let next = heard.script.lock().unwrap().pop_front();
    let mut reply = next.unwrap_or(Reply::Fails(500));
    if let Reply::Held(held) = reply {
        let hold = Hold::new(&heard.holds);
        heard.go_on.notified().await;
        drop(hold);
        reply = *held;
    }
    match &reply {
        Reply::Fails(status) => failed(*status, "it was told to fail"),
        Reply::Odd(text) => json_text((*text).to_owned()),
        Reply::Words(_) | Reply::Calls(_) | Reply::Held(_) => {
            let tokens = heard.tokens.load(Ordering::SeqCst);
            let answer = match heard.api {
                Api::Messages => messages::answer(number, &reply, tokens),
                Api::ChatCompletions => chat_completions::answer(number, &reply, tokens),
            };
            json_text(answer.to_string())
        }
    }
}

/// No connection is kept, so that one that has ended answers on none.
fn json_text(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CONNECTION, "close")], text).into_response()
}

fn failed(status: u16, message: &str) -> Response {
    let error = json!({"type": "error", "error": {"type": "api_error", "message": message}});
    let head = [(header::CONTENT_TYPE, "application/json"), (header::RETRY_AFTER, "1")];
    (StatusCode::from_u16(status).unwrap(), head, error.to_string()).into_response()
}

/// Says what is wrong unless it is right.
fn must(right: bool, what: &str) -> Result<(), String> {
    if right { Ok(()) } else { Err(what.to_owned()) }
}
