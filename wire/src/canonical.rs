//! Canonical JSON (RFC 8785) and its SHA-256: what is signed, chained and compared.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// A value that has no canonical form: a number that JSON cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("the value has no canonical JSON form: {0}")]
pub struct NotCanonical(#[from] serde_json::Error);

/// The canonical JSON of `value` (RFC 8785).
///
/// # Errors
/// When `value` is not JSON, e.g. a map whose keys are not texts.
pub fn to_json(value: &impl Serialize) -> Result<Vec<u8>, NotCanonical> {
    Ok(serde_json_canonicalizer::to_vec(value)?)
}

/// The SHA-256 of the canonical JSON of `value`, as 64 lower-case hexadecimal digits.
///
/// # Errors
/// As [`to_json`].
pub fn sha256(value: &impl Serialize) -> Result<String, NotCanonical> {
    Ok(hex(&Sha256::digest(to_json(value)?)))
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // INVARIANT: writing to a `String` never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads what [`hex`] writes, and nothing else: pairs of lower-case digits.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some((digit(high)? << 4) | digit(low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn digits_are_read_as_they_are_written_and_in_no_other_way() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&hex(&all)), Some(all));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for other in ["0", "000", "0G", "AB", "+1", " 1", "é"] {
            assert_eq!(from_hex(other), None, "{other}");
        }
    }

    #[test]
    fn order_and_spacing_do_not_matter() {
        let one: serde_json::Value = serde_json::from_str(r#"{ "b": 1.0, "a": [true, "é"] }"#).unwrap();
        assert_eq!(to_json(&one).unwrap(), r#"{"a":[true,"é"],"b":1}"#.as_bytes());
        assert_eq!(sha256(&one).unwrap(), sha256(&json!({"a": [true, "é"], "b": 1})).unwrap());
    }

    #[test]
    fn the_digest_is_the_well_known_one() {
        // SHA-256 of the two bytes `{}`
        let empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(sha256(&json!({})).unwrap(), empty);
    }
}
