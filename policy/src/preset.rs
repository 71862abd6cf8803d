//! Modes that have a name.

use crate::mode::{Mode, ParseModeError};
use std::fmt;
use std::str::FromStr;

/// A named mode, the form in which people choose one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preset {
    /// `rwx------`: only the owner.
    Private,
    /// `rwxr-x---`: members see and run.
    MemberRead,
    /// `rwx--x---`: members run.
    MemberRun,
    /// `rwxrwx---`: members see, change and run. The default.
    #[default]
    MemberEdit,
    /// `rwxrwxr--`: as `member-edit`, and visitors see.
    OpenRead,
    /// `rwxrwxr-x`: as `open-read`, and visitors run.
    OpenRun,
}

impl Preset {
    /// All presets, from the tightest to the widest.
    pub const ALL: [Self; 6] =
        [Self::Private, Self::MemberRun, Self::MemberRead, Self::MemberEdit, Self::OpenRead, Self::OpenRun];

    /// The mode that this preset stands for.
    #[must_use]
    pub const fn mode(self) -> Mode {
        Mode::literal(match self {
            Self::Private => b"rwx------",
            Self::MemberRead => b"rwxr-x---",
            Self::MemberRun => b"rwx--x---",
            Self::MemberEdit => b"rwxrwx---",
            Self::OpenRead => b"rwxrwxr--",
            Self::OpenRun => b"rwxrwxr-x",
        })
    }

    /// The name as people write it, e.g. `member-edit`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::MemberRead => "member-read",
            Self::MemberRun => "member-run",
            Self::MemberEdit => "member-edit",
            Self::OpenRead => "open-read",
            Self::OpenRun => "open-run",
        }
    }

    /// What the preset means for people, in plain words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Private => "only the owner can see, change or run anything",
            Self::MemberRead => "members can see and run, the owner changes, visitors see nothing",
            Self::MemberRun => "members can run, the owner sees and changes, visitors see nothing",
            Self::MemberEdit => "members can see, change and run, visitors see nothing",
            Self::OpenRead => "members can see, change and run, visitors can see",
            Self::OpenRun => "members can see, change and run, visitors can see and run",
        }
    }

    /// The preset whose mode is exactly `mode`, if there is one.
    #[must_use]
    pub fn of(mode: Mode) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.mode() == mode)
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads a mode from a preset's name, from a name that earlier releases wrote, or from the nine characters.
///
/// The old names (`group-read`, `group-run`, `public-read`, `team`, `shared`) are read and never written.
///
/// # Errors
/// [`ParseModeError`] when `text` is none of these.
pub fn parse_mode(text: &str) -> Result<Mode, ParseModeError> {
    let known = Preset::ALL.into_iter().find(|preset| preset.name() == text).map(Preset::mode);
    let legacy = || {
        Some(match text {
            "group-read" => Preset::MemberRead.mode(),
            "group-run" => Preset::MemberRun.mode(),
            "team" => Preset::MemberEdit.mode(),
            "public-read" => Mode::literal(b"rwxr--r--"),
            "shared" => Mode::literal(b"rwxrwxrwx"),
            _ => return None,
        })
    };
    known.or_else(legacy).map_or_else(|| Mode::from_str(text), Ok)
}

/// Says what a mode means for people, preset or not: `members can see and run; visitors see nothing`.
#[must_use]
pub fn describe(mode: Mode) -> String {
    use crate::mode::{Class, Right};
    if let Some(preset) = Preset::of(mode) {
        return preset.meaning().to_owned();
    }
    let rights = |class| {
        let words: Vec<&str> = Right::ALL
            .into_iter()
            .zip(["see", "change", "run"])
            .filter_map(|(right, word)| mode.grants(class, right).then_some(word))
            .collect();
        match words.as_slice() {
            [] => "can do nothing".to_owned(),
            [one] => format!("can {one}"),
            [init @ .., last] => format!("can {} and {last}", init.join(", ")),
        }
    };
    format!(
        "the owner {}, members {}, visitors {}",
        rights(Class::Owner),
        rights(Class::Member),
        rights(Class::Other)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modes_are_those_of_the_design() {
        let table = [
            ("private", "rwx------"),
            ("member-read", "rwxr-x---"),
            ("member-run", "rwx--x---"),
            ("member-edit", "rwxrwx---"),
            ("open-read", "rwxrwxr--"),
            ("open-run", "rwxrwxr-x"),
        ];
        for (name, mode) in table {
            assert_eq!(parse_mode(name).unwrap().to_string(), mode);
            assert_eq!(Preset::of(mode.parse().unwrap()).unwrap().name(), name);
        }
        assert_eq!(Preset::default(), Preset::MemberEdit);
    }

    #[test]
    fn old_names_are_read_and_never_written() {
        for (old, now) in
            [("group-read", "member-read"), ("group-run", "member-run"), ("team", "member-edit")]
        {
            assert_eq!(Preset::of(parse_mode(old).unwrap()).unwrap().name(), now);
        }
        assert_eq!(parse_mode("shared").unwrap().to_string(), "rwxrwxrwx");
        assert_eq!(parse_mode("public-read").unwrap().to_string(), "rwxr--r--");
        assert!(parse_mode("members").is_err());
    }

    #[test]
    fn a_mode_without_a_name_is_described_all_the_same() {
        assert_eq!(
            describe("rwxr----x".parse().unwrap()),
            "the owner can see, change and run, members can see, visitors can run"
        );
        assert_eq!(describe(Preset::Private.mode()), Preset::Private.meaning());
    }
}
