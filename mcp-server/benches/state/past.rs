//! What records said before, where no heads speak for them: a long history of many enclaves, walked for all of them and for each by itself.

use super::git::git;
use state_repo::{Mirror, Place};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use workflow::EnclaveName;

const ENCLAVES: usize = 100;
const COMMITS: usize = 10_000;

/// As a restore asks for.
const MOST: usize = 200;

/// A history in which each commit changes one file of one enclave, and every hundredth a record.
fn write_history(folder: &Path) {
    let mut history = String::new();
    for commit in 0..COMMITS {
        let enclave = commit * 37 % ENCLAVES;
        let file = if commit < ENCLAVES || commit % 100 == 0 { "enclave.yaml" } else { "hello/README.md" };
        let enclave = if commit < ENCLAVES { commit } else { enclave };
        let text = format!("{commit}\n");
        write!(
            history,
            "commit refs/heads/main\ncommitter A <a@example.org> {} +0000\ndata 1\nx\nM 100644 inline \
             enclaves/e{enclave}/{file}\ndata {}\n{text}\n",
            1_700_000_000 + commit,
            text.len(),
        )
        .unwrap();
    }
    git(folder, &["init", "--quiet", "--bare", "-b", "main", "."]);
    let mut import = Command::new("git");
    import.args(["fast-import", "--quiet"]).current_dir(folder).stdin(Stdio::piped());
    let mut import = import.spawn().unwrap();
    import.stdin.take().unwrap().write_all(history.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
}

pub(super) fn of_all() {
    let folder = tempfile::tempdir().unwrap();
    let bare = folder.path().join("state.git");
    std::fs::create_dir(&bare).unwrap();
    write_history(&bare);
    let place = Place {
        address: format!("file://{}", bare.display()).parse().unwrap(),
        branch: "main".parse().unwrap(),
        credentials: None,
    };
    let mirror = Mirror::open(&folder.path().join("copy"), place).unwrap();
    let tip = mirror.fetch().unwrap().tip;
    let names: Vec<EnclaveName> = (0..ENCLAVES).map(|number| format!("e{number}").parse().unwrap()).collect();
    let began = Instant::now();
    let past = mirror.past_records(tip, &names, MOST).unwrap();
    let texts: usize = names.iter().map(|name| mirror.past_texts(&past, name).unwrap().len()).sum();
    let together = began.elapsed().as_secs_f64() * 1e3;
    assert!(texts >= ENCLAVES, "{texts}");
    let began = Instant::now();
    for name in &names {
        mirror.past_records(tip, std::slice::from_ref(name), MOST).unwrap();
    }
    let one_by_one = began.elapsed().as_secs_f64() * 1e3;
    println!(
        r#"{{"name":"what all records said before","enclaves":{ENCLAVES},"commits":{COMMITS},"value":{together:.0},"unit":"ms","one_by_one_ms":{one_by_one:.0}}}"#,
    );
}
