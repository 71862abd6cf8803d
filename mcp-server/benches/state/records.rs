//! A state repo as a server leaves it that is lost: the records of enclaves, signed, and the heads that name them.

use crate::git::git;
use jiff::Timestamp;
use state_repo::{EnclaveRecord, Format, Identity, RecordedTentacle};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use wire::signing::SigningKey;
use wire::trail::{RecordHead, sign_record_head};
use workflow::{Bundle, EnclaveName, Facts, TentacleName, Workflow, derive};

/// Everything that is left.
pub(crate) struct Recorded {
    dir: TempDir,
    pub(crate) enclaves: Vec<String>,
    heads: Vec<String>,
    pem: String,
}

/// The files of one tentacle.
fn files(name: &TentacleName) -> Vec<(String, Vec<u8>)> {
    let scaffold = workflow::scaffold::hello(name).into_iter();
    scaffold.map(|file| (file.path.to_owned(), file.text.into_bytes())).collect()
}

fn tentacle(enclave: &EnclaveName, name: TentacleName, commit: &str, owner: &Identity) -> RecordedTentacle {
    let bundle = Bundle::new(files(&name)).unwrap();
    let version = bundle.content_hash();
    let sandbox =
        derive(&Workflow::of(&bundle).unwrap(), &Facts { enclave: enclave.clone(), version }).unwrap();
    RecordedTentacle {
        name,
        owner: owner.clone(),
        mode: Some("rwxrwx---".to_owned()),
        created: None,
        version: version.to_string(),
        deployed: None,
        updated: None,
        commit: Some(commit.to_owned()),
        reach: sandbox.reach.digest(),
    }
}

impl Recorded {
    /// So many enclaves, called after `prefix`, with so many tentacles each.
    pub(crate) fn of(prefix: &str, enclaves: usize, tentacles: usize, issuer: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let pem = crate::place::key().pem;
        std::fs::write(dir.path().join("signing.pem"), &pem).unwrap();
        let key = SigningKey::read(&dir.path().join("signing.pem")).unwrap();
        git(dir.path(), &["init", "--quiet", "--bare", "state.git"]);
        git(dir.path(), &["clone", "--quiet", "state.git", "clone"]);
        let clone = dir.path().join("clone");
        let of = |number: usize| -> TentacleName { format!("hello-{number}").parse().unwrap() };
        let names: Vec<String> = (0..enclaves).map(|number| format!("{prefix}-{number}")).collect();
        for enclave in &names {
            for number in 0..tentacles {
                let folder = clone.join(format!("enclaves/{enclave}/hello-{number}"));
                for (path, text) in files(&of(number)) {
                    write(&folder.join(path), &text);
                }
            }
        }
        let commit = published(&clone, "tentacles");
        let owner = Identity { name: "Ana".to_owned(), issuer: issuer.to_owned(), subject: "ana".to_owned() };
        let mut heads = Vec::new();
        for name in &names {
            let enclave: EnclaveName = name.parse().unwrap();
            let ran = (0..tentacles).map(|number| tentacle(&enclave, of(number), &commit, &owner));
            let record = EnclaveRecord {
                format: Format::One,
                generation: 1,
                id: uuid::Uuid::now_v7().to_string(),
                created: None,
                frozen: Vec::new(),
                mode: Some("rwxrwx---".to_owned()),
                enrollment: "open".to_owned(),
                quota: "large".to_owned(),
                // Without it, and without a channel, nobody is told of what changes by hand, and nothing is compared.
                drift: Some("repair".to_owned()),
                review: None,
                channel: None,
                owner: owner.clone(),
                members: Vec::new(),
                approved: Vec::new(),
                blocked: Vec::new(),
                tentacles: ran.collect(),
                signature: None,
                name: enclave,
            };
            let head = RecordHead {
                enclave: name.clone(),
                generation: 1,
                digest: record.digest().unwrap(),
                removed: false,
                at: Timestamp::now(),
            };
            heads.push(sign_record_head(&head, key.private(), key.id()).unwrap());
            let text = record.sign(&key).unwrap().to_yaml().unwrap();
            write(&clone.join(format!("enclaves/{name}/enclave.yaml")), text.as_bytes());
        }
        published(&clone, "records");
        Self { dir, enclaves: names, heads, pem }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// The key that signed them.
    pub(crate) fn key(&self) -> &str {
        &self.pem
    }

    /// The flags of a server that reads them; what it keeps of git is in `folder`.
    pub(crate) fn flags(&self, folder: &Path) -> Vec<String> {
        vec![
            format!("--state-repo=file://{}", self.dir.path().join("state.git").display()),
            format!("--state-dir={}", folder.join("copy").display()),
        ]
    }

    /// The heads, as the lost server left them.
    pub(crate) fn put_heads(&self, folder: &Path) {
        write(&folder.join("lost.records"), (self.heads.join("\n") + "\n").as_bytes());
    }

    /// A folder for a server with the same key and the heads.
    pub(crate) fn server_folder(&self) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        crate::program::write_keys(dir.path(), &self.pem, &crate::place::key().jwk);
        self.put_heads(&dir.path().join("heads"));
        dir
    }
}

fn write(file: &PathBuf, text: &[u8]) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

fn published(clone: &Path, message: &str) -> String {
    git(clone, &["add", "--all"]);
    git(clone, &["commit", "--quiet", "-m", message]);
    git(clone, &["push", "--quiet", "origin", "HEAD:main"]);
    git(clone, &["rev-parse", "HEAD"])
}
