//! Keycloak: the realms hand out the tokens that `tests/keycloak/README.md` promises.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::variable;

/// Posts a form and returns the status with the JSON answer.
fn post(realm: &str, endpoint: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let url =
        format!("{}/realms/{realm}/protocol/openid-connect/{endpoint}", variable("TENTACULAR_TEST_KEYCLOAK"));
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.post(url).send_form(form.iter().copied()).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap())
}

fn by_password(realm: &str, client: &str, person: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "password"),
        ("client_id", client),
        ("username", person),
        ("password", person),
        ("scope", "openid"),
    ];
    post(realm, "token", &form)
}

/// The claims of the access token in an answer.
fn claims((status, answer): (u16, Value)) -> Value {
    assert_eq!(status, 200, "{answer}");
    let token = answer["access_token"].as_str().unwrap();
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn audiences_come_as_a_text_as_an_array_and_not_at_all() {
    let audience = |client| claims(by_password("tentacular", client, "ana"))["aud"].clone();
    assert_eq!(audience("agents"), json!(["tentacular", "account"]));
    assert_eq!(audience("stranger"), json!("tentacular"));
    assert_eq!(audience("no-audience"), Value::Null);
    assert_eq!(audience("lightweight"), Value::Null);
}

#[test]
fn people_have_their_verified_addresses_and_una_an_unverified_one() {
    for person in ["ana", "ben", "cy", "gil", "una"] {
        let claims = claims(by_password("tentacular", "agents", person));
        assert_eq!(claims["email"], format!("{person}@example.com"));
        assert_eq!(claims["email_verified"], person != "una");
        assert_eq!(claims["azp"], "agents");
        let lives = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(lives, 300);
    }
}

#[test]
fn the_relay_is_nobody_in_particular() {
    let secret = "relay-secret-of-the-test-realm";
    let form =
        [("grant_type", "client_credentials"), ("client_id", "kraken-relay"), ("client_secret", secret)];
    let claims = claims(post("tentacular", "token", &form));
    assert_eq!((&claims["azp"], &claims["aud"]), (&json!("kraken-relay"), &json!("tentacular")));
    assert_eq!(claims["email"], Value::Null);
}

#[test]
fn the_other_realms_ana_is_another_person() {
    let [ours, other] = ["tentacular", "other"].map(|realm| claims(by_password(realm, "agents", "ana")));
    assert_eq!(ours["email"], other["email"]);
    assert_ne!(ours["sub"], other["sub"]);
    assert_ne!(ours["iss"], other["iss"]);
}

#[test]
fn only_the_clients_for_it_take_a_password() {
    for client in ["kraken", "tntc", "page"] {
        let (status, answer) = by_password("tentacular", client, "ana");
        assert_eq!((status, &answer["error"]), (400, &json!("unauthorized_client")), "{client}");
    }
}

#[test]
fn the_device_flow_insists_on_pkce() {
    // RFC 7636, appendix B.
    let challenge = [
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    for client in ["kraken", "tntc", "agents"] {
        let without = [("client_id", client)];
        assert_eq!(post("tentacular", "auth/device", &without).0, 400, "{client}");
        let (status, answer) = post("tentacular", "auth/device", &[&without[..], &challenge].concat());
        assert_eq!(status, 200, "{client}: {answer}");
        assert_eq!((&answer["expires_in"], &answer["interval"]), (&json!(600), &json!(1)));
    }
    let page = [&[("client_id", "page")][..], &challenge].concat();
    assert_eq!(
        post("tentacular", "auth/device", &page).1["error"],
        "unauthorized_client",
        "`page` has no device flow"
    );
}
