//! What must be so of the three layers: small enough to be seen to be right.

use std::collections::BTreeMap;

/// One tentacle. What it says is a number that nothing else has ever said, on one line, so that two changes of it never agree.
#[derive(Debug, Clone, Default)]
pub(super) struct One {
    pub(super) git: Option<u32>,
    pub(super) disk: Option<u32>,
    pub(super) runs: Option<u32>,
    /// What somebody did to it where it runs: changed it, or took something of it away.
    pub(super) by_hand: Option<ByHand>,
    /// What the disk and git had in common last.
    common: Option<u32>,
    /// What git had, and the disk, when somebody was told that the two do not go together.
    seen: Option<(Option<u32>, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByHand {
    Changed,
    Gone,
}

/// How the disk and git stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Nowhere,
    Removed,
    InGit(u32),
    Changed(u32),
    Apart(u32),
}

/// What a request to deploy comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Deployed,
    AlreadyRuns,
    Conflict,
    Removed,
    NoFiles,
}

/// What the status is to say of a tentacle: how it begins, and what is offered.
pub(super) type Row = (&'static str, &'static str);

impl One {
    /// Somebody who was told both versions, and then changed the disk, has seen what git had.
    fn in_common(&self) -> Option<u32> {
        match self.seen {
            Some((git, disk)) if self.disk != Some(disk) => git,
            _ => self.common,
        }
    }

    fn stand(&self) -> Stand {
        match (self.disk, self.git) {
            (None, None) => Stand::Nowhere,
            (None, Some(git)) => Stand::InGit(git),
            (Some(disk), Some(git)) if disk == git => Stand::InGit(git),
            (Some(disk), None) if self.in_common() == Some(disk) => Stand::Removed,
            (Some(disk), Some(git)) if self.in_common() == Some(disk) => Stand::InGit(git),
            (Some(disk), git) if self.in_common() == git => Stand::Changed(disk),
            (Some(disk), _) => Stand::Apart(disk),
        }
    }

    /// A person asks the Kraken to deploy it.
    pub(super) fn deploys(&mut self) -> Told {
        let content = match self.stand() {
            Stand::Nowhere => return Told::NoFiles,
            Stand::Removed => return Told::Removed,
            Stand::Apart(disk) => {
                self.seen = Some((self.git, disk));
                return Told::Conflict;
            }
            Stand::InGit(content) | Stand::Changed(content) => content,
        };
        (self.git, self.disk, self.common, self.seen) = (Some(content), Some(content), Some(content), None);
        if self.runs == Some(content) {
            return Told::AlreadyRuns;
        }
        (self.runs, self.by_hand) = (Some(content), None);
        Told::Deployed
    }

    /// A person asks the Kraken to remove it.
    pub(super) fn undeploys(&mut self) {
        (self.runs, self.by_hand) = (None, None);
    }

    /// What the status says of it, where its layers do not agree.
    pub(super) fn row(&self) -> Option<Row> {
        match (self.stand(), self.git, self.runs) {
            (Stand::Changed(_) | Stand::Apart(_), None, None) => {
                Some(("it is on disk alone, and not deployed yet", "deploy"))
            }
            (Stand::Changed(_) | Stand::Apart(_), ..) => {
                Some(("its files on disk have changes that are not deployed", "deploy"))
            }
            (_, None, None) => None,
            (_, _, Some(_)) if self.by_hand == Some(ByHand::Changed) => {
                Some(("somebody changed it where it runs", "put back"))
            }
            (_, _, Some(_)) if self.by_hand == Some(ByHand::Gone) => {
                Some(("something of it is missing where it runs", "put back"))
            }
            (_, Some(git), Some(runs)) if git == runs => None,
            (_, Some(_), Some(_)) => {
                Some(("git has another version than the one that runs, which is in git", "deploy"))
            }
            (_, Some(_), None) => Some(("it is in git, and does not run", "deploy")),
            (_, None, Some(_)) => {
                Some(("it was removed in git and still runs, from what was in git", "remove"))
            }
        }
    }
}

/// All of them, by name.
pub(super) type Model = BTreeMap<&'static str, One>;
