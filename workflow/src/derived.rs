//! Names derived from (enclave, tentacle). Two different pairs never meet in one name.

use crate::name::{EnclaveName, TentacleName};
use sha2::{Digest, Sha256};
use std::fmt;

/// Which tentacle is meant: its enclave and its name.
///
/// Joining the two with a hyphen would not do: enclave `a` with tentacle `b-c` and enclave `a-b` with tentacle `c`
/// would be the same database role, the same bucket, the same directory. Both forms here keep them apart:
///
/// * [`Display`](fmt::Display) writes `a/b-c`. Neither name has a slash, so the text can be taken apart again.
/// * [`key`](Self::key) is for places that allow few characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TentacleRef {
    /// The enclave that the tentacle lives in.
    pub enclave: EnclaveName,
    /// The tentacle's name within it.
    pub tentacle: TentacleName,
}

impl TentacleRef {
    /// How many characters a [`key`](Self::key) has.
    pub const KEY_LENGTH: usize = 33;

    /// One word that stands for the pair wherever the alphabet is small: directories, control groups, sockets,
    /// database roles, buckets.
    ///
    /// `t` and 32 characters of base 32 (RFC 4648, in lower case): the first 160 bits of SHA-256 over both names, each
    /// followed by a zero byte, which no name has. It is a DNS label, a Postgres identifier, and a bucket name.
    #[must_use]
    pub fn key(&self) -> String {
        let mut hash = Sha256::new();
        for name in [self.enclave.as_str(), self.tentacle.as_str()] {
            hash.update(name.as_bytes());
            hash.update([0]);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (kept, _) = digest.split_at(20);
        format!("t{}", base32(kept))
    }
}

impl fmt::Display for TentacleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.enclave, self.tentacle)
    }
}

/// Base 32 in lower case, for lengths that are multiples of five bytes and therefore need no padding.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't',
        'u', 'v', 'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7',
    ];
    let mut text = String::with_capacity(bytes.len() * 8 / 5);
    for block in bytes.chunks(5) {
        let bits = block.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            let index = usize::try_from(bits >> (place * 5) & 31).unwrap_or_default();
            text.extend(ALPHABET.get(index));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(enclave: &str, tentacle: &str) -> TentacleRef {
        TentacleRef { enclave: enclave.parse().unwrap(), tentacle: tentacle.parse().unwrap() }
    }

    #[test]
    fn a_hyphen_does_not_move_between_the_names() {
        let (one, other) = (pair("a", "b-c"), pair("a-b", "c"));
        assert_ne!(one.key(), other.key());
        assert_ne!(one.to_string(), other.to_string());
    }

    #[test]
    fn base_32_is_that_of_the_rfc() {
        assert_eq!(base32(b"fooba"), "mzxw6ytb");
        assert_eq!(base32(&[0xff; 5]), "77777777");
    }

    #[test]
    fn a_key_never_changes() {
        // what is on disk and in databases is found by it: a change here loses it
        assert_eq!(pair("price-watch", "hello").key(), "tgot4wcptkekgnr6wat2joolgw72vkisj");
    }

    proptest! {
        // names from so small an alphabet that they often begin alike
        #[test]
        fn different_pairs_have_different_names(
            enclaves in prop::array::uniform2("[ab](-?[ab]){0,3}"),
            tentacles in prop::array::uniform2("[ab](-?[ab]){0,3}"),
        ) {
            let [one, other] = [0, 1].map(|i| pair(&enclaves[i], &tentacles[i]));
            prop_assert_eq!(one == other, one.key() == other.key());
            prop_assert_eq!(one == other, one.to_string() == other.to_string());
        }

        #[test]
        fn a_key_fits_everywhere(enclave in "[a-z]{63}", tentacle in "[a-z]{40}") {
            let key = pair(&enclave, &tentacle).key();
            prop_assert_eq!(key.len(), TentacleRef::KEY_LENGTH);
            prop_assert!(key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        }
    }
}
