//! A change of one file is committed and pushed: by a service's own copy, and by git's program, in turn.

use crate::git::git;
use state_repo::{Author, Base, Change, Mirror, Place, Trailers};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const CHANGES: usize = 50;

/// How many files there are besides.
const FILES: usize = 1_000;

pub(crate) fn beside_git() {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "--quiet", "--bare", "state.git"]);
    git(dir.path(), &["clone", "--quiet", "state.git", "clone"]);
    let clone = dir.path().join("clone");
    for number in 0..FILES {
        let folder = clone.join(format!("enclaves/bench-{}/hello-{number}", number % 10));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("README.md"), "hello\n").unwrap();
    }
    by_git(&clone);
    let address = format!("file://{}", dir.path().join("state.git").display()).parse().unwrap();
    let place = Place { address, branch: "main".parse().unwrap(), credentials: None };
    let mirror = Mirror::open(&dir.path().join("copy"), place).unwrap();
    mirror.fetch().unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 0..CHANGES {
        ours.push(by_mirror(&mirror, number));
        git(&clone, &["pull", "--quiet", "--ff-only", "origin", "main"]);
        std::fs::write(clone.join("enclaves/bench-0/hello-0/README.md"), format!("by git: {number}\n"))
            .unwrap();
        theirs.push(by_git(&clone));
    }
    let (ours, theirs) = (crate::median(ours), crate::median(theirs));
    println!(
        r#"{{"name":"commit and push of one file","value":{ours:.1},"unit":"ms","git_ms":{theirs:.1},"times_git":{:.2},"changes":{CHANGES},"files":{FILES}}}"#,
        ours / theirs
    );
}

fn by_mirror(mirror: &Mirror, number: usize) -> Duration {
    let ana = Author { name: "Ana Sousa".to_owned(), email: "ana@team.example".to_owned() };
    let text = format!("by the mirror: {number}\n").into_bytes();
    let change = Change {
        author: ana.clone(),
        committer: ana,
        message: "a change".to_owned(),
        trailers: Trailers::default(),
        base: Base::Newest,
        seen: BTreeMap::new(),
        files: BTreeMap::from([("enclaves/bench-1/hello-1/README.md".to_owned(), Some(text))]),
    };
    let began = Instant::now();
    mirror.publish(&change, None).unwrap();
    began.elapsed()
}

fn by_git(clone: &Path) -> Duration {
    let began = Instant::now();
    git(clone, &["add", "--all"]);
    git(clone, &["commit", "--quiet", "-m", "a change"]);
    git(clone, &["push", "--quiet", "origin", "HEAD:main"]);
    began.elapsed()
}
