//! Calls as clients make them: with other words for the same, with too much, without waiting for the end.

use crate::app::{App, until};
use crate::backend::STEPS;
use crate::rpc::{Extras, Reply, call, finish};
use crate::team::{hello, set_up};
use reqwest::Method;
use serde_json::{Value, json};
use wire::FailureCode;

fn of_price_watch(mut args: Value) -> Value {
    args["enclave"] = json!("price-watch");
    args
}

#[tokio::test]
async fn a_hidden_tool_is_as_unknown_as_one_that_is_not_there() {
    let app = App::start().await;
    let relay = app.issuer.token("service-account-kraken-relay", "kraken-relay");
    let hidden =
        [(app.agent("ana"), "channel_report"), (relay, "enclave_freeze"), (app.agent("ana"), "no_such_tool")];
    for (token, name) in hidden {
        let shown = app.tools(&token).await;
        assert!(shown.iter().all(|tool| tool["name"] != name));
        match app.tool(&token, name, &json!({}), &Extras::default()).await {
            Reply::NoTool(message) => assert_eq!(message, format!("there is no tool `{name}` for you")),
            reply => panic!("{name}: {reply:?}"),
        }
    }
    // what somebody sends as a name is told back without what it could do
    match app.tool(&app.agent("ana"), "`x`\n<b>", &json!({}), &Extras::default()).await {
        Reply::NoTool(message) => assert_eq!(message, "there is no tool `x<b>` for you"),
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn other_words_null_lists_and_unknown_keys_are_taken() {
    let app = App::start().await;
    set_up(&app).await;
    let ana = app.agent("ana");
    let mut apply = hello("hello", "hi");
    apply["namespace"] = json!("price-watch");
    apply["manifests"] = Value::Null;
    app.call(&ana, "wf_apply", apply).await.unwrap();
    for (tool, args) in [
        ("enclave_info", json!({"enclave": "price-watch"})),
        (
            "enclave_sync",
            json!({"name": "price-watch", "add_members": null, "remove_members": null, "new_mode": "member-read"}),
        ),
        ("wf_list", json!({"namespace": "price-watch"})),
        ("wf_status", json!({"namespace": "price-watch", "name": "hello", "verbosity": {"level": [9]}})),
        ("wf_run", json!({"namespace": "price-watch", "name": "hello"})),
    ] {
        app.call(&ana, tool, args.clone()).await.unwrap_or_else(|error| panic!("{tool} {args}: {error:?}"));
    }
    let wrong = app.call(&ana, "enclave_info", json!({"name": ["price-watch"]})).await.unwrap_err();
    assert_eq!(wrong.code, FailureCode::Invalid);
}

#[tokio::test]
async fn a_panic_ends_one_call_and_nothing_else() {
    let app = App::start().await;
    set_up(&app).await;
    let ana = app.agent("ana");
    for point in ["before deploy", "after deploy"] {
        app.backend.panic_at(point);
        let refused = app.call(&ana, "wf_apply", of_price_watch(hello("hello", point))).await.unwrap_err();
        assert_eq!(
            (refused.code, &*refused.message),
            (FailureCode::Internal, "something went wrong on our side")
        );
        assert!(refused.trace_id.is_some());
        // nothing stays locked
        let deployed = app.call(&ana, "wf_apply", of_price_watch(hello("hello", point))).await.unwrap();
        assert_eq!(deployed["status"], "deployed");
    }
}

#[tokio::test]
async fn progress_is_told_to_those_who_ask_for_it() {
    let app = App::start().await;
    let events = told(&app, "enclave_provision", json!({"name": "new"})).await;
    let (last, told) = events.split_last().unwrap();
    let mut steps = Vec::new();
    for (done, event) in (1..).zip(told) {
        let (told, step) = (&event["params"], event["params"]["message"].as_str().unwrap());
        let expected =
            json!({"progressToken": "p-1", "progress": f64::from(done), "total": 4.0, "message": step});
        assert_eq!((&event["method"], told), (&json!("notifications/progress"), &expected));
        steps.push(step);
    }
    // steps of one stage end in any order
    steps.sort_by_key(|told| STEPS.iter().position(|step| step == told));
    assert_eq!(steps, STEPS);
    assert_eq!((&last["id"], &last["result"]["structuredContent"]["status"]), (&json!(7), &json!("active")));
}

/// Ana calls a tool with a progress token; answers everything that is told, the answer last.
async fn told(app: &App, tool: &'static str, args: Value) -> Vec<Value> {
    told_to(app, "ana", tool, args).await
}

async fn told_to(app: &App, person: &str, tool: &'static str, args: Value) -> Vec<Value> {
    let mut params = call(tool, &args, &Extras::default());
    params["_meta"]["progressToken"] = json!("p-1");
    let message = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params});
    let answer = app.post(&app.agent(person), &message).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let events = answer.body.lines().filter_map(|line| line.strip_prefix("data:"));
    events.filter_map(|data| serde_json::from_str(data.trim()).ok()).collect()
}

#[tokio::test]
async fn a_run_is_told_node_by_node() {
    let app = App::start().await;
    set_up(&app).await;
    app.call(&app.agent("ana"), "wf_apply", of_price_watch(hello("hello", "hi"))).await.unwrap();
    let events = told(&app, "wf_run", of_price_watch(json!({"name": "hello"}))).await;
    let step = |progress: f64, message: &str, step: Value| {
        let meta = json!({"tentacular.io/step": step});
        let params = json!({"progressToken": "p-1", "progress": progress, "message": message, "_meta": meta});
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
    };
    let began = step(1.0, "echo began", json!({"node": "echo", "state": "started", "attempt": 1}));
    let ended = json!({"node": "echo", "state": "finished", "duration_ms": 12});
    let ended = step(2.0, "echo finished after 0.012 s", ended);
    assert_eq!(events[..2], [began, ended]);
    assert_eq!(events[2]["result"]["structuredContent"]["success"], true);
}

#[tokio::test]
async fn what_a_tentacle_prints_is_followed() {
    let app = App::start().await;
    set_up(&app).await;
    app.call(&app.agent("ana"), "wf_apply", of_price_watch(hello("hello", "hi"))).await.unwrap();
    let follow = of_price_watch(json!({"name": "hello", "follow_seconds": 1, "tail_lines": 3}));
    let events = told(&app, "wf_logs", follow).await;
    let (answer, lines) = events.split_last().unwrap();
    let lines: Vec<&str> = lines.iter().map(|event| event["params"]["message"].as_str().unwrap()).collect();
    assert_eq!(lines[..3], ["hello", "word 1", "word 2"]);
    let answer = &answer["result"]["structuredContent"];
    assert_eq!(answer["lines"], json!(lines[lines.len() - 3..]), "{answer}");
    assert_eq!(answer["truncated"], true);
}

#[tokio::test]
async fn whoever_is_shut_out_hears_no_more_of_what_is_printed() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    app.call(&app.agent("ana"), "wf_apply", of_price_watch(hello("hello", "hi"))).await.unwrap();
    let follow = of_price_watch(json!({"name": "hello", "follow_seconds": 600}));
    let (told, ()) = tokio::join!(told_to(&app, "ben", "wf_logs", follow), async {
        app.backend.until_followed().await;
        let removed = json!({"remove_members": ["UBEN"]});
        channel.say("ana", "enclave_sync", removed).await.unwrap();
    });
    let answer = &told.last().unwrap()["result"];
    assert_eq!(answer["structuredContent"]["error"]["code"], "denied", "{answer}");
}

#[tokio::test]
async fn whoever_does_not_wait_for_the_end_does_not_stop_it() {
    let app = App::start().await;
    set_up(&app).await;
    app.backend.stop_at("before deploy");
    let params = call("wf_apply", &of_price_watch(hello("hello", "hi")), &Extras::default());
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let request = app.request(Method::POST).bearer_auth(app.agent("ana")).body(message.to_string());
    let asking = tokio::spawn(finish(request));
    app.backend.until_waiting(1).await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    app.backend.go_on();
    let status = json!({"enclave": "price-watch", "name": "hello"});
    let ready = async || {
        let status = app.call(&app.agent("ana"), "wf_status", status.clone()).await.unwrap();
        status["ready"] == true && status["version"] != ""
    };
    until("it is deployed all the same", ready).await;
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let app = App::start().await;
    let ana = app.agent("ana");
    let names: Vec<String> = (0..7).map(|n| format!("enclave-{n}")).collect();
    for name in &names {
        app.call(&ana, "enclave_provision", json!({"name": name})).await.unwrap();
    }
    let (mut found, mut args, mut pages) = (Vec::new(), json!({"limit": 3}), 0);
    loop {
        let page = app.call(&ana, "enclave_list", args.clone()).await.unwrap();
        let listed = page["enclaves"].as_array().unwrap().iter();
        found.extend(listed.map(|enclave| enclave["name"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(cursor) = page.get("next_cursor").filter(|cursor| !cursor.is_null()) else { break };
        args["cursor"] = cursor.clone();
    }
    assert_eq!((found, pages), (names, 3));
    for tool in ["audit_psa", "audit_netpol"] {
        let garbage = json!({"enclave": "enclave-0", "cursor": "x"});
        assert_eq!(app.call(&ana, tool, garbage).await.unwrap_err().code, FailureCode::Invalid, "{tool}");
    }
}
