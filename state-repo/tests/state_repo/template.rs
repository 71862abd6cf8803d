//! The repository that a team begins with.

use crate::git::{git, put, try_git};
use state_repo::{Author, Init, StateError, init};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn ana() -> Author {
    Author { name: "Ana Sousa".to_owned(), email: "ana@team.example".to_owned() }
}

/// Everything in a folder, with its content, but for git's own.
fn all(folder: &Path) -> String {
    let told = std::process::Command::new("sh")
        .args(["-c", "find . -type f -exec sha256sum {} + | LC_ALL=C sort"])
        .current_dir(folder)
        .output()
        .unwrap();
    String::from_utf8(told.stdout).unwrap()
}

#[test]
fn one_is_made_whole_and_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deep/down/state");
    assert!(matches!(init(&folder, &ana()).unwrap(), Init::Made(_)));
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(git(&folder, &["status", "--porcelain", "--ignored"]), "");
    assert_eq!(
        git(&folder, &["log", "--format=%an <%ae> %D"]).trim(),
        "Ana Sousa <ana@team.example> HEAD -> main"
    );
    git(&folder, &["fsck", "--strict"]);
    let files = git(&folder, &["ls-files", "-s"]);
    for path in [
        "README.md",
        "enclaves/.gitkeep",
        "archive/.gitkeep",
        ".github/workflows/check.yml",
        ".gitleaks.toml",
    ] {
        assert!(files.contains(&format!("\t{path}\n")), "{path}: {files}");
    }
    assert!(files.lines().any(|line| line.starts_with("100755") && line.ends_with("check.sh")), "{files}");
    // Nothing is left beside it.
    assert_eq!(std::fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn what_is_versioned_is_not_hidden_and_what_is_secret_is() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("state");
    init(&folder, &ana()).unwrap();
    let hidden = |path: &str| try_git(&folder, &["check-ignore", "--quiet", path]).status.success();
    let tentacle = "enclaves/price-watch/tea";
    for path in [
        "workflow.yaml",
        "nodes/tea.ts",
        "tests/fixtures/tea.json",
        ".secrets.yaml",
        ".secrets/shop.enc.yaml",
        "README.md",
        "deno.lock",
    ] {
        assert!(!hidden(&format!("{tentacle}/{path}")), "{path}");
    }
    assert!(
        !hidden("enclaves/price-watch/enclave.yaml")
            && !hidden("archive/price-watch-2026-01-02/tea/workflow.yaml")
    );
    for path in [
        ".secrets/shop.yaml",
        ".env",
        "node_modules/x/index.js",
        "scratch/x.ts",
        "nodes/deep/scratch/x.ts",
        "nodes/tea.ts~",
        "nodes/.tea.ts.swp",
    ] {
        assert!(hidden(&format!("{tentacle}/{path}")), "{path}");
    }
    for path in ["enclaves/scratch/tea/workflow.yaml", "enclaves/price-watch/scratch/workflow.yaml"] {
        assert!(!hidden(path), "{path}");
    }
}

#[test]
fn a_second_time_nothing_changes() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("state");
    init(&folder, &ana()).unwrap();
    put(&folder, "enclaves/a/b/workflow.yaml", "name: b\n");
    let before = all(&folder);
    assert_eq!(init(&folder, &ana()).unwrap(), Init::There);
    assert_eq!(all(&folder), before);
}

#[test]
fn somebody_s_work_is_never_touched() {
    let dir = tempfile::tempdir().unwrap();
    for (name, file) in [("work", "thesis.txt"), ("hidden", ".env"), ("other-repo", ".git/config")] {
        let folder = dir.path().join(name);
        put(&folder, file, "mine");
        let before = all(&folder);
        let refused = init(&folder, &ana()).unwrap_err();
        assert!(matches!(refused, StateError::NotEmpty { .. }) && refused.next().is_some(), "{refused:?}");
        assert_eq!(all(&folder), before);
    }
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(matches!(init(&empty, &ana()).unwrap(), Init::Made(_)));
}

#[test]
fn the_check_fails_for_a_tentacle_that_is_none_and_passes_without_any() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("state");
    init(&folder, &ana()).unwrap();
    // What stands for `tntc` here says no to what has no `good` in it; the real one is asked in `tntc`'s own tests.
    let stand_in = dir.path().join("tntc");
    std::fs::write(&stand_in, "#!/bin/sh\necho \"$*\"\n[ \"$1\" = secrets ] && { [ ! -e leak ]; exit; }\ngrep -q good \"$2/workflow.yaml\"\n").unwrap();
    std::fs::set_permissions(&stand_in, std::fs::Permissions::from_mode(0o755)).unwrap();
    let check = || {
        let ran =
            std::process::Command::new(folder.join("check.sh")).env("TNTC", &stand_in).output().unwrap();
        (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap())
    };
    let secrets = "secrets check --allow-missing\n";
    assert_eq!(check(), (0, secrets.to_owned()));
    put(&folder, "enclaves/a/b/workflow.yaml", "good\n");
    let told = format!("== enclaves/a/b\nvalidate enclaves/a/b\ntest enclaves/a/b\n{secrets}");
    assert_eq!(check(), (0, told));
    put(&folder, "leak", "");
    assert_eq!(check().0, 1);
    std::fs::remove_file(folder.join("leak")).unwrap();
    put(&folder, "enclaves/a/c/workflow.yaml", "bad\n");
    assert_eq!(check().0, 1);
}
