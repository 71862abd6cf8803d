//! What must be so of git and of what runs: small enough to be seen to be right.

use std::collections::BTreeMap;

/// What a tentacle greets with, by its name: nothing else of it ever changes.
pub(super) type Kept = BTreeMap<String, u32>;

/// A commit on the branch.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) message: String,
    pub(super) kept: Kept,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) commits: Vec<Commit>,
    pub(super) git: Kept,
    /// What runs: the greeting, and the words of the commit that it came from.
    pub(super) runs: BTreeMap<String, (u32, String)>,
    /// What somebody changed where it runs, and whether something is gone.
    pub(super) by_hand: BTreeMap<String, bool>,
}

/// What is to be told of a tentacle: its word, how its sentence begins, and what is offered.
pub(super) type Row = (String, &'static str, String, String);

impl Model {
    /// The names that what runs has in git by now.
    pub(super) fn renamed(&self) -> BTreeMap<String, String> {
        let mut renamed = BTreeMap::new();
        let gone = self.runs.iter().filter(|(name, _)| !self.git.contains_key(*name));
        for (old, (greeting, _)) in gone {
            let is_new =
                |name: &String| !self.runs.contains_key(name) && !renamed.values().any(|taken| taken == name);
            let new = self.git.iter().find(|(name, other)| *other == greeting && is_new(name));
            if let Some((new, _)) = new {
                renamed.insert(old.clone(), new.clone());
            }
        }
        renamed
    }

    pub(super) fn told(&self) -> Vec<Row> {
        let renamed = self.renamed();
        let mut names: Vec<&String> = self.git.keys().chain(self.runs.keys()).collect();
        names.sort();
        names.dedup();
        let row = |name: &String| {
            let (state, says, offer) = self.of(name, &renamed);
            (name.clone(), state, says, offer)
        };
        names.into_iter().map(row).collect()
    }

    fn of(&self, name: &String, renamed: &BTreeMap<String, String>) -> (&'static str, String, String) {
        let (git, runs) = (self.git.get(name), self.runs.get(name));
        let by_hand = self.by_hand.get(name).filter(|_| runs.is_some());
        let back = "put it back as it was".to_owned();
        match by_hand {
            Some(true) => return ("missing", "something of it is missing where it runs".to_owned(), back),
            Some(false) => {
                let says = "somebody changed it where it runs, with `kubectl-edit`".to_owned();
                return ("changed_by_hand", says, back);
            }
            None => {}
        }
        if let Some(new) = renamed.get(name) {
            let says = format!("in git it is called `{new}`, and it still runs under its old name");
            return ("renamed", says, format!("deploy `{new}`, then remove `{name}`"));
        }
        if let Some((old, _)) = renamed.iter().find(|(_, new)| *new == name) {
            let says = format!("it still runs under its old name, `{old}`");
            return ("renamed", says, format!("deploy `{name}`, then remove `{old}`"));
        }
        match (git, runs) {
            (Some(git), Some((runs, _))) if git == runs => {
                ("in_sync", "what is in git runs".to_owned(), "-".to_owned())
            }
            (Some(_), Some((_, from))) => {
                let says = "git has another version than the one that runs, which is in git: ";
                ("older_runs", format!("{says}\"{from}\" by Ana Sousa"), "deploy it".to_owned())
            }
            (Some(_), None) => {
                ("not_deployed", "it is in git, and does not run".to_owned(), "deploy it".to_owned())
            }
            (None, Some((_, from))) => {
                let says = "it was removed in git and still runs, from what was in git: ";
                let offer = "remove it, or put it back in git".to_owned();
                ("removed_in_git", format!("{says}\"{from}\" by Ana Sousa"), offer)
            }
            (None, None) => ("nothing", String::new(), String::new()),
        }
    }
}
