//! The issuer's keys: how long they are believed, and how often they are asked for.

use crate::app::{App, until};
use crate::issuer::{TestKey, sign};
use crate::key_kinds::P256;
use futures::future::join_all;
use mcp_server::{KeyPace, Pace};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A clock that a test can put forward.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A pace by this clock that fetches on its own every `refresh_every`, and for an unknown key once an hour: no test
    /// takes so long.
    fn pace(&self, refresh_every: Duration) -> Pace {
        let ahead = Arc::clone(&self.0);
        let now = Arc::new(move || Instant::now() + Duration::from_secs(ahead.load(Ordering::SeqCst)));
        Pace {
            keys: KeyPace { refresh_every, refetch_at_most_every: HOUR, max_age: 10 * HOUR, now },
            ..Pace::default()
        }
    }
}

const SOON: Duration = Duration::from_millis(10);
const HOUR: Duration = Duration::from_secs(3600);

async fn status(app: &App, token: &str) -> u16 {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    app.post(token, &message).await.status
}

/// Waits until the server has tried to fetch the keys once more.
async fn tried(app: &App) {
    // Tries come one after the other: when the second has begun, the first has ended.
    let before = app.issuer.described();
    until("the keys are fetched", async || app.issuer.described() >= before + 2).await;
}

#[tokio::test]
async fn a_withdrawn_key_ends_its_tokens_also_those_that_were_believed() {
    let app = App::paced(Clock::default().pace(SOON)).await;
    let token = app.agent("ana");
    assert_eq!(status(&app, &token).await, 200);
    app.issuer.publish_only(&[&P256]);
    tried(&app).await;
    assert_eq!(status(&app, &token).await, 401);
    assert_eq!(status(&app, &app.agent("ana")).await, 401);
    let other = sign(&app.issuer.claims("ana", "agents"), &P256);
    assert_eq!(status(&app, &other).await, 200);
}

#[tokio::test]
async fn another_key_under_the_same_name_ends_the_tokens_of_the_first() {
    let app = App::paced(Clock::default().pace(SOON)).await;
    let token = app.agent("ana");
    assert_eq!(status(&app, &token).await, 200);
    let replaced = TestKey::new(&app.issuer.key.kid);
    app.issuer.publish_only(&[&replaced]);
    tried(&app).await;
    assert_eq!(status(&app, &token).await, 401);
    assert_eq!(status(&app, &sign(&app.issuer.claims("ana", "agents"), &replaced)).await, 200);
}

#[tokio::test]
async fn unknown_keys_make_one_fetch_now_and_then_however_many_ask() {
    let clock = Clock::default();
    let app = App::paced(clock.pace(HOUR)).await;
    assert_eq!(app.issuer.asked(), 1);
    let new = TestKey::new("new");
    app.issuer.publish_only(&[&app.issuer.key, &new]);
    let flood = async || {
        let claims = app.issuer.claims("ana", "agents");
        let tokens: Vec<String> =
            (0..200).map(|n| sign(&claims, &TestKey { kid: format!("k{n}"), ..new.clone() })).collect();
        join_all(tokens.iter().map(async |token| assert_eq!(status(&app, token).await, 401))).await;
        app.issuer.asked()
    };
    assert_eq!(flood().await, 1, "it was asked a moment ago");
    clock.forward(3601);
    assert_eq!(flood().await, 2, "one fetch for all");
    assert_eq!(status(&app, &sign(&app.issuer.claims("ana", "agents"), &new)).await, 200);
    assert_eq!(app.issuer.asked(), 2, "the new key came with that one");
}

#[tokio::test]
async fn a_new_key_is_taken_at_its_first_token() {
    let clock = Clock::default();
    let app = App::paced(clock.pace(HOUR)).await;
    let new = TestKey::new("new");
    let token = sign(&app.issuer.claims("ana", "agents"), &new);
    app.issuer.publish_only(&[&app.issuer.key, &new]);
    assert_eq!(status(&app, &token).await, 401, "it was asked a moment ago");
    clock.forward(3601);
    assert_eq!(status(&app, &token).await, 200);
}

#[tokio::test]
async fn an_unreachable_issuer_is_borne_until_its_keys_are_too_old() {
    let clock = Clock::default();
    let mut pace = clock.pace(SOON);
    (pace.keys.refetch_at_most_every, pace.keys.max_age) = (SOON, KeyPace::default().max_age);
    let app = App::paced(pace).await;
    let token = app.agent("ana");
    app.issuer.set_down(true);
    tried(&app).await;
    clock.forward(500);
    assert_eq!(status(&app, &token).await, 200);
    assert_eq!(app.status_of("/readyz").await, Some(200));
    clock.forward(600);
    let again = app.agent("ben");
    assert_eq!(status(&app, &token).await, 401, "not even what was believed before");
    assert_eq!(status(&app, &again).await, 401);
    let ready = app.http.get(format!("{}/readyz", app.url)).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let told: serde_json::Value = ready.json().await.unwrap();
    assert!(told["issuer_keys"].as_str().unwrap().contains("too old"), "{told}");
    assert_eq!(told["store"], "ok");
    app.issuer.set_down(false);
    app.until_ready().await;
    assert_eq!(status(&app, &token).await, 200);
}
