//! A disk copy, a state repo into which somebody pushes with plain git, and the Kraken between them, which may die.

use super::asked::{Answer, Job, copy, folder, names, open, wanted, word, work};
use super::killed::{self, End};
use super::model::{Files, Model, Stand, Told};
use crate::state::Sides;
use crate::tests::git::git;
use serde_json::Value;
use state_repo::{CommitId, Mirror};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A request that was asked, and what must come of it.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    job: Job,
    /// What is to come back.
    to: Option<Files>,
    /// What is deployed, once it is committed.
    committed: Option<Files>,
    /// Whether it was about to tell a conflict: then whoever asked has heard nothing yet.
    conflict: bool,
}

pub(super) struct World {
    pub(super) home: tempfile::TempDir,
    pub(super) mirror: Option<Mirror>,
    pub(super) model: Model,
    /// The disk before the Kraken began something that it did not end.
    was: Files,
    pub(super) pending: Option<Pending>,
    /// What was deployed, by its commit.
    pub(super) deployed: Vec<(CommitId, Files)>,
    tips: BTreeSet<String>,
    commits: usize,
    numbers: usize,
    /// Whether something around it does not work: then a request may fail.
    pub(super) in_trouble: bool,
    /// Whether somebody who holds the branch still lives.
    pub(super) holds_on: bool,
    /// Why requests failed.
    pub(super) failures: Vec<String>,
    /// When somebody else commits; now, if nothing is said.
    pub(super) date: Option<&'static str>,
    /// Of the last kills: how many came too late, and how many were before and after the commit was pushed.
    pub(super) kills: [usize; 3],
}

/// It dies when it has done all, and nobody hears what it says.
pub(super) const ANSWER: &str = "answer";

/// Before which of its changes the Kraken dies: in this folder, the one of this number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kill(pub(super) &'static str, pub(super) usize);

/// The Kraken's clone, the repository itself, the disk copy: and how much a request changes there at most, about.
pub(super) const PLACES: [(&str, usize); 3] = [("mirror", 100), ("state.git", 13), ("tentacles", 17)];

pub(super) const PATHS: [&str; 4] = ["workflow.yaml", "node.ts", "notes.md", "nodes/more.ts"];

impl World {
    /// Git and disk have the same tentacle, which is deployed.
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        git(home.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "state.git"]);
        git(home.path(), &["clone", "--quiet", "state.git", "clone"]);
        let mut world = Self {
            home,
            mirror: None,
            model: Model::default(),
            was: Files::new(),
            pending: None,
            deployed: Vec::new(),
            tips: BTreeSet::new(),
            commits: 0,
            numbers: 0,
            in_trouble: false,
            holds_on: false,
            failures: Vec::new(),
            date: None,
            kills: [0; 3],
        };
        let begun: Vec<(&str, Option<String>)> =
            PATHS[..3].iter().map(|path| (*path, Some(world.text(path)))).collect();
        world.pushes(&begun);
        world.asks(None, None);
        world
    }

    fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    /// A text like no other.
    pub(super) fn text(&mut self, path: &str) -> String {
        let (number, middle) = (self.number(), format!("{path} has this\n{path} in between\n").repeat(3));
        format!("first {number}\n{middle}last {number}\n")
    }

    /// A text with another first line, or another last one.
    pub(super) fn edited(&mut self, text: &str, first: bool) -> String {
        let number = self.number();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let at = if first { 0 } else { lines.len() - 1 };
        lines[at] = format!("line {number}");
        lines.join("\n") + "\n"
    }

    fn mirror(&mut self) -> &Mirror {
        let home = self.home.path().to_owned();
        self.mirror.get_or_insert_with(|| open(&home))
    }

    pub(super) fn bare(&self) -> PathBuf {
        self.home.path().join("state.git")
    }

    pub(super) fn on_disk(&self) -> Option<Files> {
        let names = names();
        copy(self.home.path()).read(&names.enclave, &names.tentacle).ok()
    }

    // What a person does on the disk.

    pub(super) fn touches(&mut self, path: &str, text: Option<String>) {
        self.model.touches(path, text.clone());
        let file = copy(self.home.path()).folder(&names().enclave, &names().tentacle).join(path);
        match text {
            Some(text) => {
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, text).unwrap();
            }
            None => std::fs::remove_file(&file).unwrap(),
        }
    }

    /// Removes the folder, or writes a new one.
    pub(super) fn begins_anew(&mut self, files: Option<Files>) {
        let (copy, names) = (copy(self.home.path()), names());
        match &files {
            None => std::fs::remove_dir_all(copy.folder(&names.enclave, &names.tentacle)).unwrap(),
            Some(files) => {
                let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
                copy.write(&names.enclave, &names.tentacle, files, None).unwrap();
            }
        }
        (self.pending, self.was) = (None, Files::new());
        self.model.begins_anew(files);
    }

    // What somebody else does with plain git.

    /// What a Kraken that died holds in the repository stops everybody: it is let go when it is there again, or removed as git says.
    pub(super) fn lets_go(&mut self) {
        let lock = self.bare().join("refs/heads/main.lock");
        if lock.exists() {
            self.goes_on(None);
            let _ = std::fs::remove_file(lock);
        }
    }

    fn pulled(&self) -> PathBuf {
        let clone = self.home.path().join("clone");
        if self.commits > 0 {
            git(&clone, &["fetch", "--quiet", "origin", "main"]);
            git(&clone, &["reset", "--quiet", "--hard", "FETCH_HEAD"]);
        }
        clone
    }

    /// Pushes files, or that they are removed.
    pub(super) fn pushes(&mut self, files: &[(&str, Option<String>)]) {
        let (clone, mut next) = (self.pulled(), self.model.git.clone());
        let folder = clone.join(folder());
        for (path, text) in files {
            let file = folder.join(path);
            match text {
                Some(text) => {
                    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                    std::fs::write(file, text).unwrap();
                }
                None => std::fs::remove_file(file).unwrap(),
            }
            super::model::set(&mut next, path, text.clone());
        }
        self.push(&clone);
        self.model.comes(next);
    }

    /// Gives the tentacle another name.
    pub(super) fn pushes_another_name(&mut self) {
        let (clone, number) = (self.pulled(), self.number());
        git(&clone, &["mv", &folder(), &format!("enclaves/acme/greeter-{number}")]);
        self.push(&clone);
        self.model.comes(Files::new());
    }

    fn push(&mut self, clone: &Path) {
        git(clone, &["add", "-A"]);
        let dates = self.date.map(|date| [("GIT_AUTHOR_DATE", date), ("GIT_COMMITTER_DATE", date)]);
        let committed = Command::new("git")
            .args(["-c", "user.name=Ben", "-c", "user.email=ben@plain.example"])
            .args(["commit", "--quiet", "-m", "by hand"])
            .current_dir(clone)
            .envs(dates.into_iter().flatten())
            .status();
        assert!(committed.unwrap().success());
        git(clone, &["push", "--quiet", "origin", "HEAD:main"]);
        self.commits += 1;
    }

    // What the Kraken is asked for.

    /// Asks for a deploy, or for an older content; the Kraken dies before its change number `kill`.
    pub(super) fn asks(&mut self, to: Option<(CommitId, Files)>, kill: Option<Kill>) {
        let job = Job {
            home: self.home.path().to_owned(),
            request: format!("E{}", self.number()),
            to: to.as_ref().map(|(commit, _)| commit.to_string()),
        };
        let to = to.map(|(_, files)| files);
        self.is_asked(Pending { job, to, committed: None, conflict: false }, kill);
    }

    /// The Kraken is there again, and goes on with the request in which it died.
    pub(super) fn goes_on(&mut self, kill: Option<Kill>) {
        if let Some(pending) = self.pending.take() {
            self.is_asked(pending, kill);
        }
    }

    /// What somebody who died holds in the repository is older than a minute by now.
    fn a_while_passes(&self) {
        let lock = self.bare().join("refs/heads/main.lock");
        if let Ok(lock) = std::fs::File::options().write(true).open(lock) {
            lock.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(61)).unwrap();
        }
    }

    /// Whether it must go on with that first.
    pub(super) fn must_go_on(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.conflict)
    }

    fn is_asked(&mut self, asked: Pending, kill: Option<Kill>) {
        if !self.holds_on {
            self.a_while_passes();
        }
        let there = self.on_disk().unwrap_or_default();
        let (before, noted) = (self.model.clone(), self.noted());
        let told = match (&asked.committed, &asked.to) {
            (Some(files), Some(_)) => Told::Done(files.clone()),
            (Some(files), None) if self.model.stand() == Stand::Changed => Told::Done(files.clone()),
            (_, None) => self.model.carry(),
            (None, Some(to)) => self.model.roll_back(to),
        };
        let commits = asked.committed.is_none() && self.model.git != before.git;
        let answer = match kill {
            None => Some(work(self.mirror(), &asked.job)),
            Some(at) => self.killed(&asked.job, at),
        };
        let answer = match answer {
            Some(Answer::Failed(why)) if self.in_trouble => {
                self.failures.push(why);
                None
            }
            answer => answer,
        };
        match answer {
            Some(answer) => {
                if self.in_trouble && self.on_disk() != self.model.disk {
                    self.was = there.clone();
                } else {
                    self.model.has_followed();
                }
                self.is_answered(&told, answer, commits);
            }
            None => {
                let bare = if self.bare().exists() { self.bare() } else { self.home.path().join("away.git") };
                let log = git(&bare, &["log", "--format=%B", "-n", "4", "main"]);
                let is_committed = log.contains(&format!("Tentacular-Request: {}\n", asked.job.request))
                    || log.ends_with(&format!("Tentacular-Request: {}", asked.job.request));
                self.kills[1 + usize::from(is_committed)] += 1;
                let is_begun =
                    self.noted()["sent"]["commit"].is_string() && self.noted()["sent"] != noted["sent"];
                let is_done = self.noted()["sent"].is_null()
                    && self.noted() != noted
                    && self.on_disk() == self.model.disk;
                if is_committed && asked.committed.is_none() {
                    assert!(commits, "nothing was to be committed");
                    self.commits += usize::from(commits);
                    if is_done {
                        self.model.has_followed();
                    }
                } else if commits || !matches!(told, Told::Done(_)) || !(is_begun || is_done) {
                    self.model = before;
                    // What an earlier one had left was done first.
                    if noted["sent"] != self.noted()["sent"] {
                        self.model.has_followed();
                    }
                } else if is_done {
                    self.model.has_followed();
                }
                let mut pending = asked;
                if let (true, Told::Done(files)) = (is_committed, &told) {
                    pending.committed.get_or_insert_with(|| files.clone());
                }
                pending.conflict = matches!(told, Told::Conflict(_));
                self.pending = Some(pending);
                // A file that had not followed yet before this may still be as it was before that.
                if self.model.between.is_some() {
                    self.was = there.clone();
                }
            }
        }
        self.is_kept(&there);
    }

    /// What the Kraken noted of what it is about to do.
    fn noted(&self) -> Value {
        let names = names();
        let note = copy(self.home.path()).note(&names.enclave, &names.tentacle).unwrap();
        note.map_or(Value::Null, |note| serde_json::from_str(&note).unwrap())
    }

    fn killed(&mut self, job: &Job, Kill(place, at): Kill) -> Option<Answer> {
        self.mirror = None;
        let within = self.home.path().join(place);
        match killed::run(super::histories::NAME, &serde_json::to_string(job).unwrap(), (&within, at)) {
            End::Killed => None,
            End::Said(_) if place == ANSWER => None,
            End::Said(told) => {
                self.kills[0] += 1;
                Some(serde_json::from_str(&told).unwrap())
            }
        }
    }

    fn is_answered(&mut self, told: &Told, answer: Answer, commits: bool) {
        match (told, answer) {
            (Told::Done(files), Answer::Done(commit)) => {
                let commit: CommitId = commit.parse().unwrap();
                self.mirror().fetch().unwrap();
                let names = names();
                let at = self.mirror().at(commit, &names.enclave, &names.tentacle).unwrap().unwrap();
                assert_eq!(&at.files(), files, "what is deployed");
                self.commits += usize::from(commits);
                self.deployed.push((commit, files.clone()));
            }
            (Told::Conflict(versions), Answer::Conflict(told)) => assert_eq!(&told, versions),
            (Told::Not(stand), Answer::Not(told)) => assert_eq!(told, wanted(stand)),
            (told, answer) => panic!("{answer:?} instead of {told:?}"),
        }
    }

    /// No line that was on the disk is lost.
    fn is_kept(&self, before: &Files) {
        let now = self.on_disk().unwrap_or_default();
        for (path, text) in before {
            let has = |text: &String, line: &str| text.lines().any(|other| other == line);
            let kept = |line: &str| {
                now.get(path).is_some_and(|text| has(text, line))
                    || self.model.had(path, |text| has(text, line))
            };
            assert!(text.lines().all(kept), "{path} is lost:\n{text}");
        }
    }

    // What must be so at any time.

    pub(super) fn is_as_it_must_be(&mut self) {
        let tip = std::fs::read_to_string(self.bare().join("refs/heads/main")).unwrap();
        self.tips.insert(tip.trim().to_owned());
        let (names, copy) = (names(), copy(self.home.path()));
        let newest = self.mirror().newest(&names.enclave, &names.tentacle).unwrap();
        assert_eq!(newest.tentacle.map(|at| at.files()).unwrap_or_default(), self.model.git, "git");
        let stand = self.model.stand();
        let sides = Sides { mirror: self.mirror(), copy: &copy, names: &names };
        let (looked, has) = (sides.look().unwrap(), sides.has_changes(None).unwrap());
        // Of a conflict of which nobody has heard yet, whether all of it is told is for the request that comes again.
        if !self.must_go_on() {
            assert_eq!(word(&looked), wanted(&stand), "how it stands");
        }
        assert_eq!(has, matches!(stand, Stand::Changed | Stand::Apart(_)), "whether it has changes");
        let there = self.on_disk().unwrap_or_default();
        let disk = self.model.disk.clone().unwrap_or_default();
        for path in PATHS {
            let was = self.model.between.as_ref().map(|between| [&self.was, &between.was]);
            let behind = was.is_some_and(|was| was.iter().any(|was| was.get(path) == there.get(path)));
            assert!(there.get(path) == disk.get(path) || behind, "{path} on the disk: {there:?}");
        }
    }

    /// Everybody is told, what is told is brought together, and then all is the same everywhere and nothing is lost.
    pub(super) fn comes_to_rest(&mut self) {
        self.goes_on(None);
        for _ in 0..3 {
            self.asks(None, None);
            self.is_as_it_must_be();
            let both = match self.model.stand() {
                Stand::Changed => self.model.conflict().unwrap(),
                Stand::Apart(both) => both,
                _ => break,
            };
            for path in both.keys() {
                let text = self.text(path);
                self.touches(path, Some(text));
            }
        }
        match self.model.stand() {
            Stand::InGit => assert_eq!(self.on_disk().unwrap(), self.model.git),
            stand => assert!(matches!(stand, Stand::Removed | Stand::Nowhere), "{stand:?}"),
        }
        let listed = git(&self.bare(), &["rev-list", "main"]);
        let listed: BTreeSet<&str> = listed.lines().collect();
        assert!(self.tips.iter().all(|tip| listed.contains(tip.as_str())), "a commit is lost");
        assert_eq!(listed.len(), self.commits, "commits");
        git(&self.bare(), &["fsck", "--strict", "--no-dangling"]);
        let folder = self.pulled().join(folder());
        for path in PATHS {
            let there = std::fs::read_to_string(folder.join(path)).ok();
            assert_eq!(there.as_ref(), self.model.git.get(path), "{path} in a clone");
        }
    }
}
