//! Beside the chat: the operator's emergency access, the trail, MCP clients, and people who leave.

use crate::said::{alone, aloud, founder, greeted};
use serde_json::{Value, json};
use tests::{Home, until};

#[tokio::test]
async fn an_operator_freezes_and_the_channel_is_told() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let list = up.operator(&["enclave", "list"]).await;
    assert!(list.out.contains("price-watch") && list.out.contains("Ana Sousa"), "{list:?}");
    let info = up.operator(&["enclave", "info", "price-watch", "-o", "json"]).await;
    let info: Value = serde_json::from_str(&info.out).unwrap();
    assert_eq!(
        (&info["name"], &info["status"], &info["tentacle_count"]),
        (&json!("price-watch"), &json!("active"), &json!(1))
    );

    let without = up.operator(&["enclave", "freeze", "price-watch"]).await;
    assert_eq!(without.code, Some(2), "{without:?}");
    assert!(without.err.contains("without a reason") && without.err.contains("--reason"), "{without:?}");
    aloud(&ana.asks("status").await, &["price-watch is active."]);

    let reason = "a key has leaked";
    let frozen = up.operator(&["enclave", "freeze", "price-watch", "--reason", reason]).await;
    assert_eq!(frozen.code, Some(0), "{frozen:?}");
    for name in ["ana", "ben"] {
        let person = up.person(name).await;
        let told = until("the channel is told", async || {
            person.channel().await.into_iter().find(|post| post.text.contains(reason))
        });
        aloud(&told.await, &["froze this enclave"]);
    }
    let refused = ana.asks("deploy hello").await;
    alone(
        &refused,
        &["You may not deploy hello", "frozen by an operator", "An operator can lift the freeze."],
    );
    greeted(&ana.asks("run hello").await);
    let refused = ana.asks("shut down price-watch").await;
    alone(&refused, &["You may not shut down price-watch", "An operator must lift the freeze first."]);
    let lifted = up.operator(&["enclave", "unfreeze", "price-watch", "--reason", "the key is changed"]).await;
    assert_eq!(lifted.code, Some(0), "{lifted:?}");
    aloud(&ana.asks("deploy hello").await, &["hello runs exactly this already"]);

    let trail = up.operator(&["trail", "verify"]).await;
    assert_eq!(trail.code, Some(0), "{trail:?}");
    assert!(trail.out.contains("The trail holds"), "{trail:?}");
}

#[tokio::test]
async fn an_mcp_client_and_somebody_who_leaves() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let client = up.mcp("ana").await;
    let me = client.call("whoami", &json!({})).await.unwrap();
    assert_eq!((&me["name"], &me["email"]), (&json!("Ana Sousa"), &json!("ana@example.com")));
    let hello = json!({"enclave": "price-watch", "name": "hello", "input": {"name": "MCP"}});
    let ran = client.call("wf_run", &hello).await.unwrap();
    assert_eq!(ran["success"], true, "{ran}");
    assert!(ran["output"].to_string().contains("Hello, MCP!"), "{ran}");

    let ben = up.person("ben").await;
    aloud(&ben.asks_and_signs_in("new greeter").await, &["greeter is written"]);
    aloud(&ben.asks("deploy greeter").await, &["greeter is deployed."]);
    aloud(&ana.asks("status greeter").await, &["by Ben Okafor, who owns it."]);
    let bens = up.mcp("ben").await;
    bens.call("wf_run", &hello).await.unwrap();

    ben.does("leave", None).await;
    until("ben has no rights any more", async || bens.call("wf_run", &hello).await.err()).await;
    let list = bens.call("enclave_list", &json!({})).await.unwrap();
    assert_eq!(list["enclaves"], json!([]), "{list}");
    aloud(&ana.asks("status greeter").await, &["Ana Sousa owns it."]);
    let members = ana.asks("members").await;
    assert!(!members.text.contains("Members: Ben"), "{}", members.text);

    ben.does("join", None).await;
    let back = until("ben is a member again", async || bens.call("wf_run", &hello).await.ok()).await;
    assert_eq!(back["success"], true, "{back}");
    aloud(&ana.asks("members").await, &["Members: Ben Okafor"]);
    aloud(&ana.asks("status greeter").await, &["Ana Sousa owns it."]);
}
