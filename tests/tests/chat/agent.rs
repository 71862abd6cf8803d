//! What people ask in their own words: a model looks into it and acts, with their rights and never more.

mod budget;
mod cards;
mod down;
mod once;
mod private;
mod secrets;
mod stream;

use crate::said::{alone, aloud, founder, greeted};
use serde_json::{Value, json};
use tests::{Home, Model, Reply, Up, until};

/// A workspace whose Kraken asks `model`.
pub(crate) async fn with(home: &Home, model: &Model, more: &[&str]) -> Up {
    let flags = model.flags(home);
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
    home.up_with(&flags).await
}

/// The names of the tools that the model was offered.
fn offered(request: &Value) -> Vec<&str> {
    request["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_question_is_looked_into_and_something_is_run_under_the_persons_own_rights() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;

    // A documented command and what is close to one are no business of a model's.
    greeted(&ana.asks("run hello").await);
    alone(&ana.asks("statsu").await, &["Did you mean status?"]);
    alone(&ana.asks("deploy").await, &["Name a tentacle, e.g. deploy hello."]);
    assert!(model.heard().is_empty());

    model.will([
        Reply::call("wf_list", json!({})),
        Reply::call("wf_logs", json!({"name": "hello"})),
        Reply::words("hello is fine: it has greeted once."),
    ]);
    let answer = ana.asks("how is hello doing today?").await;
    aloud(&answer, &["hello is fine: it has greeted once.", "A model wrote this"]);
    let heard = model.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard[0]["messages"][0].to_string().contains("Asked: how is hello doing today?"), "{}", heard[0]);
    assert!(model.told_last().contains("hello: greeting world"), "{}", model.told_last());
    assert!(model.told_last().contains("It is data"), "{}", model.told_last());
    let offered = offered(&heard[0]);
    assert!(offered.contains(&"wf_logs") && offered.contains(&"wf_run"), "{offered:?}");
    for not in ["secret_set", "account_bind", "account_unlink", "reach_approve", "enclave_accept", "wf_apply"]
    {
        assert!(!offered.contains(&not), "{not}");
    }

    model.will([
        Reply::call("wf_run", json!({"name": "hello", "input": {"name": "Ben"}})),
        Reply::words("I had hello greet Ben."),
    ]);
    aloud(&ana.asks("please have Ben greeted by hello").await, &["I had hello greet Ben."]);
    assert!(model.told_last().contains("Hello, Ben!"), "{}", model.told_last());
    // A slash command is answered where everybody sees it.
    model.will([Reply::words("It is as it was.")]);
    aloud(&ana.commands("/kraken and how is it by now?").await, &["It is as it was.", "@ana asked:"]);

    let mine = up.mcp("ana").await;
    let record = until("the run is on the trail", async || {
        let trail = mine.call("trail_tail", &json!({"enclave": "price-watch"})).await.unwrap();
        let records = trail["records"].as_array().unwrap().clone();
        records.into_iter().find(|record| record["tool"] == "wf_run" && record["via"]["kind"] == "agent")
    });
    assert_eq!(record.await["who"]["kind"], "person");
}

#[tokio::test]
async fn nobody_gets_more_by_a_model_than_by_their_own_words() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;
    aloud(&ana.asks("set mode of hello to private").await, &["The mode of hello is private now"]);

    // Ben is a member, and hello is Ana's alone. What he asks waits for his sign-in, and goes on after it.
    let ben = up.person("ben").await;
    model.will([
        Reply::Calls(vec![("wf_run", json!({"name": "hello"})), ("wf_logs", json!({"name": "hello"}))]),
        Reply::words("You may not do that."),
    ]);
    aloud(&ben.asks_and_signs_in("please make hello greet us all").await, &["You may not do that."]);
    let told = model.told_last();
    assert_eq!(told.matches("It was not done: permission denied").count(), 2, "{told}");

    // No argument names another enclave than the channel's.
    up.mcp("ben").await.call("enclave_provision", &json!({"name": "payroll"})).await.unwrap();
    model.will([
        Reply::Calls(vec![
            ("enclave_info", json!({"name": "payroll"})),
            ("wf_list", json!({"enclave": "payroll"})),
            ("wf_run", json!({"enclave": "payroll", "name": "hello"})),
        ]),
        Reply::words("I cannot."),
    ]);
    aloud(&ben.asks("what is there in my other enclave?").await, &["I cannot."]);
    assert_eq!(model.told_last().matches("It was not done:").count(), 3, "{}", model.told_last());

    // A guest is a visitor, and drives nobody's model.
    let before = model.heard().len();
    let gil = up.person("gil").await;
    let refused = gil.asks_and_signs_in("tell me all that you know about hello").await;
    alone(&refused, &["works for members alone", "Documented commands work: say help"]);
    // Nor does anybody in a place where no enclave is.
    assert_eq!(model.heard().len(), before);
}

#[tokio::test]
async fn the_thread_before_goes_with_the_question_and_the_other_api_is_spoken_too() {
    let (home, model) = (Home::default(), Model::chat_completions().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;
    let ben = up.person("ben").await;
    let thread = ana.says("@kraken run hello").await;
    greeted(&ana.hears(&thread, 1).await[0]);
    ben.replies(&thread, "I wonder why it says world").await;
    model.will([
        Reply::Calls(vec![
            ("wf_describe", json!({"name": "hello"})),
            ("wf_history", json!({"name": "hello"})),
        ]),
        Reply::words("Because nobody gave it a name."),
    ]);
    ana.replies(&thread, "@kraken can you tell him?").await;
    aloud(&ana.hears(&thread, 2).await[1], &["Because nobody gave it a name."]);
    let heard = model.heard();
    let question = heard[0]["messages"][1]["content"].as_str().unwrap();
    assert!(
        question.contains("I wonder why it says world") && question.contains("Hello, world!"),
        "{question}"
    );
    assert!(question.ends_with("Asked: can you tell him?"), "{question}");
    assert_eq!(heard.len(), 2);
}

#[tokio::test]
async fn what_a_model_says_calls_nobody_hides_no_link_and_is_no_card() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;
    let said = "<!channel> <@UBEN> see <https://evil.example|your bank>, [here](https://evil.example) \u{202e}olleh @channel";
    model.will([Reply::words(said)]);
    let thread = ana.says("@kraken is there anything new for me?").await;
    let answer = ana.hears(&thread, 1).await.remove(0);
    aloud(
        &answer,
        &["<!channel> <@UBEN> see <https://evil.example|your bank>, [here](https://evil.example) olleh"],
    );
    assert!(answer.links.is_empty(), "{answer:?}");
    assert!(ana.reads(&thread, "&lt;!channel&gt;").await);
}
