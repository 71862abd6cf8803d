use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use serde_json::json;

// RFC 8037, appendix A.1: the example key.
const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// The crate takes PKCS#8: the fixed prefix of an Ed25519 key (RFC 8410) and the seed.
fn private() -> EncodingKey {
    let mut der =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend(URL_SAFE_NO_PAD.decode(SEED).unwrap());
    EncodingKey::from_ed_der(&der)
}

fn public() -> DecodingKey {
    let jwk: Jwk = serde_json::from_value(json!({"kty": "OKP", "crv": "Ed25519", "x": PUBLIC})).unwrap();
    DecodingKey::from_jwk(&jwk).unwrap()
}

fn assertion() -> Assertion {
    let now = Timestamp::now().as_second();
    Assertion {
        aud: "tentacular".into(),
        iat: now,
        exp: now + 60,
        jti: Uuid::now_v7(),
        kind: Kind::Message,
        team: "T1".into(),
        channel: Some(Channel { id: "C1".into(), name: "price-watch".into(), creator: "U1".into() }),
        user: User { id: "U1".into(), class: AccountClass::Full, name: "ana".into(), email: None },
        event: "Ev1".into(),
        person_issuer: "https://issuer.example".into(),
        person_subject: "s1".into(),
        tool: "enclave_info".into(),
        arguments_sha256: "00".into(),
    }
}

fn read(jws: &str) -> Result<Assertion, AssertionError> {
    let key = public();
    verify(jws, "tentacular", |kid| (kid == "k1").then_some(&key))
}

#[test]
fn what_is_signed_is_read_back() {
    let said = assertion();
    assert_eq!(read(&sign(&said, &private(), "k1").unwrap()).unwrap(), said);
}

#[test]
fn what_does_not_hold_is_not_believed() {
    let signed = |change: fn(&mut Assertion)| {
        let mut said = assertion();
        change(&mut said);
        sign(&said, &private(), "k1").unwrap()
    };
    let is = |jws: &str, expected: &str| {
        let error = read(jws).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    is(&signed(|a| a.aud = "other".into()), "audience");
    is(&signed(|a| (a.iat, a.exp) = (a.iat - 120, a.iat - 60)), "time");
    is(&signed(|a| a.exp = a.iat + 61), "longer");
    is(&signed(|a| (a.iat, a.exp) = (a.iat + 3600, a.iat + 3630)), "time");
    is(&signed(|a| (a.iat, a.exp) = (i64::MIN, i64::MAX)), "time");
    is(&sign(&assertion(), &private(), "k2").unwrap(), "not known");
    is("not.a.jws", "not a channel assertion");
}

#[test]
fn an_altered_text_and_another_kind_of_token_are_not_believed() {
    let jws = sign(&assertion(), &private(), "k1").unwrap();
    let mut parts: Vec<String> = jws.split('.').map(str::to_owned).collect();
    parts[1] = parts[1].chars().rev().collect();
    assert!(read(&parts.join(".")).is_err());
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("k1".into());
    let other = jsonwebtoken::encode(&header, &assertion(), &private()).unwrap();
    assert!(matches!(read(&other), Err(AssertionError::Malformed)));
}
