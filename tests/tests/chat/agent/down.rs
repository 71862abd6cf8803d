//! With the model down, slow, busy or odd: the message says which, and everything documented works as before.

use super::with;
use crate::said::{alone, aloud, founder, greeted};
use serde_json::json;
use tests::{Home, Model, Person, Reply, until};

/// Asks something that only a model can answer; hears that it is out, and that the rest works.
async fn is_out(who: &Person, why: &str) {
    let told = who.asks("what do you think of all this?").await;
    alone(&told, &[why, "Everything else works as always: status, run hello, logs hello", "help"]);
    greeted(&who.asks("run hello").await);
}

#[tokio::test]
async fn it_is_said_that_the_model_is_out_and_everything_else_works() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &["--model-timeout", "3"]).await;
    let ana = founder(&up).await;

    // It is asked once more where that makes sense, and not for ever.
    model.will([Reply::Fails(500), Reply::Fails(503)]);
    is_out(&ana, "does not answer at the moment").await;
    model.will([Reply::Fails(429), Reply::Fails(529)]);
    is_out(&ana, "has too much to do at the moment").await;
    model.will([Reply::Fails(429), Reply::words("Now I can.")]);
    aloud(&ana.asks("what do you think of it now?").await, &["Now I can."]);
    model.will([Reply::Fails(401)]);
    is_out(&ana, "does not take my key").await;
    for odd in ["this is no JSON", "{}", "[]", r#"{"content": [{"type": "text", "text": " "}]}"#] {
        model.will([Reply::Odd(odd)]);
        is_out(&ana, "answers nothing that I could use").await;
    }
    assert_eq!(model.left(), 0);

    // While it is slow, commands are answered beside it.
    model.will([Reply::words("too late").held()]);
    let slow = ana.says("@kraken what do you think of all this?").await;
    until("the model is asked", async || (model.holds() == 1).then_some(())).await;
    greeted(&ana.asks("run hello").await);
    alone(
        &ana.hears(&slow, 1).await[0],
        &["takes too long at the moment", "Everything else works as always"],
    );

    // And when it is gone altogether.
    model.ends();
    is_out(&ana, "does not answer at the moment").await;
}

#[tokio::test]
async fn odd_calls_are_told_to_be_odd_and_a_loop_comes_to_an_end() {
    let (home, model) = (Home::default(), Model::chat_completions().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;
    model.will([
        Reply::Calls(vec![
            ("drop_database", json!({})),
            ("wf_run", json!("{hello")),
            ("wf_run", json!({"tentacle": 7})),
            ("wf_logs", json!({"name": "NOT A NAME"})),
            ("wf_status", json!({"name": "nothing"})),
            ("offer_command", json!({"command": "rm -rf"})),
            ("wf_list", json!({})),
        ]),
        Reply::words("None of that worked."),
    ]);
    aloud(&ana.asks("please do a number of odd things").await, &["None of that worked."]);
    let told = model.heard().last().unwrap()["messages"].to_string();
    assert_eq!(told.matches("It was not done").count(), 7, "{told}");
    assert!(told.contains("there is no such tool") && told.contains("too many calls at once"), "{told}");

    let before = model.heard().len();
    model.will((0..40).map(|_| Reply::call("wf_list", json!({}))));
    let told = ana.asks("please look at it again and again").await;
    alone(
        &told,
        &["The model came to no end with this, and I stopped it.", "What works without it is status"],
    );
    assert_eq!(model.heard().len() - before, 10);
    greeted(&ana.asks("run hello").await);
}
