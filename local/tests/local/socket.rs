//! Socket Mode: connections, acknowledgements, retries.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::app::{App, eventually, hasty};

#[tokio::test]
async fn hello_says_what_clients_wait_for() {
    let app = App::start().await;
    let socket = app.socket().await;
    assert_eq!(socket.hello["num_connections"], 1);
    assert!(socket.hello["connection_info"]["app_id"].as_str().unwrap().starts_with('A'));
    assert!(socket.hello["debug_info"]["host"].is_string());
    assert!(socket.hello["debug_info"]["approximate_connection_time"].is_u64());
    assert_eq!(app.socket().await.hello["num_connections"], 2);
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let app = App::start().await;
    let url = app.socket_url().await;
    let (_open, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    assert!(tokio_tungstenite::connect_async(&url).await.is_err());
    let made_up = url.replace("ticket=", "ticket=0");
    assert!(tokio_tungstenite::connect_async(made_up).await.is_err());
}

#[tokio::test]
async fn an_acknowledged_event_is_gone() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    app.person("ana").say("price-watch", "one").await;
    let envelope = socket.envelope().await;
    assert_eq!((&envelope["retry_attempt"], &envelope["retry_reason"]), (&json!(0), &json!("")));
    assert_eq!(envelope["accepts_response_payload"], false);
    eventually("nothing waits", async || app.waiting().await.is_empty()).await;
}

#[tokio::test]
async fn an_event_that_nobody_acknowledges_comes_again_and_is_given_up() {
    let app = App::start_with(|config| config.timing = hasty()).await;
    let mut socket = app.socket().await;
    app.person("ana").say("price-watch", "one").await;
    let mut seen = Vec::new();
    for attempt in 0..3 {
        let envelope = socket.frame().await.unwrap();
        assert_eq!(envelope["retry_attempt"], attempt);
        assert_eq!(envelope["retry_reason"], if attempt == 0 { "" } else { "timeout" });
        seen.push((envelope["payload"]["event_id"].clone(), envelope["envelope_id"].clone()));
    }
    assert!(seen.iter().all(|(event, _)| *event == seen[0].0));
    assert_ne!(seen[0].1, seen[1].1);
    eventually("it is given up", async || app.waiting().await.is_empty()).await;
}

#[tokio::test]
async fn a_late_acknowledgement_of_a_retry_counts() {
    let app = App::start_with(|config| config.timing = hasty()).await;
    let mut socket = app.socket().await;
    app.person("ana").say("price-watch", "one").await;
    let _unanswered = socket.frame().await.unwrap();
    let again = socket.envelope().await;
    assert_eq!(again["retry_attempt"], 1);
    eventually("nothing waits", async || app.waiting().await.is_empty()).await;
}

#[tokio::test]
async fn what_a_broken_connection_had_comes_on_the_next() {
    // No acknowledgement is late in this test: only the broken connection can be the reason.
    let app = App::start_with(|config| config.timing.acknowledge = Duration::from_secs(3600)).await;
    let mut first = app.socket().await;
    app.person("ana").say("price-watch", "one").await;
    let lost = first.frame().await.unwrap();
    first.drop_dead();
    let mut second = app.socket().await;
    let again = second.envelope().await;
    assert_eq!(again["payload"], lost["payload"]);
    assert_eq!(again["retry_attempt"], 1);
    eventually("nothing waits", async || app.waiting().await.is_empty()).await;
}

#[tokio::test]
async fn an_event_whose_acknowledgements_are_lost_comes_again_as_the_same() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    app.control(Method::POST, "redeliver", json!({ "times": 3 })).await;
    app.person("ana").say("price-watch", "one").await;
    let first = socket.envelope().await;
    for attempt in 1..=3 {
        let again = socket.envelope().await;
        assert_eq!((&again["payload"], &again["retry_attempt"]), (&first["payload"], &json!(attempt)));
        assert_ne!(again["envelope_id"], first["envelope_id"]);
    }
    eventually("nothing waits", async || app.waiting().await.is_empty()).await;
    app.control(Method::POST, "redeliver", json!({ "times": 0 })).await;
    app.person("ana").say("price-watch", "two").await;
    app.person("ana").say("price-watch", "three").await;
    for text in ["two", "three"] {
        assert_eq!(socket.envelope().await["payload"]["event"]["text"], text);
    }
}

#[tokio::test]
async fn two_connections_share_the_work() {
    let app = App::start().await;
    let (mut one, mut other) = (app.socket().await, app.socket().await);
    for number in 0..6 {
        app.person("ana").say("price-watch", &number.to_string()).await;
    }
    let mut texts = Vec::new();
    for _ in 0..3 {
        texts.push(one.envelope().await["payload"]["event"]["text"].clone());
        texts.push(other.envelope().await["payload"]["event"]["text"].clone());
    }
    texts.sort_by_key(ToString::to_string);
    assert_eq!(texts, ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn events_wait_for_an_app_that_is_away_in_order() {
    let app = App::start().await;
    for number in 0..5 {
        app.person("ana").say("price-watch", &number.to_string()).await;
    }
    assert_eq!(app.waiting().await.len(), 5);
    let mut socket = app.socket().await;
    for number in 0..5 {
        assert_eq!(socket.envelope().await["payload"]["event"]["text"], number.to_string());
    }
}

#[tokio::test]
async fn events_do_not_wait_for_ever() {
    let app = App::start_with(|config| config.timing.keep = Duration::from_millis(200)).await;
    app.person("ana").say("price-watch", "one").await;
    eventually("nothing waits", async || app.waiting().await.is_empty()).await;
}

#[tokio::test]
async fn a_connection_that_is_told_to_go_gets_nothing_new() {
    let app = App::start().await;
    let mut old = app.socket().await;
    app.control(Method::POST, "disconnect", json!({ "how": "refresh_requested" })).await;
    let word = old.frame().await.unwrap();
    assert_eq!((&word["type"], &word["reason"]), (&json!("disconnect"), &json!("refresh_requested")));
    assert!(word["debug_info"]["host"].is_string());
    let mut new = app.socket().await;
    app.person("ana").say("price-watch", "one").await;
    assert_eq!(new.envelope().await["payload"]["event"]["text"], "one");
    app.control(Method::POST, "disconnect", json!({ "how": "drop" })).await;
    assert_eq!(old.frame().await, None);
}

#[tokio::test]
async fn pings_are_answered_and_silent_connections_closed() {
    let app = App::start_with(|config| config.timing.ping = Duration::from_millis(100)).await;
    let mut socket = app.socket().await;
    socket.ping().await;
    // From here on nobody reads it, so nobody answers its pings.
    let connections = async || app.person("ana").state().await["app"]["connections"].clone();
    eventually("the silent one is closed", async || connections().await == 0).await;
}
