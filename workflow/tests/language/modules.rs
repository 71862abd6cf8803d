//! Modules of registries: what is not pinned is refused with its place and its pin, and what is pinned is part of the reach.

use workflow::{Bundle, EnclaveName, Facts, Reach, Registry, Workflow, derive};

const NPM: &str =
    "sha512-WO5SWzNAWh1FcVWFdBNa8GveBzwUNQqxAiXFX58TaYrA9eUg4e5yGeHv57chMI+WgBByX9YUeSml27Me5IJifw==";
const JSR: &str = "2acb724d7555cb7c70eec62ed8bf66c8a60dfc1157e91b05180df957c55a0d3c";

fn lock() -> String {
    format!(
        "{{\"version\": \"5\", \"specifiers\": {{\"jsr:@std/csv@1.0.0\": \"1.0.0\", \"jsr:@std/csv@^1\": \"1.0.0\", \
         \"npm:left@1.2.3\": \"1.2.3_inner@2.0.0\"}}, \"jsr\": {{\"@std/csv@1.0.0\": {{\"integrity\": \"{JSR}\"}}}}, \
         \"npm\": {{\"left@1.2.3_inner@2.0.0\": {{\"integrity\": \"{NPM}\", \"dependencies\": [\"inner\"], \"tarball\": \
         \"https://mirror.example/left.tgz\"}}, \"inner@2.0.0\": {{\"integrity\": \"{NPM}\"}}}}, \"workspace\": {{\"dependencies\": \
         [\"npm:left@1.2.3\"]}}}}"
    )
}

const CONTRACT: &str = "\
contract:
  version: '1'
  dependencies:
    csv: {protocol: jsr, host: '@std/csv', version: 1.0.0}
    left: {protocol: npm, host: left, version: 1.2.3}
";

fn bundle(contract: &str, code: &str, lock: Option<&str>) -> Bundle {
    let workflow = format!(
        "name: hello\nversion: 1.0\ntriggers: [{{type: manual}}]\nnodes: {{a: {{path: nodes/a.ts, description: A}}}}\n{contract}"
    );
    let files = [
        ("workflow.yaml", workflow.as_str()),
        ("nodes/a.ts", code),
        ("lib/more.ts", "export { left } from \"npm:left@1.2.3/sub\";\n"),
        ("tests/own.ts", "import \"npm:tool\";\nimport \"https://a.example/x.ts\";\n"),
    ];
    let lock = lock.map(|lock| ("deno.lock", lock));
    let files = files.into_iter().chain(lock);
    Bundle::new(files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))).unwrap()
}

const CODE: &str = "import { left } from \"../lib/more.ts\";\nimport { parse } from \"jsr:@std/csv@1.0.0/parse\";\n\
                    import type { Context } from \"tentacular\";\nimport fs from \"node:fs\";\n";

fn problems(contract: &str, code: &str, lock: Option<&str>) -> Vec<String> {
    let told = Workflow::of(&bundle(contract, code, lock)).map_err(|problems| problems.to_string());
    told.err().unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn what_is_pinned_is_taken_with_all_that_the_lock_brings() {
    let workflow = Workflow::of(&bundle(CONTRACT, CODE, Some(&lock()))).unwrap();
    assert_eq!(
        Reach::of(&workflow).to_string().lines().collect::<Vec<_>>(),
        [
            "code from a registry is part of it: jsr:@std/csv@1.0.0 (2acb724d7555cb7c70eec62…)",
            "code from a registry is part of it: npm:inner@2.0.0 (sha512-WO5SWzNAWh1FcVWF…)",
            "code from a registry is part of it: npm:left@1.2.3 (sha512-WO5SWzNAWh1FcVWF…)",
        ]
    );
    let modules = &workflow.modules;
    assert_eq!(modules.entry(), "import \"jsr:@std/csv@1.0.0/parse\";\nimport \"npm:left@1.2.3/sub\";\n");
    assert_eq!(modules.registries().into_iter().collect::<Vec<_>>(), Registry::ALL);
    let kept: Vec<&str> = ["mirror", "workspace", "\"version\":\"5\"", "inner"]
        .into_iter()
        .filter(|part| modules.lock().contains(part))
        .collect();
    assert_eq!(kept, ["\"version\":\"5\"", "inner"], "{}", modules.lock());
    let other = lock().replace("2acb", "3acb");
    let other = Workflow::of(&bundle(CONTRACT, CODE, Some(&other))).unwrap();
    assert_ne!(modules.digest(), other.modules.digest());
    assert_eq!(Reach::of(&other).beyond(&Reach::of(&workflow)).iter().count(), 1);
}

#[test]
fn without_an_import_there_are_none_whatever_the_lock_has() {
    for (contract, lock) in [(CONTRACT, lock()), ("", "nonsense".to_owned())] {
        let workflow = Workflow::of(&bundle(contract, "import \"node:fs\";", Some(&lock))).unwrap();
        assert!(workflow.modules.is_empty() && Reach::of(&workflow).is_empty());
    }
}

#[test]
fn what_is_not_pinned_is_refused_with_its_place_and_its_pin() {
    let code = "\
import a from \"npm:left@^1.0.0\";
import b from \"npm:left/sub\";
import c from \"jsr:@std/csv@^1/parse\";
import d from \"npm:right\";
import e from \"npm:left@1.2.4\";
import f from \"npm:right@1.0.0\";
import g from \"left\";
import h from \"right\";
import i from \"https://a.example/x.ts\";
const j = await import(\"npm:../left\");
";
    assert_eq!(
        problems(CONTRACT, code, Some(&lock())),
        [
            "nodes/a.ts:1:15: \"npm:left@^1.0.0\" does not say which version: write \"npm:left@1.2.3\"",
            "nodes/a.ts:2:15: \"npm:left/sub\" does not say which version: write \"npm:left@1.2.3/sub\"",
            "nodes/a.ts:3:15: \"jsr:@std/csv@^1/parse\" does not say which version: write \"jsr:@std/csv@1.0.0/parse\"",
            "nodes/a.ts:4:15: \"npm:right\" does not say which version: write one version, such as @1.2.3",
            "nodes/a.ts:5:15: \"npm:left@1.2.4\" is not in the contract, which has another version: write \
             \"npm:left@1.2.3\", or version 1.2.4 there",
            "nodes/a.ts:6:15: \"npm:right@1.0.0\" is not in the contract: add to contract.dependencies `right: \
             {protocol: npm, host: \"right\", version: 1.0.0}`",
            "nodes/a.ts:7:15: \"left\" is no module: write \"npm:left@1.2.3\"",
            "nodes/a.ts:8:15: \"right\" is no module: write \"npm:name@1.2.3\", \"jsr:@scope/name@1.2.3\", or the path of \
             a file, such as \"./name.ts\"",
            "nodes/a.ts:9:15: \"https://a.example/x.ts\" is an address, of which nothing is imported: modules come from \
             npm and jsr",
            "nodes/a.ts:10:24: \"npm:../left\" is no module: write \"npm:name@1.2.3\", \"jsr:@scope/name@1.2.3\", or the \
             path of a file, such as \"./name.ts\"",
        ]
    );
}

#[test]
fn what_the_lock_lacks_or_cannot_be_held_to_is_refused() {
    let code = "import \"npm:left@1.2.3\";\n";
    let unlocked = "nodes/a.ts:1:8: \"npm:left@1.2.3\" is not in deno.lock, which pins its content: `tntc lock` makes that \
                    file anew";
    let empty = "{\"version\": \"5\"}";
    let other = lock().replace("\"1.2.3_inner@2.0.0\"", "\"1.2.4\"");
    for lock in [None, Some(empty), Some(other.as_str())] {
        assert_eq!(problems(CONTRACT, code, lock), [unlocked]);
    }
    for (lock, why) in [
        ("{".to_owned(), "it cannot be read"),
        ("[]".to_owned(), "its version is"),
        (lock().replace("\"5\"", "\"4\""), "its version is \"4\""),
        (lock().replace(NPM, "sha1-x"), "has no digest"),
        (lock().replace(&format!("\"integrity\": \"{JSR}\""), ""), "has no digest"),
        (lock().replace("\"inner@2.0.0\"", "\"../inner@2.0.0\""), "names no package"),
        (
            lock().replace("\"workspace\"", "\"remote\": {\"https://a.example/x.ts\": \"1\"}, \"w\""),
            "a.example",
        ),
        (many(), "301 packages"),
        ("[".repeat(200_000), "it cannot be read"),
    ] {
        let told = problems(CONTRACT, code, Some(&lock));
        assert!(told[0].starts_with("deno.lock:1:1: ") && told[0].contains(why), "{why}: {told:?}");
        assert_eq!(told.len(), 1, "one reason is enough: {told:?}");
    }
}

fn many() -> String {
    let entries: Vec<String> =
        (0..301).map(|number| format!("\"p{number}@1.0.0\": {{\"integrity\": \"{NPM}\"}}")).collect();
    format!("{{\"version\": \"5\", \"npm\": {{{}}}}}", entries.join(","))
}

#[test]
fn a_contract_names_packages_with_one_version() {
    let contract = "\
contract:
  version: '1'
  dependencies:
    a: {protocol: npm, host: left}
    b: {protocol: npm, host: left, version: ^1.0.0}
    c: {protocol: jsr, host: csv, version: 1.0.0}
";
    assert_eq!(
        problems(contract, "", None),
        [
            "workflow.yaml:8:8: dependency \"a\": version must be one version of the module, such as 1.2.3",
            "workflow.yaml:9:45: dependency \"b\": version must be one version of the module, such as 1.2.3, got: \
             \"^1.0.0\"",
            "workflow.yaml:10:30: dependency \"c\": host must be a package of jsr, such as @std/csv, got: \"csv\"",
        ]
    );
}

#[test]
fn a_sandbox_that_is_held_to_what_was_approved_has_none_that_was_not() {
    let bundle = bundle(CONTRACT, CODE, Some(&lock()));
    let workflow = Workflow::of(&bundle).unwrap();
    let enclave: EnclaveName = "e".parse().unwrap();
    let sandbox = derive(&workflow, &Facts { enclave, version: bundle.content_hash() }).unwrap();
    assert!(sandbox.egress.is_empty() && sandbox.dependencies.is_empty());
    assert!(sandbox.within(&Reach::default()).modules.is_empty());
    assert_eq!(sandbox.within(&sandbox.reach).modules, workflow.modules);
}
