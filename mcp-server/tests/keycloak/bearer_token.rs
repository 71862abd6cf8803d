//! A provider of identities that is called `bearer-token`. The original of this product took a token that says it came by that one
//! for one that is above all rights. Here a token's claims name a person, and the store says what that person may.

use crate::brokered::through;
use crate::device_flow::{Device, said_by, sign_in};
use crate::door::Door;
use crate::own_realm::client;
use crate::realm::Realm;
use crate::workspace::Workspace;
use serde_json::{Value, json};

const ALIAS: &str = "bearer-token";

/// The claims by which the original knew such a token.
const CLAIMS: [&str; 2] = ["identity_provider", "provider"];

/// What MCP says of a tool that there is not: JSON-RPC's code for parameters that cannot be used.
const NO_SUCH_TOOL: i32 = -32602;

/// Calls the example of a provider by that name, and has the tokens of `agents` say through which provider somebody came.
fn renamed(realm: &mut Value) {
    realm["identityProviders"][0]["alias"] = json!(ALIAS);
    for mapper in realm["identityProviderMappers"].as_array_mut().unwrap() {
        mapper["identityProviderAlias"] = json!(ALIAS);
    }
    let mappers = client(realm, "agents")["protocolMappers"].as_array_mut().unwrap();
    mappers.extend(CLAIMS.map(|claim| {
        json!({
            "name": claim, "protocol": "openid-connect", "protocolMapper": "oidc-usersessionmodel-note-mapper",
            "config": {
                "user.session.note": "identity_provider", "claim.name": claim, "jsonType.label": "String",
                "access.token.claim": "true", "id.token.claim": "true",
            },
        })
    }));
}

/// What only the owner of an enclave may, and what only operators and the Kraken itself may.
fn asked_for(enclave: &str) -> Vec<(&'static str, Value)> {
    let named = json!({"name": enclave});
    let within = json!({"enclave": enclave});
    let tentacle = json!({"enclave": enclave, "name": "news"});
    vec![
        ("enclave_info", named.clone()),
        ("enclave_freeze", named.clone()),
        ("enclave_unfreeze", named.clone()),
        ("enclave_sync", json!({"name": enclave, "new_mode": "open-run"})),
        ("enclave_deprovision", json!({"name": enclave, "confirm": enclave})),
        ("wf_list", within.clone()),
        ("wf_run", tentacle.clone()),
        ("wf_remove", tentacle.clone()),
        ("secret_list", within.clone()),
        ("audit_rbac", within.clone()),
        ("state_repair", tentacle),
        ("trail_tail", within),
        ("trail_tail", json!({})),
        ("channel_map", json!({})),
        ("notices", json!({})),
    ]
}

/// What somebody is answered: whether it failed, with which code, and in which words.
async fn answered(door: &Door, token: &str, tool: &str, args: &Value) -> (bool, Value, Value) {
    let answer = door.post(token, tool, args.clone()).await;
    assert_eq!(answer.status, 200, "{tool}: {}", answer.body);
    let message: Value = serde_json::from_str(&answer.body).unwrap();
    // A tool that is not for people is none that there is, to MCP.
    let (failed, error) = match message.get("error") {
        Some(error) => (true, error),
        None => (message["result"]["isError"] == true, &message["result"]["structuredContent"]["error"]),
    };
    (failed, error["code"].clone(), error["message"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_by_a_provider_of_that_name_may_no_more_than_anybody() {
    let realm = Realm::own(renamed).await;
    let slack = Workspace::start(&realm.endpoint_of(ALIAS)).await;
    let (id, secret) = slack.client();
    realm.let_in_through(ALIAS, &slack.base, (&id, &secret)).await;
    slack.newcomer("dia").await;
    let device = Device::start(&realm, "agents").await;
    let mut browser = through(ALIAS, &device, &slack, "dia Newcomer").await;
    let dia = device.agreed(&mut browser).await.access;
    for name in ["olga", "otto"] {
        realm.make_person(name).await;
    }
    let otto = sign_in(&realm, "agents", "otto").await.access;
    for claim in CLAIMS {
        assert_eq!((&said_by(&dia)[claim], &said_by(&otto)[claim]), (&json!(ALIAS), &Value::Null));
    }

    let door = Door::of(&realm).await;
    let known = door.whoami(&dia).await;
    assert_eq!((&known["kind"], &known["client"]), (&json!("person"), &json!("agents")), "{known}");
    assert_eq!((&known["issuer"], &known["subject"]), (&json!(realm.url), &said_by(&dia)["sub"]), "{known}");

    let olga = realm.tokens("agents", "olga").await.access;
    let made = answered(&door, &olga, "enclave_provision", &json!({"name": "of-olga"})).await;
    assert!(!made.0, "{made:?}");
    let mut otherwise = Vec::new();
    for (tool, args) in asked_for("of-olga") {
        let ordinary = answered(&door, &otto, tool, &args).await;
        let hers = answered(&door, &dia, tool, &args).await;
        let (failed, code, _) = &ordinary;
        // Whoever has nothing to do with an enclave is not told that there is one.
        let is_kept_out =
            *failed && [json!("denied"), json!("not_found"), json!(NO_SUCH_TOOL)].contains(code);
        if !is_kept_out || hers != ordinary {
            otherwise.push((tool, ordinary, hers));
        }
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
    // The control: the owner may, and so may she what everybody may.
    assert!(!answered(&door, &olga, "enclave_info", &json!({"name": "of-olga"})).await.0);
    assert!(!answered(&door, &dia, "enclave_provision", &json!({"name": "of-dia"})).await.0);
}
