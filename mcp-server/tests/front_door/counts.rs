//! What `/metrics` tells.

use crate::app::{App, until};
use crate::team::set_up;
use mcp_server::Pace;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn decisions_are_counted_by_action_and_outcome() {
    let pace = Pace { reconcile_every: Duration::from_millis(20), ..Pace::default() };
    let app = App::paced(pace).await;
    let channel = set_up(&app).await;
    let count = async |what: &str| {
        let page = app.http.get(format!("{}/metrics", app.url)).send().await.unwrap().text().await.unwrap();
        let line = page.lines().find(|line| line.starts_with(what));
        line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
    };
    let allowed = r#"tentacular_decisions_total{action="enclave.freeze",decided="Allowed"}"#;
    let denied = r#"tentacular_decisions_total{action="enclave.freeze",decided="Denied"}"#;
    let looks = r#"tentacular_decisions_total{action="enclave.info",decided="Allowed"}"#;
    assert_eq!((count(allowed).await, count(denied).await, count(looks).await), (0.0, 0.0, 0.0));
    channel.say("ben", "enclave_freeze", json!({})).await.unwrap_err();
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    channel.say("ben", "enclave_info", json!({})).await.unwrap();
    assert_eq!((count(allowed).await, count(denied).await, count(looks).await), (1.0, 1.0, 1.0));
    let page = app.http.get(format!("{}/metrics", app.url)).send().await.unwrap().text().await.unwrap();
    assert!(page.lines().any(|line| line.starts_with("tentacular_index_age_seconds 0")), "{page}");
    let compared = r#"tentacular_reconcile_seconds_count{what="Cluster"}"#;
    until("it was compared with what runs", || async { count(compared).await > 0.0 }).await;
}
