//! Secrets in git from the command line: set, listed, encrypted anew and checked in a clone. What the server and the real
//! `sops` make of the files is tested beside them.

use crate::program::{Program, Ran, arg, finish};
use crate::state::{git, with_a_repo};
use crate::stub::Stub;
use secrecy::ExposeSecret;
use serde_json::json;
use state_repo::{AgeKey, SecretFile};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

const HELLO: &str = "enclaves/price-watch/hello";
const FILE: &str = "enclaves/price-watch/hello/.secrets/shop.enc.yaml";

/// Somebody's key in a file of their own.
struct Key {
    file: PathBuf,
    key: AgeKey,
}

impl Key {
    fn new(program: &Program, name: &str) -> Self {
        let text = wire::seal::new_age_key();
        Self { file: program.write(name, text.expose_secret()), key: AgeKey::read(&text).unwrap() }
    }

    fn recipient(&self) -> String {
        self.key.recipient().to_string()
    }

    /// What this key finds under `shop.<key>`.
    fn finds(&self, state: &Path, key: &str) -> String {
        let text = std::fs::read_to_string(state.join(FILE)).unwrap();
        assert!(!text.contains("canary"), "{text}");
        let (enclave, tentacle) = ("price-watch".parse().unwrap(), "hello".parse().unwrap());
        let values = SecretFile::read(&text).unwrap().open(&self.key, &enclave, &tentacle).unwrap();
        values[key].expose_secret().to_owned()
    }
}

/// Runs `tntc secrets` with this on standard input.
async fn typed(program: &Program, args: &[&str], input: &str) -> Ran {
    let mut command = program.command(&[&["secrets"], args].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // One that refuses before it reads has closed it.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Names these in `.sops.yaml`, as people do.
fn name_in_rules(state: &Path, recipients: &[&Key]) {
    let file = state.join(".sops.yaml");
    let rules = std::fs::read_to_string(&file).unwrap();
    let (before, _) = rules.split_once("    age: ").unwrap();
    let names: Vec<String> = recipients.iter().map(|key| key.recipient()).collect();
    std::fs::write(file, format!("{before}    age: \"{}\"\n", names.join(", "))).unwrap();
}

/// A contract that asks for a secret.
fn ask_for_a_secret(state: &Path) {
    let file = state.join(HELLO).join("workflow.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let shop = "    shop: {protocol: https, host: shop.example, auth: {type: api-token, secret: shop.key}}\n";
    std::fs::write(file, format!("{text}contract:\n  version: '1'\n  dependencies:\n{shop}")).unwrap();
}

#[tokio::test]
async fn a_secret_is_set_listed_encrypted_anew_and_checked() {
    let program = Program::new(None);
    let state = with_a_repo(&program).await;
    let (server, ana) = (Key::new(&program, "server.key"), Key::new(&program, "ana.key"));
    let (dir, here) = (state.join(HELLO), ["--repo-path", arg(&state)]);
    let set = |name: &'static str| ["set", name, "--in", arg(&dir)];
    name_in_rules(&state, &[&server]);
    // Who cannot read a secret can set one.
    let done = typed(&program, &set("shop.key"), "canary-1\n").await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains(FILE) && done.out.contains(&server.recipient()), "{}", done.out);
    assert_eq!(server.finds(&state, "key"), "canary-1");
    // Another one in the same file is carried over by somebody who can.
    let refused = typed(&program, &set("shop.other"), "canary-2").await;
    assert!(refused.code == 2 && refused.err.contains("--age-key"), "{refused:?}");
    assert_eq!(server.finds(&state, "key"), "canary-1");
    let with_key = [&set("shop.other")[..], &["--age-key", arg(&server.file)]].concat();
    assert_eq!(typed(&program, &with_key, "canary-2").await.code, 0);
    assert_eq!(
        (server.finds(&state, "key"), server.finds(&state, "other")),
        ("canary-1".into(), "canary-2".into())
    );
    let list = program.ok(&[&["secrets", "list", "-o", "json"][..], &here].concat()).await.json();
    let names: Vec<_> =
        list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["shop.key", "shop.other"]);
    // One more may open them.
    name_in_rules(&state, &[&server, &ana]);
    let check = [&["secrets", "check"][..], &here].concat();
    let stale = program.run(&check).await;
    assert!(stale.code == 1 && stale.out.contains("to others than `.sops.yaml` names"), "{stale:?}");
    let unable =
        program.run(&[&["secrets", "rotate", "--age-key", arg(&ana.file)][..], &here].concat()).await;
    assert!(unable.code == 1 && unable.err.contains("is not encrypted to this key"), "{unable:?}");
    let before = std::fs::read_to_string(state.join(FILE)).unwrap();
    program.ok(&[&["secrets", "rotate", "--age-key", arg(&server.file)][..], &here].concat()).await;
    let after = std::fs::read_to_string(state.join(FILE)).unwrap();
    let kept = before.lines().filter(|line| line.contains("ENC[") && after.contains(line.trim())).count();
    assert_eq!(
        (kept, ana.finds(&state, "key")),
        (0, "canary-1".to_owned()),
        "nothing is encrypted as it was"
    );
    program.ok(&[&check[..], &["--age-key", arg(&ana.file)]].concat()).await;
    for ran in [done, refused, stale, unable] {
        assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
    }
    // It is committed like everything else.
    program.ok(&[&["state", "commit", "-m", "secrets"][..], &here].concat()).await;
    assert_eq!(git(&state, &["ls-files", FILE]), FILE);
}

#[tokio::test]
async fn the_check_finds_what_is_wrong_and_shows_nothing() {
    let program = Program::new(None);
    let state = with_a_repo(&program).await;
    let key = Key::new(&program, "ana.key");
    name_in_rules(&state, &[&key]);
    ask_for_a_secret(&state);
    let (dir, here) = (state.join(HELLO), ["--repo-path", arg(&state)]);
    let check = [&["secrets", "check", "--age-key", arg(&key.file)][..], &here].concat();
    let missing = program.run(&check).await;
    assert!(missing.code == 1 && missing.out.contains("tntc secrets set shop.key"), "{missing:?}");
    program.ok(&[&check[..], &["--allow-missing"]].concat()).await;
    // By this name a file says where it belongs.
    let reserved = typed(&program, &["set", "shop.sealed_for", "--in", arg(&dir)], "canary-1").await;
    assert!(
        reserved.code == 1 && reserved.err.contains("`sealed_for` is no key of a secret"),
        "{reserved:?}"
    );
    assert_eq!(typed(&program, &["set", "shop.key", "--in", arg(&dir)], "canary-1").await.code, 0);
    program.ok(&check).await;
    let listed = program.ok(&[&["secrets", "list"][..], &here].concat()).await;
    assert!(!format!("{listed:?}").contains("sealed_for"), "{listed:?}");
    let whole = std::fs::read_to_string(state.join(FILE)).unwrap();
    let other = "team/enclaves/price-watch/other/.secrets/shop.enc.yaml";
    for (path, text, why) in [
        (other, whole.clone(), "copied from there"),
        (other, whole.replace("\"hello\"", "\"other\""), "MAC does not fit"),
        (other, "key: canary-1\n".to_owned(), "no YAML that SOPS encrypted"),
        (other, whole.replace("sops:", "b: canary-1\nsops:"), "`b` is in clear"),
        (
            "team/enclaves/price-watch/other/.secrets/shop.yaml",
            "key: canary-1\n".to_owned(),
            "may be in clear",
        ),
    ] {
        program.write(path, &text);
        let found = program.run(&check).await;
        assert!(found.code == 1 && found.out.contains(why), "{why}: {found:?}");
        assert!(!format!("{found:?}").contains("canary"), "{found:?}");
        // What is called encrypted and is not is not committed either.
        if why.contains("clear") && path == other || why.contains("no YAML") {
            let refused = program.run(&[&["state", "commit", "-m", "x"][..], &here].concat()).await;
            assert!(
                refused.code == 1 && refused.err.contains("not encrypted as it should be"),
                "{refused:?}"
            );
        }
        std::fs::remove_dir_all(state.join("enclaves/price-watch/other")).unwrap();
    }
    program.ok(&check).await;
}

#[tokio::test]
async fn where_nobody_is_named_the_server_says_to_whom() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let state = with_a_repo(&program).await;
    let server = Key::new(&program, "server.key");
    let dir = state.join(HELLO);
    let set = ["set", "shop.key", "--in", arg(&dir)];
    let answer =
        json!({"enclave": "price-watch", "namespace": "price-watch", "tentacles": [], "truncated": false});
    stub.answers("state_status", answer.clone());
    let nobody = typed(&program, &set, "canary-1").await;
    assert!(nobody.code == 1 && nobody.err.contains(".sops.yaml"), "{nobody:?}");
    let mut answer = answer;
    answer["recipient"] = json!(server.recipient());
    stub.answers("state_status", answer);
    let first = typed(&program, &set, "canary-1").await;
    let done = if first.code == 0 { first } else { typed(&program, &set, "canary-1").await };
    assert!(done.code == 0 && done.out.contains(".sops.yaml"), "{done:?}");
    assert_eq!(server.finds(&state, "key"), "canary-1");
    let asked = stub.calls();
    assert!(!asked.is_empty() && asked.iter().all(|call| call.tool == "state_status"), "{asked:?}");
    assert!(!format!("{asked:?}").contains("canary"), "the value goes to nobody");
}

#[tokio::test]
async fn a_value_is_no_argument_and_a_place_is_a_tentacle_s() {
    let program = Program::new(None);
    let state = with_a_repo(&program).await;
    let extra = finish(program.command(&["secrets", "set", "shop.key", "canary-1"])).await;
    assert_eq!(extra.code, 2, "{extra:?}");
    let elsewhere = typed(&program, &["set", "shop.key", "--in", arg(&state)], "canary-1").await;
    assert!(elsewhere.code == 2 && elsewhere.err.contains("not the folder of a tentacle"), "{elsewhere:?}");
    // A link does not lead the file elsewhere.
    let key = Key::new(&program, "ana.key");
    name_in_rules(&state, &[&key]);
    std::fs::create_dir(program.home.path().join("outside")).unwrap();
    std::os::unix::fs::symlink(program.home.path().join("outside"), state.join(HELLO).join(".secrets"))
        .unwrap();
    let dir = state.join(HELLO);
    let linked = typed(&program, &["set", "shop.key", "--in", arg(&dir)], "canary-1").await;
    assert!(linked.code == 1 && linked.err.contains("symbolic link"), "{linked:?}");
    assert_eq!(std::fs::read_dir(program.home.path().join("outside")).unwrap().count(), 0);
}
