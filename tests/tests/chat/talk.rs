//! People talk in the threads, too: what is heard there without a mention, and what is not done because it was taken back.

use crate::said::{alone, aloud, founder, greeted};
use tests::Home;

#[tokio::test]
async fn a_reply_needs_no_second_mention_and_talk_is_left_alone() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let thread = ana.says("@kraken status").await;
    aloud(&ana.hears(&thread, 1).await[0], &["hello is ready"]);
    let talk = [
        "nice, thanks!",
        "run hello again tomorrow?",
        "run nothing",
        "run whatever-that-is",
        "deploy whatever-that-is",
        "members of the jury",
        "statsu",
        "what failed was our plan",
        "new idea",
        "changes need review",
        "shut down price-watch",
    ];
    for talk in talk {
        ana.replies(&thread, talk).await;
    }
    ana.replies(&thread, "run hello").await;
    greeted(&ana.hears(&thread, 2).await[1]);
    // Slack tells of a mention in a thread twice; it is answered once.
    ana.replies(&thread, "@kraken run hello").await;
    greeted(&ana.hears(&thread, 3).await[2]);
    up.service("kraken-bot").await.kill();
    // What thread it was asked in is not forgotten.
    ana.replies(&thread, "members").await;
    aloud(&ana.hears(&thread, 4).await[3], &["Owner: Ana Sousa"]);
    assert_eq!(ana.sees(&thread).await.len(), 4);
    assert!(!up.folder().join("tentacles/price-watch/idea").exists(), "talk writes no files");

    // Where nobody asked anything, nothing is heard.
    let talk = ana.says("who runs hello today?").await;
    ana.replies(&talk, "run hello").await;
    ana.says("status").await;
    let last = ana.asks("logs hello").await;
    assert_eq!(last.text.matches("hello: greeting").count(), 2, "{last:?}");
    assert!(ana.sees(&talk).await.is_empty());
}

#[tokio::test]
async fn an_edit_does_not_run_twice_and_a_deletion_before_the_work_cancels_it() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let thread = ana.says("@kraken run hello").await;
    greeted(&ana.hears(&thread, 1).await[0]);
    ana.changes(&thread, "@kraken run hello {\"name\": \"Ana\"}").await;
    ana.replies(&thread, "@kraken logs hello").await;
    let logs = ana.hears(&thread, 2).await.remove(1);
    assert_eq!(logs.text.matches("hello: greeting").count(), 1, "{logs:?}");

    // Ben takes back what waits for his sign-in; what he asks after it is done.
    let ben = up.person("ben").await;
    let taken_back = ben.says("@kraken run hello {\"name\": \"nobody\"}").await;
    let card = ben.hears(&taken_back, 1).await.remove(0);
    alone(&card, &["Sign in to go on."]);
    let kept = ben.says("@kraken run hello {\"name\": \"Ben\"}").await;
    ben.hears(&kept, 1).await;
    ben.takes_back(&taken_back).await;
    up.all_acknowledged().await;
    ben.signs_in(&card).await;
    aloud(&ben.hears(&kept, 2).await[1], &["greeting: Hello, Ben!"]);
    let logs = ana.asks("logs hello").await;
    assert!(!logs.text.contains("nobody"), "{logs:?}");
}

#[tokio::test]
async fn a_slip_is_asked_about_and_never_carried_out() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let cases = [
        ("set mode member-edti", "Did you mean set mode member-edit?"),
        ("set mode of hello to privte", "Did you mean set mode of hello to private?"),
        ("stats hello", "Did you mean status hello?"),
        ("statsu", "Did you mean status?"),
        ("run helo {\"name\": \"Ana\"}", "Did you mean run hello {\"name\": \"Ana\"}?"),
        ("remove helo", "Did you mean remove hello?"),
    ];
    for (typed, meant) in cases {
        alone(&ana.asks(typed).await, &[meant]);
    }
    aloud(&ana.asks("status hello").await, &["It has not been run yet."]);
    let first = ana.asks("sing a song").await;
    alone(&first, &["I don't know that one.", "No model is set up for me", "deploy hello", "help"]);
    let second = ana.asks("sing another").await;
    alone(&second, &["I don't know that one.", "help"]);
    assert!(!second.text.contains("model"), "it is said once: {second:?}");
}

#[tokio::test]
async fn what_is_written_and_not_deployed_is_known_in_its_thread() {
    let home = Home::default();
    let up = home.up().await;
    let ana = up.person("ana").await;
    ana.asks_and_signs_in("set up this channel").await;
    let thread = ana.says("@kraken new tea").await;
    aloud(&ana.hears(&thread, 1).await[0], &["tea is written"]);
    // Without a mention, as one goes on talking to it.
    ana.replies(&thread, "run tea").await;
    alone(&ana.hears(&thread, 2).await[1], &["tea is written, and not deployed yet. Say deploy tea first."]);
    // What names nothing that anybody has begun is talk.
    ana.replies(&thread, "run laundry").await;
    ana.replies(&thread, "deploy tea").await;
    aloud(&ana.hears(&thread, 3).await[2], &["tea is deployed."]);
}
