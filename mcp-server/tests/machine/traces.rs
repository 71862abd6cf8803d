//! Traces for the operator's collector: calls, runs and nodes, with the names that the field uses, and nothing of what was said.

use crate::caller::ENCLAVE;
use crate::server::{Server, Walls, engine, until};
use crate::source::one_node;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Told;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// In whatever is asked, said and answered, and in nothing that is told.
const CANARY: &str = "swordfish";

/// Says the canary wherever code can say something.
const CODE: &str = r#"
export default (ctx, input) => {
  ctx.log.info(`heard ${input.word}`);
  console.log(ctx.config.word);
  if (input.fails) throw new Error(`no ${input.word}`);
  return input.word;
};
"#;

/// Takes traces.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Bytes>>>);

impl Collector {
    /// Starts it; answers where it is.
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let got = collector.clone();
        let take = async move |body: Bytes| got.0.lock().unwrap().push(body);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (collector, url)
    }

    fn spans(&self) -> Vec<Span> {
        let got = self.0.lock().unwrap();
        let requests = got.iter().map(|body| ExportTraceServiceRequest::decode(body.clone()).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|of| of.scope_spans).flat_map(|of| of.spans).collect()
    }

    /// The spans of this name, once there are so many.
    async fn named(&self, name: &str, count: usize) -> Vec<Span> {
        let found = || -> Vec<Span> { self.spans().into_iter().filter(|span| span.name == name).collect() };
        until(&format!("`{name}` is told"), async || found().len() >= count).await;
        found()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A call within a trace, as any MCP client may make it.
async fn whoami(server: &Server, traceparent: &str) {
    let params = json!({"name": "whoami", "arguments": {}, "_meta": {"traceparent": traceparent}});
    let asked = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let request = reqwest::Client::new()
        .post(format!("{}/mcp", server.url))
        .bearer_auth(server.issuer.token("ana", "agents"))
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-06-18")
        .json(&asked);
    let answer = request.send().await.unwrap().text().await.unwrap();
    assert!(answer.contains("structuredContent"), "{answer}");
}

fn word(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Told::StringValue(word)) => word,
        other => panic!("{key} of {}: {other:?}", span.name),
    }
}

fn is_error(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
}

#[tokio::test]
async fn calls_runs_and_nodes_are_told_and_never_what_was_said() {
    let (collector, url) = Collector::start().await;
    let server = Server::start_with(Walls::Bwrap, &engine(), &[&format!("--otlp-endpoint={url}")]).await;
    server.provision(ENCLAVE).await;
    let mut files = one_node("worker", CODE);
    let workflow = format!("{}  word: {CANARY}\n", files["workflow.yaml"].as_str().unwrap());
    files["workflow.yaml"] = json!(workflow);
    let deployed = server.deploy("worker", &files).await.unwrap();
    let ran = server.run_tentacle("worker", json!({"word": CANARY})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["node"], CANARY);
    let ran = server.run_tentacle("worker", json!({"word": CANARY, "fails": true})).await.unwrap();
    assert!(ran["output"]["errors"].to_string().contains(CANARY), "{ran}");
    let unknown = server.call("wf_status", json!({"enclave": ENCLAVE, "name": CANARY})).await.unwrap_err();
    assert!(unknown.message.contains(CANARY), "{unknown:?}");

    let (calls, runs) =
        (collector.named("tools/call wf_run", 2).await, collector.named("run worker", 2).await);
    let nodes = collector.named("node node", 2).await;
    for (call, run) in calls.iter().zip(&runs) {
        assert_eq!((&run.parent_span_id, &run.trace_id), (&call.span_id, &call.trace_id));
        let node = nodes.iter().find(|node| node.parent_span_id == run.span_id).unwrap();
        assert!(node.start_time_unix_nano >= run.start_time_unix_nano - 1_000_000, "{node:?} {run:?}");
        assert!(node.end_time_unix_nano >= node.start_time_unix_nano, "{node:?}");
        assert_eq!((is_error(node), is_error(call)), (is_error(run), false));
        assert_eq!(word(call, "mcp.method.name"), "tools/call");
        assert_eq!(word(call, "gen_ai.tool.name"), "wf_run");
        assert_eq!(word(run, "faas.trigger"), "other");
        assert_eq!(word(run, "faas.version"), deployed["version"].as_str().unwrap());
    }
    assert_eq!(runs.iter().map(is_error).collect::<Vec<_>>(), [false, true]);
    let refused = &collector.named("tools/call wf_status", 1).await[0];
    assert_eq!(word(refused, "error.type"), "not_found");
    // The trace that a caller is in is linked: its ids are the caller's word.
    let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    whoami(&server, &format!("00-{trace}-{span}-01")).await;
    let linked = &collector.named("tools/call whoami", 1).await[0];
    assert_eq!(linked.links.iter().map(|link| hex(&link.trace_id)).collect::<Vec<_>>(), [trace]);
    assert!(hex(&linked.trace_id) != trace && linked.parent_span_id.is_empty());
    let everything = collector.0.lock().unwrap().concat();
    let said = String::from_utf8_lossy(&everything);
    assert!(said.contains("tentacular-mcp-server") && !said.contains(CANARY), "{said}");
}

#[tokio::test]
async fn a_collector_that_is_not_there_holds_up_nobody() {
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let flag = format!("--otlp-endpoint=http://{nowhere}");
    let server = Server::start_with(Walls::Bwrap, &engine(), &[&flag]).await;
    server.provision(ENCLAVE).await;
    server.deploy("worker", &one_node("worker", CODE)).await.unwrap();
    let ran = server.run_tentacle("worker", json!({"word": "well"})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["node"], "well", "{ran}");
}
