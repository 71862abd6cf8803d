//! Pull requests of the stand-in: what GitHub's documentation says of them, on a real repository.

use super::{Hub, World};
use crate::git::{git, try_git};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Somebody's account, which their address begins with, and whether they may write.
const PEOPLE: [(&str, &str); 4] = [("ana", "write"), ("ben", "write"), ("cleo", "admin"), ("gil", "read")];

/// A pull request.
#[derive(Clone)]
pub(super) struct Pull {
    number: u64,
    title: String,
    body: String,
    branch: String,
    base: String,
    /// Its newest commit as long as it is open, and when it ended.
    head: String,
    /// Where the base stood when it ended.
    before: String,
    merged: Option<String>,
    closed_at: Option<Timestamp>,
    reviews: Vec<Value>,
    checks: BTreeMap<String, Option<String>>,
}

/// How a pull request is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Merge,
    Squash,
    Rebase,
}

impl Pull {
    fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    fn shown(&self, url: &str) -> Value {
        json!({
            "number": self.number, "html_url": format!("{url}/team/state/pull/{}", self.number), "title": self.title,
            "body": self.body, "state": if self.is_open() { "open" } else { "closed" },
            "merged_at": self.merged.as_ref().and(self.closed_at), "closed_at": self.closed_at,
            // Of one that is open GitHub names a merge that it tried.
            "merge_commit_sha": self.merged.clone().unwrap_or_else(|| "0".repeat(40)),
            "head": {"ref": self.branch, "sha": self.head}, "base": {"ref": self.base, "sha": self.before},
            "user": {"login": "kraken[bot]", "type": "Bot"},
        })
    }
}

impl World {
    fn bare(&self) -> PathBuf {
        self.root.join("team/state.git")
    }

    /// Brings what is open up to date: a push to its branch is one to the pull request.
    fn refresh(&mut self) {
        let bare = self.bare();
        for pull in self.pulls.iter_mut().filter(|pull| pull.is_open()) {
            if let Ok(head) = try_git(&bare, &["rev-parse", &format!("refs/heads/{}", pull.branch)]) {
                git(&bare, &["update-ref", &format!("refs/pull/{}/head", pull.number), &head]);
                pull.head = head;
            }
        }
    }

    fn commits(&self, pull: &Pull) -> Vec<String> {
        let since = if pull.is_open() { pull.base.clone() } else { pull.before.clone() };
        let listed = git(&self.bare(), &["rev-list", "--reverse", &format!("{since}..{}", pull.head)]);
        listed.lines().map(str::to_owned).collect()
    }

    fn author(&self, commit: &str) -> Value {
        let email = git(&self.bare(), &["show", "--no-patch", "--format=%ae", commit]);
        let known = PEOPLE.iter().find(|(login, _)| email.split('@').next() == Some(login));
        known.map_or(Value::Null, |(login, _)| json!({"login": login, "type": "User"}))
    }
}

impl Hub {
    /// What is asked of pull requests; `None` for anything else.
    pub(super) fn of_pulls(
        &self,
        method: &str,
        rest: &str,
        query: &str,
        asked: &Value,
    ) -> Option<(StatusCode, Value)> {
        let mut world = self.world.lock().unwrap();
        world.refresh();
        world.calls += 1;
        let words: Vec<&str> = rest.split('/').skip(1).collect();
        let found = |number: &str, world: &World| {
            world.pulls.iter().find(|pull| pull.number.to_string() == number).cloned()
        };
        let no = || (StatusCode::NOT_FOUND, json!({"message": "Not Found"}));
        Some(match (method, words.as_slice()) {
            ("POST", ["pulls"]) => world.open(&self.url, asked),
            ("GET", ["pulls"]) => {
                let query: BTreeMap<String, String> =
                    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                let is = |key: &str, value: &str| query.get(key).is_none_or(|wanted| wanted == value);
                let fits = |pull: &&Pull| {
                    let state = query.get("state").map_or("open", String::as_str);
                    is("head", &format!("team:{}", pull.branch))
                        && is("base", &pull.base)
                        && (state == "all" || pull.is_open() == (state == "open"))
                };
                let shown: Vec<_> =
                    world.pulls.iter().rev().filter(fits).map(|pull| pull.shown(&self.url)).collect();
                (StatusCode::OK, json!(shown))
            }
            ("GET", ["pulls", number]) => match found(number, &world) {
                Some(pull) => (StatusCode::OK, pull.shown(&self.url)),
                None => no(),
            },
            ("GET", ["pulls", number, "reviews"]) => match found(number, &world) {
                Some(_) if query.contains("page=2") => (StatusCode::OK, json!([])),
                Some(pull) => (StatusCode::OK, json!(pull.reviews)),
                None => no(),
            },
            ("GET", ["pulls", number, "commits"]) => match found(number, &world) {
                Some(pull) => {
                    let of = |sha: &String| json!({"sha": sha, "author": world.author(sha)});
                    (StatusCode::OK, json!(world.commits(&pull).iter().map(of).collect::<Vec<_>>()))
                }
                None => no(),
            },
            ("GET", ["collaborators", login, "permission"]) => {
                match PEOPLE.iter().find(|(of, _)| of == login) {
                    Some((_, permission)) => (StatusCode::OK, json!({"permission": permission})),
                    None => no(),
                }
            }
            ("GET", ["commits", sha, "status"]) => {
                let of = world.statuses.iter().filter(|status| status["sha"] == **sha);
                (StatusCode::OK, json!({"state": "pending", "statuses": of.collect::<Vec<_>>()}))
            }
            ("GET", ["commits", sha, "check-runs"]) => {
                let of = world.pulls.iter().filter(|pull| pull.head == **sha).flat_map(|pull| &pull.checks);
                let runs: Vec<_> = of.map(|(name, said)| json!({"name": name, "conclusion": said})).collect();
                (StatusCode::OK, json!({"total_count": runs.len(), "check_runs": runs}))
            }
            ("GET", ["commits", sha, "pulls"]) => {
                let has = |pull: &&Pull| {
                    let is_merged = pull.merged.as_deref() == Some(*sha);
                    is_merged || world.commits(pull).iter().any(|commit| commit == sha)
                };
                let of: Vec<_> = world.pulls.iter().filter(has).map(|pull| pull.shown(&self.url)).collect();
                (StatusCode::OK, json!(of))
            }
            _ => return None,
        })
    }

    /// Somebody says something of a pull request: `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`.
    pub(crate) fn review(&self, who: &str, number: u64, state: &str) {
        let mut world = self.world.lock().unwrap();
        world.refresh();
        let pull = world.pulls.iter_mut().find(|pull| pull.number == number).unwrap();
        let review = json!({"user": {"login": who, "type": "User"}, "state": state, "commit_id": pull.head});
        pull.reviews.push(review);
    }

    /// A check of its newest commit says this; nothing as long as it runs.
    pub(crate) fn check(&self, number: u64, name: &str, said: Option<&str>) {
        let mut world = self.world.lock().unwrap();
        let pull = world.pulls.iter_mut().find(|pull| pull.number == number).unwrap();
        pull.checks.insert(name.to_owned(), said.map(str::to_owned));
    }

    /// Somebody merges it; answers the commit that has it. Its branch goes.
    pub(crate) fn merge(&self, number: u64, how: How) -> String {
        self.merge_with(number, how, |_| {})
    }

    /// The same, with what somebody does by hand before the merge is committed.
    pub(crate) fn merge_with(&self, number: u64, how: How, by_hand: impl FnOnce(&PathBuf)) -> String {
        let mut world = self.world.lock().unwrap();
        world.refresh();
        let bare = world.bare();
        let place = tempfile::tempdir().unwrap();
        let clone = place.path().join("clone");
        git(place.path(), &["clone", "--quiet", bare.to_str().unwrap(), "clone"]);
        let pull = world.pulls.iter_mut().find(|pull| pull.number == number).unwrap();
        pull.before = git(&bare, &["rev-parse", &pull.base]);
        git(&clone, &["fetch", "--quiet", "origin", &format!("refs/pull/{number}/head")]);
        match how {
            How::Merge => git(&clone, &["merge", "--quiet", "--no-ff", "--no-commit", "FETCH_HEAD"]),
            How::Squash => git(&clone, &["merge", "--quiet", "--squash", "FETCH_HEAD"]),
            How::Rebase => git(&clone, &["cherry-pick", &format!("{}..FETCH_HEAD", pull.before)]),
        };
        by_hand(&clone);
        git(&clone, &["add", "--all"]);
        if how != How::Rebase {
            git(&clone, &["commit", "--quiet", "-m", &format!("{} (#{number})", pull.title)]);
        }
        git(&clone, &["push", "--quiet", "origin", &format!("HEAD:{}", pull.base)]);
        let merged = git(&clone, &["rev-parse", "HEAD"]);
        git(&bare, &["update-ref", "-d", &format!("refs/heads/{}", pull.branch)]);
        pull.merged = Some(merged.clone());
        pull.closed_at = Some(Timestamp::now());
        merged
    }

    /// Somebody gives it up.
    pub(crate) fn close(&self, number: u64) {
        let mut world = self.world.lock().unwrap();
        world.refresh();
        let pull = world.pulls.iter_mut().find(|pull| pull.number == number).unwrap();
        pull.closed_at = Some(Timestamp::now());
    }

    /// The pull requests: number, title, branch and newest commit.
    pub(crate) fn pulls(&self) -> Vec<(u64, String, String, String)> {
        let mut world = self.world.lock().unwrap();
        world.refresh();
        let of = |pull: &Pull| (pull.number, pull.title.clone(), pull.branch.clone(), pull.head.clone());
        world.pulls.iter().map(of).collect()
    }

    /// How often something was asked about pull requests.
    pub(crate) fn calls(&self) -> usize {
        self.world.lock().unwrap().calls
    }
}

impl World {
    fn open(&mut self, url: &str, asked: &Value) -> (StatusCode, Value) {
        let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
        let (branch, base) = (text("head"), text("base"));
        let head = try_git(&self.bare(), &["rev-parse", "--verify", &format!("refs/heads/{branch}")]);
        let is_there = self.pulls.iter().any(|pull| pull.is_open() && pull.branch == branch);
        let (Ok(head), false) = (head, is_there) else {
            return (StatusCode::UNPROCESSABLE_ENTITY, json!({"message": "Validation Failed"}));
        };
        let number = self.pulls.len() as u64 + 12;
        git(&self.bare(), &["update-ref", &format!("refs/pull/{number}/head"), &head]);
        let before = git(&self.bare(), &["rev-parse", &base]);
        let (title, body) = (text("title"), text("body"));
        let (reviews, checks) = (Vec::new(), BTreeMap::new());
        let pull = Pull {
            number,
            title,
            body,
            branch,
            base,
            head,
            before,
            merged: None,
            closed_at: None,
            reviews,
            checks,
        };
        self.pulls.push(pull.clone());
        (StatusCode::CREATED, pull.shown(url))
    }
}
