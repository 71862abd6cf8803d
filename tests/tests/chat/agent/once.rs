//! A Kraken that dies in the middle goes on where it was, and does nothing twice; what is taken back is not gone on with.

use super::with;
use crate::reach::{without_fixtures, write};
use crate::said::{aloud, founder, greeted};
use serde_json::json;
use tests::{Home, Model, Reply, until};

const WORKFLOW: &str = "\
name: hello
version: \"1.0\"
triggers: [{type: manual}]
nodes:
  slow: {path: nodes/slow.ts, description: Takes long}
";

const SLOW: &str = "export default (ctx) => new Promise((done) => {\n  ctx.log.info('begun');\n  setTimeout(() => done('well'), 5000);\n});\n";

#[tokio::test]
async fn a_kraken_that_dies_goes_on_and_runs_nothing_twice() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;

    // It dies while the model thinks about what came of the run.
    model.will([
        Reply::call("wf_run", json!({"name": "hello"})),
        Reply::words("nobody hears this").held(),
        Reply::words("All are greeted."),
    ]);
    let thread = ana.says("@kraken please have all of us greeted").await;
    until("the model thinks", async || (model.holds() == 1).then_some(())).await;
    up.service("kraken-bot").await.kill();
    aloud(&ana.hears(&thread, 1).await[0], &["All are greeted."]);
    let heard = model.heard();
    assert_eq!(heard.len(), 3);
    assert_eq!(heard[1]["messages"], heard[2]["messages"], "it is told the same again");
    let logs = ana.asks("logs hello").await;
    assert_eq!(logs.text.matches("hello: greeting").count(), 1, "{logs:?}");

    // It dies while the run goes on.
    without_fixtures(&up).await;
    write(&up, "hello/workflow.yaml", WORKFLOW).await;
    write(&up, "hello/nodes/slow.ts", SLOW).await;
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    model.will([Reply::call("wf_run", json!({"name": "hello"})), Reply::words("It went well.")]);
    let thread = ana.says("@kraken please make the slow thing happen").await;
    let shown = until("the run is shown", async || {
        ana.watches(&thread).await.filter(|post| post.text.contains("slow is running"))
    });
    assert!(shown.await.is_growing);
    up.service("kraken-bot").await.kill();
    aloud(&ana.hears(&thread, 1).await[0], &["It went well."]);
    assert!(model.told_last().contains("well"), "{}", model.told_last());
    // What was shown has become the answer.
    assert!(ana.watches(&thread).await.is_none());
    let logs = ana.asks("logs hello").await;
    assert_eq!(logs.text.matches("slow: begun").count(), 1, "{logs:?}");
    assert_eq!(ana.sees(&thread).await.len(), 1);
}

#[tokio::test]
async fn what_is_taken_back_is_not_gone_on_with() {
    let (home, model) = (Home::default(), Model::messages().await);
    // Longer than the test waits: it is let go because it was taken back, and for no other reason.
    let up = with(&home, &model, &["--model-timeout", "300"]).await;
    let ana = founder(&up).await;
    greeted(&ana.asks("run hello").await);
    model.will([Reply::call("wf_run", json!({"name": "hello"})).held()]);
    let thread = ana.says("@kraken please have all of us greeted").await;
    until("the model thinks", async || (model.holds() == 1).then_some(())).await;
    ana.takes_back(&thread).await;
    until("nobody waits for the model any more", async || (model.holds() == 0).then_some(())).await;
    model.will([Reply::words("I am here.")]);
    aloud(&ana.asks("are you still with us now?").await, &["I am here."]);
    assert_eq!(model.heard().len(), 2);
    let logs = ana.asks("logs hello").await;
    assert_eq!(logs.text.matches("hello: greeting").count(), 1, "{logs:?}");
}
