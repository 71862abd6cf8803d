//! A person signs in with the device flow, as with a browser.

use crate::browser::Browser;
use crate::door::Door;
use crate::realm::{Realm, Tokens};
use crate::until::until;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client that waits for somebody to sign in.
pub(crate) struct Device<'r> {
    realm: &'r Realm,
    client: &'static str,
    started: Value,
}

impl<'r> Device<'r> {
    pub(crate) async fn start(realm: &'r Realm, client: &'static str) -> Self {
        let form = [
            ("client_id", client),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let (status, started) = realm.post("auth/device", &form).await;
        assert_eq!(status, 200, "{started}");
        Self { realm, client, started }
    }

    /// Asks once what came of it.
    pub(crate) async fn poll(&self) -> (u16, Value) {
        let code = self.started["device_code"].as_str().unwrap();
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", self.client),
            ("device_code", code),
            ("code_verifier", VERIFIER),
        ];
        self.realm.post("token", &form).await
    }

    /// Asks until something came of it, no faster than it may.
    pub(crate) async fn outcome(&self) -> (u16, Value) {
        let mut last = (0, json!(null));
        until("the sign-in has an outcome", async || {
            tokio::time::sleep(Duration::from_secs(1)).await;
            last = self.poll().await;
            last.1["error"] != "authorization_pending" && last.1["error"] != "slow_down"
        })
        .await;
        last
    }

    /// The person says yes to the client; what it gets then.
    pub(crate) async fn agreed(&self, browser: &mut Browser) -> Tokens {
        assert_eq!(browser.page(), "login-login-oauth-grant", "{}", browser.html());
        browser.submit(&[("accept", "Yes")]).await;
        assert_eq!(browser.page(), "login-info");
        let (status, answer) = self.outcome().await;
        assert_eq!(status, 200, "{answer}");
        Tokens::of(&answer)
    }

    /// Where the person is sent to.
    pub(crate) fn page(&self) -> &str {
        self.started["verification_uri_complete"].as_str().unwrap()
    }

    /// The page that the person is sent to.
    pub(crate) async fn browser(&self) -> Browser {
        Browser::open(self.page()).await
    }
}

/// Signs a person in, who gives the name as the password and says yes.
pub(crate) async fn sign_in(realm: &Realm, client: &'static str, person: &str) -> Tokens {
    let device = Device::start(realm, client).await;
    let mut browser = device.browser().await;
    assert_eq!(browser.page(), "login-login");
    browser.submit(&[("username", person), ("password", person)]).await;
    device.agreed(&mut browser).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_with_a_browser_is_known_to_the_server() {
    let door = Door::open().await;
    for client in ["tntc", "agents"] {
        let tokens = sign_in(&door.realm, client, "ana").await;
        let ana = door.whoami(&tokens.access).await;
        assert_eq!((&ana["kind"], &ana["client"]), (&json!("person"), &json!(client)));
        assert_eq!((&ana["issuer"], &ana["email"]), (&json!(door.realm.url), &json!("ana@example.com")));
        assert_eq!(ana["name"], "Ana Abreu");
        // the refreshed token is as good, and the same person's
        let (status, again) = door.realm.refresh(client, &tokens.refresh).await;
        assert_eq!(status, 200, "{again}");
        assert_eq!(door.whoami(&Tokens::of(&again).access).await["subject"], ana["subject"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_signed_in_who_did_not_give_the_password_and_say_yes() {
    let realm = Realm::named("tentacular");
    let device = Device::start(&realm, "tntc").await;
    assert_eq!(device.poll().await.1["error"], "authorization_pending");
    let mut browser = device.browser().await;
    browser.submit(&[("username", "ana"), ("password", "not hers")]).await;
    assert_eq!(browser.page(), "login-login", "the page asks again");
    browser.submit(&[("username", "ana"), ("password", "ana")]).await;
    assert_eq!(browser.page(), "login-login-oauth-grant");
    browser.submit(&[("cancel", "No")]).await;
    let (status, answer) = device.outcome().await;
    assert_eq!((status, &answer["error"]), (400, &json!("access_denied")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_remains_the_same_after_a_change_of_name_and_address() {
    let door = Door::open().await;
    let name = format!("cleo-{}", Uuid::now_v7().simple());
    let id = door.realm.make_person(&name).await;
    let before = door.whoami(&door.realm.tokens("agents", &name).await.access).await;
    let changed = json!({"firstName": "Else", "email": format!("new-{name}@example.com")});
    door.realm.change_person(&id, &changed).await;
    let after = door.whoami(&door.realm.tokens("agents", &name).await.access).await;
    assert_ne!((&before["name"], &before["email"]), (&after["name"], &after["email"]));
    assert_eq!((&before["subject"], &before["issuer"]), (&after["subject"], &after["issuer"]));
    // and who gets the old address is somebody else
    let heir = format!("heir-{name}");
    door.realm.make_person(&heir).await;
    let heirs = door.realm.tokens("agents", &heir).await;
    assert_ne!(door.whoami(&heirs.access).await["subject"], before["subject"]);
}

/// What a token says.
pub(crate) fn said_by(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_which_slack_account_somebody_signed_in_is_told_to_the_kraken_alone() {
    let door = Door::open().await;
    let kraken = said_by(&sign_in(&door.realm, "kraken", "ana").await.access);
    assert_eq!((&kraken["slack_team_id"], &kraken["slack_user_id"]), (&json!("T1"), &json!("UANA")));
    for (client, person) in [("kraken", "ben"), ("agents", "ana")] {
        let others = said_by(&sign_in(&door.realm, client, person).await.access);
        assert_eq!(others["slack_user_id"], Value::Null, "{client} {person}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_realm_has_not_verified_binds_nothing_though_it_is_slacks() {
    let door = Door::open().await;
    let bind = async |person: &str, account: &str| {
        let token = sign_in(&door.realm, "kraken", person).await.access;
        let said = said_by(&token);
        let subject = said["sub"].as_str().unwrap().to_owned();
        let address = format!("{person}@example.com");
        assert_eq!(said["email"], address, "{said}");
        let bound = door.bind_with(&token, &subject, ("T1", account), &address).await;
        (said["email_verified"].clone(), bound)
    };
    let (verified, refused) = bind("una", "UUNA").await;
    assert_eq!((verified, &refused["error"]["code"]), (json!(false), &json!("denied")), "{refused}");
    let (verified, bound) = bind("ben", "UBEN").await;
    assert_eq!((verified, &bound["created"]), (json!(true), &json!(true)), "{bound}");
}
