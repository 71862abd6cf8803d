//! The real git, as a judge and as the other side. The product never starts it.

use state_repo::{
    Author, Base, BranchName, Change, CommitId, Credentials, Mirror, Place, RepoAddress, Trailers,
};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Runs git in `folder`, with no settings but those of the folder.
pub(crate) fn try_git(folder: &Path, args: &[&str]) -> Output {
    Command::new("git")
        .args([
            "-c",
            "user.name=Ben Plain",
            "-c",
            "user.email=ben@plain.example",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap()
}

/// The same; it must succeed.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = try_git(folder, args);
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Where a repository is.
pub(crate) fn at(address: RepoAddress, credentials: Option<Credentials>) -> Place {
    Place { address, branch: main_branch(), credentials }
}

/// A bare repository that others push to, and a folder for everything beside it.
pub(crate) struct Team {
    pub(crate) dir: TempDir,
}

pub(crate) const HELLO: &str = "name: hello\nversion: 1\n";

impl Team {
    /// One whose `main` has the tentacle `price-watch/hello`.
    pub(crate) fn new() -> Self {
        let team = Self::empty();
        team.mirror("seed")
            .publish(&change("begin", &[("enclaves/price-watch/hello/workflow.yaml", HELLO)]), None)
            .unwrap();
        team
    }

    /// One without a commit.
    pub(crate) fn empty() -> Self {
        let team = Self { dir: tempfile::tempdir().unwrap() };
        git(team.dir.path(), &["init", "--quiet", "--bare", "state.git"]);
        team
    }

    pub(crate) fn bare(&self) -> PathBuf {
        self.dir.path().join("state.git")
    }

    pub(crate) fn address(&self) -> RepoAddress {
        format!("file://{}", self.bare().display()).parse().unwrap()
    }

    /// A service's copy, by a name of its own.
    pub(crate) fn mirror(&self, name: &str) -> Mirror {
        self.mirror_of(name, self.address())
    }

    pub(crate) fn mirror_of(&self, name: &str, address: RepoAddress) -> Mirror {
        Mirror::open(&self.dir.path().join(name), at(address, None)).unwrap()
    }

    /// Somebody with plain git.
    pub(crate) fn clone_of(&self, name: &str) -> PathBuf {
        git(self.dir.path(), &["clone", "--quiet", "state.git", name]);
        let clone = self.dir.path().join(name);
        git(&clone, &["config", "user.name", "Ana Sousa"]);
        git(&clone, &["config", "user.email", "ana@team.example"]);
        clone
    }

    pub(crate) fn head(&self) -> CommitId {
        git(&self.bare(), &["rev-parse", "refs/heads/main"]).trim().parse().unwrap()
    }

    /// The subjects on the branch, the newest first.
    pub(crate) fn subjects(&self) -> Vec<String> {
        git(&self.bare(), &["log", "--format=%s", "main"]).lines().map(str::to_owned).collect()
    }
}

pub(crate) fn main_branch() -> BranchName {
    "main".parse().unwrap()
}

pub(crate) fn put(folder: &Path, path: &str, text: &str) {
    let file = folder.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// A change that Ana asked the Kraken for.
pub(crate) fn change(message: &str, files: &[(&str, &str)]) -> Change {
    let author = |name: &str, email: &str| Author { name: name.to_owned(), email: email.to_owned() };
    Change {
        author: author("Ana Sousa", "ana@team.example"),
        committer: author("Kraken", "kraken@team.example"),
        message: message.to_owned(),
        trailers: Trailers::default(),
        base: Base::Newest,
        seen: std::collections::BTreeMap::new(),
        files: files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Some(text.as_bytes().to_vec())))
            .collect(),
    }
}
