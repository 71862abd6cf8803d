//! What is found again at the second start.

use secrecy::ExposeSecret;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn everything_is_found_again() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let ts = app.person("ana").say("price-watch", "@kraken remember").await;
    app.person("ana").act("do/create", &[("name", "plans"), ("private", "yes")]).await;
    app.person("ben").act("do/react", &[("channel", "price-watch"), ("ts", &ts), ("name", "eyes")]).await;
    let user = app.user("ana").await;
    app.api("chat.postEphemeral", json!({ "channel": channel, "user": user, "text": "psst" })).await;
    let home = json!({ "type": "home", "blocks": [{ "type": "divider", "block_id": "d" }] });
    app.api("views.publish", json!({ "user_id": user, "view": home })).await;
    let before = (app.person("ana").state().await, app.person("ana").messages("price-watch").await);
    let tokens = (app.bot_token().to_owned(), app.credentials.relay_secret.expose_secret().to_owned());
    let waiting = app.waiting().await;
    assert!(waiting.len() >= 3, "{waiting:?}");

    let app = app.restart().await;
    assert_eq!(
        (app.bot_token(), app.credentials.relay_secret.expose_secret()),
        (tokens.0.as_str(), tokens.1.as_str())
    );
    assert_eq!(before, (app.person("ana").state().await, app.person("ana").messages("price-watch").await));
    let mut socket = app.socket().await;
    for expected in waiting {
        assert_eq!(socket.envelope().await["payload"], expected);
    }
    let later = app.person("ana").say("price-watch", "still here").await;
    assert!(later > ts);
}

#[tokio::test]
async fn an_acknowledged_event_does_not_come_back() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    app.person("ana").say("price-watch", "one").await;
    socket.envelope().await;
    crate::app::eventually("nothing waits", async || app.waiting().await.is_empty()).await;
    let app = app.restart().await;
    assert!(app.waiting().await.is_empty());
}

#[tokio::test]
async fn secrets_of_the_issuer_are_kept_as_digests_only() {
    let app = App::start().await;
    let token = crate::issuer::fresh_token(&app, "ana", "agents").await;
    let refresh = token["refresh_token"].as_str().unwrap().to_owned();
    let kept = app.end().await;
    assert!(kept.contains("grant_started"));
    for secret in refresh.split('.') {
        assert!(!kept.contains(secret));
    }
}
