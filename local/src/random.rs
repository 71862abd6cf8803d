//! Texts that nobody can guess, from the system's random numbers.

use rand::seq::IndexedRandom;

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// No vowels and no look-alikes, for codes that people read aloud.
const SPOKEN: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";

fn text(letters: &[u8], length: usize) -> String {
    let mut numbers = rand::rng();
    (0..length).filter_map(|_| letters.choose(&mut numbers)).map(|letter| char::from(*letter)).collect()
}

/// Capital letters and digits.
pub(crate) fn upper(length: usize) -> String {
    text(UPPER, length)
}

/// Letters and digits, about 6 bits each.
pub(crate) fn mixed(length: usize) -> String {
    text(MIXED, length)
}

/// Digits.
pub(crate) fn digits(length: usize) -> String {
    text(b"123456789", length)
}

/// Hexadecimal, two characters for each byte.
pub(crate) fn hex(bytes: usize) -> String {
    text(b"0123456789abcdef", bytes * 2)
}

/// A code of twice four letters, as a person types it: `BCDF-GHJK`.
pub(crate) fn user_code() -> String {
    format!("{}-{}", text(SPOKEN, 4), text(SPOKEN, 4))
}
