//! Assertions that are wrong in one thing.

use crate::door::Door;
use crate::issuer::TestKey;
use crate::rpc::Extras;
use crate::team::price_watch;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use wire::assertion::{Assertion, Channel, Kind, TYPE};

/// The call that all of them go with: ana, who may, tightens her enclave.
pub(super) const TOOL: &str = "enclave_sync";

pub(super) fn args() -> Value {
    json!({"name": "price-watch", "new_mode": "private"})
}

pub(super) fn named() -> Value {
    json!({"name": "price-watch"})
}

fn said(door: &Door) -> Assertion {
    price_watch(door).assertion("ana", TOOL, &args())
}

pub(super) fn good(door: &Door) -> Extras {
    Extras { assertion: Some(door.signed(&said(door))), ..Extras::default() }
}

pub(super) fn for_info(door: &Door) -> Extras {
    let said = price_watch(door).assertion("ana", "enclave_info", &named());
    Extras { assertion: Some(door.signed(&said)), ..Extras::default() }
}

pub(super) fn kinds(door: &Door) -> Vec<(String, Option<String>)> {
    let mut kinds = vec![("none".to_owned(), None)];
    let signed = other_statements(door).into_iter().map(|(name, said)| (name, door.signed(&said)));
    let all = signed.chain(other_claims(door)).chain(other_headers(door)).chain(other_shapes(door));
    kinds.extend(all.map(|(name, jws)| (name.to_owned(), Some(jws))));
    kinds
}

/// Signed by the Kraken, for another call, person, place or time.
fn other_statements(door: &Door) -> Vec<(&'static str, Assertion)> {
    let base = said(door);
    let with = |change: &dyn Fn(&mut Assertion)| {
        let mut said = Assertion { jti: uuid::Uuid::now_v7(), ..base.clone() };
        change(&mut said);
        said
    };
    let digest = |value: Value| wire::canonical::sha256(&value).unwrap();
    vec![
        ("another audience", with(&|said| said.aud = "another-server".to_owned())),
        ("no audience", with(&|said| said.aud = String::new())),
        ("expired", with(&|said| (said.iat, said.exp) = (said.iat - 100, said.exp - 100))),
        ("from the future", with(&|said| (said.iat, said.exp) = (said.iat + 100, said.exp + 100))),
        ("for an hour", with(&|said| said.exp = said.iat + 3600)),
        ("for 61 seconds", with(&|said| said.exp = said.iat + 61)),
        ("for no time", with(&|said| said.exp = said.iat)),
        ("ends before it begins", with(&|said| said.iat = said.exp + 1)),
        ("begins before time", with(&|said| said.iat = i64::MIN)),
        ("never ends", with(&|said| said.exp = i64::MAX)),
        ("of another subject", with(&|said| said.person_subject = "ben".to_owned())),
        ("of another issuer", with(&|said| said.person_issuer = "https://evil.example".to_owned())),
        ("of nobody", with(&|said| said.person_subject = String::new())),
        ("of another tool", with(&|said| said.tool = "enclave_info".to_owned())),
        ("of a tool in capitals", with(&|said| said.tool = said.tool.to_uppercase())),
        ("of other arguments", with(&|said| said.arguments_sha256 = digest(json!({"new_mode": "open-run"})))),
        (
            "of more arguments",
            with(&|said| {
                said.arguments_sha256 = digest(json!({"name": "price-watch", "new_mode": "private", "x": 1}))
            }),
        ),
        ("of no arguments", with(&|said| said.arguments_sha256 = String::new())),
        (
            "of a digest in capitals",
            with(&|said| said.arguments_sha256 = said.arguments_sha256.to_uppercase()),
        ),
        ("of another account", with(&|said| said.user.id = "UBEN".to_owned())),
        ("of an account that is bound to nobody", with(&|said| said.user.id = "UGIL".to_owned())),
        ("of an account in other letters", with(&|said| said.user.id = "uana".to_owned())),
        ("of another workspace", with(&|said| said.team = "T2".to_owned())),
        ("a message in no channel", with(&|said| said.channel = None)),
        ("a command in no channel", with(&|said| (said.kind, said.channel) = (Kind::Command, None))),
        ("a click in no channel", with(&|said| (said.kind, said.channel) = (Kind::Click, None))),
        ("a model in no channel", with(&|said| (said.kind, said.channel) = (Kind::Agent, None))),
        ("a direct message in a channel", with(&|said| said.kind = Kind::Dm)),
        ("the home tab in a channel", with(&|said| said.kind = Kind::Home)),
        ("a sign-in in a channel", with(&|said| said.kind = Kind::SignIn)),
        ("a channel without an id", with(&|said| said.channel = Some(channel("")))),
        ("a channel of another", with(&|said| said.channel = Some(channel("C2")))),
    ]
}

fn channel(id: &str) -> Channel {
    Channel { id: id.to_owned(), name: "price-watch".to_owned(), creator: "UANA".to_owned() }
}

/// Claims that the type does not even have, or has otherwise.
fn other_claims(door: &Door) -> Vec<(&'static str, String)> {
    let with = |claim: &str, value: Option<Value>| {
        let mut claims = serde_json::to_value(said(door)).unwrap();
        claims["jti"] = json!(uuid::Uuid::now_v7());
        match value {
            Some(value) => claims[claim] = value,
            None => drop(claims.as_object_mut().unwrap().remove(claim)),
        }
        door.kraken.jws(&header(&door.kraken), &claims.to_string())
    };
    let twice = |claim: &str, value: &str| {
        let rest = serde_json::to_string(&said(door)).unwrap();
        let payload = format!("{{\"{claim}\":{value},{}", rest.strip_prefix('{').unwrap());
        door.kraken.jws(&header(&door.kraken), &payload)
    };
    vec![
        ("a list of audiences", with("aud", Some(json!(["tentacular"])))),
        ("no expiry", with("exp", None)),
        ("no beginning", with("iat", None)),
        ("no id", with("jti", None)),
        ("an id that is none", with("jti", Some(json!("1")))),
        ("no kind", with("kind", None)),
        ("an unknown kind", with("kind", Some(json!("owner")))),
        ("no user", with("user", None)),
        (
            "an unknown class of account",
            with("user", Some(json!({"id": "UANA", "class": "admin", "name": "ana"}))),
        ),
        ("no event", with("event", None)),
        ("the expiry as a text", with("exp", Some(json!("9999999999")))),
        ("two channels", twice("channel", r#"{"id":"C2","name":"payroll","creator":"UCY"}"#)),
        ("two subjects", twice("person_subject", "\"ben\"")),
        ("two tools", twice("tool", "\"whoami\"")),
    ]
}

fn header(key: &TestKey) -> Value {
    let mut header = key.header();
    header["typ"] = json!(TYPE);
    header
}

fn other_headers(door: &Door) -> Vec<(&'static str, String)> {
    let payload = || {
        let said = Assertion { jti: uuid::Uuid::now_v7(), ..said(door) };
        serde_json::to_string(&said).unwrap()
    };
    let own = &door.kraken;
    let with = |extra: Value| {
        let mut header = header(own);
        header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        own.jws(&header, &payload())
    };
    let (thief, shared) = (TestKey::new(&own.kid), own.jwk["x"].as_str().unwrap().as_bytes());
    let shared =
        TestKey { algorithm: Algorithm::HS256, private: EncodingKey::from_secret(shared), ..own.clone() };
    let mut brings = header(&thief);
    brings["jwk"] = thief.jwk.clone();
    vec![
        ("another key under the Kraken's name", thief.jws(&header(&thief), &payload())),
        ("a key that it brings along", thief.jws(&brings, &payload())),
        ("the issuer's key", door.issuer.key.jws(&header(&door.issuer.key), &payload())),
        ("HS256 with the public key", shared.jws(&header(&shared), &payload())),
        ("an unknown kid", with(json!({"kid": "kraken-2"}))),
        ("no kid", with(json!({"kid": null}))),
        ("another type", with(json!({"typ": "JWT"}))),
        ("the type of a trail's head", with(json!({"typ": "tentacular-trail-head+jwt"}))),
        ("no type", with(json!({"typ": null}))),
        ("a critical extension", with(json!({"crit": ["exp"]}))),
        ("another algorithm in the header", with(json!({"alg": "ES256"}))),
    ]
}

fn other_shapes(door: &Door) -> Vec<(&'static str, String)> {
    let good = door.signed(&Assertion { jti: uuid::Uuid::now_v7(), ..said(door) });
    let parts: Vec<&str> = good.split('.').collect();
    let [head, payload, signature] = parts[..] else { panic!("{good}") };
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let altered = |from: &str, to: &str| {
        assert!(claims.contains(from), "{claims}");
        format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.replace(from, to)))
    };
    let none =
        URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": TYPE, "kid": door.kraken.kid}).to_string());
    vec![
        ("an altered channel", altered("\"C1\"", "\"C2\"")),
        ("an altered person", altered("\"person_subject\":\"ana\"", "\"person_subject\":\"ben\"")),
        ("an altered kind", altered("\"message\"", "\"click\"")),
        ("no signature", format!("{head}.{payload}.")),
        ("alg none", format!("{none}.{payload}.")),
        ("a signature that was cut", good[..good.len() - 3].to_owned()),
        ("an access token", door.agent("ana")),
        ("nothing", String::new()),
        ("a word", "channel".to_owned()),
        ("dots", "....".to_owned()),
    ]
}
