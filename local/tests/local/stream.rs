//! Messages that grow, by the Web API and on the page.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::App;
use crate::browser::Browser;

/// Begins one below something that Ana says; answers where it stands.
async fn begun(app: &App, chunks: Value) -> Value {
    let said = app.person("ana").say("price-watch", "a question").await;
    let (channel, ana) = (app.channel("price-watch").await, app.user("ana").await);
    let team = app.api("auth.test", json!({})).await["team_id"].clone();
    let arguments = json!({
        "channel": channel, "thread_ts": said, "recipient_user_id": ana, "recipient_team_id": team, "chunks": chunks,
    });
    let begun = app.api("chat.startStream", arguments).await;
    json!({ "channel": channel, "ts": begun["ts"], "thread": said })
}

fn with(at: &Value, more: Value) -> Value {
    let mut all = json!({ "channel": at["channel"], "ts": at["ts"] });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn task(status: &str) -> Value {
    json!([{ "type": "task_update", "id": "look", "title": "Looking it up", "status": status }])
}

#[tokio::test]
async fn it_grows_until_it_is_stopped_and_is_the_answer_then() {
    let app = App::start().await;
    let at = begun(&app, task("in_progress")).await;
    let browser = Browser::let_in(&app).await;
    let thread = format!("/as/ben/c/price-watch?thread={}", at["thread"].as_str().unwrap());
    let page = browser.get(&thread).await;
    assert_eq!(page.texts("#replies .streaming .task"), ["Looking it up (in progress)"]);
    assert_eq!(page.texts("#replies .streaming .doing"), ["Kraken is writing…"]);

    app.api("chat.appendStream", with(&at, json!({ "chunks": task("complete") }))).await;
    app.api("chat.appendStream", with(&at, json!({ "markdown_text": "It is " }))).await;
    assert_eq!(
        app.refusal("chat.update", with(&at, json!({ "text": "x" }))).await,
        "streaming_state_conflict"
    );
    let bottom =
        json!([{ "type": "section", "block_id": "b", "text": { "type": "mrkdwn", "text": "the end" } }]);
    let stopped = json!({ "markdown_text": "so.", "blocks": bottom, "metadata": { "event_type": "e", "event_payload": {} } });
    let stopped = app.api("chat.stopStream", with(&at, stopped)).await;
    assert_eq!((&stopped["message"]["text"], &stopped["ts"]), (&json!("It is so."), &at["ts"]));
    let kinds: Vec<&str> = stopped["message"]["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["task_card", "markdown", "section"]);
    assert_eq!(stopped["message"]["blocks"][2]["block_id"], "b");
    let page = browser.get(&thread).await;
    assert!(page.texts("#replies .streaming").is_empty());
    assert_eq!(page.texts("#replies .task"), ["Looking it up (done)"]);
    for method in ["chat.appendStream", "chat.stopStream"] {
        let more = with(&at, json!({ "markdown_text": "more" }));
        assert_eq!(app.refusal(method, more).await, "message_not_in_streaming_state", "{method}");
    }
    // What it said is kept.
    let app = app.restart().await;
    let arguments = json!({ "channel": at["channel"], "ts": at["thread"] });
    let replies = app.api("conversations.replies", arguments).await;
    assert_eq!(replies["messages"][1]["blocks"], stopped["message"]["blocks"]);
}

#[tokio::test]
async fn what_slack_refuses_is_refused_in_its_words() {
    let app = App::start().await;
    let (channel, ana) = (app.channel("price-watch").await, app.user("ana").await);
    let said = app.person("ana").say("price-watch", "a question").await;
    let direct = app.api("conversations.open", json!({ "users": ana })).await["channel"]["id"].clone();
    let full = |more: Value| {
        let mut all = json!({ "channel": channel, "thread_ts": said, "recipient_user_id": ana, "recipient_team_id": "T1" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let rows = [
        (json!({ "channel": channel, "thread_ts": said }), "missing_recipient_user_id"),
        (
            json!({ "channel": channel, "thread_ts": said, "recipient_user_id": ana }),
            "missing_recipient_team_id",
        ),
        (json!({ "channel": direct }), "invalid_arguments"),
        (full(json!({ "recipient_user_id": "U0" })), "user_not_found"),
        (full(json!({ "chunks": [{ "type": "odd" }] })), "invalid_chunks"),
        (full(json!({ "chunks": "odd" })), "invalid_chunks"),
        (full(json!({ "markdown_text": "x".repeat(12_001) })), "msg_too_long"),
        (full(json!({ "channel": "C0" })), "channel_not_found"),
        (full(json!({ "thread_ts": "1.000000" })), "cannot_reply_to_message"),
    ];
    for (arguments, expected) in rows {
        assert_eq!(app.refusal("chat.startStream", arguments.clone()).await, expected, "{arguments}");
    }
    let at = begun(&app, json!([])).await;
    for (method, arguments, expected) in [
        ("chat.appendStream", with(&at, json!({})), "no_text"),
        ("chat.stopStream", with(&at, json!({})), "no_text"),
        ("chat.stopStream", with(&at, json!({ "ts": "1.000000" })), "message_not_found"),
        ("chat.stopStream", with(&at, json!({ "ts": said })), "message_not_in_streaming_state"),
        ("chat.stopStream", with(&at, json!({ "blocks": [{ "type": "x" }] })), "invalid_blocks"),
    ] {
        assert_eq!(app.refusal(method, arguments.clone()).await, expected, "{method} {arguments}");
    }
    // Slack ends what is open for too long, and not every workspace has it.
    assert_eq!(app.control(Method::POST, "streams/end", json!({})).await, StatusCode::NO_CONTENT);
    let more = with(&at, json!({ "markdown_text": "more" }));
    assert_eq!(app.refusal("chat.appendStream", more).await, "message_not_in_streaming_state");
    let lacks = json!({ "methods": ["chat.startStream"] });
    assert_eq!(app.control(Method::POST, "lacks", lacks).await, StatusCode::NO_CONTENT);
    assert_eq!(app.refusal("chat.startStream", full(json!({}))).await, "unknown_method");
}
