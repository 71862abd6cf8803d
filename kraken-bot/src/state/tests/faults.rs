//! A full disk, a repository that goes away in the middle, a clock that goes back: each is told, nothing is lost, and the next
//! try succeeds.

use super::world::{PATHS, World};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::path::Path;
use std::process::Command;

/// Both sides have changes: the disk of two files, git of two, one of them the same in another line.
fn both_changed() -> World {
    let mut world = World::new();
    for (path, first) in [(PATHS[2], true), (PATHS[3], true)] {
        let text = match world.model.git.get(path).cloned() {
            Some(text) => world.edited(&text, first),
            None => world.text(path),
        };
        world.pushes(&[(path, Some(text))]);
    }
    for (path, first) in [(PATHS[1], true), (PATHS[2], false)] {
        let text = world.model.git[path].clone();
        let text = if path == PATHS[2] { world.on_disk().unwrap()[path].clone() } else { text };
        let text = world.edited(&text, first);
        world.touches(path, Some(text));
    }
    world
}

/// The way of a thread into file systems of its own, which end with it.
fn alone() {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).unwrap();
}

const FULL: &str = "state::tests::faults::a_full_disk_is_told_and_nothing_is_lost";

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    if !nix::unistd::geteuid().is_root() {
        let mut again = Command::new("unshare");
        again.args(["--map-root-user", "--mount"]).arg(std::env::current_exe().unwrap());
        assert!(again.args(["--exact", FULL]).status().unwrap().success());
        return;
    }
    alone();
    let (mut failed, mut done) = (0, 0);
    for free in (0..).map(|pages| pages * 4096) {
        let mut world = both_changed();
        move_to_a_small_disk(&mut world);
        let filler = world.home.path().join("small/filler");
        fill(&filler, free);
        world.in_trouble = true;
        world.asks(None, None);
        failed += world.failures.len();
        done += usize::from(world.failures.is_empty());
        let why = world.failures.join(" ");
        assert!(world.failures.is_empty() || why.contains("No space left on device"), "{free}: {why}");
        std::fs::remove_file(&filler).unwrap();
        world.in_trouble = false;
        world.is_as_it_must_be();
        world.comes_to_rest();
        if done > 2 {
            break;
        }
    }
    println!("of a full disk {failed} requests were told, and {done} came to their end");
    assert!(failed > 5);
}

/// The Kraken's clone and its disk copy, on a disk that is small.
fn move_to_a_small_disk(world: &mut World) {
    world.mirror = None;
    let home = world.home.path().to_owned();
    let small = home.join("small");
    std::fs::create_dir(&small).unwrap();
    mount(Some("small"), &small, Some("tmpfs"), MsFlags::empty(), Some("size=2m,mode=700")).unwrap();
    for name in ["mirror", "tentacles"] {
        let moved = Command::new("mv").arg(home.join(name)).arg(&small).status().unwrap();
        assert!(moved.success());
        std::os::unix::fs::symlink(small.join(name), home.join(name)).unwrap();
    }
}

/// Takes all of a disk but for this many bytes.
fn fill(filler: &Path, free: u64) {
    let all = std::io::copy(&mut std::io::repeat(0), &mut std::fs::File::create(filler).unwrap());
    all.unwrap_err();
    let filler = std::fs::File::options().write(true).open(filler).unwrap();
    let length = filler.metadata().unwrap().len();
    filler.set_len(length.saturating_sub(free)).unwrap();
}

#[test]
fn a_repository_that_is_away_is_told_and_nothing_is_lost() {
    let mut world = both_changed();
    let (bare, away) = (world.bare(), world.home.path().join("away.git"));
    std::fs::rename(&bare, &away).unwrap();
    world.in_trouble = true;
    world.asks(None, None);
    world.goes_on(None);
    world.in_trouble = false;
    assert_eq!(world.failures, ["there is no repository at the state repo's address"; 2]);
    std::fs::rename(&away, &bare).unwrap();
    world.goes_on(None);
    world.is_as_it_must_be();
    world.comes_to_rest();
}

#[test]
fn what_one_of_ours_held_who_died_holds_up_nobody() {
    let mut world = both_changed();
    let lock = world.bare().join("refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    // Whatever stands where the mark belongs is not written to.
    let (mark, other) = (world.bare().join("tentacular-turn"), world.home.path().join("other"));
    std::fs::write(&other, "of somebody else").unwrap();
    std::os::unix::fs::symlink(&other, &mark).unwrap();
    world.holds_on = true;
    world.asks(None, None);
    assert!(world.failures.is_empty(), "{:?}", world.failures);
    assert!(!lock.exists());
    world.is_as_it_must_be();
    world.comes_to_rest();
    // From here on what is there is somebody else's again.
    assert!(mark.symlink_metadata().is_err());
    assert_eq!(std::fs::read_to_string(other).unwrap(), "of somebody else");
}

#[test]
fn where_somebody_holds_the_branch_that_is_told_until_it_is_let_go() {
    let mut world = both_changed();
    let lock = world.bare().join("refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    world.in_trouble = true;
    world.holds_on = true;
    world.asks(None, None);
    (world.in_trouble, world.holds_on) = (false, false);
    let [why] = world.failures.as_slice() else { panic!("{:?}", world.failures) };
    assert!(why.contains("is held by another process"), "{why}");
    // A minute later it is what somebody has left who died.
    world.goes_on(None);
    assert!(!lock.exists());
    world.is_as_it_must_be();
    world.comes_to_rest();
}

/// To the Kraken, whose clock went back, what others committed is of the future; and it may be of long ago.
#[test]
fn a_clock_that_goes_back_changes_nothing() {
    for date in ["2099-12-31T23:59:59Z", "1970-01-02T00:00:00Z"] {
        let mut world = World::new();
        world.date = Some(date);
        for turn in 0..3 {
            for (path, first) in [(PATHS[2], true), (PATHS[0], turn == 1)] {
                let text = world.model.git[path].clone();
                let text = world.edited(&text, first);
                world.pushes(&[(path, Some(text))]);
                world.is_as_it_must_be();
            }
            let text = world.on_disk().unwrap()[PATHS[1]].clone();
            let text = world.edited(&text, true);
            world.touches(PATHS[1], Some(text));
            world.is_as_it_must_be();
            world.asks(None, None);
            world.is_as_it_must_be();
        }
        let first = world.deployed[1].clone();
        world.asks(Some(first), None);
        world.is_as_it_must_be();
        world.comes_to_rest();
    }
}
