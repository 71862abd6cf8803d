//! What holds of a person whom the issuer no longer lets in.
//!
//! An access token is believed until it expires, five minutes at most: the server does not ask the issuer about each
//! one. What ends at once is everything that would make the next one.

use crate::device_flow::sign_in;
use crate::door::Door;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_person_gets_no_further_token() {
    let door = Door::open().await;
    let name = format!("dora-{}", Uuid::now_v7().simple());
    let id = door.realm.make_person(&name).await;
    let tokens = sign_in(&door.realm, "tntc", &name).await;
    let dora = door.whoami(&tokens.access).await;

    door.realm.change_person(&id, &json!({"enabled": false})).await;
    door.realm.log_out(&id).await;
    let (status, refused) = door.realm.refresh("tntc", &tokens.refresh).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    let (status, refused) = door.realm.by_password("agents", &name).await;
    assert_ne!(status, 200, "{refused}");
    // what she holds still tells who she is, and its end is near
    assert_eq!(door.whoami(&tokens.access).await, dora);
    assert!(expires_in(&tokens.access) <= 300);
}

/// How long a token is good after it was issued, in seconds.
fn expires_in(token: &str) -> i64 {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
}
