//! Random histories of git and what runs, with a server that dies in the middle of an effect, and beside them a model that says
//! what must be told after each step, in words.

mod model;

use self::model::{Commit, Model};
use crate::app::{App, until};
use crate::by_hand::scaled;
use crate::git::{git, try_git};
use crate::histories;
use crate::state::{Repo, with_repo};
use crate::team::{hello, price_watch, set_up};
use mcp_server::backend::Apart;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::Runtime;

const NAMES: [&str; 3] = ["hello", "mate", "tea"];

/// A server whose store and history have grown for that long makes way for a new one.
const LONG: usize = 100;

/// When the server dies: before its effect, or after it and before it could write that down.
type Dies = Option<&'static str>;

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    Pushes(usize),
    Removes(usize),
    Renames(usize, usize),
    PushesElsewhere,
    /// The newest commit, or one of so many before it.
    Deploys(usize, usize, Dies),
    Undeploys(usize, Dies),
    /// Somebody changes what runs, or something of it goes.
    ByHand(usize, bool),
    PutsBack(usize, Dies),
    Restarts,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || 0..NAMES.len();
    let dies = || prop_oneof![Just(None), Just(Some("before")), Just(Some("after"))];
    prop::collection::vec(
        prop_oneof![
            4 => name().prop_map(Step::Pushes),
            1 => name().prop_map(Step::Removes),
            2 => (name(), name()).prop_map(|(from, to)| Step::Renames(from, to)),
            1 => Just(Step::PushesElsewhere),
            6 => (name(), 0..4_usize, dies()).prop_map(|(name, back, dies)| Step::Deploys(name, back, dies)),
            2 => (name(), dies()).prop_map(|(name, dies)| Step::Undeploys(name, dies)),
            2 => (name(), any::<bool>()).prop_map(|(name, gone)| Step::ByHand(name, gone)),
            2 => (name(), dies()).prop_map(|(name, dies)| Step::PutsBack(name, dies)),
            1 => Just(Step::Restarts),
        ],
        1..16,
    )
}

/// A server with a state repo, and what must be so of both.
struct World {
    app: App,
    repo: Repo,
    model: Model,
    greetings: u32,
    deaths: usize,
    /// The words that were told.
    words: BTreeSet<&'static str>,
}

fn place(name: &str) -> (String, String) {
    ("price-watch".to_owned(), name.to_owned())
}

fn greeting(number: u32) -> String {
    format!("greeting {number}")
}

impl World {
    async fn new() -> Self {
        let mut app = App::start().await;
        let repo = with_repo(&mut app).await;
        set_up(&app).await;
        let mut world =
            Self { app, repo, model: Model::default(), greetings: 0, deaths: 0, words: BTreeSet::new() };
        world.pushes_elsewhere();
        world
    }

    fn commit(&mut self, message: String) {
        let clone = &self.repo.clone;
        git(clone, &["add", "--all"]);
        git(clone, &["commit", "--quiet", "-m", &message]);
        // The server that was started last has a record to write.
        let over = || {
            git(clone, &["pull", "--quiet", "--rebase", "origin", "main"]);
            false
        };
        let pushed = || try_git(clone, &["push", "--quiet", "origin", "HEAD:main"]).is_ok();
        assert!((0..20).any(|_| pushed() || over()), "{message} cannot be pushed");
        let id = git(clone, &["rev-parse", "HEAD"]);
        self.model.commits.push(Commit { id, message, kept: self.model.git.clone() });
    }

    fn number(&mut self) -> u32 {
        self.greetings += 1;
        self.greetings
    }

    fn put(&mut self, name: &str, number: u32) {
        for (path, text) in hello(name, &greeting(number))["files"].as_object().unwrap() {
            self.repo.write(&format!("enclaves/price-watch/{name}/{path}"), text.as_str().unwrap());
        }
        self.model.git.insert(name.to_owned(), number);
    }

    /// As people do it: the folder, and the line that has the name.
    fn gives_another_name(&self, from: &str, to: &str) {
        let folder = |name: &str| self.repo.clone.join("enclaves/price-watch").join(name);
        std::fs::rename(folder(from), folder(to)).unwrap();
        let file = folder(to).join("workflow.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let line = |name: &str| format!("name: \"{name}\"");
        std::fs::write(&file, text.replace(&line(from), &line(to))).unwrap();
    }

    fn take_out(&mut self, name: &str) {
        std::fs::remove_dir_all(self.repo.clone.join("enclaves/price-watch").join(name)).unwrap();
        self.model.git.remove(name);
    }

    fn pushes_elsewhere(&mut self) {
        let number = self.number();
        self.repo.write("notes.md", &number.to_string());
        self.commit(format!("notes {number}"));
    }

    /// Asks for something, with a server that dies in the middle of it, if it does; then another one ends it.
    async fn asks(&mut self, tool: &'static str, args: Value, effect: &str, dies: Dies) {
        let Some(when) = dies else {
            let said = price_watch(&self.app).say("ana", tool, args.clone()).await;
            assert!(said.is_ok(), "{tool} {args}: {said:?}");
            return;
        };
        self.deaths += 1;
        self.app.backend.stop_at(&format!("{when} {effect}"));
        let door = self.app.door();
        let asking = tokio::spawn(async move { price_watch(&door).say("ana", tool, args).await });
        self.app.backend.until_waiting(1).await;
        asking.abort();
        self.app.kill().await;
        self.app.backend.go_on();
        self.app.run().await;
        let open = async || self.app.database.rows().await["open_effect"].is_empty();
        until("nothing is open", open).await;
    }

    async fn deploys(&mut self, name: &str, back: usize, dies: Dies) {
        let commits = &self.model.commits;
        let Commit { id, message, kept } = commits[commits.len().saturating_sub(1 + back)].clone();
        let Some(greeting) = kept.get(name) else { return };
        let same = self.model.runs.get(name).is_some_and(|(runs, _)| runs == greeting);
        let args = json!({"name": name, "commit": id});
        self.asks("wf_apply", args, "deploy", dies.filter(|_| !same)).await;
        self.model.runs.insert(name.to_owned(), (*greeting, message));
    }

    async fn undeploys(&mut self, name: &str, dies: Dies) {
        if self.model.runs.contains_key(name) {
            self.asks("wf_remove", json!({"name": name, "confirm": name}), "remove", dies).await;
            self.model.runs.remove(name);
            // What is gone cannot have been changed.
            self.model.by_hand.remove(name);
            self.app.backend.world().by_hand.remove(&place(name));
        }
    }

    async fn puts_back(&mut self, name: &str, dies: Dies) {
        if self.model.runs.contains_key(name) {
            let dies = dies.filter(|_| self.model.by_hand.contains_key(name));
            self.asks("state_repair", json!({"name": name}), "put back", dies).await;
            self.model.by_hand.remove(name);
        }
    }

    async fn happens(&mut self, step: &Step) {
        match *step {
            Step::Pushes(name) => {
                let number = self.number();
                self.put(NAMES[name], number);
                self.commit(format!("{}: {number}", NAMES[name]));
            }
            Step::Removes(name) if self.model.git.contains_key(NAMES[name]) => {
                self.take_out(NAMES[name]);
                self.commit(format!("{} is given up", NAMES[name]));
            }
            Step::Renames(from, to) => {
                let (from, to) = (NAMES[from], NAMES[to]);
                if let (Some(number), None) = (self.model.git.get(from).copied(), self.model.git.get(to)) {
                    self.gives_another_name(from, to);
                    self.model.git.remove(from);
                    self.model.git.insert(to.to_owned(), number);
                    self.commit(format!("{from} is {to} now"));
                }
            }
            Step::PushesElsewhere => self.pushes_elsewhere(),
            Step::Deploys(name, back, dies) => self.deploys(NAMES[name], back, dies).await,
            Step::Undeploys(name, dies) => self.undeploys(NAMES[name], dies).await,
            Step::ByHand(name, gone) if self.model.runs.contains_key(NAMES[name]) => {
                let what = if gone { Apart::Gone { object: "Service hello".to_owned() } } else { scaled() };
                self.app.backend.world().by_hand.insert(place(NAMES[name]), vec![what]);
                self.model.by_hand.insert(NAMES[name].to_owned(), gone);
            }
            Step::PutsBack(name, dies) => self.puts_back(NAMES[name], dies).await,
            Step::Restarts => {
                self.app.kill().await;
                self.app.run().await;
            }
            _ => {}
        }
    }

    /// What is told is what is so.
    async fn is_as_it_must_be(&mut self) {
        let status = price_watch(&self.app).say("ana", "state_status", json!({})).await.unwrap();
        let told = status["tentacles"].as_array().unwrap();
        let expected = self.model.told();
        assert_eq!(told.len(), expected.len(), "{told:?} instead of {expected:?}");
        for (entry, (name, state, says, offer)) in told.iter().zip(&expected) {
            let word = |key: &str| entry[key].as_str().unwrap_or("-");
            let same = word("name") == name && word("state") == *state && word("offer") == offer;
            assert!(same && word("says").starts_with(says), "{entry} instead of {state}, {says}, {offer}");
        }
        self.words.extend(expected.iter().map(|(_, state, ..)| *state));
        let world = self.app.backend.world();
        let runs: Vec<_> = world.tentacles.keys().map(|(_, name)| name.clone()).collect();
        assert_eq!(runs, self.model.runs.keys().cloned().collect::<Vec<_>>());
    }

    /// Whoever does what is offered comes to where all agree.
    async fn comes_to_rest(&mut self) {
        for (name, state, _, _) in self.model.told() {
            if matches!(state, "changed_by_hand" | "missing") {
                self.puts_back(&name, None).await;
            }
        }
        for (name, state, _, _) in self.model.told() {
            let is_in_git = self.model.git.contains_key(&name);
            match state {
                "older_runs" | "not_deployed" => self.deploys(&name, 0, None).await,
                "renamed" if is_in_git => self.deploys(&name, 0, None).await,
                "removed_in_git" | "renamed" => self.undeploys(&name, None).await,
                _ => assert_eq!(state, "in_sync"),
            }
        }
        self.is_as_it_must_be().await;
        assert!(self.model.told().iter().all(|(_, state, ..)| *state == "in_sync"));
        let listed = git(&self.repo.bare, &["rev-list", "main"]);
        assert!(self.model.commits.iter().all(|commit| listed.contains(&commit.id)), "a commit is lost");
        // And begins anew with nothing.
        for name in NAMES {
            self.undeploys(name, None).await;
            if self.model.git.contains_key(name) {
                self.take_out(name);
            }
        }
        self.pushes_elsewhere();
    }

    async fn history(&mut self, steps: &[Step]) {
        for step in steps {
            self.happens(step).await;
            self.is_as_it_must_be().await;
        }
        self.comes_to_rest().await;
    }
}

/// Histories in which every word is told, and the server dies before and after every effect.
#[tokio::test]
async fn every_difference_is_told_and_ended_whenever_the_server_dies() {
    let mut world = World::new().await;
    for dies in [None, Some("before"), Some("after")] {
        let (hello, tea) = (0, 2);
        world
            .history(&[
                Step::Pushes(hello),
                Step::Deploys(hello, 0, dies),
                Step::ByHand(hello, false),
                Step::Renames(hello, tea),
                Step::ByHand(hello, true),
                Step::PutsBack(hello, dies),
                Step::Deploys(tea, 0, dies),
                Step::Undeploys(hello, dies),
                Step::Pushes(tea),
                Step::Deploys(tea, 0, dies),
                Step::Deploys(tea, 1, dies),
                Step::Removes(tea),
            ])
            .await;
    }
    let words =
        ["changed_by_hand", "in_sync", "missing", "not_deployed", "older_runs", "removed_in_git", "renamed"];
    assert_eq!(world.words.iter().copied().collect::<Vec<_>>(), words);
    assert_eq!(world.deaths, 12);
}

/// How many histories are tried: more when `cargo xtask test --full` asks for it.
fn cases() -> u32 {
    if std::env::var("TENTACULAR_TEST_FULL").is_ok_and(|full| full == "1") { 1_000 } else { 48 }
}

#[test]
fn whatever_happens_status_names_just_the_difference_and_what_it_offers_ends_it() {
    let (runtime, deaths) = (Runtime::new().unwrap(), AtomicUsize::new(0));
    // One after the other: what one leaves is where the next begins.
    let tries = histories::Tries { cases: cases(), at_once: 1, shorter: 200 };
    // The same histories each time, one after the other on one server for as long as it is as it must be.
    let ran = histories::each(steps, tries, |kept: &mut Option<World>, steps| {
        let before = kept.take();
        let mut world = runtime.block_on(async {
            let mut world = match before {
                Some(world) => world,
                None => World::new().await,
            };
            world.history(steps).await;
            world
        });
        deaths.fetch_add(std::mem::take(&mut world.deaths), Ordering::Relaxed);
        *kept = Some(world).filter(|world| world.model.commits.len() < LONG);
    });
    let deaths = deaths.into_inner();
    println!("the server died {deaths} times");
    ran.unwrap_or_else(|why| panic!("{why}"));
    assert!(deaths > 5);
}
