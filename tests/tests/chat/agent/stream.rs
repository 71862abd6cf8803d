//! What is worked on for longer is one message that grows and ends as the answer, where the workspace has such; where it has not, or
//! Slack ends it, no answer is lost and none comes twice.

use super::with;
use crate::said::{alone, aloud, founder};
use reqwest::Method;
use serde_json::json;
use tests::{Home, Model, Person, Post, Reply, Thread, Up, until};

/// Asks something that the model thinks about; answers the thread once somebody can watch it.
async fn asked(ana: &Person, model: &Model, answer: Reply) -> (Thread, Post) {
    model.will([Reply::call("wf_logs", json!({"name": "hello"})), answer.held()]);
    let thread = ana.says("@kraken how is hello doing today?").await;
    let watched = until("it is shown that it goes on", async || {
        ana.watches(&thread).await.filter(|post| post.text.contains("Reading what hello printed"))
    });
    (thread.clone(), watched.await)
}

/// Everything that the Kraken has said in a thread by when another question there is answered.
async fn all(ana: &Person, up: &Up, thread: &Thread) -> Vec<Post> {
    up.all_acknowledged().await;
    ana.replies(thread, "@kraken help").await;
    until("the thread is done with", async || {
        let said = ana.sees(thread).await;
        let is_last = |post: &Post| post.text.starts_with("What you can say to me");
        said.iter().any(is_last).then(|| said.into_iter().filter(|post| !is_last(post)).collect())
    })
    .await
}

#[tokio::test]
async fn the_message_that_grows_is_the_answer_in_the_end() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;
    let said = "All is well, <!channel> and [you](https://evil.example).";
    let (thread, watched) = asked(&ana, &model, Reply::words(said)).await;
    assert!(watched.is_growing && !watched.only_for_you, "{watched:?}");
    assert!(watched.text.starts_with("At work on it (in progress)"), "{watched:?}");
    model.goes_on();
    let answer = ana.hears(&thread, 1).await.remove(0);
    aloud(
        &answer,
        &["Looked into it (done)", "Reading what hello printed (done)", said, "A model wrote this"],
    );
    assert!(answer.links.is_empty() && !answer.is_growing, "{answer:?}");
    assert_eq!(all(&ana, &up, &thread).await.len(), 1);
    assert!(ana.watches(&thread).await.is_none());

    // What one person alone may read is not put into it.
    let (thread, _) = asked(&ana, &model, Reply::Fails(401)).await;
    model.goes_on();
    let said = all(&ana, &up, &thread).await;
    alone(&said[0], &["does not take my key"]);
    let left = ana.watches(&thread).await.unwrap();
    assert!(left.text.contains("The work on this has ended.") && !left.is_growing, "{left:?}");
}

#[tokio::test]
async fn a_kraken_that_dies_while_it_grows_ends_it_once() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;
    let (thread, _) = asked(&ana, &model, Reply::words("nobody hears this")).await;
    model.will([Reply::words("All is well.")]);
    up.service("kraken-bot").await.kill();
    aloud(&ana.hears(&thread, 1).await[0], &["Reading what hello printed (done)", "All is well."]);
    assert_eq!(all(&ana, &up, &thread).await.len(), 1);
    assert!(ana.watches(&thread).await.is_none());

    // It dies with the answer, which Slack has not taken yet.
    let (thread, _) = asked(&ana, &model, Reply::words("It goes well.")).await;
    let refuse = |times: u32| json!({"method": "chat.stopStream", "times": times, "retry_after": 1});
    up.control(Method::POST, "ratelimit", Some(refuse(1_000_000))).await;
    model.goes_on();
    until("the Kraken has the answer", async || {
        ana.watches(&thread).await.filter(|post| post.text.starts_with("Looked into it (done)"))
    })
    .await;
    up.service("kraken-bot").await.kill();
    up.control(Method::POST, "ratelimit", Some(refuse(0))).await;
    aloud(&ana.hears(&thread, 1).await[0], &["It goes well."]);
    assert_eq!(all(&ana, &up, &thread).await.len(), 1);
}

#[tokio::test]
async fn where_there_is_no_such_message_or_it_has_ended_no_answer_is_lost() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;

    // Slack ends it.
    let (thread, _) = asked(&ana, &model, Reply::words("All is well.")).await;
    up.control(Method::POST, "streams/end", Some(json!({}))).await;
    model.goes_on();
    until("the answer comes", async || {
        ana.sees(&thread).await.into_iter().find(|post| post.text.starts_with("All is well."))
    })
    .await;
    assert_eq!(all(&ana, &up, &thread).await.len(), 1);
    let left = ana.watches(&thread).await.unwrap();
    assert_eq!(left.text, "The work on this has ended.");

    // The workspace has none: the message that changes is shown as for everything else that takes long.
    up.control(Method::POST, "lacks", Some(json!({"methods": ["chat.startStream"]}))).await;
    for _ in 0..2 {
        let (thread, watched) = asked(&ana, &model, Reply::words("All is well.")).await;
        assert!(watched.text.starts_with("This is being worked on.") && !watched.is_growing, "{watched:?}");
        model.goes_on();
        aloud(&ana.hears(&thread, 1).await[0], &["All is well."]);
        let left = ana.watches(&thread).await.unwrap();
        assert!(left.text.starts_with("The work on this has ended."), "{left:?}");
        assert_eq!(all(&ana, &up, &thread).await.len(), 1);
    }
}
