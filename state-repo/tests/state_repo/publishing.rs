//! Commits for people, pushed over and beside what others push.

use crate::git::{Team, change, git, put, try_git};
use crate::served::Served;
use state_repo::{Base, Published, SigningKey, StateError, Trailers};
use std::collections::BTreeSet;
use std::process::Command;

const TEA: &str = "enclaves/price-watch/tea/workflow.yaml";

#[test]
fn a_commit_says_who_asked_and_for_what() {
    for over_http in [false, true] {
        let team = Team::new();
        let served = Served::start(&team, None);
        let mirror = team.mirror_of("copy", if over_http { served.address() } else { team.address() });
        let mut asked = change("tea: look twice a day\n\nAs Ben said.", &[(TEA, "name: tea\n")]);
        asked.trailers = Trailers {
            enclave: Some("price-watch".to_owned()),
            tentacle: Some("tea".to_owned()),
            request: Some("r-1".to_owned()),
            message: Some("T1/C1/1700000000.000100".to_owned()),
        };
        let made = mirror.publish(&asked, None).unwrap();
        assert_eq!(team.head(), made.commit);
        let told = git(
            &team.bare(),
            &["log", "-1", "--format=%an <%ae>|%cn <%ce>|%s|%(trailers:only,unfold)", "main"],
        );
        assert_eq!(
            told.trim(),
            "Ana Sousa <ana@team.example>|Kraken <kraken@team.example>|tea: look twice a day|Tentacular-Enclave: \
             price-watch\nTentacular-Tentacle: tea\nTentacular-Request: r-1\nTentacular-Message: T1/C1/1700000000.000100"
        );
        git(&team.bare(), &["fsck", "--strict"]);
        // The request once more, as after a crash: it has its commit.
        assert_eq!(mirror.publish(&asked, None).unwrap(), Published { commit: made.commit, already: true });
        assert_eq!(team.subjects().len(), 2);
        // Nothing new is nothing to commit.
        let again = mirror.publish(&change("again", &[(TEA, "name: tea\n")]), None);
        assert!(matches!(again, Err(StateError::Nothing)), "{again:?}");
    }
}

#[test]
fn a_signature_is_one_that_git_itself_verifies() {
    let team = Team::new();
    let key = team.dir.path().join("key");
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status().unwrap();
    assert!(made.success());
    let signing = SigningKey::read(&key).unwrap();
    let mirror = team.mirror("copy");
    mirror.publish(&change("signed", &[(TEA, "name: tea\n")]), Some(&signing)).unwrap();
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    let signers = team.dir.path().join("signers");
    std::fs::write(&signers, format!("kraken@team.example {public}")).unwrap();
    git(&team.bare(), &["config", "gpg.ssh.allowedSignersFile", &signers.display().to_string()]);
    let verified = try_git(&team.bare(), &["verify-commit", "main"]);
    let told = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(
        verified.status.success() && told.contains("Good \"git\" signature for kraken@team.example"),
        "{told}"
    );
    // Another key's is not.
    std::fs::write(&signers, "kraken@team.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n").unwrap();
    assert!(!try_git(&team.bare(), &["verify-commit", "main"]).status.success());
}

#[test]
fn two_krakens_and_somebody_with_plain_git_push_at_once_and_every_change_arrives() {
    for over_http in [false, true] {
        let team = Team::new();
        let served = Served::start(&team, None);
        const EACH: usize = 8;
        std::thread::scope(|scope| {
            for kraken in ["one", "two"] {
                let (team, served) = (&team, &served);
                scope.spawn(move || {
                    let address = if over_http { served.address() } else { team.address() };
                    let mirror = team.mirror_of(kraken, address);
                    for turn in 0..EACH {
                        let path = format!("enclaves/{kraken}/t{turn}/workflow.yaml");
                        mirror.publish(&change(&format!("{kraken} {turn}"), &[(&path, "x")]), None).unwrap();
                    }
                });
            }
            let clone = team.clone_of("plain");
            scope.spawn(move || {
                for turn in 0..EACH {
                    put(&clone, &format!("enclaves/plain/t{turn}/workflow.yaml"), "x");
                    git(&clone, &["add", "."]);
                    git(&clone, &["commit", "--quiet", "-m", &format!("plain {turn}")]);
                    while !try_git(&clone, &["push", "--quiet", "origin", "main"]).status.success() {
                        git(&clone, &["pull", "--quiet", "--rebase", "origin", "main"]);
                    }
                }
            });
        });
        let subjects = team.subjects();
        assert_eq!(subjects.len(), 3 * EACH + 1);
        let all: BTreeSet<_> = subjects.iter().collect();
        for who in ["one", "two", "plain"] {
            // Each saw its own in its own order.
            let own: Vec<_> = subjects.iter().rev().filter(|subject| subject.starts_with(who)).collect();
            let expected: Vec<String> = (0..EACH).map(|turn| format!("{who} {turn}")).collect();
            assert_eq!(own, expected.iter().collect::<Vec<_>>());
        }
        assert_eq!(all.len(), 3 * EACH + 1);
        let files = git(&team.bare(), &["ls-tree", "-r", "--name-only", "main"]);
        assert_eq!(files.lines().count(), 3 * EACH + 1);
        assert_eq!(git(&team.bare(), &["rev-list", "--merges", "main"]), "");
    }
}

#[test]
fn changes_of_different_lines_go_together_and_of_the_same_are_told_with_both_versions() {
    let team = Team::new();
    let mirror = team.mirror("copy");
    mirror.publish(&change("tea", &[(TEA, "a: 1\n\n\n\nb: 1\n\n\n\nc: 1\n")]), None).unwrap();
    let base = Base::At(team.head());
    let clone = team.clone_of("ana");
    put(&clone, TEA, "a: 2\n\n\n\nb: 1\n\n\n\nc: 1\n");
    git(&clone, &["commit", "--quiet", "-am", "a"]);
    git(&clone, &["push", "--quiet", "origin", "main"]);
    let mut other = change("c", &[(TEA, "a: 1\n\n\n\nb: 1\n\n\n\nc: 2\n")]);
    other.base = base;
    mirror.publish(&other, None).unwrap();
    assert_eq!(git(&team.bare(), &["show", &format!("main:{TEA}")]), "a: 2\n\n\n\nb: 1\n\n\n\nc: 2\n");
    let before = team.head();
    let mut same = change("a too", &[(TEA, "a: 3\n\n\n\nb: 1\n\n\n\nc: 1\n")]);
    same.base = base;
    let StateError::Conflict(conflict) = mirror.publish(&same, None).unwrap_err() else { panic!() };
    let versions = &conflict.files[0];
    assert_eq!(versions.path, TEA);
    assert!(String::from_utf8_lossy(versions.theirs.as_ref().unwrap()).starts_with("a: 2"));
    assert!(String::from_utf8_lossy(versions.ours.as_ref().unwrap()).starts_with("a: 3"));
    assert_eq!(team.head(), before);
}

#[test]
fn whoever_found_nothing_goes_over_nothing_that_came_meanwhile() {
    let team = Team::empty();
    let mut first = change("one", &[(TEA, "a: 1\n")]);
    first.base = Base::Nothing;
    team.mirror("copy").publish(&first, None).unwrap();
    let before = team.head();
    let mut late = change("late", &[(TEA, "a: 0\n")]);
    late.base = Base::Nothing;
    let refused = team.mirror("other").publish(&late, None).unwrap_err();
    assert!(matches!(refused, StateError::Conflict(_)), "{refused}");
    assert_eq!(team.head(), before);
}

/// A file where others have made a folder meanwhile, and a folder where they have put a file.
#[test]
fn a_folder_and_a_file_of_one_name_are_told_where_others_made_one_of_them_meanwhile() {
    const NODES: &str = "enclaves/price-watch/tea/nodes";
    let inner = format!("{NODES}/a.ts");
    let publish = |mirror: &state_repo::Mirror, base, path: &str| {
        mirror.publish(&state_repo::Change { base, ..change(path, &[(path, "x\n")]) }, None)
    };
    for (theirs, ours, told) in [(NODES, inner.as_str(), NODES), (inner.as_str(), NODES, NODES)] {
        let team = Team::new();
        let mirror = team.mirror("copy");
        let base = Base::At(team.head());
        publish(&mirror, Base::Newest, theirs).unwrap();
        let before = team.head();
        let StateError::Conflict(conflict) = publish(&mirror, base, ours).unwrap_err() else { panic!() };
        assert_eq!(conflict.files.iter().map(|versions| versions.path.as_str()).collect::<Vec<_>>(), [told]);
        assert_eq!(team.head(), before);
        // Whoever has seen what is there puts the one in the place of the other.
        publish(&mirror, Base::Newest, ours).unwrap();
        let files = git(&team.bare(), &["ls-tree", "-r", "--name-only", "main"]);
        assert_eq!(files.lines().collect::<Vec<_>>(), ["enclaves/price-watch/hello/workflow.yaml", ours]);
        git(&team.bare(), &["fsck", "--strict"]);
    }
}

#[test]
fn a_secret_stops_the_commit_and_is_not_repeated() {
    let team = Team::new();
    let before = team.head();
    let secret = format!("xox{}-1234567890-abcdefghij", 'b');
    let text = format!("name: tea\nconfig:\n  token: {secret}\n");
    let refused = team.mirror("copy").publish(&change("tea", &[(TEA, &text)]), None).unwrap_err();
    let told = refused.to_string();
    assert!(told.contains(&format!("{TEA}:3: a token of Slack")) && !told.contains(&secret), "{told}");
    assert_eq!(team.head(), before);
    for outside in
        ["README.md", ".github/workflows/check.yml", "enclaves/../x", "enclaves/.git/config", "enclaves"]
    {
        let refused = team.mirror("copy").publish(&change("x", &[(outside, "x")]), None);
        assert!(matches!(refused, Err(StateError::HostileRepository(_))), "{outside}: {refused:?}");
    }
    assert_eq!(team.head(), before);
}

#[test]
fn a_removed_file_is_removed_and_what_others_have_stays() {
    let team = Team::new();
    let mirror = team.mirror("copy");
    mirror
        .publish(&change("tea", &[(TEA, "x"), ("enclaves/price-watch/tea/nodes/a.ts", "y")]), None)
        .unwrap();
    let mut remove = change("less", &[]);
    remove.files.insert("enclaves/price-watch/tea/nodes/a.ts".to_owned(), None);
    mirror.publish(&remove, None).unwrap();
    let files = git(&team.bare(), &["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(files.lines().collect::<Vec<_>>(), ["enclaves/price-watch/hello/workflow.yaml", TEA]);
}
