//! Objects that no well-behaved git would write.

use git2::{ObjectType, Oid, Repository, Signature};

pub(crate) const FILE: &str = "100644";
pub(crate) const FOLDER: &str = "40000";
pub(crate) const LINK: &str = "120000";
pub(crate) const SUBMODULE: &str = "160000";

/// An entry of a folder: its mode as it is written, its name, what it is.
pub(crate) type Entry = (&'static str, Vec<u8>, Oid);

pub(crate) fn entry(mode: &'static str, name: impl Into<Vec<u8>>, id: Oid) -> Entry {
    (mode, name.into(), id)
}

pub(crate) fn blob(repo: &Repository, bytes: &[u8]) -> Oid {
    repo.blob(bytes).unwrap()
}

/// A folder with exactly these entries in this order, whatever they are.
pub(crate) fn folder(repo: &Repository, entries: &[Entry]) -> Oid {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend_from_slice(mode.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend_from_slice(id.as_bytes());
    }
    repo.odb().unwrap().write(ObjectType::Tree, &bytes).unwrap()
}

/// A tentacle's folder with a good `workflow.yaml` and these beside it.
pub(crate) fn tentacle(repo: &Repository, more: &[Entry]) -> Oid {
    let workflow = blob(repo, crate::git::HELLO.as_bytes());
    let mut entries = more.to_vec();
    entries.push(entry(FILE, "workflow.yaml", workflow));
    folder(repo, &entries)
}

/// A root in which `hello` of the enclave `price-watch` is this.
pub(crate) fn root(repo: &Repository, mode: &'static str, hello: Oid) -> Oid {
    let enclave = folder(repo, &[entry(mode, "hello", hello)]);
    let enclaves = folder(repo, &[entry(FOLDER, "price-watch", enclave)]);
    folder(repo, &[entry(FOLDER, "enclaves", enclaves)])
}

/// A commit of this root on `main`.
pub(crate) fn commit(repo: &Repository, root: Oid) -> Oid {
    let who = Signature::now("M", "m@m.example").unwrap();
    commit_of(
        repo,
        root,
        &format!("author {who} 1800000000 +0000\ncommitter {who} 1800000000 +0000\n\nhello\n"),
    )
}

/// The same, with these words after its tree.
pub(crate) fn commit_of(repo: &Repository, root: Oid, words: &str) -> Oid {
    let text = format!("tree {root}\n{words}");
    let made = repo.odb().unwrap().write(ObjectType::Commit, text.as_bytes()).unwrap();
    repo.reference("refs/heads/main", made, true, "test").unwrap();
    made
}
