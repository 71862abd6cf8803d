//! What is no token at all, or a good one that was cut, stretched or packed wrongly.

use super::{Kind, bearer};
use crate::app::OPERATOR;
use crate::issuer::Issuer;
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};

pub(super) fn kinds(issuer: &Issuer) -> Vec<Kind> {
    let good = issuer.token("ana", "agents");
    let named = |name: &str, headers| (name.to_owned(), headers);
    let mut kinds: Vec<Kind> =
        cut(&good).into_iter().map(|(name, token)| named(name, bearer(token))).collect();
    kinds.extend(schemes(&good).into_iter().map(|(name, headers)| named(name, headers)));
    kinds.extend(secrets().into_iter().map(|(name, token)| named(name, bearer(token))));
    kinds
}

fn cut(good: &str) -> Vec<(&'static str, Vec<u8>)> {
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{good}") };
    let flipped = {
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[7] ^= 1;
        URL_SAFE_NO_PAD.encode(bytes)
    };
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let ben = URL_SAFE_NO_PAD.encode(claims.replace("\"ana\"", "\"ben\""));
    let padded = URL_SAFE.encode(URL_SAFE_NO_PAD.decode(signature).unwrap());
    let text = |text: String| text.into_bytes();
    vec![
        ("a signature that was cut", text(good[..good.len() - 4].to_owned())),
        ("a token that was cut in the claims", text(good[..header.len() + payload.len() / 2].to_owned())),
        ("no signature", text(format!("{header}.{payload}."))),
        ("no dot before the signature", text(format!("{header}.{payload}"))),
        ("another subject under the same signature", text(format!("{header}.{ben}.{signature}"))),
        ("one bit of the signature", text(format!("{header}.{payload}.{flipped}"))),
        ("a signature with padding", text(format!("{header}.{payload}.{padded}"))),
        ("a signature of another alphabet", text(format!("{header}.{payload}.{signature}+/"))),
        ("a dot at the end", text(format!("{good}."))),
        ("a dot at the beginning", text(format!(".{good}"))),
        ("a fourth part", text(format!("{good}.{signature}"))),
        ("five parts, as of a JWE", text(format!("{header}.{payload}.{signature}.{payload}.{signature}"))),
        ("a JWE", text("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA".to_owned())),
        ("two dots", b"..".to_vec()),
        ("four dots", b"....".to_vec()),
        ("dots in a row", b".".repeat(2000)),
        ("the parts in another order", text(format!("{payload}.{header}.{signature}"))),
        ("a token inside of itself", text(URL_SAFE_NO_PAD.encode(good))),
        ("a very long token", text(format!("{good}{}", "A".repeat(20_000)))),
        ("very long claims", text(format!("{header}.{}.{signature}", "A".repeat(17_000)))),
        ("bytes that are no text", [good.as_bytes(), b"\xff\xfe"].concat()),
        ("only bytes that are no text", vec![0xff, 0xfe, b'.', 0xc0, b'.', 0x80]),
        ("letters beyond ASCII", text(format!("{header}.{payload}.é{signature}"))),
        ("whitespace inside", text(format!("{header}. {payload}.{signature}"))),
        ("a tab inside", text(format!("{header}.\t{payload}.{signature}"))),
        ("quotes around it", text(format!("\"{good}\""))),
    ]
}

fn schemes(good: &str) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let one = |header: String| vec![header.into_bytes()];
    vec![
        ("no header", vec![]),
        ("an empty header", one(String::new())),
        ("a scheme alone", one("Bearer".to_owned())),
        ("a scheme and a space", one("Bearer ".to_owned())),
        ("a token alone", one(good.to_owned())),
        ("Basic", one("Basic YW5hOnBhc3N3b3Jk".to_owned())),
        ("Basic with a token", one(format!("Basic {good}"))),
        ("DPoP", one(format!("DPoP {good}"))),
        ("Token", one(format!("Token {good}"))),
        ("a colon after the scheme", one(format!("Bearer: {good}"))),
        ("the scheme twice", one(format!("Bearer Bearer {good}"))),
        ("no space after the scheme", one(format!("Bearer{good}"))),
        ("a tab after the scheme", one(format!("Bearer\t{good}"))),
        ("two tokens", one(format!("Bearer {good}, Bearer {good}"))),
        ("parameters after the token", one(format!("Bearer {good} realm=x"))),
        ("a bad header and a good one", vec![b"Bearer x".to_vec(), format!("Bearer {good}").into_bytes()]),
        ("a good header and a bad one", vec![format!("Bearer {good}").into_bytes(), b"Bearer x".to_vec()]),
    ]
}

/// What might be taken for an operator's token.
fn secrets() -> Vec<(&'static str, String)> {
    let digest = wire::canonical::hex(&<sha2::Sha256 as sha2::Digest>::digest(OPERATOR));
    vec![
        ("a word", "secret".to_owned()),
        ("a long secret that nobody has", "0123456789abcdef0123456789abcdef".to_owned()),
        ("the digest of an operator's token", digest),
        ("the beginning of an operator's token", OPERATOR[..OPERATOR.len() - 1].to_owned()),
        ("an operator's token and a letter", format!("{OPERATOR}x")),
        ("an operator's token in capitals", OPERATOR.to_uppercase()),
        ("an operator's token shaped as a JWT", format!("a.b.{OPERATOR}")),
    ]
}
