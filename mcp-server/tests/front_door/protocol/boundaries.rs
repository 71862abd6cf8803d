//! What is refused before anybody is asked for anything, and what older and newer clients get.

use crate::app::App;
use crate::rpc::{Answer, finish};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

fn initialize(revision: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}
    }})
}

fn list() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
}

/// Sends a listing with one header more, or with another value for one.
async fn list_with(app: &App, header: &str, value: &str) -> Answer {
    send_with(app, &list(), header, value).await
}

async fn send_with(app: &App, message: &Value, header: &str, value: &str) -> Answer {
    // A header that is set twice would be sent twice.
    let request = app.http.post(format!("{}/mcp", app.url)).bearer_auth(app.agent("ana"));
    let usual = [("accept", "application/json, text/event-stream"), ("content-type", "application/json")];
    let request = usual
        .into_iter()
        .filter(|(name, _)| *name != header)
        .fold(request, |request, (name, value)| request.header(name, value));
    finish(request.header(header, value).body(message.to_string())).await
}

#[tokio::test]
async fn every_revision_that_clients_speak_is_spoken() {
    let app = App::start().await;
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let answer = send_with(&app, &initialize(revision), "mcp-protocol-version", revision).await;
        assert_eq!(answer.status, 200, "{revision}: {}", answer.body);
        let result = &answer.json()["result"];
        assert_eq!(result["protocolVersion"], revision);
        assert_eq!(result["serverInfo"]["name"], "tentacular");
        assert!(result["capabilities"]["tools"].is_object(), "{result}");
        let listed = list_with(&app, "mcp-protocol-version", revision).await;
        assert_eq!(listed.status, 200, "{revision}: {}", listed.body);
    }
    // one that nobody knows gets the newest that both may know
    let answer = send_with(&app, &initialize("1999-01-01"), "accept-language", "en").await;
    assert_eq!(answer.json()["result"]["protocolVersion"], "2025-11-25");
}

#[tokio::test]
async fn there_are_no_sessions() {
    let app = App::start().await;
    let answer = app.post(&app.agent("ana"), &initialize("2025-06-18")).await;
    assert_eq!(answer.header("mcp-session-id"), "");
    // whoever sends one is who their token says
    let session = uuid::Uuid::now_v7().to_string();
    let me = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami", "arguments": {}}});
    for person in ["ana", "ben"] {
        let request = app.request(Method::POST).bearer_auth(app.agent(person));
        let answer = finish(request.header("mcp-session-id", &session).body(me.to_string())).await;
        assert_eq!(answer.json()["result"]["structuredContent"]["subject"], person);
        assert_eq!(answer.header("mcp-session-id"), "");
    }
    for method in [Method::GET, Method::DELETE] {
        let request = app.request(method.clone()).bearer_auth(app.agent("ana"));
        let answer = finish(request.header("mcp-session-id", &session)).await;
        assert_eq!(answer.status, 405, "{method}");
    }
}

#[tokio::test]
async fn only_this_host_and_this_origin_are_served() {
    let app = App::start().await;
    let authority = app.url.strip_prefix("http://").unwrap();
    let port = authority.rsplit(':').next().unwrap();
    for host in ["evil.example", "evil.example:80", "localhost", "127.0.0.1:1", &format!("localhost:{port}")]
    {
        assert_eq!(list_with(&app, "host", host).await.status, 403, "{host}");
    }
    for origin in [
        "http://evil.example",
        "null",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        &format!("https://{authority}"),
    ] {
        assert_eq!(list_with(&app, "origin", origin).await.status, 403, "{origin}");
    }
    assert_eq!(list_with(&app, "host", authority).await.status, 200);
    assert_eq!(list_with(&app, "origin", &app.url).await.status, 200);
}

#[tokio::test]
async fn whoever_is_refused_while_they_still_send_hears_why_and_may_ask_again() {
    let app = App::start().await;
    let authority = app.url.strip_prefix("http://").unwrap();
    let mut connection = BufReader::new(TcpStream::connect(authority).await.unwrap());
    let body = vec![b'x'; 1 << 20];
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer nobody\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    for time in ["the first time", "on the same connection"] {
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            assert!(connection.read_until(b'\n', &mut answer).await.unwrap() > 0, "{time}: {answer:?}");
        }
        let answer = String::from_utf8(answer).unwrap().to_lowercase();
        assert!(answer.starts_with("http/1.1 401 "), "{time}: {answer}");
        let length = answer.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut why = vec![0; length.parse().unwrap()];
        connection.read_exact(&mut why).await.unwrap();
        // Sent after the answer, as it is by whoever does not listen while they speak.
        connection.write_all(&body).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_as_one() {
    let app = App::start().await;
    let ana = app.agent("ana");
    let send = async |body: String| finish(app.request(Method::POST).bearer_auth(&ana).body(body)).await;
    let padded = |bytes: usize| {
        let mut message = list();
        message["params"]["padding"] = json!("x".repeat(bytes));
        message.to_string()
    };
    assert_eq!(send(padded(1 << 20)).await.status, 200);
    // Whoever sends far too much is told so, too: the connection does not just break off.
    for much in [4 << 20, 16 << 20] {
        let refused = send(padded(much)).await;
        assert_eq!((refused.status, refused.body.contains("4194304 bytes")), (413, true), "{refused:?}");
    }
    for body in ["", "{", "[]", "null", "\u{0}", &format!("[{}]", list()), r#"{"jsonrpc":"1.0"}"#] {
        let answer = send(body.to_owned()).await;
        assert!((400..500).contains(&answer.status), "{body:?}: {} {}", answer.status, answer.body);
    }
    for (header, value, status) in [
        ("accept", "application/json", 406),
        ("content-type", "text/plain", 415),
        ("mcp-protocol-version", "1999-01-01", 400),
    ] {
        assert_eq!(list_with(&app, header, value).await.status, status, "{header}: {value}");
    }
    let unknown = app.ask(&ana, "tools/guess", json!({})).await;
    assert_eq!(unknown["error"]["code"], -32601);
}
