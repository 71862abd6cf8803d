//! Random histories of all three layers at once, with a Kraken and a server that are killed in the middle of what they were asked for,
//! and beside them a model that says what the status must tell after each step.

mod model;
mod world;

use self::model::ByHand;
use self::world::{NAMES, Step, World, write};
use crate::histories;
use crate::said::{aloud, founder};
use proptest::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::{Home, Post};
use tokio::runtime::Runtime;

/// How many histories are tried, and how many when `cargo xtask test --full` asks for it.
const FEW: u32 = 6;
const ALL: u32 = 1_000;

/// How many are tried side by side, each in a workspace of its own: most of the time they wait.
const AT_ONCE: usize = 8;

/// A workspace makes way for a new one when its channel has grown for that long, or so often somebody was killed in it: each time
/// `tntc up` waits longer until it starts again what has ended.
const LONG: usize = 150;
const OFTEN: usize = 3;

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
    let (runtime, kills) = (Runtime::new().unwrap(), AtomicUsize::new(0));
    let tries = histories::Tries { cases: cases(), at_once: AT_ONCE, shorter: 0 };
    // The same histories each time, but for when exactly somebody is killed.
    let ran = histories::each(steps, tries, |kept: &mut Option<World>, steps| {
        let before = kept.take();
        let had = before.as_ref().map_or(0, |world| world.kills);
        let world = runtime.block_on(async {
            let mut world = match before {
                Some(world) => world,
                None => World::new().await,
            };
            world.history(steps).await;
            world
        });
        kills.fetch_add(world.kills - had, Ordering::Relaxed);
        *kept = Some(world).filter(|world| world.asked < LONG && world.kills < OFTEN);
    });
    let kills = kills.into_inner();
    println!("somebody was killed {kills} times");
    ran.unwrap_or_else(|why| panic!("{why}"));
    assert!(kills > 3);
}
