//! The issuer changes its key.
//!
//! The server fetches the issuer's keys every two minutes, and besides when a token names one that it does not know, but not
//! within five seconds of the last time: so long a new key may have to wait, and so long a withdrawn one is believed yet. Where
//! the keys cannot be fetched for ten minutes, none is believed any more.

use crate::door::Door;
use crate::realm::Realm;
use crate::until::until;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The name of the key that signed a token.
fn key_of(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_believed_once_it_signs_and_no_longer_than_the_issuer_has_it() {
    let realm = Realm::own(|_| {}).await;
    realm.make_person("rosa").await;
    let door = Door::of(&realm).await;
    let old = realm.tokens("agents", "rosa").await.access;
    let rosa = door.whoami(&old).await;
    assert_eq!(rosa["kind"], "person");

    let key = realm.add_key().await;
    let new = realm.tokens("agents", "rosa").await.access;
    assert_ne!(key_of(&new), key_of(&old));
    until("the server that runs knows the new key", async || {
        door.post(&new, "whoami", json!({})).await.status == 200
    })
    .await;
    assert_eq!((door.whoami(&new).await, door.whoami(&old).await), (rosa.clone(), rosa.clone()));

    realm.withdraw_key(key).await;
    let later = Door::of(&realm).await;
    let refused = later.post(&new, "whoami", json!({})).await;
    assert_eq!(refused.status, 401, "{}", refused.body);
    assert!(refused.body.contains("not one of the issuer's"), "{}", refused.body);
    assert_eq!(later.whoami(&old).await, rosa);

    // The server that runs has believed this very token, and does so until it fetches the keys again. A token of a key that it does
    // not know makes it do that.
    let strange = Realm::named("other").tokens("agents", "ana").await.access;
    until("the server that runs has forgotten the withdrawn key", async || {
        assert_eq!(door.post(&strange, "whoami", json!({})).await.status, 401);
        door.post(&new, "whoami", json!({})).await.status == 401
    })
    .await;
    assert_eq!(door.whoami(&old).await, rosa);
}
