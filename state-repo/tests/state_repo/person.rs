//! Somebody's own clone: commit, push, and whether a tentacle in it can be deployed.

use crate::git::{HELLO, Team, change, git, put, try_git};
use state_repo::{StateError, WorkingClone};
use std::path::Path;

const HELLO_FILE: &str = "enclaves/price-watch/hello/workflow.yaml";

fn open(clone: &Path) -> WorkingClone {
    WorkingClone::discover(clone).unwrap()
}

fn deployable(clone: &Path) -> Result<state_repo::Staged, StateError> {
    open(clone).deployable("price-watch".parse().unwrap(), "hello".parse().unwrap())
}

#[test]
fn what_is_on_the_disk_is_committed_pushed_and_then_deployable() {
    let team = Team::new();
    let clone = team.clone_of("ana");
    put(&clone, HELLO_FILE, "name: hello\nversion: 2\n");
    put(&clone, "enclaves/price-watch/hello/nodes/a.ts", "new\n");
    put(&clone, "notes.txt", "none of it");
    let uncommitted = deployable(&clone).unwrap_err();
    assert!(
        matches!(uncommitted, StateError::Uncommitted(_))
            && uncommitted.next().unwrap().contains("tntc state commit")
    );
    let made = open(&clone).commit("hello: twice", None).unwrap();
    assert_eq!((made.summary.as_str(), made.author.as_str()), ("hello: twice", "Ana Sousa"));
    // What is none of the state repo's is left as it is, and so is git's own view of the rest.
    assert_eq!(git(&clone, &["status", "--porcelain"]), "?? notes.txt\n");
    assert!(matches!(open(&clone).commit("again", None), Err(StateError::Nothing)));
    let unpushed = deployable(&clone).unwrap_err();
    assert!(matches!(unpushed, StateError::Unpushed(_)), "{unpushed:?}");
    assert_eq!(open(&clone).push(None, None).unwrap(), (made.commit, true));
    assert_eq!(open(&clone).push(None, None).unwrap(), (made.commit, false));
    assert_eq!(team.head(), made.commit);
    let staged = deployable(&clone).unwrap();
    assert_eq!(staged.committed.commit, made.commit);
    // A commit elsewhere in the repository makes no difference to it.
    put(&clone, "enclaves/other/x/workflow.yaml", "name: x\n");
    open(&clone).commit("other", None).unwrap();
    assert_eq!(deployable(&clone).unwrap(), staged);
    put(&clone, "enclaves/price-watch/hello/untracked.ts", "x");
    assert!(matches!(deployable(&clone), Err(StateError::Uncommitted(_))));
}

#[test]
fn a_push_that_comes_second_goes_on_top_and_loses_nothing() {
    let team = Team::new();
    let (first, second) = (team.clone_of("first"), team.clone_of("second"));
    for (clone, name) in [(&first, "tea"), (&second, "mate")] {
        put(clone, &format!("enclaves/price-watch/{name}/workflow.yaml"), "name: x\n");
        open(clone).commit(name, None).unwrap();
    }
    put(&second, "enclaves/price-watch/mate/nodes/a.ts", "x\n");
    open(&second).commit("mate: a node", None).unwrap();
    open(&first).push(None, None).unwrap();
    // Somebody's uncommitted work beside it is not touched.
    put(&second, "draft.txt", "mine");
    let (at, pushed) = open(&second).push(None, None).unwrap();
    assert!(pushed);
    assert_eq!(team.head(), at);
    assert_eq!(team.subjects(), ["mate: a node", "mate", "tea", "begin"]);
    assert_eq!(git(&second, &["status", "--porcelain"]), "?? draft.txt\n");
    assert!(second.join("enclaves/price-watch/tea/workflow.yaml").is_file());
    git(&second, &["fsck", "--strict"]);
}

#[test]
fn a_conflict_tells_both_versions_and_leaves_everything_as_it_was() {
    let team = Team::new();
    let clone = team.clone_of("ana");
    team.mirror("kraken")
        .publish(&change("theirs", &[(HELLO_FILE, "name: hello\nversion: 7\n")]), None)
        .unwrap();
    put(&clone, HELLO_FILE, "name: hello\nversion: 8\n");
    let mine = open(&clone).commit("mine", None).unwrap();
    let there = team.head();
    let told = open(&clone).push(None, None).unwrap_err().to_string();
    assert!(
        told.contains("version: 7") && told.contains("version: 8") && told.contains(HELLO_FILE),
        "{told}"
    );
    assert_eq!(team.head(), there);
    assert_eq!(git(&clone, &["rev-parse", "HEAD"]).trim(), mine.commit.to_string());
    assert_eq!(std::fs::read_to_string(clone.join(HELLO_FILE)).unwrap(), "name: hello\nversion: 8\n");
    assert_eq!(git(&clone, &["status", "--porcelain"]), "");
}

#[test]
fn uncommitted_work_in_the_way_is_not_overwritten() {
    let team = Team::new();
    let clone = team.clone_of("ana");
    team.mirror("kraken")
        .publish(&change("theirs", &[("enclaves/a/new/workflow.yaml", "theirs\n")]), None)
        .unwrap();
    put(&clone, "enclaves/b/x/workflow.yaml", "name: x\n");
    open(&clone).commit("mine", None).unwrap();
    let cases = [(HELLO_FILE, HELLO), ("enclaves/a/new/workflow.yaml", "")];
    for (path, before) in cases {
        put(&clone, path, "my draft\n");
        let refused = open(&clone).push(None, None).unwrap_err();
        let told = match refused {
            StateError::Uncommitted(path) if !before.is_empty() => path,
            StateError::InTheWay(path) if before.is_empty() => path,
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(told, path);
        assert_eq!(std::fs::read_to_string(clone.join(path)).unwrap(), "my draft\n");
        if before.is_empty() {
            std::fs::remove_dir_all(clone.join("enclaves/a")).unwrap();
        } else {
            put(&clone, path, before);
        }
    }
    assert!(open(&clone).push(None, None).unwrap().1);
    assert_eq!(team.subjects(), ["mine", "theirs", "begin"]);
}

/// What git ignores is nowhere but on this disk, until somebody adds a file of its name nevertheless.
#[test]
fn an_ignored_file_in_the_way_is_not_overwritten() {
    for path in ["enclaves/a/.env", "enclaves/a/t/scratch/x.ts"] {
        let team = Team::new();
        let ignoring = team.clone_of("begin");
        put(&ignoring, ".gitignore", ".env\nscratch/\n");
        git(&ignoring, &["add", "."]);
        git(&ignoring, &["commit", "--quiet", "-m", "ignore"]);
        git(&ignoring, &["push", "--quiet", "origin", "main"]);
        let (ana, ben) = (team.clone_of("ana"), team.clone_of("ben"));
        put(&ben, path, "theirs\n");
        git(&ben, &["add", "--force", path]);
        git(&ben, &["commit", "--quiet", "-m", "theirs"]);
        git(&ben, &["push", "--quiet", "origin", "main"]);
        put(&ana, path, "mine\n");
        put(&ana, "enclaves/b/x/workflow.yaml", "name: x\n");
        let mine = open(&ana).commit("mine", None).unwrap();
        let refused = open(&ana).push(None, None).unwrap_err();
        let said = (refused.to_string(), refused.next().unwrap());
        assert!(matches!(refused, StateError::InTheWay(_)) && said.0.contains(path), "{path}: {said:?}");
        assert_eq!(std::fs::read_to_string(ana.join(path)).unwrap(), "mine\n");
        assert_eq!(git(&ana, &["rev-parse", "HEAD"]).trim(), mine.commit.to_string());
        assert_eq!(git(&ana, &["status", "--porcelain"]), "");
        // Out of the way, both have their place.
        std::fs::rename(ana.join(path), ana.join("../mine")).unwrap();
        assert!(open(&ana).push(None, None).unwrap().1);
        assert_eq!(std::fs::read_to_string(ana.join(path)).unwrap(), "theirs\n");
        assert_eq!(team.subjects(), ["mine", "theirs", "ignore", "begin"]);
    }
}

/// The commit has all that somebody has staged, wherever it is, and whatever letters are written in.
#[test]
fn a_secret_is_found_in_whatever_would_be_committed() {
    let team = Team::new();
    let clone = team.clone_of("ana");
    let secret = format!("gh{}_{}", 'p', "aB3".repeat(12));
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    put(&clone, HELLO_FILE, "name: hello\nversion: 2\n");
    for (path, bytes) in
        [("notes/staged.md", secret.as_bytes()), ("enclaves/price-watch/hello/wide.txt", wide.as_slice())]
    {
        put(&clone, path, "");
        std::fs::write(clone.join(path), bytes).unwrap();
        git(&clone, &["add", path]);
        let StateError::Leaks(leaks) = open(&clone).commit("oops", None).unwrap_err() else { panic!() };
        assert_eq!(leaks.iter().map(|leak| (leak.path.as_str(), leak.line)).collect::<Vec<_>>(), [(path, 1)]);
        git(&clone, &["rm", "--quiet", "--force", path]);
    }
    // What was committed before is not asked about again, and a link outside is nobody's tentacle.
    put(&clone, "old.md", &secret);
    std::os::unix::fs::symlink("old.md", clone.join("new.md")).unwrap();
    git(&clone, &["add", "old.md", "new.md"]);
    git(&clone, &["commit", "--quiet", "-m", "by plain git"]);
    git(&clone, &["mv", "new.md", "newer.md"]);
    open(&clone).commit("fine", None).unwrap();
    // The same bytes as a link are another thing.
    let link = clone.join(HELLO_FILE);
    put(&clone, "enclaves/price-watch/hello/was.txt", "workflow.yaml");
    open(&clone).commit("a text", None).unwrap();
    let was = link.with_file_name("was.txt");
    std::fs::remove_file(&was).unwrap();
    std::os::unix::fs::symlink("workflow.yaml", &was).unwrap();
    let refused = open(&clone).commit("a link", None).unwrap_err();
    assert!(matches!(refused, StateError::HostileRepository(_)), "{refused:?}");
}

#[test]
fn secrets_and_links_are_not_committed_and_the_index_stays() {
    let team = Team::new();
    let clone = team.clone_of("ana");
    let secret = format!("gh{}_{}", 'p', "aB3".repeat(12));
    put(&clone, HELLO_FILE, &format!("name: hello\n# {secret}\n"));
    let told = open(&clone).commit("oops", None).unwrap_err().to_string();
    assert!(told.contains(&format!("{HELLO_FILE}:2: ")) && !told.contains(&secret), "{told}");
    assert_eq!(git(&clone, &["diff", "--cached", "--name-only"]), "");
    put(&clone, HELLO_FILE, HELLO);
    std::os::unix::fs::symlink("/etc/passwd", clone.join("enclaves/price-watch/hello/out.ts")).unwrap();
    let refused = open(&clone).commit("link", None).unwrap_err();
    assert!(matches!(refused, StateError::HostileRepository(_)), "{refused:?}");
    assert_eq!(git(&clone, &["diff", "--cached", "--name-only"]), "");
}

#[test]
fn a_clone_s_settings_and_hooks_are_not_run() {
    let team = Team::new();
    let clone = team.clone_of("ana");
    let canary = team.dir.path().join("canary");
    let touch = format!("touch {}", canary.display());
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "filter.x.clean",
        "filter.x.smudge",
        "gpg.program",
        "credential.helper",
        "core.editor",
    ] {
        git(&clone, &["config", key, &touch]);
    }
    git(&clone, &["config", "commit.gpgsign", "true"]);
    put(&clone, "enclaves/.gitattributes", "* filter=x\n");
    for hook in
        ["pre-commit", "commit-msg", "post-commit", "pre-push", "post-checkout", "reference-transaction"]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = clone.join(".git/hooks").join(hook);
        std::fs::write(&file, format!("#!/bin/sh\n{touch}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    put(&clone, HELLO_FILE, "name: hello\nversion: 3\n");
    open(&clone).commit("three", None).unwrap();
    team.mirror("kraken").publish(&change("theirs", &[("enclaves/a/b/workflow.yaml", "x\n")]), None).unwrap();
    open(&clone).push(None, None).unwrap();
    assert_eq!(team.subjects(), ["three", "theirs", "begin"]);
    assert!(!canary.exists());
    // The trap is a real one: git itself does run it.
    put(&clone, HELLO_FILE, "name: hello\nversion: 4\n");
    let _ = try_git(&clone, &["-c", "commit.gpgsign=false", "commit", "--quiet", "-am", "four"]);
    assert!(canary.exists());
}
