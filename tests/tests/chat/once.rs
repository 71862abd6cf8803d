//! What is asked once is done once and answered once, however often Slack tells of it and whenever the Kraken dies.

use crate::said::{alone, aloud, founder, greeted};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Home, Person, Post, Thread, Up, until};

/// Slack refuses this method until it is said otherwise, so that nothing can be said meanwhile.
async fn mute(up: &Up, method: &str) {
    let limit = json!({"method": method, "times": 1_000_000, "retry_after": 1});
    up.control(Method::POST, "ratelimit", Some(limit)).await;
}

async fn unmute(up: &Up, method: &str) {
    up.control(Method::POST, "ratelimit", Some(json!({"method": method, "times": 0, "retry_after": 1})))
        .await;
}

/// What was said in a thread once nothing more can come: a thread is answered in order, and the last is answered.
async fn all_of(who: &Person, up: &Up, thread: &Thread) -> Vec<Post> {
    up.all_acknowledged().await;
    who.replies(thread, "@kraken help").await;
    let is_last = |post: &Post| post.text.starts_with("What you can say to me");
    until("the last is answered", async || {
        let (last, before): (Vec<Post>, Vec<Post>) = who.sees(thread).await.into_iter().partition(is_last);
        (!last.is_empty()).then_some(before)
    })
    .await
}

/// The enclaves that there are.
async fn enclaves(up: &Up) -> Vec<Value> {
    let list = up.operator(&["enclave", "list", "-o", "json"]).await;
    assert_eq!(list.code, Some(0), "{list:?}");
    serde_json::from_str::<Value>(&list.out).unwrap()["enclaves"].as_array().unwrap().clone()
}

/// How often `hello` has greeted anybody.
async fn greetings(who: &Person) -> usize {
    who.asks("logs hello").await.text.matches("hello: greeting").count()
}

#[tokio::test]
async fn an_event_that_comes_four_times() {
    let home = Home::default();
    let up = home.up().await;
    let ana = up.person("ana").await;
    alone(&ana.asks_and_signs_in("whoami").await, &["This channel has no enclave yet."]);
    up.control(Method::POST, "redeliver", Some(json!({"times": 3}))).await;

    let setup = ana.says("@kraken set up this channel").await;
    ana.hears(&setup, 1).await;
    let said = all_of(&ana, &up, &setup).await;
    assert_eq!(said.len(), 1, "{said:?}");
    aloud(&said[0], &["This channel is now the enclave price-watch."]);
    assert_eq!(enclaves(&up).await.len(), 1);

    aloud(&ana.asks("new hello").await, &["hello is written"]);
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    let run = ana.says("@kraken run hello").await;
    ana.hears(&run, 1).await;
    let said = all_of(&ana, &up, &run).await;
    assert_eq!(said.len(), 1, "{said:?}");
    greeted(&said[0]);
    assert_eq!(greetings(&ana).await, 1);
}

#[tokio::test]
async fn a_kraken_killed_after_the_effect_and_before_the_answer() {
    let home = Home::default();
    let up = home.up().await;
    let ana = up.person("ana").await;
    alone(&ana.asks_and_signs_in("whoami").await, &["This channel has no enclave yet."]);

    mute(&up, "chat.postMessage").await;
    let setup = ana.says("@kraken set up this channel").await;
    until("the enclave is there", async || {
        enclaves(&up).await.iter().any(|it| it["status"] == "active").then_some(())
    })
    .await;
    up.service("kraken-bot").await.kill();
    unmute(&up, "chat.postMessage").await;

    ana.hears(&setup, 1).await;
    let said = all_of(&ana, &up, &setup).await;
    assert_eq!(said.len(), 1, "{said:?}");
    aloud(&said[0], &["This channel is now the enclave price-watch. Ana Sousa owns it."]);
    assert_eq!(enclaves(&up).await.len(), 1);

    // What one person alone reads cannot be looked up, so it comes at least once.
    mute(&up, "chat.postEphemeral").await;
    let me = ana.says("@kraken whoami").await;
    up.all_acknowledged().await;
    up.service("kraken-bot").await.kill();
    unmute(&up, "chat.postEphemeral").await;
    for post in ana.hears(&me, 1).await {
        alone(&post, &["You are the owner of price-watch."]);
    }
}

#[tokio::test]
async fn a_kraken_killed_while_it_waits_for_the_server() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let server = up.service("mcp-server").await;
    server.freeze();
    let run = ana.says("@kraken run hello").await;
    up.all_acknowledged().await;
    up.service("kraken-bot").await.kill();
    server.thaw();
    ana.hears(&run, 1).await;
    let said = all_of(&ana, &up, &run).await;
    assert_eq!(said.len(), 1, "{said:?}");
    greeted(&said[0]);
    assert_eq!(greetings(&ana).await, 1);
}

#[tokio::test]
async fn a_kraken_killed_before_it_acknowledged() {
    let home = Home::default();
    let up = home.up().await;
    let ana = up.person("ana").await;
    alone(&ana.asks_and_signs_in("whoami").await, &["This channel has no enclave yet."]);
    up.all_acknowledged().await;
    let kraken = up.service("kraken-bot").await;
    kraken.freeze();
    let setup = ana.says("@kraken set up this channel").await;
    let delivery = up.control(Method::GET, "delivery", None).await;
    assert!(!delivery["waiting"].as_array().unwrap().is_empty(), "{delivery}");
    kraken.kill();
    ana.hears(&setup, 1).await;
    let said = all_of(&ana, &up, &setup).await;
    assert_eq!(said.len(), 1, "{said:?}");
    aloud(&said[0], &["This channel is now the enclave price-watch."]);
    assert_eq!(enclaves(&up).await.len(), 1);
}

#[tokio::test]
async fn somebody_who_is_gone_holds_up_nobody() {
    let home = Home::default();
    let up = home.up().await;
    let (ana, ben) = (up.person("ana").await, up.person("ben").await);
    mute(&up, "chat.postEphemeral").await;
    let thread = ben.says("@kraken help").await;
    up.all_acknowledged().await;
    ben.does("leave", None).await;
    unmute(&up, "chat.postEphemeral").await;
    // A thread is answered in order: hers comes only when his, which nobody can get any more, is done with.
    ana.replies(&thread, "@kraken help").await;
    alone(&ana.hears(&thread, 1).await[0], &["What you can say to me"]);
}
