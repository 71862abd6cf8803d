//! Eight callers that ask as fast as they are answered.

use crate::served::Served;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CALLERS: usize = 8;
const WARM: Duration = Duration::from_millis(500);
const MEASURED: Duration = Duration::from_secs(3);

/// One call, asked over and over.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) tool: &'static str,
    pub(crate) args: Value,
}

pub(crate) struct Callers<'a> {
    pub(crate) server: &'a Served,
    pub(crate) token: &'a str,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) a_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// The server's processor time a call.
    pub(crate) cpu_ms: f64,
    pub(crate) memory_mib: f64,
}

impl Callers<'_> {
    pub(crate) async fn ask(&self, question: &Question) -> Load {
        self.round(question, WARM).await;
        let cpu = self.server.cpu_seconds();
        let began = Instant::now();
        let mut times = self.round(question, MEASURED).await;
        let seconds = began.elapsed().as_secs_f64();
        let cpu = self.server.cpu_seconds() - cpu;
        times.sort_by(f64::total_cmp);
        let calls = f64::from(u32::try_from(times.len()).unwrap());
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in a short list"
            )]
            let place = (calls * share) as usize;
            times.get(place.min(times.len() - 1)).copied().unwrap_or_default() * 1e3
        };
        Load {
            a_second: calls / seconds,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            cpu_ms: cpu * 1e3 / calls,
            memory_mib: self.server.memory_mib(),
        }
    }

    async fn round(&self, question: &Question, time: Duration) -> Vec<f64> {
        let tasks: Vec<_> = (0..CALLERS)
            .map(|_| {
                tokio::spawn(caller(
                    self.server.endpoint.clone(),
                    self.token.to_owned(),
                    question.clone(),
                    time,
                ))
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await.unwrap());
        }
        times
    }
}

async fn caller(endpoint: String, token: String, question: Question, time: Duration) -> Vec<f64> {
    let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": question.tool, "arguments": question.args}})
    .to_string();
    let until = Instant::now() + time;
    let mut times = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        let answer = client
            .post(format!("{endpoint}/mcp"))
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
            .body(body.clone())
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        times.push(began.elapsed().as_secs_f64());
        // A refusal would be fast and mean nothing.
        assert!(text.contains("\"isError\":false"), "{text}");
    }
    times
}
