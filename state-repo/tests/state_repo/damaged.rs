//! A service's copy after a crash, and a state repo that cannot be had.

use crate::git::{Team, at, change, git, put};
use crate::served::Served;
use state_repo::{CommitId, Credentials, Mirror, RemoteError, StateError};
use std::path::Path;

/// What a crash left, and how it comes to be.
type Damage = (&'static str, fn(&Path));

fn hello(mirror: &Mirror, commit: CommitId) -> Result<String, StateError> {
    let at = mirror.tentacle(commit, &"price-watch".parse().unwrap(), &"hello".parse().unwrap())?;
    Ok(at.files()["workflow.yaml"].clone())
}

#[test]
fn a_copy_that_a_crash_left_in_any_state_is_used_or_made_anew() {
    let team = Team::new();
    let head = team.head();
    let damages: [Damage; 10] = [
        ("a lock of the branch", |repo| std::fs::write(repo.join("refs/incoming/main.lock"), "").unwrap()),
        ("a lock of the settings", |repo| std::fs::write(repo.join("config.lock"), "").unwrap()),
        ("half a pack", |repo| std::fs::write(repo.join("objects/pack/pack_git2_x1"), "PACK").unwrap()),
        ("no HEAD", |repo| std::fs::remove_file(repo.join("HEAD")).unwrap()),
        ("settings that are none", |repo| std::fs::write(repo.join("config"), "[core\n").unwrap()),
        ("no objects", |repo| {
            std::fs::remove_dir_all(repo.join("objects")).unwrap();
            std::fs::create_dir(repo.join("objects")).unwrap();
        }),
        ("a branch that is cut off", |repo| {
            std::fs::write(repo.join("refs/incoming/main"), "01234").unwrap()
        }),
        ("a lock of what is kept", |repo| std::fs::write(repo.join("refs/kept/tip.lock"), "").unwrap()),
        ("what is kept is cut off", |repo| std::fs::write(repo.join("refs/kept/tip"), "01234").unwrap()),
        ("an empty folder", |repo| {
            std::fs::remove_dir_all(repo).unwrap();
            std::fs::create_dir(repo).unwrap();
        }),
    ];
    for (name, damage) in damages {
        drop_after(&team, |mirror| assert!(hello(mirror, head).is_ok()));
        damage(&team.dir.path().join("copy/repo.git"));
        drop_after(&team, |mirror| {
            let read = hello(mirror, head);
            assert!(read.is_ok(), "{name}: {read:?}");
        });
    }
}

fn drop_after(team: &Team, work: impl FnOnce(&Mirror)) {
    work(&team.mirror("copy"));
}

/// The packs of a copy: how many, and their bytes.
fn packs(team: &Team, copy: &str) -> (usize, u64) {
    let files = std::fs::read_dir(team.dir.path().join(copy).join("repo.git/objects/pack")).unwrap();
    let packs = files.map(Result::unwrap).filter(|file| file.path().extension().unwrap() == "pack");
    packs.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.metadata().unwrap().len()))
}

/// Commits that somebody else pushes, each with a small file, each fetched.
fn others_push(team: &Team, mirror: &Mirror, count: usize) {
    let other = team.mirror("other");
    for turn in 0..count {
        let made = other.publish(&change("small", &[("enclaves/a/b/x.md", &format!("{turn}"))]), None);
        assert_eq!(mirror.fetch().unwrap().tip, made.unwrap().commit);
    }
}

#[test]
fn a_fetch_brings_what_is_new_and_nothing_that_is_here() {
    for over_http in [false, true] {
        let team = Team::new();
        let served = Served::start(&team, None);
        // What no packing makes smaller.
        let noise: String = (0..200_000).map(|_| char::from(rand::random_range(b'a'..=b'z'))).collect();
        team.mirror("seed").publish(&change("large", &[("enclaves/a/b/large.md", &noise)]), None).unwrap();
        let address = if over_http { served.address() } else { team.address() };
        let mirror = team.mirror_of("copy", address.clone());
        mirror.fetch().unwrap();
        let (_, first) = packs(&team, "copy");
        assert!(first > 100_000, "{first}");
        others_push(&team, &mirror, 8);
        // Also after a start of the service.
        drop(mirror);
        let mirror = team.mirror_of("copy", address);
        others_push(&team, &mirror, 2);
        let (count, all) = packs(&team, "copy");
        assert!(
            count > 1 && all < first + 10 * 4_000,
            "over HTTP: {over_http}; {first} at first, then {all}"
        );
        // A branch that somebody wrote anew, from what is here and from nothing.
        let clone = team.clone_of("ana");
        for (turn, begin) in
            [["reset", "--quiet", "--hard", "HEAD~5"], ["switch", "--quiet", "--orphan", "anew"]]
                .into_iter()
                .enumerate()
        {
            git(&clone, &begin);
            put(
                &clone,
                "enclaves/price-watch/hello/workflow.yaml",
                &format!("name: hello\nversion: {turn}\n"),
            );
            git(&clone, &["add", "."]);
            git(&clone, &["commit", "--quiet", "-m", "anew"]);
            git(&clone, &["push", "--quiet", "--force", "origin", "HEAD:main"]);
            assert_eq!(mirror.fetch().unwrap().tip, team.head());
            assert_eq!(hello(&mirror, team.head()).unwrap(), format!("name: hello\nversion: {turn}\n"));
        }
    }
}

#[test]
fn a_copy_that_has_many_packs_is_made_anew() {
    let team = Team::new();
    let mirror = team.mirror("copy");
    let mut most = 0;
    for _ in 0..6 {
        others_push(&team, &mirror, 10);
        most = most.max(packs(&team, "copy").0);
    }
    assert!(most > 30 && packs(&team, "copy").0 < 20, "{most}, then {:?}", packs(&team, "copy"));
    assert!(hello(&mirror, team.head()).is_ok());
    assert!(!team.dir.path().join("copy/repo.anew").exists());
}

#[test]
fn a_copy_has_one_process() {
    let team = Team::new();
    let _held = team.mirror("copy");
    let second = Mirror::open(&team.dir.path().join("copy"), at(team.address(), None));
    assert!(matches!(second, Err(StateError::InUse(_))), "{second:?}");
}

#[test]
fn only_commits_of_the_branch_are_read() {
    let team = Team::new();
    let clone = team.clone_of("ana");
    git(&clone, &["switch", "--quiet", "-c", "aside"]);
    crate::git::put(&clone, "enclaves/price-watch/hello/workflow.yaml", "name: hello\nversion: 2\n");
    git(&clone, &["commit", "--quiet", "-am", "aside"]);
    git(&clone, &["push", "--quiet", "origin", "aside"]);
    let aside: CommitId = git(&clone, &["rev-parse", "HEAD"]).trim().parse().unwrap();
    let mirror = team.mirror("copy");
    let refused = hello(&mirror, aside).unwrap_err();
    assert!(
        matches!(refused, StateError::NotOnBranch { .. }) && refused.to_string().contains("`main`"),
        "{refused}"
    );
    git(&clone, &["push", "--quiet", "origin", "aside:main"]);
    assert_eq!(hello(&mirror, aside).unwrap(), "name: hello\nversion: 2\n");
    // One that was on the branch, and was taken off it again.
    git(&team.bare(), &["update-ref", "refs/heads/main", "main~1"]);
    assert!(matches!(hello(&mirror, aside), Err(StateError::NotOnBranch { .. })));
    let nobody_s: CommitId = "0123456789012345678901234567890123456789".parse().unwrap();
    assert!(matches!(hello(&mirror, nobody_s), Err(StateError::NotOnBranch { .. })));
}

#[test]
fn a_state_repo_that_cannot_be_had_is_told_and_nothing_is_lost() {
    let team = Team::new();
    let head = team.head();
    let served = Served::start(&team, Some("hunter2"));
    let address = served.address();
    let with = |password: Option<&str>| {
        let credentials = password.map(|password| {
            let file = team.dir.path().join("credentials");
            std::fs::write(&file, format!("kraken:{password}\n")).unwrap();
            Credentials::read(&file, None).unwrap()
        });
        Mirror::open(&team.dir.path().join("copy"), at(address.clone(), credentials)).unwrap()
    };
    for wrong in [None, Some("wrong")] {
        let refused = with(wrong).fetch().unwrap_err();
        assert!(matches!(refused, StateError::Remote(RemoteError::SignIn)), "{refused:?}");
    }
    let mirror = with(Some("hunter2"));
    assert!(hello(&mirror, head).is_ok());
    drop(served);
    let refused = hello(&mirror, head).unwrap_err();
    assert!(matches!(refused, StateError::Remote(RemoteError::Unreachable(_))), "{refused:?}");
    assert!(!refused.to_string().contains("hunter2"));
    let away = mirror.publish(&change("later", &[("enclaves/a/b/x.md", "x")]), None).unwrap_err();
    assert!(matches!(away, StateError::Remote(RemoteError::Unreachable(_))), "{away:?}");
    drop(mirror);
    // The same copy, and the server back: the work is done as if nothing had been.
    let served = Served::start(&team, Some("hunter2"));
    let file = team.dir.path().join("credentials");
    let again = at(served.address(), Some(Credentials::read(&file, None).unwrap()));
    let back = Mirror::open(&team.dir.path().join("copy"), again).unwrap();
    back.publish(&change("later", &[("enclaves/a/b/x.md", "x")]), None).unwrap();
    assert_eq!(team.subjects(), ["later", "begin"]);
    let gone = team.mirror_of("other", "file:///nowhere/state.git".parse().unwrap()).fetch().unwrap_err();
    assert!(matches!(gone, StateError::Remote(RemoteError::NotThere)), "{gone:?}");
    let empty = Team::empty();
    assert!(matches!(empty.mirror("copy").fetch(), Err(StateError::NoBranch(_))));
}

/// The server goes down in each of its answers: before it, in the middle of it (half a pack), shortly before its end.
#[test]
fn a_server_that_goes_down_in_the_middle_is_told_and_the_same_request_has_one_commit() {
    let (mut told, mut landed) = (0, 0);
    for part in [0, 50, 95] {
        for at in 0.. {
            let team = Team::new();
            let served = Served::start(&team, None);
            let mut mirror = team.mirror_of("copy", served.address());
            mirror.fetch().unwrap();
            let clone = team.clone_of("ana");
            crate::git::put(&clone, "enclaves/a/b/theirs.md", &"theirs\n".repeat(20_000));
            git(&clone, &["add", "."]);
            git(&clone, &["commit", "--quiet", "-m", "theirs"]);
            git(&clone, &["push", "--quiet", "origin", "main"]);
            let mut asked = change("ours", &[("enclaves/a/b/ours.md", "ours")]);
            asked.trailers.request = Some("r-1".to_owned());
            served.goes_down(at, part);
            let first = mirror.publish(&asked, None);
            if !served.is_back() {
                first.unwrap();
                break;
            }
            if let Err(error) = &first {
                told += 1;
                assert!(matches!(error, StateError::Remote(_)), "{at} {part}: {error:?}");
                assert!(error.next().is_some_and(|next| next.contains("try again")), "{error:?}");
            }
            let lands = team.subjects().len() == 3;
            landed += usize::from(lands && first.is_err());
            if at % 2 == 0 {
                drop(mirror);
                mirror = team.mirror_of("copy", served.address());
            }
            let again = mirror.publish(&asked, None).unwrap();
            assert_eq!((again.already, team.head()), (lands, again.commit), "{at} {part}");
            assert_eq!(team.subjects(), ["ours", "theirs", "begin"]);
        }
    }
    println!("told {told} times; {landed} of these pushes had arrived");
    assert!(told > 8 && landed > 0);
}
