//! The server, the issuer or Slack is away, each alone: it is said which and what still works, and what was asked is done
//! when it is back, once.

use crate::said::{alone, aloud, founder, greeted};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use tests::{Home, Person, Post, Thread, Up, until};

/// How soon somebody hears that something is away, on a machine that has other work, too.
const SOON: Duration = Duration::from_secs(3);

async fn away(up: &Up, api: bool, issuer: bool) {
    up.control(Method::POST, "away", Some(json!({"api": api, "issuer": issuer}))).await;
}

/// Asks something that has to wait; answers the thread, and what was said at once.
async fn asks_in_vain(who: &Person, words: &str) -> (Thread, Post) {
    let began = Instant::now();
    let thread = who.says(&format!("@kraken {words}")).await;
    let told = who.hears(&thread, 1).await.remove(0);
    println!("{words}: told after {:.1} s", began.elapsed().as_secs_f64());
    assert!(began.elapsed() < SOON, "{words}: {:?}", began.elapsed());
    (thread, told)
}

/// How often `hello` has greeted anybody.
async fn greetings(who: &Person) -> usize {
    who.asks("logs hello").await.text.matches("hello: greeting").count()
}

#[tokio::test]
async fn what_is_asked_while_the_server_is_away_is_done_when_it_is_back() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = up.person("ben").await;
    greeted(&ben.asks_and_signs_in("run hello").await);
    up.minds_nothing();
    up.service("mcp-server").await.kill();

    let (run, told) = asks_in_vain(&ana, "run hello").await;
    alone(
        &told,
        &["The server does not answer at the moment.", "help and logout still work", "delete your message"],
    );
    let (status, told) = asks_in_vain(&ana, "status").await;
    alone(&told, &["The server does not answer at the moment."]);
    // What needs no server is answered meanwhile, in the same thread.
    ana.replies(&run, "@kraken help").await;
    alone(&ana.hears(&run, 2).await[1], &["What you can say to me in a channel"]);
    ana.finds_at_home(&["The server does not answer at the moment", "Look again"]).await;
    // What is taken back meanwhile is not done.
    let (taken_back, _) = asks_in_vain(&ana, "run hello {\"name\": \"nobody\"}").await;
    ana.takes_back(&taken_back).await;
    // News of the channel that cannot be told hold up nobody without a word, and are told before anything else is done.
    ben.does("leave", None).await;
    up.all_acknowledged().await;
    let (after, told) = asks_in_vain(&ana, "members").await;
    alone(&told, &["The server does not answer at the moment."]);
    alone(&ana.asks("help").await, &["What you can say to me in a channel"]);

    up.minds_again();
    up.answers().await;
    greeted(&ana.hears(&run, 3).await[2]);
    aloud(&ana.hears(&status, 2).await[1], &["price-watch is active."]);
    let members = ana.hears(&after, 2).await.remove(1);
    aloud(&members, &["Owner: Ana Sousa"]);
    assert!(!members.text.contains("Ben Okafor"), "he has left: {members:?}");
    assert_eq!(greetings(&ana).await, 2, "Ben's and hers, each once");
    for (thread, count) in [(&run, 3), (&status, 2), (&after, 2)] {
        assert_eq!(ana.sees(thread).await.len(), count);
    }
    assert!(!ana.asks("logs hello").await.text.contains("nobody"));
}

#[tokio::test]
async fn who_is_signed_in_works_on_while_the_issuer_is_away_and_who_is_not_is_told() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    // Ben's token is good for so short a time that it is renewed whenever it is used.
    up.control(Method::POST, "lifetimes", Some(json!({"access_token": 20}))).await;
    let ben = up.person("ben").await;
    greeted(&ben.asks_and_signs_in("run hello").await);
    let gil = up.person("gil").await;
    away(&up, false, true).await;

    greeted(&ana.asks("run hello").await);
    let needs =
        ["The place where you sign in does not answer at the moment", "Whoever is signed in works on"];
    let (run, told) = asks_in_vain(&ben, "run hello").await;
    alone(&told, &needs);
    let (whoami, told) = asks_in_vain(&gil, "whoami").await;
    alone(&told, &needs);
    alone(&gil.asks("help").await, &["What you can say to me in a channel"]);
    ben.finds_at_home(&["The place where you sign in does not answer at the moment", "Look again"]).await;

    away(&up, false, false).await;
    greeted(&ben.hears(&run, 2).await[1]);
    let card = gil.hears(&whoami, 2).await.remove(1);
    alone(&card, &["Sign in to go on."]);
    gil.signs_in(&card).await;
    alone(&gil.hears(&whoami, 3).await[2], &["You are signed in as Gil"]);
    assert_eq!(ben.sees(&run).await.len(), 2);
    assert_eq!(greetings(&ana).await, 3);
}

#[tokio::test]
async fn what_is_said_while_slack_fails_is_answered_once_when_it_is_well() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    away(&up, true, false).await;
    let run = ana.says("@kraken run hello").await;
    let help = ana.says("@kraken help").await;
    up.all_acknowledged().await;
    up.service("kraken-bot").await.kill();
    let again = "the Kraken was killed by signal 9";
    until(again, async || up.has_said(again).then_some(())).await;
    away(&up, false, false).await;
    greeted(&ana.hears(&run, 1).await[0]);
    alone(&ana.hears(&help, 1).await[0], &["What you can say to me in a channel"]);

    // Slack says when to come back, more than once.
    let limit = json!({"method": "chat.postMessage", "times": 3, "retry_after": 1});
    up.control(Method::POST, "ratelimit", Some(limit)).await;
    let limited = ana.says("@kraken run hello").await;
    greeted(&ana.hears(&limited, 1).await[0]);
    assert_eq!(greetings(&ana).await, 2);
    for thread in [&run, &help, &limited] {
        assert_eq!(ana.sees(thread).await.len(), 1);
    }
}
