use super::*;
use crate::state::came::{Came, hash};
use crate::tests::git::git;
use state_repo::Place;
use std::path::PathBuf;

/// A disk copy, and a state repo into which somebody else pushes.
struct Both {
    home: tempfile::TempDir,
    mirror: Mirror,
    copy: WorkingCopy,
    names: Names,
}

impl Both {
    /// Both have `hello` with two files, and the disk follows git.
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        git(home.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "state.git"]);
        git(home.path(), &["clone", "--quiet", "state.git", "clone"]);
        let place = Place {
            address: format!("file://{}", home.path().join("state.git").display()).parse().unwrap(),
            branch: "main".parse().unwrap(),
            credentials: None,
        };
        let both = Self {
            mirror: Mirror::open(&home.path().join("mirror"), place).unwrap(),
            copy: WorkingCopy::new(home.path().join("tentacles")),
            names: Names { enclave: "acme".parse().unwrap(), tentacle: "hello".parse().unwrap() },
            home,
        };
        both.pushes(&[
            ("workflow.yaml", Some("one\n")),
            ("node.ts", Some("one\n")),
            ("notes.md", Some("one\n")),
        ]);
        both.carry("E0").unwrap();
        both
    }

    fn sides(&self) -> Sides<'_> {
        Sides { mirror: &self.mirror, copy: &self.copy, names: &self.names }
    }

    /// Somebody else commits and pushes.
    fn pushes(&self, files: &[(&str, Option<&str>)]) {
        let clone = self.home.path().join("clone");
        if !git(&self.home.path().join("state.git"), &["branch"]).is_empty() {
            git(&clone, &["pull", "--quiet", "origin", "main"]);
        }
        let folder = clone.join("enclaves/acme/hello");
        std::fs::create_dir_all(&folder).unwrap();
        for (path, text) in files {
            match text {
                Some(text) => std::fs::write(folder.join(path), text).unwrap(),
                None => std::fs::remove_file(folder.join(path)).unwrap(),
            }
        }
        git(&clone, &["add", "-A"]);
        git(&clone, &["commit", "--quiet", "-m", "by hand"]);
        git(&clone, &["push", "--quiet", "origin", "HEAD:main"]);
    }

    fn on_disk(&self, path: &str) -> PathBuf {
        self.copy.folder(&self.names.enclave, &self.names.tentacle).join(path)
    }

    fn writes(&self, path: &str, text: &str) {
        std::fs::write(self.on_disk(path), text).unwrap();
    }

    fn reads(&self, path: &str) -> String {
        std::fs::read_to_string(self.on_disk(path)).unwrap()
    }

    fn in_git(&self, path: &str) -> String {
        git(&self.home.path().join("state.git"), &["show", &format!("main:enclaves/acme/hello/{path}")])
    }

    fn count(&self) -> String {
        git(&self.home.path().join("state.git"), &["rev-list", "--count", "main"])
    }

    fn tip(&self) -> CommitId {
        git(&self.home.path().join("state.git"), &["rev-parse", "main"]).parse().unwrap()
    }

    fn change(request: &str) -> Change {
        let author = Author { name: "Ana Sousa".to_owned(), email: "ana@team.example".to_owned() };
        Change { author, trailers: Trailers { request: Some(request.to_owned()), ..Trailers::default() } }
    }

    fn carry(&self, request: &str) -> Result<Option<Committed>, StateStop> {
        self.sides().carry(&Self::change(request), None)
    }

    fn conflict_of(&self, request: &str) -> Vec<String> {
        match self.carry(request) {
            Err(StateStop::Repo(StateError::Conflict(conflict))) => {
                conflict.files.iter().map(|file| file.path.replace("enclaves/acme/hello/", "")).collect()
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_was_not_told_of_a_conflict_is_not_overwritten() {
    let both = Both::start();
    both.pushes(&[("node.ts", Some("theirs\n")), ("notes.md", Some("theirs\n")), ("more.md", Some("new\n"))]);
    both.writes("node.ts", "ours\n");
    assert_eq!(both.conflict_of("E1"), ["node.ts"]);
    // Pushed after the conflict was told: nobody here has seen it.
    both.pushes(&[("workflow.yaml", Some("theirs\n")), ("late.md", Some("late\n"))]);
    assert_eq!(both.conflict_of("E1"), ["node.ts"], "the same files are the same conflict");
    both.writes("node.ts", "both\n");
    both.carry("E2").unwrap();
    assert_eq!(both.in_git("node.ts"), "both");
    for (path, text) in
        [("workflow.yaml", "theirs"), ("notes.md", "theirs"), ("more.md", "new"), ("late.md", "late")]
    {
        assert_eq!((both.in_git(path).as_str(), both.reads(path).trim()), (text, text), "{path}");
    }
}

#[test]
fn what_changes_again_after_a_conflict_is_one_again() {
    let both = Both::start();
    both.pushes(&[("node.ts", Some("theirs\n"))]);
    both.writes("node.ts", "ours\n");
    assert_eq!(both.conflict_of("E1"), ["node.ts"]);
    both.writes("node.ts", "both\n");
    both.pushes(&[("node.ts", Some("theirs again\n")), ("notes.md", None)]);
    assert_eq!(both.conflict_of("E2"), ["node.ts"]);
    assert_eq!(
        (both.in_git("node.ts"), both.reads("node.ts")),
        ("theirs again".to_owned(), "both\n".to_owned())
    );
    both.writes("node.ts", "all of it\n");
    both.carry("E3").unwrap();
    assert_eq!(both.in_git("node.ts"), "all of it");
    assert!(!both.on_disk("notes.md").exists());
}

#[test]
fn a_new_folder_of_an_old_name_is_nobodys_change_of_it() {
    let both = Both::start();
    std::fs::remove_dir_all(both.on_disk("")).unwrap();
    let files = [("node.ts", "anew\n")];
    both.copy.write(&both.names.enclave, &both.names.tentacle, files.into_iter(), None).unwrap();
    let told = both.conflict_of("E1");
    assert_eq!(told, ["node.ts", "notes.md", "workflow.yaml"]);
    assert_eq!(both.in_git("notes.md"), "one");
}

#[test]
fn a_roll_back_that_is_killed_when_it_was_pushed_goes_on_with_the_same_commit() {
    let both = Both::start();
    let first = both.tip();
    both.writes("node.ts", "two\n");
    both.writes("notes.md", "two\n");
    both.carry("E1").unwrap();
    let note = both.copy.note(&both.names.enclave, &both.names.tentacle).unwrap().unwrap();
    let roll_back = || both.sides().roll_back(first, "hello: back".to_owned(), &Both::change("E2"), None);
    let done = roll_back().unwrap().unwrap();
    let (count, tip) = (both.count(), both.tip());
    assert_eq!((both.reads("node.ts"), done.commit), ("one\n".to_owned(), tip));

    // As a kill leaves it behind: one file has followed, the other has not, and what was sent is noted.
    both.writes("notes.md", "two\n");
    let mut came: Came = serde_json::from_str(&note).unwrap();
    let sent = [("workflow.yaml", "one\n"), ("node.ts", "two\n"), ("notes.md", "two\n")];
    let files = sent.map(|(path, text)| (path.to_owned(), hash(text))).into();
    let seen = BTreeMap::new();
    came.sent = Some(Sent { request: "E2".to_owned(), commit: None, files, base: came.base.clone(), seen });
    both.sides().keep(|now| *now = came).unwrap();
    let again = roll_back().unwrap().unwrap();
    assert_eq!((again.commit, both.count()), (tip, count));
    assert_eq!((both.reads("node.ts"), both.reads("notes.md")), ("one\n".to_owned(), "one\n".to_owned()));
}

#[test]
fn a_roll_back_of_what_was_removed_in_git_says_so() {
    let both = Both::start();
    let first = both.tip();
    both.pushes(&[("workflow.yaml", None), ("node.ts", None), ("notes.md", None)]);
    let rolled = both.sides().roll_back(first, "hello: back".to_owned(), &Both::change("E1"), None).unwrap();
    assert!(matches!(rolled, Err(Standing::Removed(_))), "{rolled:?}");
}
