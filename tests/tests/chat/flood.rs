//! Many requests, each of which Slack tells of up to four times, while the Kraken is killed again and again: each is done once
//! and answered once.

use crate::said::{aloud, founder, greeted};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tests::{Home, Person, Post, Thread, until};
use tokio::time::{Instant, sleep_until};

/// How many requests there are, and how many when nothing is left out.
const FEW: usize = 200;
const ALL: usize = 10_000;

/// After how many the Kraken is killed.
const KILLED_AFTER: usize = 100;

/// How far apart it is killed at least.
const APART: Duration = Duration::from_secs(13);

/// How many are sent between two changes of how often Slack tells of each.
const AT_ONCE: usize = 25;

fn count() -> usize {
    if std::env::var("TENTACULAR_TEST_FULL").is_ok_and(|full| full == "1") {
        return ALL;
    }
    println!("{FEW} requests are made, {} left out: set TENTACULAR_TEST_FULL=1", ALL - FEW);
    FEW
}

/// What the request of this number is: most look, and every tenth does something that can be counted.
fn request(number: usize) -> String {
    match number % 10 {
        0 => format!("@kraken run hello {{\"name\": \"number {number}.\"}}"),
        1..=4 => "@kraken members".to_owned(),
        _ => "@kraken status".to_owned(),
    }
}

/// The one answer of a thread, once it is there.
async fn answer(who: &Person, thread: &Thread) -> Vec<Post> {
    until("it is answered", async || Some(who.sees_alone(thread).await).filter(|posts| !posts.is_empty()))
        .await
}

#[tokio::test]
async fn each_is_done_once_and_answered_once() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let ben = up.person("ben").await;
    greeted(&ben.asks_and_signs_in("run hello").await);
    let (count, mut threads, mut killed) = (count(), Vec::new(), Instant::now());
    let numbers: Vec<usize> = (0..count).collect();
    for round in numbers.chunks(KILLED_AFTER) {
        let begun = threads.len();
        for (batch, numbers) in round.chunks(AT_ONCE).enumerate() {
            up.control(Method::POST, "redeliver", Some(json!({"times": batch % 4}))).await;
            let who = if batch % 2 == 0 { &ana } else { &ben };
            let said: Vec<String> = numbers.iter().map(|number| request(*number)).collect();
            threads.extend(who.sends_all(&said).await);
        }
        // Who dies more often than that is started again later and later.
        sleep_until(killed + APART).await;
        killed = Instant::now();
        up.service("kraken-bot").await.kill();
        // What Slack could not deliver for minutes it lets go of, so that the next ones come when these are answered.
        for (number, thread) in round.iter().zip(&threads[begun..]) {
            let posts = answer(&ana, thread).await;
            match number % 10 {
                0 => aloud(&posts[0], &[&format!("Hello, number {number}.!")]),
                1..=4 => aloud(&posts[0], &["People of price-watch"]),
                _ => aloud(&posts[0], &["price-watch is active."]),
            }
        }
    }
    up.all_acknowledged().await;
    // Once more, when all are answered: none has a second answer.
    let mut twice = BTreeMap::new();
    for (number, thread) in threads.iter().enumerate() {
        let posts = ana.sees_alone(thread).await;
        if posts.len() != 1 {
            twice.insert(number, posts);
        }
    }
    assert!(twice.is_empty(), "{twice:?}");
    // And each run was one: the history has ben's first one and every tenth of these.
    let history =
        up.operator(&["history", "hello", "-e", "price-watch", "-o", "json", "--limit", "200"]).await;
    let history: serde_json::Value =
        serde_json::from_str(&history.out).unwrap_or_else(|_| panic!("{history:?}"));
    let runs = history["runs"].as_array().unwrap().len();
    assert_eq!(runs, (count.div_ceil(10) + 1).min(200), "{runs}");
}
