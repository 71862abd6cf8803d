//! Random histories of a disk copy and the state repo, with a Kraken that dies before any of its changes, and beside them a
//! model that says what must be so after each step.

use super::asked::done;
use super::killed;
use super::world::{ANSWER, Kill, PATHS, PLACES, World};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// The test that a process is started as, to be killed.
pub(super) const NAME: &str = "state::tests::histories::whatever_happens_status_is_exact_and_nothing_is_lost";

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A person writes a file of the disk, or its first or last line.
    Writes(usize, bool),
    Removes(usize),
    RemovesAll,
    New,
    /// Somebody does the same with plain git.
    Pushes(usize, bool),
    PushesRemoval(usize),
    PushesAnotherPath(usize, usize),
    PushesRemovalOfAll,
    PushesAnotherName,
    /// A person asks the Kraken, which dies before this change.
    Deploys(Option<Kill>),
    RollsBack(usize, Option<Kill>),
    /// The Kraken is there again.
    GoesOn(Option<Kill>),
}

impl Step {
    /// Whether somebody pushes with plain git.
    fn is_by_hand(&self) -> bool {
        matches!(
            self,
            Self::Pushes(..)
                | Self::PushesRemoval(_)
                | Self::PushesAnotherPath(..)
                | Self::PushesRemovalOfAll
                | Self::PushesAnotherName
        )
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Nothing is a tentacle without the first one: the server takes none, and the model knows nothing of that.
    let (path, other) = (0..PATHS.len(), 1..PATHS.len());
    let kill = || {
        let [mirror, bare, disk] =
            PLACES.map(|(place, most)| (0..most).prop_map(move |at| Some(Kill(place, at))));
        prop_oneof![4 => Just(None), 1 => mirror, 2 => bare, 4 => disk, 1 => Just(Some(Kill(ANSWER, 0)))]
    };
    prop::collection::vec(
        prop_oneof![
            6 => (path.clone(), any::<bool>()).prop_map(|(path, first)| Step::Writes(path, first)),
            1 => other.clone().prop_map(Step::Removes),
            1 => prop_oneof![Just(Step::RemovesAll), Just(Step::New)],
            5 => (path.clone(), any::<bool>()).prop_map(|(path, first)| Step::Pushes(path, first)),
            1 => other.clone().prop_map(Step::PushesRemoval),
            1 => (other.clone(), other).prop_map(|(from, to)| Step::PushesAnotherPath(from, to)),
            1 => prop_oneof![Just(Step::PushesRemovalOfAll), Just(Step::PushesAnotherName)],
            6 => kill().prop_map(Step::Deploys),
            2 => (any::<usize>(), kill()).prop_map(|(to, kill)| Step::RollsBack(to, kill)),
            3 => kill().prop_map(Step::GoesOn),
        ],
        1..16,
    )
}

fn happens(world: &mut World, step: &Step) {
    if step.is_by_hand() {
        world.lets_go();
    }
    let disk = world.on_disk();
    let of_disk = |path: usize| disk.as_ref().and_then(|disk| disk.get(PATHS[path]).cloned());
    let of_git = |world: &World, path: usize| world.model.git.get(PATHS[path]).cloned();
    match *step {
        Step::Writes(path, first) => {
            let text = match of_disk(path) {
                Some(text) => world.edited(&text, first),
                None => world.text(PATHS[path]),
            };
            if disk.is_some() {
                world.touches(PATHS[path], Some(text));
            }
        }
        Step::Removes(path) if of_disk(path).is_some() => world.touches(PATHS[path], None),
        Step::RemovesAll if disk.is_some() => world.begins_anew(None),
        Step::New if disk.is_none() => {
            let texts = PATHS[..2].iter().map(|path| ((*path).to_owned(), world.text(path))).collect();
            world.begins_anew(Some(texts));
        }
        Step::Pushes(path, first) => {
            let text = match of_git(world, path) {
                Some(text) => world.edited(&text, first),
                None => world.text(PATHS[path]),
            };
            let mut files = vec![(PATHS[path], Some(text))];
            if path > 0 && of_git(world, 0).is_none() {
                files.push((PATHS[0], Some(world.text(PATHS[0]))));
            }
            world.pushes(&files);
        }
        Step::PushesRemoval(path) if of_git(world, path).is_some() => world.pushes(&[(PATHS[path], None)]),
        Step::PushesAnotherPath(from, to) => {
            if let (Some(text), None) = (of_git(world, from), of_git(world, to)) {
                world.pushes(&[(PATHS[from], None), (PATHS[to], Some(text))]);
            }
        }
        Step::PushesRemovalOfAll if !world.model.git.is_empty() => {
            let all: Vec<String> = world.model.git.keys().cloned().collect();
            world.pushes(&all.iter().map(|path| (path.as_str(), None)).collect::<Vec<_>>());
        }
        Step::PushesAnotherName if !world.model.git.is_empty() => world.pushes_another_name(),
        Step::Deploys(kill) if !world.must_go_on() => world.asks(None, kill),
        Step::RollsBack(to, kill) if !world.must_go_on() => {
            let to = world.deployed[to % world.deployed.len()].clone();
            world.asks(Some(to), kill);
        }
        Step::GoesOn(kill) | Step::Deploys(kill) | Step::RollsBack(_, kill) => world.goes_on(kill),
        _ => {}
    }
}

fn history(steps: &[Step]) -> World {
    let mut world = World::new();
    for step in steps {
        happens(&mut world, step);
        world.is_as_it_must_be();
    }
    world.comes_to_rest();
    world
}

/// How many histories are tried: more when `cargo xtask test --full` asks for it.
fn cases() -> u32 {
    if is_full() { 1_000 } else { 24 }
}

fn is_full() -> bool {
    std::env::var_os("TENTACULAR_TEST_FULL").is_some()
}

#[test]
fn whatever_happens_status_is_exact_and_nothing_is_lost() {
    if let Some(job) = killed::job() {
        killed::said(&done(&job));
        return;
    }
    let config = ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 600,
        ..ProptestConfig::default()
    };
    // The same histories each time.
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let kills = std::cell::Cell::new([0; 3]);
    let ran = runner.run(&steps(), |steps| {
        let tried = std::panic::catch_unwind(|| history(&steps).kills);
        let counted = tried.map_err(|why| {
            let text = why.downcast_ref::<String>().cloned();
            TestCaseError::fail(text.unwrap_or_else(|| "it panicked".to_owned()))
        })?;
        let all = kills.get();
        kills.set(std::array::from_fn(|at| all[at] + counted[at]));
        Ok(())
    });
    let [late, before, after] = kills.get();
    println!("killed {before} times before the push and {after} times after it; {late} kills came too late");
    ran.unwrap_or_else(|why| panic!("{why}"));
    assert!(before > 0 && after > 0);
}

/// Both sides have changes, and the Kraken dies before each of its own in turn.
#[test]
fn before_whatever_change_the_kraken_dies_the_request_has_one_commit_and_the_disk_follows() {
    let mut ends = [0; 3];
    for (place, _) in PLACES {
        // In its own clone, which is a cache, only some of them.
        let each = if place == "mirror" && !is_full() { 12 } else { 1 };
        for at in (0..).step_by(each) {
            let mut world = World::new();
            for step in
                [Step::Pushes(2, true), Step::Pushes(3, true), Step::Writes(1, true), Step::Writes(2, false)]
            {
                happens(&mut world, &step);
            }
            world.asks(None, Some(Kill(place, at)));
            world.is_as_it_must_be();
            let [late, before, after] = world.kills;
            ends = [ends[0] + late, ends[1] + before, ends[2] + after];
            world.comes_to_rest();
            if late > 0 {
                println!("{at} changes in {place}");
                break;
            }
        }
    }
    println!("killed {} times before the push and {} times after it", ends[1], ends[2]);
    assert!(ends[1] > 10 && ends[2] > 5, "{ends:?}");
}

fn disk_dies(at: usize) -> Option<Kill> {
    Some(Kill("tentacles", at))
}

/// What somebody changed of a tentacle that was given another name in git goes into no other folder.
#[test]
fn what_has_another_name_in_git_is_told_to_whoever_changed_it() {
    history(&[Step::PushesAnotherName, Step::Writes(1, false), Step::Deploys(None)]);
    history(&[Step::PushesAnotherPath(1, 3), Step::Writes(1, false), Step::Deploys(None)]);
}

/// A part of a tentacle is none: where all of it was removed, nothing of it is committed before that was told.
#[test]
fn a_change_of_what_was_removed_is_told_as_a_whole() {
    history(&[Step::PushesRemovalOfAll, Step::Writes(0, false), Step::Deploys(None)]);
    history(&[Step::PushesRemovalOfAll, Step::Writes(1, false), Step::Deploys(None)]);
}

#[test]
fn a_disk_that_follows_by_halves_has_no_changes_of_its_own() {
    for at in 0..10 {
        let two = [Step::Pushes(0, false), Step::Pushes(2, false), Step::Deploys(disk_dies(at))];
        history(&[&two[..], &[Step::Pushes(0, false)]].concat());
    }
}

#[test]
fn a_commit_that_the_kraken_could_not_note_any_more_is_no_conflict_with_what_comes_after_it() {
    for at in 3..9 {
        let sent = [Step::Pushes(2, true), Step::Writes(1, true), Step::Deploys(disk_dies(at))];
        history(&[&sent[..], &[Step::Writes(1, true), Step::Deploys(None)]].concat());
        history(&[&sent[..], &[Step::Writes(2, true), Step::GoesOn(None)]].concat());
    }
}

#[test]
fn a_conflict_of_which_nobody_has_heard_is_told_when_the_request_comes_again() {
    for dies in (0..9).map(disk_dies).chain([Some(Kill(ANSWER, 0))]) {
        let both = [Step::Writes(0, true), Step::Pushes(0, true), Step::Deploys(dies)];
        history(&[&both[..], &[Step::Writes(0, true), Step::GoesOn(None)]].concat());
    }
}

#[test]
fn what_is_written_anew_when_a_removal_was_followed_by_halves_is_told() {
    history(&[
        Step::PushesRemoval(1),
        Step::RollsBack(0, Some(Kill("mirror", 0))),
        Step::Deploys(disk_dies(5)),
        Step::Writes(1, false),
    ]);
}

/// What somebody has decided once, they have decided when there is another conflict, too.
#[test]
fn who_asks_again_without_a_change_is_told_the_same_again() {
    history(&[
        Step::PushesRemoval(2),
        Step::Deploys(None),
        Step::PushesRemovalOfAll,
        Step::Writes(2, false),
        Step::Deploys(None),
        Step::Pushes(0, false),
        Step::Writes(2, false),
        Step::Deploys(None),
        Step::Deploys(None),
    ]);
}

#[test]
fn what_both_sides_did_alike_is_no_change_of_the_disk_s_own() {
    history(&[Step::PushesRemoval(2), Step::Removes(2), Step::Pushes(0, false), Step::Deploys(None)]);
    history(&[Step::PushesRemoval(2), Step::Removes(2), Step::Deploys(disk_dies(0)), Step::Pushes(0, false)]);
}
