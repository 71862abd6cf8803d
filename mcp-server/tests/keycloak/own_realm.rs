//! A realm that a test has for itself, so that what it does there disturbs no other.

use crate::realm::{RELAY_SECRET, Realm};
use crate::variable::variable;
use serde_json::{Value, json};
use uuid::Uuid;

/// What operators are given.
const GIVEN: &str = include_str!("../../../deploy/keycloak/realm.json");

/// What is needed of a key's component to change it.
pub(crate) struct Key {
    place: String,
    component: Value,
}

impl Realm {
    /// The realm that operators are given, under a name of its own, with what tests need of it: `agents` takes passwords, and the
    /// relay has its secret. `change` says what else is different.
    pub(crate) async fn own(change: impl FnOnce(&mut Value)) -> Self {
        let mut given: Value = serde_json::from_str(GIVEN).unwrap();
        let name = format!("own-{}", Uuid::now_v7().simple());
        given["realm"] = json!(name);
        given["sslRequired"] = json!("none");
        given["verifyEmail"] = json!(false);
        given["oauth2DevicePollingInterval"] = json!(1);
        client(&mut given, "agents")["directAccessGrantsEnabled"] = json!(true);
        client(&mut given, "kraken-relay")["secret"] = json!(RELAY_SECRET);
        change(&mut given);
        let realms = format!("{}/admin/realms", variable("TENTACULAR_TEST_KEYCLOAK"));
        let realm = Self::named(&name);
        let request = realm.http.post(realms).bearer_auth(realm.administrator().await).json(&given);
        let made = request.send().await.unwrap();
        assert_eq!(made.status(), 201, "{}", made.text().await.unwrap());
        match given["attributes"]["frontendUrl"].as_str() {
            Some(front) => Self { url: format!("{front}/realms/{name}"), ..realm },
            None => realm,
        }
    }

    /// Gives it a key that signs from now on, because no other has a priority as high.
    pub(crate) async fn add_key(&self) -> Key {
        let config = json!({
            "priority": ["1000"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"], "keySize": ["2048"],
        });
        let mut component = json!({
            "name": "the new one", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "config": config,
        });
        let request = self.http.post(format!("{}/components", self.admin)).json(&component);
        let made = request.bearer_auth(self.administrator().await).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let place = made.headers()["location"].to_str().unwrap().to_owned();
        component["id"] = json!(place.rsplit('/').next().unwrap());
        Key { place, component }
    }

    /// Withdraws a key: the realm no longer has it among those that it signs or has signed with.
    pub(crate) async fn withdraw_key(&self, key: Key) {
        let Key { place, mut component } = key;
        component["config"]["enabled"] = json!(["false"]);
        let request = self.http.put(place).json(&component);
        let changed = request.bearer_auth(self.administrator().await).send().await.unwrap();
        assert!(changed.status().is_success(), "{changed:?}");
    }

    /// Lets a client ask for tokens, or no longer.
    pub(crate) async fn enable_client(&self, name: &str, enabled: bool) {
        let token = self.administrator().await;
        let found = self.http.get(format!("{}/clients", self.admin)).query(&[("clientId", name)]);
        let found: Value = found.bearer_auth(&token).send().await.unwrap().json().await.unwrap();
        let mut client = found[0].clone();
        client["enabled"] = json!(enabled);
        let place = format!("{}/clients/{}", self.admin, client["id"].as_str().unwrap());
        let changed = self.http.put(place).bearer_auth(&token).json(&client).send().await.unwrap();
        assert!(changed.status().is_success(), "{changed:?}");
    }
}

/// One client of a realm that is not made yet.
pub(crate) fn client<'r>(realm: &'r mut Value, name: &str) -> &'r mut Value {
    let mut clients = realm["clients"].as_array_mut().unwrap().iter_mut();
    clients.find(|client| client["clientId"] == name).unwrap()
}
