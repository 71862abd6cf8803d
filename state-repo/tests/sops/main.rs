//! Files of secrets, and the real `sops` beside them: it opens ours, ours opens its, and what one refuses the other does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use age::x25519::Identity;
use secrecy::{ExposeSecret, SecretString};
use state_repo::{AgeKey, SecretFile, SopsError, seal};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

const FILE: &str = "enclaves/price-watch/hello/.secrets/tea.enc.yaml";

/// A folder in which somebody works with `sops`.
struct Desk {
    dir: TempDir,
    key: AgeKey,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::generate();
        let text = identity.to_string().expose_secret().to_owned();
        std::fs::write(dir.path().join("keys.txt"), &text).unwrap();
        let rules =
            state_repo_template_rules().replace("age: \"\"", &format!("age: {}", identity.to_public()));
        std::fs::write(dir.path().join(".sops.yaml"), rules).unwrap();
        std::fs::create_dir_all(dir.path().join(FILE).parent().unwrap()).unwrap();
        Self { dir, key: AgeKey::read(&text.into()).unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join(FILE)
    }

    fn sops(&self, args: &[&str]) -> Output {
        self.sops_with(args, &[])
    }

    fn sops_with(&self, args: &[&str], env: &[(&str, &str)]) -> Output {
        let program = std::env::var_os("TENTACULAR_TEST_SOPS")
            .unwrap_or_else(|| panic!("TENTACULAR_TEST_SOPS names no `sops`: `cargo xtask test` builds it"));
        Command::new(program)
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("SOPS_AGE_KEY_FILE", self.dir.path().join("keys.txt"))
            .env("SOPS_DISABLE_VERSION_CHECK", "true")
            .envs(env.iter().copied())
            .output()
            .unwrap()
    }

    /// Puts other words in place of these, as somebody does in an editor that `sops edit` opens.
    fn edit(&self, from: &str, to: &str) {
        let editor = self.dir.path().join("editor.sh");
        std::fs::write(&editor, format!("grep -qxF '{from}' \"$1\" && sed -i 's/^{from}$/{to}/' \"$1\"\n"))
            .unwrap();
        let editor = format!("sh {}", editor.display());
        let output = self.sops_with(&["edit", FILE], &[("EDITOR", &editor), ("PATH", "/usr/bin:/bin")]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn ok(&self, args: &[&str]) -> String {
        let output = self.sops(args);
        assert!(output.status.success(), "sops {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes what this crate seals.
    fn seal(&self, values: &[(&str, &str)]) {
        let values: BTreeMap<_, _> =
            values.iter().map(|(key, value)| ((*key).to_owned(), SecretString::from(*value))).collect();
        let place = ("price-watch".parse().unwrap(), "hello".parse().unwrap());
        let text = seal(&place.0, &place.1, &values, &[self.key.recipient()]).unwrap();
        std::fs::write(self.file(), text).unwrap();
    }

    /// What this crate reads in the file.
    fn opened(&self) -> Result<BTreeMap<String, String>, SopsError> {
        self.opened_for("price-watch", "hello")
    }

    /// The same, for this tentacle.
    fn opened_for(&self, enclave: &str, tentacle: &str) -> Result<BTreeMap<String, String>, SopsError> {
        let file = SecretFile::read(&std::fs::read_to_string(self.file()).unwrap())?;
        let values = file.open(&self.key, &enclave.parse().unwrap(), &tentacle.parse().unwrap())?;
        Ok(values.into_iter().map(|(key, value)| (key, value.expose_secret().to_owned())).collect())
    }

    /// Both refuse the file as it is now, and neither shows a value.
    fn refused_by_both(&self, what: &str) -> SopsError {
        let theirs = self.sops(&["-d", FILE]);
        assert!(!theirs.status.success(), "{what}: sops takes it");
        let ours = self.opened().unwrap_err();
        assert!(!format!("{ours} {ours:?}").contains("canary"), "{what}: {ours}");
        ours
    }
}

/// The rules that a team begins with.
fn state_repo_template_rules() -> &'static str {
    include_str!("../../../state-repo-template/.sops.yaml")
}

fn map(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn sops_opens_ours_and_ours_opens_what_sops_made_of_it() {
    let desk = Desk::new();
    desk.seal(&[
        ("api-key", "canary-1"),
        ("number", "007"),
        ("text", "two\nlines: \"\u{fc}\" # no comment\n"),
    ]);
    for (key, value) in [
        ("api-key", "canary-1"),
        ("number", "007"),
        ("enclave", "price-watch"),
        ("sealed_for", "price-watch/hello"),
    ] {
        assert_eq!(desk.ok(&["-d", "--extract", &format!("[\"{key}\"]"), FILE]), value);
    }
    desk.ok(&["set", FILE, r#"["api-key"]"#, r#""canary-2""#]);
    desk.ok(&["set", FILE, r#"["port"]"#, "8080"]);
    desk.ok(&["rotate", "-i", FILE]);
    desk.edit("number: \"007\"", "number: \"008\"");
    let all = desk.opened().unwrap();
    let expected = [
        ("api-key", "canary-2"),
        ("number", "008"),
        ("port", "8080"),
        ("text", "two\nlines: \"\u{fc}\" # no comment\n"),
    ];
    assert_eq!(all, map(&expected));
    // What ours writes anew from that, sops opens again.
    desk.seal(&[("api-key", &all["api-key"])]);
    assert_eq!(desk.ok(&["-d", "--extract", r#"["api-key"]"#, FILE]), "canary-2");
}

#[test]
fn ours_opens_what_sops_encrypted_by_the_rules_of_the_template() {
    let desk = Desk::new();
    let clear = "enclave: price-watch\ntentacle: hello\n# a comment\napi-key: canary-1\n";
    std::fs::write(desk.file(), clear).unwrap();
    desk.ok(&["-e", "-i", FILE]);
    assert_eq!(desk.opened(), Err(SopsError::NotSealedFor));
    std::fs::write(desk.file(), format!("{clear}sealed_for: price-watch/hello\n")).unwrap();
    desk.ok(&["-e", "-i", FILE]);
    let text = std::fs::read_to_string(desk.file()).unwrap();
    assert!(!text.contains("canary") && text.contains("enclave: price-watch\n"), "{text}");
    assert_eq!(desk.opened().unwrap(), map(&[("api-key", "canary-1")]));
}

#[test]
fn what_was_altered_or_is_for_others_neither_takes() {
    let desk = Desk::new();
    let seal = || {
        desk.seal(&[("a", "canary-1"), ("b", "canary-2")]);
        std::fs::read_to_string(desk.file()).unwrap()
    };
    let text = seal();
    let lines: Vec<&str> =
        text.lines().filter(|line| line.starts_with("a: ") || line.starts_with("b: ")).collect();
    let swapped = [lines[1].replacen("b: ", "a: ", 1), lines[0].replacen("a: ", "b: ", 1)].join("\n");
    for (what, altered, why) in [
        ("swapped", text.replace(&lines.join("\n"), &swapped), SopsError::Altered("a".to_owned())),
        ("removed", text.replace(&format!("{}\n", lines[1]), ""), SopsError::Mac),
        (
            "value",
            text.replacen("a: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:AAAA", 1),
            SopsError::Altered("a".to_owned()),
        ),
        (
            "elsewhere",
            text.replace("\"hello\"", "\"hallo\""),
            SopsError::Elsewhere("enclaves/price-watch/hallo".to_owned()),
        ),
        ("another's MAC", text.replace(mac(&text), mac(&seal())), SopsError::Mac),
    ] {
        std::fs::write(desk.file(), altered).unwrap();
        assert_eq!(desk.refused_by_both(what), why, "{what}");
    }
    // Whole and well, and for somebody else.
    let other = Desk::new();
    other.seal(&[("a", "canary-1")]);
    std::fs::copy(other.file(), desk.file()).unwrap();
    assert!(matches!(desk.refused_by_both("another's key"), SopsError::NotForUs(_)));
}

/// What it says in clear can be cut elsewhere or called otherwise without another MAC, and `sops` finds nothing. Ours does.
#[test]
fn a_file_stays_where_it_was_sealed_for_also_where_sops_takes_it() {
    let desk = Desk::new();
    desk.seal(&[("a", "canary-1")]);
    let text = std::fs::read_to_string(desk.file()).unwrap();
    let clear = "enclave: \"price-watch\"\ntentacle: \"hello\"\n";
    for (enclave, tentacle, says) in [
        ("price-watchh", "ello", "enclave: \"price-watchh\"\ntentacle: \"ello\"\n"),
        ("hello", "price-watch", "tentacle: \"price-watch\"\nenclave: \"hello\"\n"),
    ] {
        std::fs::write(desk.file(), text.replace(clear, says)).unwrap();
        assert_eq!(desk.ok(&["-d", "--extract", "[\"a\"]", FILE]), "canary-1");
        let refused = desk.opened_for(enclave, tentacle).unwrap_err();
        assert_eq!(refused, SopsError::Elsewhere("enclaves/price-watch/hello".to_owned()));
    }
    // Who can open it can say by `sops` that it belongs elsewhere, and has said it then in one place of two.
    std::fs::write(desk.file(), &text).unwrap();
    desk.ok(&["set", FILE, r#"["sealed_for"]"#, r#""price-watch/other""#]);
    assert_eq!(desk.opened().unwrap_err(), SopsError::Elsewhere("enclaves/price-watch/other".to_owned()));
    desk.ok(&["set", FILE, r#"["sealed_for"]"#, r#""canary-2""#]);
    assert_eq!(desk.opened().unwrap_err(), SopsError::NotSealedFor);
}

fn mac(text: &str) -> &str {
    text.lines().find(|line| line.trim_start().starts_with("mac: ")).unwrap()
}
