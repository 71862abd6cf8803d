//! A workspace, somebody with plain git beside it, and what happens there.

use super::model::{self, ByHand, Model, Told};
use crate::commits::{bare, clone, git, push_all};
use crate::said::aloud;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tests::{Home, Person, Post, Up};

pub(super) const NAMES: [&str; 2] = ["hello", "tea"];

const NODE: &str = "nodes/hello.ts";

/// How long an answer may stay away that says how something ended, before it is asked again.
const SILENCE: Duration = Duration::from_secs(30);

/// Who is killed, so many milliseconds after something was asked.
pub(super) type Dies = Option<(&'static str, u64)>;

/// Something that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A person writes on the disk: a tentacle, or what it says.
    Writes(usize),
    RemovesOnDisk(usize),
    /// Somebody does the same with plain git.
    Pushes(usize),
    RemovesInGit(usize),
    /// Somebody does something to it where it runs.
    ByHand(usize, ByHand),
    /// A person asks the Kraken.
    Deploys(usize, Dies),
    Undeploys(usize, Dies),
    PutsBack(usize, Dies),
    /// Both are killed while nothing goes on.
    Restarts,
}

/// A workspace, a clone of somebody with plain git, and what must be so of all of it.
pub(super) struct World {
    pub(super) up: Up,
    pub(super) ana: Person,
    clone: PathBuf,
    model: Model,
    /// What tentacles have said so far.
    said: u32,
    pub(super) asked: usize,
    pub(super) kills: usize,
    /// What was pushed or committed, ever.
    commits: Vec<String>,
    /// What the status has said.
    pub(super) told: BTreeSet<&'static str>,
    _home: Home,
}

/// The files of a tentacle that says this.
fn files(name: &str, says: u32) -> [(&'static str, String); 2] {
    let workflow = format!(
        "name: {name}\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  hello: {{path: {NODE}, description: Says it}}\n"
    );
    [("workflow.yaml", workflow), (NODE, format!("export default () => 'it says {says}';\n"))]
}

pub(super) fn write(folder: &Path, name: &str, says: u32) {
    for (path, text) in files(name, says) {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
}

/// Whether a post says how something ended, rather than that it could not be done just now.
fn is_the_end(post: &Post) -> bool {
    const ENDS: [&str; 8] = [
        " is deployed.",
        "exactly this already",
        "Somebody else changed the same in git",
        "was removed in git, and its files on disk",
        "There are no files of",
        " is removed.",
        "is as it was deployed",
        "There is no tentacle",
    ];
    ENDS.iter().any(|end| post.text.contains(end))
}

impl World {
    pub(super) async fn new() -> Self {
        let home = Home::default();
        let up = home.up().await;
        let ana = up.person("ana").await;
        aloud(&ana.asks_and_signs_in("set up this channel").await, &["is now the enclave price-watch"]);
        let clone = clone(&up, &home);
        let model = NAMES.map(|name| (name, model::One::default())).into();
        let (commits, told) = (Vec::new(), BTreeSet::new());
        Self { up, ana, clone, model, said: 0, asked: 0, kills: 0, commits, told, _home: home }
    }

    fn one(&mut self, name: &str) -> &mut model::One {
        self.model.get_mut(name).unwrap()
    }

    fn number(&mut self) -> u32 {
        self.said += 1;
        self.said
    }

    fn on_disk(&self, name: &str) -> PathBuf {
        self.up.folder().join("tentacles/price-watch").join(name)
    }

    /// Asks for something that must come to an end, whoever is killed in the middle of it; what is said of the end.
    async fn asks(&mut self, words: &str, dies: Dies) -> Post {
        self.asked += 1;
        let (mut thread, _) = self.ana.sends(&format!("@kraken {words}")).await;
        if let Some((who, after)) = dies {
            tokio::time::sleep(Duration::from_millis(after)).await;
            self.kills += 1;
            self.up.service(who).await.kill();
            self.up.answers().await;
        }
        for _ in 0..5 {
            let began = Instant::now();
            while began.elapsed() < SILENCE {
                if let Some(end) = self.ana.sees_alone(&thread).await.into_iter().find(is_the_end) {
                    return end;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert!(dies.is_some(), "{words}: {:?}", self.ana.sees_alone(&thread).await);
            // A deploy that was interrupted says so, and is asked for again.
            thread = self.ana.sends(&format!("@kraken {words}")).await.0;
        }
        panic!("{words} does not come to its end: {:?}", self.ana.sees_alone(&thread).await);
    }

    async fn deploys(&mut self, name: &'static str, dies: Dies) {
        let told = self.one(name).deploys();
        let post = self.asks(&format!("deploy {name}"), dies).await;
        let ends: &[&str] = match told {
            // Whoever is killed after the effect asks again, and hears that it is so.
            Told::Deployed if dies.is_some() => &[" is deployed.", "exactly this already"],
            Told::Deployed => &[" is deployed."],
            Told::AlreadyRuns => &["exactly this already", " is deployed."],
            Told::Conflict => &["Somebody else changed the same in git"],
            Told::Removed => &["was removed in git, and its files on disk"],
            Told::NoFiles => &["There are no files of"],
        };
        assert!(ends.iter().any(|end| post.text.contains(end)), "{told:?}: {post:?}");
    }

    async fn undeploys(&mut self, name: &'static str, dies: Dies) {
        if self.one(name).runs.is_some() {
            self.one(name).undeploys();
            self.asks(&format!("remove {name} for good"), dies).await;
        }
    }

    async fn puts_back(&mut self, name: &'static str, dies: Dies) {
        if self.one(name).runs.is_some() {
            self.one(name).by_hand = None;
            self.asks(&format!("put {name} back"), dies).await;
        }
    }

    /// What runs, as the machine has it.
    fn running(&self, name: &str) -> PathBuf {
        let place = self.up.folder().join("machine/enclaves/price-watch/tentacles").join(name);
        let current: Value =
            serde_json::from_slice(&std::fs::read(place.join("current.json")).unwrap()).unwrap();
        let version = current["version"].as_str().unwrap();
        place.join("versions").join(version.trim_start_matches("sha256:"))
    }

    fn by_hand(&mut self, name: &str, how: ByHand) {
        let running = self.running(name);
        match how {
            _ if !running.exists() => return,
            ByHand::Changed => {
                std::fs::write(running.join(NODE), "export default () => 'by hand';\n").unwrap()
            }
            ByHand::Gone => std::fs::remove_dir_all(running).unwrap(),
        }
        self.one(name).by_hand = Some(how);
    }

    /// Commits and pushes what was done in the clone.
    fn pushes(&mut self, message: &str) {
        let id = push_all(&self.clone, message);
        self.commits.push(id);
    }

    async fn happens(&mut self, step: &Step) {
        match *step {
            Step::Writes(name) => {
                let (name, says) = (NAMES[name], self.number());
                write(&self.on_disk(name), name, says);
                self.one(name).disk = Some(says);
            }
            Step::RemovesOnDisk(name) if self.one(NAMES[name]).disk.is_some() => {
                std::fs::remove_dir_all(self.on_disk(NAMES[name])).unwrap();
                self.one(NAMES[name]).disk = None;
            }
            Step::Pushes(name) => {
                let (name, says) = (NAMES[name], self.number());
                git(&self.clone, &["pull", "--quiet", "--rebase"]);
                write(&self.clone.join("enclaves/price-watch").join(name), name, says);
                self.pushes(&format!("{name} says {says}"));
                self.one(name).git = Some(says);
            }
            Step::RemovesInGit(name) if self.one(NAMES[name]).git.is_some() => {
                let name = NAMES[name];
                git(&self.clone, &["pull", "--quiet", "--rebase"]);
                std::fs::remove_dir_all(self.clone.join("enclaves/price-watch").join(name)).unwrap();
                self.pushes(&format!("{name} is given up"));
                self.one(name).git = None;
            }
            Step::ByHand(name, how) if self.one(NAMES[name]).runs.is_some() => self.by_hand(NAMES[name], how),
            Step::Deploys(name, dies) => self.deploys(NAMES[name], dies).await,
            Step::Undeploys(name, dies) => self.undeploys(NAMES[name], dies).await,
            Step::PutsBack(name, dies) => self.puts_back(NAMES[name], dies).await,
            Step::Restarts => {
                self.kills += 1;
                self.up.service("kraken-bot").await.kill();
                self.up.service("mcp-server").await.kill();
                self.up.answers().await;
            }
            _ => {}
        }
    }

    /// What is told is what is so: just the tentacles whose layers do not agree, each with what is to be said of it.
    async fn is_as_it_must_be(&mut self) {
        self.asked += 1;
        let (thread, _) = self.ana.sends("@kraken status").await;
        let status = tests::until("the status is told", async || {
            self.ana.sees_alone(&thread).await.into_iter().find(|post| post.text.contains("owns it"))
        })
        .await;
        assert!(!status.text.contains("cannot be told"), "{status:?}");
        for (name, one) in &self.model {
            let line = |says: &str| status.text.split('•').map(str::trim).find(|line| line.starts_with(says));
            let told = line(&format!("{name}: "));
            match one.row() {
                None => assert_eq!(told, None, "{one:?}"),
                Some((says, offer)) => {
                    let offer = match offer {
                        "put back" => format!("Say put {name} back."),
                        verb => format!("Say {verb} {name}."),
                    };
                    let is_it =
                        |told: &str| told.starts_with(&format!("{name}: {says}")) && told.contains(&offer);
                    assert!(told.is_some_and(is_it), "{told:?} instead of {says}, {offer}, for {one:?}");
                    self.told.insert(says);
                }
            }
            let runs = line(&format!("{name} is ")).is_some();
            assert_eq!(runs, one.runs.is_some(), "{name}: {status:?}");
        }
        // What nobody committed lies where it was written.
        for (name, one) in &self.model {
            let text = std::fs::read_to_string(self.on_disk(name).join(NODE)).ok();
            assert_eq!(text, one.disk.map(|says| files(name, says)[1].1.clone()), "{name}: {one:?}");
        }
    }

    /// Whoever does what is offered, as often as something is, comes to where all agree, and it runs what it says.
    async fn comes_to_rest(&mut self) {
        for name in NAMES {
            for _ in 0..4 {
                match self.one(name).row() {
                    Some((_, "put back")) => self.puts_back(name, None).await,
                    Some((_, "remove")) => self.undeploys(name, None).await,
                    Some(_) => {
                        self.deploys(name, None).await;
                        // Whoever was told both versions has brought them together.
                        if self.one(name).row().is_some() {
                            self.happens(&Step::Writes(NAMES.iter().position(|it| *it == name).unwrap()))
                                .await;
                        }
                    }
                    None => break,
                }
            }
            assert_eq!(self.one(name).row(), None, "{name}: {:?}", self.one(name).clone());
        }
        self.is_as_it_must_be().await;
        for name in NAMES {
            if let Some(says) = self.one(name).runs {
                aloud(&self.ana.asks(&format!("run {name}")).await, &[&format!("it says {says}")]);
            }
        }
        let listed = git(&bare(&self.up), &["rev-list", "main"]);
        assert!(self.commits.iter().all(|commit| listed.contains(commit)), "a commit is lost");
        // And begins anew with nothing.
        for (at, name) in NAMES.into_iter().enumerate() {
            self.undeploys(name, None).await;
            self.happens(&Step::RemovesInGit(at)).await;
            self.happens(&Step::RemovesOnDisk(at)).await;
        }
    }

    pub(super) async fn history(&mut self, steps: &[Step]) {
        for step in steps {
            self.happens(step).await;
            self.is_as_it_must_be().await;
        }
        self.comes_to_rest().await;
    }
}
