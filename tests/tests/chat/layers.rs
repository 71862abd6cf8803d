//! Random histories of all three layers at once, with a Kraken and a server that are killed in the middle of what they were asked for,
//! and beside them a model that says what the status must tell after each step.

mod model;

use self::model::{ByHand, Model, Told};
use crate::commits::{bare, clone, git, push_all};
use crate::said::{aloud, founder};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tests::{Home, Person, Post, Up};
use tokio::runtime::Runtime;

const NAMES: [&str; 2] = ["hello", "tea"];

const NODE: &str = "nodes/hello.ts";

/// How many histories are tried, and how many when `cargo xtask test --full` asks for it.
const FEW: u32 = 6;
const ALL: u32 = 1_000;

/// A workspace makes way for a new one when its channel has grown for that long, or so often somebody was killed in it: each time
/// `tntc up` waits longer until it starts again what has ended.
const LONG: usize = 150;
const OFTEN: usize = 3;

/// How long an answer may stay away that says how something ended, before it is asked again.
const SILENCE: Duration = Duration::from_secs(30);

/// Who is killed, so many milliseconds after something was asked.
type Dies = Option<(&'static str, u64)>;

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
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

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || 0..NAMES.len();
    let who = prop_oneof![Just("kraken-bot"), Just("mcp-server")];
    let dies = prop_oneof![2 => Just(None), 1 => (who, 0..400_u64).prop_map(Some)];
    let how = prop_oneof![Just(ByHand::Changed), Just(ByHand::Gone)];
    let asks = (name(), dies);
    prop::collection::vec(
        prop_oneof![
            5 => name().prop_map(Step::Writes),
            1 => name().prop_map(Step::RemovesOnDisk),
            4 => name().prop_map(Step::Pushes),
            1 => name().prop_map(Step::RemovesInGit),
            2 => (name(), how).prop_map(|(name, how)| Step::ByHand(name, how)),
            8 => asks.clone().prop_map(|(name, dies)| Step::Deploys(name, dies)),
            1 => asks.clone().prop_map(|(name, dies)| Step::Undeploys(name, dies)),
            2 => asks.prop_map(|(name, dies)| Step::PutsBack(name, dies)),
            1 => Just(Step::Restarts),
        ],
        4..12,
    )
}

/// A workspace, a clone of somebody with plain git, and what must be so of all of it.
struct World {
    up: Up,
    ana: Person,
    clone: PathBuf,
    model: Model,
    /// What tentacles have said so far.
    said: u32,
    asked: usize,
    kills: usize,
    /// What was pushed or committed, ever.
    commits: Vec<String>,
    /// What the status has said.
    told: BTreeSet<&'static str>,
    _home: Home,
}

/// The files of a tentacle that says this.
fn files(name: &str, says: u32) -> [(&'static str, String); 2] {
    let workflow = format!(
        "name: {name}\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  hello: {{path: {NODE}, description: Says it}}\n"
    );
    [("workflow.yaml", workflow), (NODE, format!("export default () => 'it says {says}';\n"))]
}

fn write(folder: &Path, name: &str, says: u32) {
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
    async fn new() -> Self {
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
                tokio::time::sleep(Duration::from_millis(30)).await;
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

    async fn history(&mut self, steps: &[Step]) {
        for step in steps {
            self.happens(step).await;
            self.is_as_it_must_be().await;
        }
        self.comes_to_rest().await;
    }
}

/// Every word once, with nobody killed.
#[tokio::test]
async fn every_difference_of_the_three_is_told_and_what_is_offered_ends_it() {
    let mut world = World::new().await;
    world
        .history(&[
            Step::Writes(0),
            Step::Deploys(0, None),
            Step::Writes(0),
            Step::Pushes(0),
            Step::Deploys(0, None),
            Step::Deploys(0, None),
            Step::Writes(0),
            Step::Deploys(0, None),
            Step::ByHand(0, ByHand::Changed),
            Step::Deploys(0, None),
            Step::PutsBack(0, None),
            Step::ByHand(0, ByHand::Gone),
            Step::Restarts,
            Step::PutsBack(0, None),
            Step::Pushes(0),
            Step::Pushes(1),
            Step::RemovesOnDisk(0),
            Step::Deploys(0, None),
            Step::RemovesInGit(0),
            Step::Deploys(0, None),
            Step::Undeploys(0, None),
        ])
        .await;
    assert_eq!(world.told.len(), 7, "{:?}", world.told);
}

/// A folder whose name the server does not tell may be of one that this person does not see.
#[tokio::test]
async fn what_is_on_disk_alone_is_told_to_those_who_may_deploy_it() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let folder = |name: &str| up.folder().join("tentacles/price-watch").join(name);
    write(&folder("hello"), "hello", 1);
    write(&folder("tea"), "tea", 2);
    // What is no tentacle's is not told.
    std::fs::create_dir(folder("Not a name")).unwrap();
    std::fs::write(folder("notes"), "a file").unwrap();
    let alone = "tea: it is on disk alone, and not deployed yet. Say deploy tea.";
    aloud(&ana.asks("status").await, &["hello: its files on disk", alone]);
    aloud(&ana.asks("set mode of hello to private").await, &["The mode of hello is private now"]);
    aloud(&ana.asks("set mode open-run").await, &["open-run now"]);
    let ben = up.person("ben").await;
    let told = ben.asks_and_signs_in("status").await;
    aloud(&told, &[alone]);
    let hello = |told: &Post| told.text.contains("hello is") || told.text.contains("hello:");
    assert!(!hello(&told), "{told:?}");
    let gil = up.person("gil").await;
    let told = gil.asks_and_signs_in("status").await;
    aloud(&told, &["Ana Sousa owns it"]);
    assert!(!hello(&told) && !told.text.contains("tea"), "{told:?}");
}

fn cases() -> u32 {
    if std::env::var("TENTACULAR_TEST_FULL").is_ok_and(|full| full == "1") {
        return ALL;
    }
    println!("{FEW} histories are tried, {} left out: set TENTACULAR_TEST_FULL=1", ALL - FEW);
    FEW
}

#[test]
fn whatever_happens_on_three_layers_status_names_just_the_difference_and_nothing_is_lost() {
    let runtime = Runtime::new().unwrap();
    let config = ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    // The same histories each time, but for when exactly somebody is killed.
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (kept, kills) = (RefCell::new(None::<World>), Cell::new(0));
    let ran = runner.run(&steps(), |steps| {
        let before = kept.take();
        let had = before.as_ref().map_or(0, |world| world.kills);
        let tried = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                let mut world = match before {
                    Some(world) => world,
                    None => World::new().await,
                };
                world.history(&steps).await;
                world
            })
        }));
        let world = tried.map_err(|why| {
            let text = why.downcast_ref::<String>().cloned();
            TestCaseError::fail(text.unwrap_or_else(|| "it panicked".to_owned()))
        })?;
        kills.set(kills.get() + world.kills - had);
        kept.replace(Some(world).filter(|world| world.asked < LONG && world.kills < OFTEN));
        Ok(())
    });
    println!("somebody was killed {} times", kills.get());
    ran.unwrap_or_else(|why| panic!("{why}"));
    assert!(kills.get() > 3);
}
