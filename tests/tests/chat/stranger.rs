//! Cy, in no channel of an enclave's, with an MCP client: no tool reaches it, and no answer tells whether there is one.

use serde_json::{Map, Value, json};
use tests::{Mcp, Refusal, Up};

/// The enclave that there is, and one that there is not.
const ENCLAVE: &str = "price-watch";
const NONE: &str = "no-such-place";

/// Calls every tool that Cy is shown.
pub(crate) async fn reaches_nothing(up: &Up) {
    let cy = up.mcp("cy").await;
    let tools = cy.tools().await;
    let mut refused = 0;
    for tool in &tools {
        let name = tool["name"].as_str().unwrap();
        match name {
            // These are about whoever asks, or about the place as a whole.
            "whoami" | "health_cluster_summary" | "proxy_status" => {
                says_nothing_of_it(&cy.call(name, &json!({})).await.unwrap())
            }
            "enclave_list" => {
                let list = cy.call(name, &json!({})).await.unwrap();
                assert_eq!(list["enclaves"], json!([]), "{list}");
            }
            "account_bind" | "account_unlink" | "join_ask" => {
                says_nothing_of_it(&json!(cy.call(name, &json!({})).await.unwrap_err().text))
            }
            // A name that is taken cannot be had, and that is all that is said.
            "enclave_provision" => {
                let taken = cy.call(name, &json!({"name": ENCLAVE})).await.unwrap_err();
                assert_eq!(taken.code, "conflict", "{taken:?}");
                assert!(!taken.text.contains("Ana") && !taken.text.contains("ana@"), "{taken:?}");
            }
            _ => {
                same_as_if_there_were_none(&cy, tool).await;
                refused += 1;
            }
        }
    }
    assert!(refused >= 12, "too few tools were tried: {tools:?}");
}

/// The answer about the enclave is word for word that about one that is not there.
async fn same_as_if_there_were_none(cy: &Mcp, tool: &Value) {
    let name = tool["name"].as_str().unwrap();
    let told = async |enclave: &str| -> Refusal {
        let arguments = arguments(name, &tool["inputSchema"]["properties"], enclave);
        match cy.call(name, &arguments).await {
            Err(refusal) => Refusal { text: refusal.text.replace(enclave, "it"), ..refusal },
            Ok(answer) => panic!("{name} {arguments} was done: {answer}"),
        }
    };
    let refusal = told(ENCLAVE).await;
    assert_eq!(refusal, told(NONE).await, "{name}");
    // What needs a click is refused to a token before it is looked whether there is anything.
    // What is for operators is refused to everybody else, whatever it is about.
    let before = [
        "reach_approve",
        "enclave_offer",
        "enclave_accept",
        "cluster_profile",
        "enclave_preflight",
        "health_nodes",
    ];
    let codes: &[&str] = if before.contains(&name) { &["denied", "not_found"] } else { &["not_found"] };
    assert!(codes.contains(&refusal.code.as_str()), "{name}: {refusal:?}");
}

fn says_nothing_of_it(answer: &Value) {
    assert!(!answer.to_string().contains(ENCLAVE), "{answer}");
}

/// Arguments that make sense for a tool with these properties: all about `hello` in `enclave`, or about a secret there.
fn arguments(tool: &str, properties: &Value, enclave: &str) -> Value {
    let none = Map::new();
    let properties = properties.as_object().unwrap_or(&none);
    let in_enclave = properties.contains_key("enclave");
    let own_name = match tool {
        "secret_set" | "secret_remove" => "shop.key",
        _ if in_enclave => "hello",
        _ => enclave,
    };
    let value = |name: &str| {
        Some(match name {
            "enclave" => json!(enclave),
            "name" | "confirm" => json!(own_name),
            "tentacle" => json!("hello"),
            "action" => json!("run"),
            "mode" => json!("private"),
            "to" => json!("cy"),
            "value" => json!("swordfish"),
            "drift" => json!("repair"),
            "required" => json!(true),
            "number" => json!(12),
            "branch" => json!(format!("kraken/{enclave}/hello/1")),
            "summary" => json!("hello: another greeting"),
            "email" => json!("eve@example.com"),
            "approval" => json!("01890a5d-ac96-774b-bcce-b302099a8057"),
            "offer" | "request" => json!("01890a5d-ac96-774b-bcce-b302099a8057"),
            "approve" | "accept" | "allow" => json!(true),
            "files" => json!({"workflow.yaml": "name: hello\n"}),
            "add_members" => json!(["cy"]),
            _ => return None,
        })
    };
    let given = properties.keys().filter_map(|name| Some((name.clone(), value(name)?)));
    Value::Object(given.collect::<Map<_, _>>())
}
