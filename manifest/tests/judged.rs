//! Every object of enclaves and of tentacles, for contracts made at random, before two independent judges: is it what the
//! cluster's schemas say (`kubernetes-validate --strict`), and is it as safe as others believe that it should be (`checkov`).
//!
//! Both are Python programs of other people, unmodified; `cargo xtask test` provides them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]
#[expect(dead_code, reason = "the contracts are shared with a test that asks more of them")]
#[path = "../../workflow/tests/agree/contract.rs"]
mod contract;
#[path = "shared/made.rs"]
mod made;

use contract::contracts;
use manifest::{EnclaveSpec, Mirror, QuotaPreset, ServerAccount, Status, render_all};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// How many contracts.
const CONTRACTS: usize = 220;

/// The objects of one enclave of each size, in each state.
fn enclaves() -> Vec<Value> {
    let mut objects = Vec::new();
    for quota in QuotaPreset::ALL {
        for status in Status::ALL {
            let spec = EnclaveSpec {
                name: format!("enclave-{}-{}", quota.name(), status.word()).parse().unwrap(),
                id: "018f0000-0000-7000-8000-000000000000".to_owned(),
                quota,
                mirror: Mirror { owner: Some("Ana".to_owned()), ..Mirror::default() },
                server: ServerAccount::default(),
            };
            objects.extend(render_all(&spec, status).unwrap());
        }
    }
    objects
}

/// Everything, in one file: its path, and how many objects are in it.
fn written(folder: &Path) -> (PathBuf, usize) {
    let mut runner = TestRunner::default();
    let mut objects = enclaves();
    for number in 0..CONTRACTS {
        let contract = contracts().new_tree(&mut runner).unwrap().current();
        let fetching = if made::has_modules(&contract) { made::fetching(&contract) } else { Vec::new() };
        for mut object in made::objects(&contract).into_iter().chain(fetching) {
            // each has a name of its own: two objects of one name are one to a judge
            object["metadata"]["name"] =
                format!("{}-{number}", object["metadata"]["name"].as_str().unwrap()).into();
            objects.push(object);
        }
    }
    let text: Vec<String> = objects.iter().map(|object| format!("---\n{object:#}\n")).collect();
    let file = folder.join("objects.yaml");
    std::fs::write(&file, text.concat()).unwrap();
    (file, objects.len())
}

/// What each judge has to condemn: the controls.
const UNSAFE: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec:\n  hostNetwork: true\n  containers: \
                      [{name: a, image: a, securityContext: {privileged: true}}]\n";
const MISSPELT: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: {hostNetwrok: true, containers: [{name: a, image: a}]}\n";

/// A program of the environment, by its Python: what the program itself names as its interpreter is where the environment was
/// made, before it had its place.
fn judge(name: &str) -> Command {
    let python = std::env::var_os("TENTACULAR_TEST_JUDGES").unwrap_or_else(|| {
        panic!("TENTACULAR_TEST_JUDGES is not set: run `cargo xtask test`");
    });
    let mut judge = Command::new(&python);
    judge.arg(Path::new(&python).with_file_name(name));
    judge
}

/// Judged by the schemas: whether all is well, and what was said.
fn validated(file: &Path) -> (bool, String) {
    let output = judge("kubernetes-validate").arg("--strict").arg(file).output().unwrap();
    let said = said(&output);
    let wrong: Vec<&str> = said.lines().filter(|line| !line.starts_with("INFO")).collect();
    (output.status.success(), wrong.join("\n"))
}

/// Judged by rules of safety: no rule is left out.
fn checked(file: &Path) -> Value {
    let mut checkov = judge("checkov");
    checkov.args([
        "--framework",
        "kubernetes",
        "--compact",
        "--quiet",
        "--skip-download",
        "--output",
        "json",
        "--file",
    ]);
    let output = checkov.arg(file).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A file with one object.
fn only(folder: &Path, object: &str) -> PathBuf {
    let file = folder.join("only.yaml");
    std::fs::write(&file, object).unwrap();
    file
}

#[test]
fn every_object_is_what_the_schemas_say() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = written(folder.path());
    let (valid, said) = validated(&file);
    assert!(valid, "{said}");
    let (valid, said) = validated(&only(folder.path(), MISSPELT));
    assert!(!valid && said.contains("hostNetwrok"), "the control passes: {said}");
}

#[test]
fn no_rule_of_safety_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let (file, objects) = written(folder.path());
    let told = checked(&file);
    let summary = &told["summary"];
    assert_eq!(
        (&summary["failed"], &summary["parsing_errors"], &summary["skipped"]),
        (&0.into(), &0.into(), &0.into()),
        "{told}"
    );
    // nothing was passed over
    assert!(summary["resource_count"].as_u64().unwrap() >= objects as u64, "{summary}");
    assert!(summary["passed"].as_u64().unwrap() > 50 * CONTRACTS as u64, "{summary}");
    let condemned = checked(&only(folder.path(), UNSAFE));
    let failed = condemned["results"]["failed_checks"].to_string();
    assert!(
        failed.contains("Pod.default.bad") && failed.contains("privileged"),
        "the control passes: {failed}"
    );
}
