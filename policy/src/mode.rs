//! The mode string `rwxrwx---`: which class of people has which right.

use std::fmt;
use std::str::FromStr;

/// One of the three rights that a mode can grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// See: information, status, logs.
    Read,
    /// Change: deploy and remove.
    Write,
    /// Run and restart.
    Execute,
}

impl Right {
    /// All rights, in the order of the mode string.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Execute];

    const fn bit(self) -> u16 {
        match self {
            Self::Read => 0b100,
            Self::Write => 0b010,
            Self::Execute => 0b001,
        }
    }
}

/// Where a person stands towards an enclave or a tentacle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Anybody who has signed in: a visitor.
    Other,
    /// A member of the enclave.
    Member,
    /// The owner of the enclave, or of the tentacle.
    Owner,
}

impl Class {
    /// All classes, in the order of the mode string.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Member, Self::Other];

    const fn shift(self) -> u16 {
        match self {
            Self::Owner => 6,
            Self::Member => 3,
            Self::Other => 0,
        }
    }
}

/// Nine permission bits: three rights for each of owner, member and other.
///
/// Parsed from and printed as nine characters, e.g. `rwxr-x---`; there is no octal form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mode(u16);

impl Mode {
    /// How many modes there are; [`Mode::from_bits`] takes every number below.
    pub const COUNT: u16 = 512;

    /// The mode with these nine bits (owner highest), or `None` for 512 and above.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Option<Self> {
        if bits < Self::COUNT { Some(Self(bits)) } else { None }
    }

    /// The nine bits, owner highest.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether this mode gives `class` the `right`.
    #[must_use]
    pub const fn grants(self, class: Class, right: Right) -> bool {
        self.0 & (right.bit() << class.shift()) != 0
    }

    /// Whether no class has a right here that it lacks in `other`: a change from `other` to `self` only takes away.
    #[must_use]
    pub const fn only_tightens(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// A mode from nine ASCII characters, for constants.
    pub(crate) const fn literal(text: &[u8; 9]) -> Self {
        match Self::from_ascii(text) {
            Some(mode) => mode,
            None => Self(0),
        }
    }

    const fn from_ascii(text: &[u8]) -> Option<Self> {
        const LETTERS: [u8; 3] = *b"rwx";
        if text.len() != 9 {
            return None;
        }
        let mut bits = 0;
        let mut rest = text;
        let mut position = 0;
        while let [head, tail @ ..] = rest {
            let letter = match position % 3 {
                0 => LETTERS[0],
                1 => LETTERS[1],
                _ => LETTERS[2],
            };
            bits <<= 1;
            if *head == letter {
                bits |= 1;
            } else if *head != b'-' {
                return None;
            }
            rest = tail;
            position += 1;
        }
        Some(Self(bits))
    }
}

/// Why a text is not a mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a mode: expected nine characters such as `rwxrwx---` (owner, member, other) or a preset name"
)]
pub struct ParseModeError(String);

impl FromStr for Mode {
    type Err = ParseModeError;

    /// Reads nine characters such as `rwxrwx---`. Presets have names of their own: [`crate::Preset`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_ascii(text.as_bytes()).ok_or_else(|| ParseModeError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for class in Class::ALL {
            for (right, letter) in Right::ALL.into_iter().zip(["r", "w", "x"]) {
                f.write_str(if self.grants(class, right) { letter } else { "-" })?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mode({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_prints_as_what_it_is_parsed_from() {
        for bits in 0..Mode::COUNT {
            let mode = Mode::from_bits(bits).unwrap();
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        assert_eq!(Mode::from_bits(512), None);
    }

    #[test]
    fn the_letters_mean_what_they_say() {
        let mode: Mode = "rwxr-x--x".parse().unwrap();
        assert!(mode.grants(Class::Owner, Right::Write));
        assert!(mode.grants(Class::Member, Right::Read));
        assert!(!mode.grants(Class::Member, Right::Write));
        assert!(mode.grants(Class::Other, Right::Execute));
        assert!(!mode.grants(Class::Other, Right::Read));
    }

    #[test]
    fn what_is_not_a_mode_is_refused() {
        for text in ["", "rwx", "rwxrwxrwxr", "xwrrwx---", "RWXRWX---", "755", "rwxrwx--é", "rwxrwx-- "] {
            assert!(text.parse::<Mode>().is_err(), "{text}");
        }
    }

    #[test]
    fn tightening_is_the_subset_order() {
        let wide: Mode = "rwxrwx---".parse().unwrap();
        let tight: Mode = "rwx--x---".parse().unwrap();
        assert!(tight.only_tightens(wide) && !wide.only_tightens(tight) && wide.only_tightens(wide));
    }
}
