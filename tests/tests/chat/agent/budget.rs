//! What the model may be asked in a day: when it is used up, that is said once in full, and commands go on.

use super::with;
use crate::said::{alone, aloud, founder, greeted};
use tests::{Home, Model, Reply};

#[tokio::test]
async fn what_a_person_and_an_enclave_may_ask_in_a_day_comes_to_an_end() {
    let (home, model) = (Home::default(), Model::chat_completions().await);
    let flags = ["--model-tokens-per-person", "1000", "--model-tokens-per-enclave", "1500"];
    let up = with(&home, &model, &flags).await;
    let ana = founder(&up).await;
    model.takes(600);
    for words in ["One.", "Two."] {
        model.will([Reply::words(words)]);
        aloud(&ana.asks("what do you think of all this?").await, &[words]);
    }
    let told = ana.asks("and what do you think of it now?").await;
    alone(
        &told,
        &["What you can ask the model in a day is used up.", "begins anew at midnight UTC, in", "run hello"],
    );
    let told = ana.asks("and what do you think of it by now?").await;
    alone(&told, &["What you can ask the model in a day is still used up until midnight UTC."]);
    assert!(!told.text.contains("begins anew"), "it is said in full once: {told:?}");
    greeted(&ana.asks("run hello").await);

    // A Kraken that is started anew remembers, and a direct message is no way around it.
    up.service("kraken-bot").await.kill();
    alone(&ana.asks("what do you say to that now?").await, &["is still used up"]);
    assert!(ana.asks_in_private("what do you say to that now?").await.text.contains("is still used up"));
    assert_eq!(model.heard().len(), 2);

    // Ben has his own, and the enclave's is of all.
    let ben = up.person("ben").await;
    model.will([Reply::words("Three.")]);
    aloud(&ben.asks_and_signs_in("what do you think of all this?").await, &["Three."]);
    let told = ben.asks("and what do you think of it now?").await;
    alone(&told, &["What all people of this enclave together can ask the model in a day is used up."]);
    assert_eq!(model.heard().len(), 3);
    greeted(&ben.asks("run hello").await);
}
