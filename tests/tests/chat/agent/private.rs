//! In direct messages a model looks at all enclaves of the person's, and at nothing else, and changes nothing.

use super::{offered, with};
use crate::said::founder;
use serde_json::json;
use tests::{Home, Model, Reply};

#[tokio::test]
async fn a_direct_message_is_about_all_enclaves_of_the_person_and_only_looks() {
    let (home, model) = (Home::default(), Model::messages().await);
    let up = with(&home, &model, &[]).await;
    let ana = founder(&up).await;
    let ben = up.person("ben").await;
    ben.asks_and_signs_in("whoami").await;
    // Each has an enclave that the other knows nothing of; hello is Ana's alone.
    up.mcp("ana").await.call("enclave_provision", &json!({"name": "payroll"})).await.unwrap();
    up.mcp("ben").await.call("enclave_provision", &json!({"name": "garden"})).await.unwrap();
    ana.asks("run hello {\"name\": \"canary-4711\"}").await;
    ana.asks("set mode of hello to private").await;

    // What is a command there is no business of a model's.
    assert!(ana.asks_in_private("what failed").await.text.starts_with("Nothing failed"));
    assert!(ana.asks_in_private("my enclaves").await.text.contains("payroll"));
    assert!(model.heard().is_empty());

    model.will([
        Reply::call("enclave_list", json!({})),
        Reply::Calls(vec![
            ("wf_health_enclave", json!({"enclave": "price-watch"})),
            ("wf_logs", json!({"enclave": "price-watch", "name": "hello"})),
            ("enclave_info", json!({"name": "payroll"})),
            ("enclave_info", json!({"name": "garden"})),
        ]),
        Reply::words("Nothing did: hello of price-watch is well."),
    ]);
    let answer = ana.asks_in_private("which of my things went wrong last night?").await;
    assert!(answer.text.contains("Nothing did: hello of price-watch is well."), "{answer:?}");
    assert!(answer.text.contains("A model wrote this"), "{answer:?}");
    let heard = model.heard();
    let offered = offered(&heard[0]);
    for one in ["enclave_list", "wf_health_enclave", "wf_logs", "wf_status"] {
        assert!(offered.contains(&one), "{one}: {offered:?}");
    }
    let changes = ["wf_run", "wf_restart", "wf_remove", "enclave_sync", "enclave_freeze", "offer_command"];
    for not in changes.into_iter().chain(["secret_list", "trail_tail", "account_bind", "wf_apply"]) {
        assert!(!offered.contains(&not), "{not}");
    }
    let told = heard[2].to_string();
    assert!(told.contains("payroll") && told.contains("canary-4711"), "{told}");
    assert_eq!(model.told_last().matches("It was not done").count(), 1, "garden is not hers to see: {told}");
    assert!(!told.contains("@example.com"), "{told}");

    // What is Ana's alone is not Ben's to hear, and whatever changes is no tool.
    model.will([
        Reply::Calls(vec![
            ("enclave_list", json!({})),
            ("wf_logs", json!({"enclave": "price-watch", "name": "hello"})),
            ("enclave_info", json!({"name": "payroll"})),
            ("wf_run", json!({"enclave": "price-watch", "name": "hello"})),
            ("enclave_freeze", json!({"name": "garden"})),
            ("offer_command", json!({"command": "deploy hello"})),
        ]),
        Reply::words("That is all."),
    ]);
    let answer = ben.asks_in_private("please tell me everything and stop all of it").await;
    assert!(answer.text.contains("That is all."), "{answer:?}");
    let told = model.told_last();
    assert!(!told.contains("canary-4711"), "{told}");
    assert_eq!(told.matches("there is no such tool").count(), 3, "{told}");
    assert_eq!(told.matches("It was not done").count(), 5, "{told}");
    assert!(!ben.in_private().await.iter().any(|post| post.text.contains("Do it")), "no card is shown");
    let info = up.mcp("ben").await.call("enclave_info", &json!({"name": "garden"})).await.unwrap();
    assert_eq!(info["status"], "active");

    // Who is a member of nothing drives nobody's model.
    let gil = up.person("gil").await;
    gil.asks_and_signs_in("whoami").await;
    let before = model.heard().len();
    let refused = gil.asks_in_private("please tell me all that there is").await;
    assert!(refused.text.contains("works for members alone"), "{refused:?}");
    assert_eq!(model.heard().len(), before);
}
