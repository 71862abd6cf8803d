//! Tokens of the real issuer that are not for this server, or not for this use.

use crate::device_flow::sign_in;
use crate::door::Door;
use crate::realm::Realm;
use serde_json::json;
use uuid::Uuid;

/// A token whose one character in the middle of a part is another one.
fn altered(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let middle = parts[part].len() / 2;
    let other = if &parts[part][middle..=middle] == "A" { "B" } else { "A" };
    parts[part].replace_range(middle..=middle, other);
    parts.join(".")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_issuer_signs_for_others_opens_nothing() {
    let door = Door::open().await;
    let (realm, other) = (&door.realm, Realm::named("other"));
    let good = realm.tokens("agents", "ana").await;
    let mut unsigned = good.access.clone();
    unsigned.truncate(unsigned.rfind('.').unwrap() + 1);
    let long_lived = format!("long-lived-{}", Uuid::now_v7().simple());
    realm.make_client(&long_lived, 3600).await;
    let (audience, client) = ("for another audience", "a client that is not accepted");
    // what it is, and the words in which it is refused; where they depend on which character was altered, none
    let bad = [
        ("its ID token", audience, good.id.clone()),
        ("its refresh token", "algorithm", good.refresh.clone()),
        ("a client that is not on the list", client, realm.tokens("stranger", "ana").await.access),
        ("no audience", "lacks a claim", realm.tokens("no-audience", "ana").await.access),
        ("no subject either", "lacks a claim", realm.tokens("lightweight", "ana").await.access),
        ("one that lives for an hour", "lives longer", realm.tokens(&long_lived, "ana").await.access),
        ("another realm's", "not one of the issuer's", other.tokens("agents", "ana").await.access),
        ("another realm's relay's", "not one of the issuer's", other.relay().await),
        ("the administrator's", "not one of the issuer's", realm.administrator().await),
        ("an altered header", "", altered(&good.access, 0)),
        ("an altered payload", "", altered(&good.access, 1)),
        ("an altered signature", "signature does not hold", altered(&good.access, 2)),
        ("no signature", "signature does not hold", unsigned),
        ("an empty one", "is needed", " ".to_owned()),
    ];
    for (what, why, token) in bad {
        for (tool, args) in [("whoami", json!({})), ("enclave_provision", json!({"name": "stolen"}))] {
            let answer = door.post(&token, tool, args).await;
            assert_eq!(answer.status, 401, "{what}: {}", answer.body);
            assert!(answer.body.contains(why), "{what}: {}", answer.body);
            let pointer = format!("resource_metadata=\"{}\"", door.metadata());
            assert!(answer.challenge.contains(&pointer), "{what}: {}", answer.challenge);
            assert!(!answer.body.contains(&token) || token == " ", "{what}: the answer repeats the token");
        }
    }
    // the control: nothing is wrong with the door
    assert_eq!(door.whoami(&good.access).await["kind"], "person");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_is_nobody_where_a_person_is_needed() {
    let door = Door::open().await;
    let relay = door.realm.relay().await;
    // the control: it is known, and has tools of its own
    let map = door.post(&relay, "channel_map", json!({})).await;
    assert_eq!(map.result()["isError"], false, "{}", map.body);
    let persons = [
        ("whoami", json!({})),
        ("enclave_provision", json!({"name": "of-the-relay"})),
        ("enclave_list", json!({})),
        ("enclave_info", json!({"name": "of-the-relay"})),
        ("enclave_freeze", json!({"name": "of-the-relay"})),
        ("wf_run", json!({"enclave": "of-the-relay", "name": "hello"})),
        ("account_bind", json!({})),
    ];
    for (tool, args) in persons {
        let answer = door.post(&relay, tool, args).await;
        assert_eq!(answer.status, 200, "{tool}: {}", answer.body);
        let result = answer.result();
        let code = &result["structuredContent"]["error"]["code"];
        assert!(
            result.is_null() || (result["isError"] == true && code == "denied"),
            "{tool}: {}",
            answer.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_token_of_the_kraken_is_worth_nothing_without_its_signature() {
    let door = Door::open().await;
    let token = sign_in(&door.realm, "kraken", "ben").await.access;
    for (tool, args) in [("whoami", json!({})), ("enclave_provision", json!({"name": "of-ben"}))] {
        let answer = door.post(&token, tool, args).await;
        assert_eq!(answer.status, 200, "{tool}: {}", answer.body);
        let failure = &answer.result()["structuredContent"]["error"];
        assert_eq!(failure["code"], "denied", "{tool}: {}", answer.body);
        assert!(failure["message"].as_str().unwrap().contains("assertion"), "{tool}: {}", answer.body);
    }
}
