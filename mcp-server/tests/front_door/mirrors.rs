//! What the backend shows of a record follows it, also when it could not be reached at first, and whatever the state.

use crate::app::{App, until};
use crate::team::{price_watch, set_up};
use mcp_server::Pace;
use serde_json::json;
use std::time::Duration;

async fn app() -> App {
    let pace = Pace { reconcile_every: Duration::from_millis(5), ..Pace::default() };
    let app = App::paced(pace).await;
    set_up(&app).await;
    app
}

async fn comes_to_show(app: &App, shown: &str) {
    let shows =
        async || app.backend.world().mirrors.get("price-watch").is_some_and(|now| now.ends_with(shown));
    until(&format!("the backend shows {shown}"), shows).await;
}

/// How often the reconciler was allowed this, by the trail.
async fn allowed(app: &App, action: &str) -> usize {
    let named = format!("\"action\":\"{action}\",\"allowed\":true");
    let trail = app.database.rows().await["trail"].clone();
    assert!(
        !trail.iter().any(|row| row.contains("\"tool\":\"reconciler\"") && row.contains("\"allowed\":false"))
    );
    trail.iter().filter(|row| row.contains(&named)).count()
}

#[tokio::test]
async fn a_freeze_that_the_backend_did_not_hear_of_is_shown_later() {
    let app = app().await;
    comes_to_show(&app, "active").await;
    app.backend.keep_failing_at("before mirror");
    price_watch(&app).say("ana", "enclave_freeze", json!({})).await.unwrap();
    app.backend.until_failed_often(10).await;
    app.backend.go_on();
    comes_to_show(&app, "frozen").await;
    assert_eq!(allowed(&app, "reconcile.revoke").await, 1, "it was tried again and again, and decided once");
    let repairs = allowed(&app, "reconcile.repair").await;
    app.backend.fail_at("before mirror");
    price_watch(&app).say("ana", "enclave_unfreeze", json!({})).await.unwrap();
    comes_to_show(&app, "active").await;
    assert_eq!(allowed(&app, "reconcile.repair").await, repairs + 1, "another change is another decision");
}
