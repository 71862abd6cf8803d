//! One realm of Keycloak: its endpoints as clients use them, and its administrator.

use crate::variable::variable;
use serde_json::{Value, json};

/// The relay's secret in `tests/keycloak/realm.json`.
pub(crate) const RELAY_SECRET: &str = "relay-secret-of-the-test-realm";

/// A realm.
#[derive(Clone)]
pub(crate) struct Realm {
    /// The issuer, as it calls itself.
    pub(crate) url: String,
    /// Where it is administered.
    pub(crate) admin: String,
    pub(crate) http: reqwest::Client,
}

/// What a sign-in gives.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) id: String,
    pub(crate) refresh: String,
}

impl Tokens {
    pub(crate) fn of(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let tokens =
            Self { access: text("access_token"), id: text("id_token"), refresh: text("refresh_token") };
        assert!(!tokens.access.is_empty(), "{answer}");
        tokens
    }
}

impl Realm {
    pub(crate) fn named(name: &str) -> Self {
        // Whoever comes first installs it for all.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let keycloak = variable("TENTACULAR_TEST_KEYCLOAK");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (url, admin) = (format!("{keycloak}/realms/{name}"), format!("{keycloak}/admin/realms/{name}"));
        Self { url, admin, http }
    }

    /// Posts a form to one of the endpoints; the status and the JSON answer.
    pub(crate) async fn post(&self, endpoint: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let url = format!("{}/protocol/openid-connect/{endpoint}", self.url);
        let answer = self.http.post(url).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// What a client gets for a person's name and password, which are the same.
    pub(crate) async fn by_password(&self, client: &str, person: &str) -> (u16, Value) {
        let form = [("grant_type", "password"), ("client_id", client), ("scope", "openid")];
        self.post("token", &[&form[..], &[("username", person), ("password", person)]].concat()).await
    }

    /// The tokens that a client gets for a person.
    pub(crate) async fn tokens(&self, client: &str, person: &str) -> Tokens {
        Tokens::of(&self.by_password(client, person).await.1)
    }

    /// The Kraken's own token.
    pub(crate) async fn relay(&self) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "kraken-relay"),
            ("client_secret", RELAY_SECRET),
        ];
        Tokens::of(&self.post("token", &form).await.1).access
    }

    /// What a refresh token still gives.
    pub(crate) async fn refresh(&self, client: &str, token: &str) -> (u16, Value) {
        let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
        self.post("token", &form).await
    }

    /// Makes a person of this name, with the name as the password; answers the person's id.
    pub(crate) async fn make_person(&self, name: &str) -> String {
        let person = json!({
            "username": name, "enabled": true, "firstName": name, "lastName": "Test",
            "email": format!("{name}@example.com"), "emailVerified": true,
            "credentials": [{"type": "password", "value": name, "temporary": false}],
        });
        let request = self.http.post(format!("{}/users", self.admin)).json(&person);
        let made = request.bearer_auth(self.administrator().await).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let place = made.headers()["location"].to_str().unwrap().to_owned();
        place.rsplit('/').next().unwrap().to_owned()
    }

    /// Makes a client with the right audience that takes passwords, and whose tokens live so many seconds.
    pub(crate) async fn make_client(&self, name: &str, seconds: u32) {
        let audience = json!({"included.custom.audience": "tentacular", "access.token.claim": "true"});
        let client = json!({
            "clientId": name, "publicClient": true, "directAccessGrantsEnabled": true,
            "attributes": {"access.token.lifespan": seconds.to_string()},
            "protocolMappers": [{
                "name": "audience", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
                "config": audience,
            }],
        });
        let request = self.http.post(format!("{}/clients", self.admin)).json(&client);
        let made = request.bearer_auth(self.administrator().await).send().await.unwrap();
        assert_eq!(made.status(), 201);
    }

    /// Changes something about a person.
    pub(crate) async fn change_person(&self, id: &str, change: &Value) {
        let request = self.http.put(format!("{}/users/{id}", self.admin)).json(change);
        let changed = request.bearer_auth(self.administrator().await).send().await.unwrap();
        assert!(changed.status().is_success(), "{changed:?}");
    }

    /// Lets people in through the provider of the example in `deploy/keycloak/realm.json`, which is at `base` here.
    pub(crate) async fn let_in_through(&self, alias: &str, base: &str, (id, secret): (&str, &str)) {
        let place = format!("{}/identity-provider/instances/{alias}", self.admin);
        let token = self.administrator().await;
        let found = self.http.get(&place).bearer_auth(&token).send().await.unwrap();
        let mut provider: Value = found.json().await.unwrap();
        assert_eq!(provider["enabled"], false, "operators switch it on");
        provider["enabled"] = json!(true);
        for (_, value) in provider["config"].as_object_mut().unwrap() {
            if let Some(path) = value.as_str().and_then(|text| text.strip_prefix("https://slack.com")) {
                *value = json!(format!("{base}{path}"));
            }
        }
        provider["config"]["clientId"] = json!(id);
        provider["config"]["clientSecret"] = json!(secret);
        let changed = self.http.put(&place).bearer_auth(&token).json(&provider).send().await.unwrap();
        assert!(changed.status().is_success(), "{changed:?}");
    }

    /// Where the provider of this name sends people back to.
    pub(crate) fn endpoint_of(&self, alias: &str) -> String {
        format!("{}/broker/{alias}/endpoint", self.url)
    }

    /// Ends all of a person's sessions.
    pub(crate) async fn log_out(&self, id: &str) {
        let request = self.http.post(format!("{}/users/{id}/logout", self.admin));
        let ended = request.bearer_auth(self.administrator().await).send().await.unwrap();
        assert!(ended.status().is_success(), "{ended:?}");
    }

    /// The administrator's token, which lives a minute.
    pub(crate) async fn administrator(&self) -> String {
        Self::named("master").tokens("admin-cli", "admin").await.access
    }
}
