//! A run that takes long: how far it has come is seen while it goes on, and the answer comes by itself.

use crate::reach::{without_fixtures, write};
use crate::said::{aloud, founder};
use tests::{Home, Person, Thread, Up, until};

const WORKFLOW: &str = "\
name: hello
version: \"1.0\"
triggers: [{type: manual}]
nodes:
  first: {path: nodes/first.ts, description: Begins}
  second: {path: nodes/second.ts, description: Takes long}
  third: {path: nodes/third.ts, description: Ends}
edges: [{from: first, to: second}, {from: second, to: third}]
";

/// Takes a moment.
const QUICK: &str = "export default () => new Promise((done) => setTimeout(() => done('well'), 300));\n";
const SLOW: &str = "export default () => new Promise((done) => setTimeout(() => done('well'), 6000));\n";
const BROKEN: &str =
    "export default () => new Promise((_, no) => setTimeout(() => no(new Error('no <luck>')), 6000));\n";

/// Puts a tentacle of three nodes to work.
async fn three(up: &Up, ana: &Person, second: &str) {
    without_fixtures(up).await;
    write(up, "hello/workflow.yaml", WORKFLOW).await;
    for (node, code) in [("first", QUICK), ("second", second), ("third", QUICK)] {
        write(up, &format!("hello/nodes/{node}.ts"), code).await;
    }
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
}

/// Waits until what is shown of the thread's run holds these words; answers all of it.
async fn shows(ana: &Person, thread: &Thread, words: &str) -> String {
    let shown = async || ana.watches(thread).await.map(|post| post.text).filter(|text| text.contains(words));
    until(words, shown).await
}

#[tokio::test]
async fn a_long_run_is_watched_node_by_node() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;

    three(&up, &ana, SLOW).await;
    let thread = ana.says("@kraken run hello").await;
    let shown = shows(&ana, &thread, "second is running, for ").await;
    assert!(shown.ends_with(" s so far"), "{shown}");
    assert!(shown.starts_with("hello is running.") && shown.contains("✓ first is done, after "), "{shown}");
    assert!(!shown.contains("third"), "{shown}");
    let answer = ana.hears(&thread, 1).await;
    aloud(&answer[0], &["well", "hello answered after"]);
    let shown = shows(&ana, &thread, "The run of hello has ended.").await;
    assert!(
        shown.contains("✓ second is done, after ") && shown.contains("✓ third is done, after "),
        "{shown}"
    );

    // What fails is seen at its place.
    three(&up, &ana, BROKEN).await;
    let thread = ana.says("@kraken run hello").await;
    aloud(&ana.hears(&thread, 1).await[0], &["hello failed after", "second: Error: no <luck>"]);
    let shown = shows(&ana, &thread, "has ended.").await;
    assert!(
        shown.contains("✗ second failed: Error: no <luck>") && shown.contains("– third was not run"),
        "{shown}"
    );
}

#[tokio::test]
async fn that_it_is_at_work_is_seen_before_there_is_anything_to_tell() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    three(&up, &ana, SLOW).await;
    let thread = ana.says("@kraken run hello").await;
    let at_work = until("it is at work", async || ana.sees_it_at_work(&thread).await).await;
    assert_eq!(at_work, "Kraken is on it…");
    assert!(ana.watches(&thread).await.is_none(), "nothing is told yet");
    assert!(ana.sees(&thread).await.is_empty(), "nor is it over");
    // What is told takes its place, and nothing of it stays.
    shows(&ana, &thread, "second is running").await;
    assert_eq!(ana.sees_it_at_work(&thread).await, None);
    ana.hears(&thread, 1).await;
    // It is said although nothing answers that could do the work.
    let server = up.service("mcp-server").await;
    server.freeze();
    let thread = ana.says("@kraken status").await;
    until("it is at work", async || ana.sees_it_at_work(&thread).await).await;
    assert!(ana.sees(&thread).await.is_empty(), "the work cannot have ended");
    server.thaw();
    aloud(&ana.hears(&thread, 1).await[0], &["price-watch is active."]);
    // What is answered at once was not worth a word.
    let thread = ana.says("@kraken whoami").await;
    ana.hears(&thread, 1).await;
    assert_eq!(ana.sees_it_at_work(&thread).await, None);
}

#[tokio::test]
async fn a_restart_in_a_long_run_leaves_nothing_unsettled() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    three(&up, &ana, SLOW).await;
    let thread = ana.says("@kraken run hello").await;
    shows(&ana, &thread, "second is running").await;
    up.service("kraken-bot").await.kill();
    aloud(&ana.hears(&thread, 1).await[0], &["hello answered after"]);
    shows(&ana, &thread, "The run of hello has ended.").await;
}
