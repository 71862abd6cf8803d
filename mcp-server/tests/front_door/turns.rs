//! Nobody holds the server alone, and an emergency gets through whatever everybody else is doing.

use crate::app::App;
use crate::door::Door;
use crate::team::{everybody_is_in, hello, set_up};
use futures::future::join_all;
use mcp_server::Pace;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinHandle;
use wire::{Failure, FailureCode};

/// How many calls of one person are worked on at once.
const EACH: usize = 16;

/// How many calls of all people are.
const PEOPLE: usize = 224;

/// A server at which nobody waits for long.
async fn impatient() -> App {
    App::paced(Pace { turn_within: Duration::from_millis(200), ..Pace::default() }).await
}

type Asking = JoinHandle<Result<Value, Failure>>;

fn ask(door: &Door, person: &str, tool: &'static str, args: Value) -> Asking {
    let (door, token) = (door.clone(), door.agent(person));
    tokio::spawn(async move { door.call(&token, tool, args).await })
}

/// The calls of an emergency: the operator's freeze, and the relay's report of who is in the channel.
async fn an_emergency_gets_through(app: &App) {
    app.operate("enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    everybody_is_in(app).await;
    app.operate("enclave_unfreeze", json!({"name": "price-watch"})).await.unwrap();
}

#[tokio::test]
async fn who_holds_as_many_calls_as_they_can_keeps_nobody_else_out() {
    let app = impatient().await;
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    app.backend.stop_at("before run");
    let run = || ask(&app, "ana", "wf_run", json!({"enclave": "price-watch", "name": "hello"}));
    let running: Vec<Asking> = (0..EACH).map(|_| run()).collect();
    app.backend.until_waiting(EACH).await;
    // whichever client she comes with
    let more = [run().await.unwrap(), channel.say("ana", "enclave_info", json!({})).await];
    for refused in more.map(Result::unwrap_err) {
        assert_eq!(refused.code, FailureCode::Unavailable);
        assert!(refused.message.contains("16 of your calls"), "{}", refused.message);
    }
    channel.say("ben", "enclave_info", json!({})).await.unwrap();
    an_emergency_gets_through(&app).await;
    app.backend.go_on();
    for answer in join_all(running).await {
        answer.unwrap().unwrap();
    }
    channel.say("ana", "enclave_info", json!({})).await.unwrap();
}

#[tokio::test]
async fn an_emergency_gets_through_when_all_people_together_hold_the_server() {
    let app = impatient().await;
    let channel = set_up(&app).await;
    app.backend.stop_at("before namespace");
    let mut making = Vec::new();
    for person in 0..PEOPLE / EACH * 2 {
        // as many as everybody may own are fewer than as many as everybody may ask for
        for enclave in 0..EACH / 2 {
            let name = json!({"name": format!("of-{person}-{enclave}")});
            making.push(ask(&app, &format!("person{person}"), "enclave_provision", name));
        }
        app.backend.until_waiting(making.len()).await;
    }
    assert_eq!(making.len(), PEOPLE);
    let refused = channel.say("ben", "enclave_info", json!({})).await.unwrap_err();
    assert_eq!((refused.code, &*refused.message), (FailureCode::Unavailable, "the server is busy"));
    an_emergency_gets_through(&app).await;
    app.backend.go_on();
    for answer in join_all(making).await {
        answer.unwrap().unwrap();
    }
    channel.say("ben", "enclave_info", json!({})).await.unwrap();
}
