//! The server's clock is wrong. A token is taken for as long as the server's own clock says that it lives, and five seconds longer
//! on either side.

use crate::door::Door;
use crate::realm::Realm;
use serde_json::json;

/// Opens a server whose clock is moved by so many seconds, and shows it a token that was made a moment ago and lives four minutes.
/// What it says, where it refuses.
async fn refusal(moved: i32) -> Option<String> {
    let realm = Realm::own(|realm| realm["accessTokenLifespan"] = json!(240)).await;
    realm.make_person("tia").await;
    let door = Door::with_clock(&realm, moved).await;
    let answer = door.post(&realm.tokens("agents", "tia").await.access, "whoami", json!({})).await;
    if answer.status == 200 {
        assert_eq!(answer.result()["structuredContent"]["kind"], "person", "{}", answer.body);
        return None;
    }
    assert_eq!(answer.status, 401, "{}", answer.body);
    let pointer = format!("resource_metadata=\"{}\"", door.metadata());
    assert!(answer.challenge.contains(&pointer), "{}", answer.challenge);
    Some(answer.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_five_minutes_ahead_takes_no_token_and_names_its_clock() {
    let said = refusal(300).await.unwrap();
    assert!(said.contains("has expired") && said.contains("clock is ahead of the issuer's"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_five_minutes_behind_takes_no_token_and_names_its_clock() {
    let said = refusal(-300).await.unwrap();
    assert!(said.contains("not valid yet") && said.contains("clock is behind the issuer's"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_a_little_wrong_keeps_nobody_out() {
    assert_eq!(refusal(-3).await, None);
    assert_eq!(refusal(3).await, None);
}
