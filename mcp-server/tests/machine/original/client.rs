//! The original's MCP client: HTTP and JSON, by hand.

use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How often it comes back to one answer before it gives up, where it gets no further.
const TRIES: usize = 5;

pub(super) struct Original {
    endpoint: String,
    token: String,
    /// How long one exchange may take, headers and body together.
    patience: Duration,
    number: AtomicU64,
    came_back: AtomicU64,
    first_event: Mutex<Option<String>>,
}

/// What was read of a stream until it was cut: the answer, or the last event's id.
enum Read {
    Answer(Value),
    Cut(Option<String>),
}

impl Original {
    /// Its opening, as it is: initialize, a stream of its own that must be refused at once, initialized.
    pub(super) async fn connect(url: &str, token: &str, patience: Duration) -> Self {
        let original = Self {
            endpoint: format!("{url}/mcp"),
            token: token.to_owned(),
            patience,
            number: AtomicU64::new(0),
            came_back: AtomicU64::new(0),
            first_event: Mutex::default(),
        };
        let told = original
            .ask(
                "initialize",
                json!({
                    "protocolVersion": "2025-06-18", "clientInfo": {"name": "tntc", "version": "0.1.0"},
                    "capabilities": {"roots": {"listChanged": true}},
                }),
            )
            .await;
        assert_eq!(told["result"]["protocolVersion"], "2025-06-18", "{told}");
        let began = Instant::now();
        let own = original
            .http()
            .get(&original.endpoint)
            .header("Accept", "text/event-stream")
            .send()
            .await
            .unwrap();
        assert_eq!(own.status(), 405);
        assert!(began.elapsed() < Duration::from_secs(5), "it hung");
        let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized", "params": {}});
        let noted = original.post(&note).send().await.unwrap();
        assert!([202, 204].contains(&noted.status().as_u16()), "{}", noted.status());
        original
    }

    fn http(&self) -> reqwest::Client {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("Authorization", format!("Bearer {}", self.token).parse().unwrap());
        headers.insert("Mcp-Protocol-Version", "2025-06-18".parse().unwrap());
        reqwest::Client::builder().default_headers(headers).build().unwrap()
    }

    fn post(&self, message: &Value) -> reqwest::RequestBuilder {
        let accept = "application/json, text/event-stream";
        self.http().post(&self.endpoint).header("Accept", accept).json(message)
    }

    /// Calls a tool: the first text of the answer as JSON, or what the tool complained of.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Result<Value, String> {
        let told = self.ask("tools/call", json!({"name": tool, "arguments": arguments})).await;
        assert!(told["error"].is_null(), "{tool}: {told}");
        let content = told["result"]["content"].as_array().unwrap();
        let text = content.iter().find(|item| item["type"] == "text").unwrap()["text"].as_str().unwrap();
        if told["result"]["isError"] == true {
            return Err(text.to_owned());
        }
        Ok(serde_json::from_str(text).unwrap_or_else(|error| panic!("{tool}: {error}: {text}")))
    }

    /// How often it hung up and came back.
    pub(super) fn came_back(&self) -> u64 {
        self.came_back.load(Ordering::Relaxed)
    }

    /// The first event's id that it was ever told.
    pub(super) fn first_event(&self) -> Option<String> {
        self.first_event.lock().unwrap().clone()
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let message = json!({"jsonrpc": "2.0", "id": number, "method": method, "params": params});
        let until = Instant::now() + self.patience;
        let answer = timeout_at(until, self.post(&message).send()).await;
        let answer = answer.unwrap_or_else(|_| panic!("{method}: no headers within its patience")).unwrap();
        assert_eq!(answer.status(), 200, "{method}");
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        if kind.starts_with("application/json") {
            return timeout_at(until, answer.json()).await.unwrap().unwrap();
        }
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        let mut read = self.read(answer, until).await;
        let (mut last, mut tries) = (None, 0);
        loop {
            match read {
                Read::Answer(answer) => return answer,
                Read::Cut(id) if id == last || id.is_none() => tries += 1,
                Read::Cut(id) => (last, tries) = (id, 0),
            }
            assert!(tries < TRIES, "{method}: it gets no further after {last:?}");
            self.came_back.fetch_add(1, Ordering::Relaxed);
            let until = Instant::now() + self.patience;
            let place = last.clone().unwrap_or_else(|| panic!("{method}: no event had an id"));
            let resumed = self.http().get(&self.endpoint).header("Accept", "text/event-stream");
            let resumed =
                timeout_at(until, resumed.header("Last-Event-ID", place).send()).await.unwrap().unwrap();
            assert_eq!(resumed.status(), 200, "{method}");
            read = self.read(resumed, until).await;
        }
    }

    /// Reads a stream until the answer, its end, or the end of its patience.
    async fn read(&self, mut stream: reqwest::Response, until: Instant) -> Read {
        let (mut text, mut last) = (String::new(), None);
        while let Ok(Ok(Some(bytes))) = timeout_at(until, stream.chunk()).await {
            text.push_str(std::str::from_utf8(&bytes).unwrap());
            while let Some((event, rest)) = text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                text = rest;
                let field = |name: &str| -> String {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
                };
                let (id, data) = (field("id"), field("data"));
                if !id.is_empty() {
                    self.first_event.lock().unwrap().get_or_insert_with(|| id.clone());
                    last = Some(id);
                }
                let message: Value = serde_json::from_str(&data).unwrap_or_default();
                // whatever is no answer is a notification, which it does not look at
                if message["id"].is_u64() {
                    return Read::Answer(message);
                }
            }
        }
        Read::Cut(last)
    }

    /// All that a stream tells whoever has this token, from an event on.
    pub(super) async fn read_on(&self, token: &str, last: &str) -> String {
        let asked = reqwest::Client::new().get(&self.endpoint).header("Accept", "text/event-stream");
        let asked = asked.header("Last-Event-ID", last).bearer_auth(token);
        let answer = asked.header("Mcp-Protocol-Version", "2025-06-18").send().await.unwrap();
        answer.text().await.unwrap()
    }
}
