//! What leaves the house: no token, no secret and no identity goes to the model, and its key stands nowhere but in its file.

use super::with;
use crate::canary::{files, holds, holds_token};
use crate::said::{aloud, founder, greeted};
use serde_json::json;
use tests::{Home, Model, Reply};

#[tokio::test]
async fn no_token_and_no_secret_goes_to_the_model_and_its_key_stands_in_its_file_alone() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;
    let mine = up.mcp("ana").await;
    let secret = json!({"name": "shop.key", "value": "canary-swordfish-4711", "enclave": "price-watch"});
    mine.call("secret_set", &secret).await.unwrap();
    let token = up.token("ana").await;
    assert!(holds_token(token.as_bytes()), "{token}");
    // Somebody types a token, and a tentacle prints one.
    let run = json!({"enclave": "price-watch", "name": "hello", "input": {"name": token}});
    mine.call("wf_run", &run).await.unwrap();
    let reads = ["whoami", "enclave_info", "wf_list", "wf_health_enclave", "audit_rbac"];
    let of_hello = ["wf_logs", "wf_history", "wf_describe", "wf_events", "wf_status", "wf_health"];
    model.will([
        Reply::Calls(reads.into_iter().map(|tool| (tool, json!({}))).collect()),
        Reply::Calls(of_hello.into_iter().map(|tool| (tool, json!({"name": "hello"}))).collect()),
        Reply::Calls(vec![
            ("secret_list", json!({})),
            ("trail_tail", json!({})),
            ("secret_set", json!({"name": "shop.key", "value": "mine"})),
        ]),
        Reply::words("That is all I could find."),
    ]);
    let answer = ana.asks(&format!("what do you make of {token} then?")).await;
    aloud(&answer, &["That is all I could find."]);
    let heard = model.heard();
    assert_eq!(heard.len(), 4);
    for request in &heard {
        let text = request.to_string();
        assert!(!holds_token(text.as_bytes()), "{text}");
        for canary in ["swordfish", "xoxb-", "xapp-", "ana@example.com", Model::KEY] {
            assert!(!text.contains(canary), "{canary}: {text}");
        }
    }
    assert!(model.told_last().matches("there is no such tool").count() == 3, "{}", model.told_last());
    assert!(heard[2]["messages"].to_string().contains("greeting [left out]"), "{}", heard[2]["messages"]);
    greeted(&ana.asks("run hello").await);

    // The key of the model.
    let key = Model::KEY.as_bytes();
    for file in files(up.folder()) {
        assert!(!holds(&std::fs::read(&file).unwrap_or_default(), key), "{}", file.display());
    }
    for process in up.processes() {
        assert!(!holds(&process.shown(), key), "{}", process.told());
    }
}
