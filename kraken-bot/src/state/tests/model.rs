//! What must be so of a disk copy and its folder in git: small enough to be seen to be right.

use std::collections::{BTreeMap, BTreeSet};

/// Files by path. Git has a tentacle if it has files of it.
pub(super) type Files = BTreeMap<String, String>;

/// Both versions of files: what git has, and what the disk has.
pub(super) type Versions = BTreeMap<String, (Option<String>, Option<String>)>;

/// How the two stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    Nowhere,
    Removed,
    InGit,
    Changed,
    Apart(Versions),
}

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// What is deployed.
    Done(Files),
    Conflict(Versions),
    /// Nothing is done, because they stand so.
    Not(Stand),
}

/// Somebody was told both versions of files.
#[derive(Debug, Clone)]
struct Seen {
    /// What both sides had in common, with what was seen of git.
    common: Files,
    /// What they had in common before, if anything.
    before: Option<Files>,
    /// The disk at that time.
    disk: Files,
}

/// A disk that was about to follow when the Kraken died.
#[derive(Debug, Clone)]
pub(super) struct Between {
    /// What both had in common before.
    common: Files,
    pub(super) was: Files,
    /// Where each file was going.
    next: Files,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) git: Files,
    past: Vec<Files>,
    pub(super) disk: Option<Files>,
    common: Option<Files>,
    seen: Option<Seen>,
    pub(super) between: Option<Between>,
}

impl Model {
    /// Something is on the branch now.
    pub(super) fn comes(&mut self, git: Files) {
        self.git = git.clone();
        self.past.push(git);
    }

    /// A person writes a file, or removes it.
    pub(super) fn touches(&mut self, path: &str, text: Option<String>) {
        // Nobody knows whether it had followed by then: whatever git has of it is told.
        let unknown = |between: &&Between| between.was.get(path) != between.next.get(path);
        if let Some(between) = self.between.as_ref().filter(unknown) {
            let before = between.common.get(path).cloned();
            set(self.common.get_or_insert_default(), path, before);
        }
        set(self.disk.get_or_insert_default(), path, text);
    }

    /// A person removes the folder, or makes it anew with these files.
    pub(super) fn begins_anew(&mut self, disk: Option<Files>) {
        (self.disk, self.common, self.seen, self.between) = (disk, None, None, None);
    }

    fn in_common(&self) -> Option<Files> {
        let disk = self.disk.as_ref()?;
        let seen = self
            .seen
            .as_ref()
            .and_then(|seen| if seen.disk != *disk { Some(&seen.common) } else { seen.before.as_ref() });
        let same = || self.past.iter().find(|past| *past == disk);
        seen.or(self.common.as_ref()).or_else(same).cloned()
    }

    pub(super) fn stand(&self) -> Stand {
        let in_git = !self.git.is_empty();
        let Some(disk) = self.disk.as_ref().filter(|disk| !disk.is_empty()) else {
            return if in_git { Stand::InGit } else { Stand::Nowhere };
        };
        match self.in_common() {
            _ if *disk == self.git => Stand::InGit,
            // Whatever the disk changed, git has it as well.
            Some(common)
                if differing(&self.git, disk).keys().all(|path| disk.get(path) == common.get(path)) =>
            {
                if in_git {
                    Stand::InGit
                } else {
                    Stand::Removed
                }
            }
            None if in_git => Stand::Apart(differing(&self.git, disk)),
            // A part of what was removed would be nothing: all of it is told.
            Some(common) if !in_git && !common.is_empty() => Stand::Apart(differing(&self.git, disk)),
            _ => Stand::Changed,
        }
    }

    /// The Kraken commits and pushes what is on the disk, and the disk follows.
    pub(super) fn carry(&mut self) -> Told {
        let disk = self.disk.clone().unwrap_or_default();
        match self.stand() {
            stand @ (Stand::Nowhere | Stand::Removed) => Told::Not(stand),
            Stand::InGit => self.follows(self.git.clone()),
            Stand::Apart(versions) => {
                self.seen = Some(Seen { common: self.git.clone(), before: None, disk });
                Told::Conflict(versions)
            }
            Stand::Changed => {
                let mut common = self.in_common().unwrap_or_default();
                match merged(&common, &disk, &self.git) {
                    Ok(both) => self.follows(both),
                    Err(conflict) => {
                        let before = Some(common.clone());
                        for (path, (theirs, _)) in &conflict {
                            set(&mut common, path, theirs.clone());
                        }
                        self.seen = Some(Seen { common, before, disk });
                        Told::Conflict(conflict)
                    }
                }
            }
        }
    }

    /// The Kraken brings an older content back.
    pub(super) fn roll_back(&mut self, to: &Files) -> Told {
        match self.stand() {
            Stand::InGit => self.follows(to.clone()),
            stand => Told::Not(stand),
        }
    }

    fn follows(&mut self, files: Files) -> Told {
        if files != self.git {
            self.comes(files.clone());
        }
        let (common, was) = (self.in_common().unwrap_or_default(), self.disk.clone().unwrap_or_default());
        self.between = Some(Between { common, was, next: files.clone() });
        (self.disk, self.common, self.seen) = (Some(files.clone()), Some(files.clone()), None);
        Told::Done(files)
    }

    /// What would be told, if the disk were to be committed now.
    pub(super) fn conflict(&self) -> Option<Versions> {
        let disk = self.disk.clone().unwrap_or_default();
        merged(&self.in_common().unwrap_or_default(), &disk, &self.git).err()
    }

    /// Whether git has, or had, this.
    pub(super) fn had(&self, path: &str, what: impl Fn(&String) -> bool) -> bool {
        self.past.iter().any(|past| past.get(path).is_some_and(&what))
    }

    /// The disk is where it was going.
    pub(super) fn has_followed(&mut self) {
        self.between = None;
    }
}

pub(super) fn set(files: &mut Files, path: &str, text: Option<String>) {
    match text {
        Some(text) => files.insert(path.to_owned(), text),
        None => files.remove(path),
    };
}

fn differing(git: &Files, disk: &Files) -> Versions {
    let paths: BTreeSet<&String> = git.keys().chain(disk.keys()).collect();
    let differ = paths.into_iter().filter(|path| git.get(*path) != disk.get(*path));
    differ.map(|path| (path.clone(), (git.get(path).cloned(), disk.get(path).cloned()))).collect()
}

/// What both sides made of it, file by file; both versions where they made different things of the same.
fn merged(common: &Files, disk: &Files, git: &Files) -> Result<Files, Versions> {
    let paths: BTreeSet<&String> = common.keys().chain(disk.keys()).chain(git.keys()).collect();
    let (mut both, mut conflict) = (Files::new(), Versions::new());
    for path in paths {
        let [common, disk, git] = [common, disk, git].map(|files| files.get(path));
        let one = match (common, disk, git) {
            (Some(common), Some(disk), Some(git)) => halves(common, disk, git).map(Some),
            _ => of_both(common, disk, git).map(|side| side.cloned()),
        };
        match one {
            Some(text) => set(&mut both, path, text),
            None => drop(conflict.insert(path.clone(), (git.cloned(), disk.cloned()))),
        }
    }
    if conflict.is_empty() { Ok(both) } else { Err(conflict) }
}

fn of_both<T: PartialEq>(common: T, disk: T, git: T) -> Option<T> {
    if disk == common || disk == git {
        Some(git)
    } else if git == common {
        Some(disk)
    } else {
        None
    }
}

/// People change the first line or the last one, and between them is enough for git to tell these apart.
fn halves(common: &str, disk: &str, git: &str) -> Option<String> {
    let cut = |text: &str| {
        let half = text.len() - text.trim_end().rsplit('\n').next().unwrap().len() - 1;
        (text[..half].to_owned(), text[half..].to_owned())
    };
    let (common, disk, git) = (cut(common), cut(disk), cut(git));
    Some(of_both(common.0, disk.0, git.0)? + &of_both(common.1, disk.1, git.1)?)
}
