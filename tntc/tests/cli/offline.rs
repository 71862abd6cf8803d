//! What needs no server: usage, and what is rendered.

use crate::program::{Program, arg};
use serde_json::Value;
use workflow::scaffold;

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_tried() {
    let program = Program::new(None);
    let commands: [&[&str]; 12] = [
        &[],
        &["nonsense"],
        &["enclave", "info"],
        &["enclave", "info", "Not A Name"],
        &["enclave", "info", "kube-system"],
        &["enclave", "sync", "a"],
        &["run", "hello"],
        &["run", "hello", "-e", "a", "--timeout", "601"],
        &["run", "hello", "-e", "a", "--input", "{"],
        &["logs", "hello", "-e", "a", "--tail", "0"],
        &["trail", "verify", "--records", "x"],
        &["enclave", "list", "-o", "xml"],
    ];
    for command in commands {
        let ran = program.run(command).await;
        assert_eq!(ran.code, 2, "{command:?}: {ran:?}");
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{command:?}: {ran:?}");
    }
}

#[tokio::test]
async fn without_a_server_it_says_how_to_name_one() {
    let program = Program::new(None);
    for command in
        [["enclave", "list"].as_slice(), &["login"], &["logout"], &["whoami"], &["trail", "verify"]]
    {
        let ran = program.run(command).await;
        assert_eq!(ran.code, 2, "{command:?}: {ran:?}");
        assert!(ran.err.contains("TENTACULAR_SERVER"), "{}", ran.err);
    }
    let clear = program.run(&["whoami", "--server", "http://tentacular.example"]).await;
    assert_eq!(clear.code, 2);
    assert!(clear.err.contains("in clear"), "{}", clear.err);
}

#[tokio::test]
async fn an_enclave_is_rendered_as_kubectl_takes_it() {
    let program = Program::new(None);
    let list =
        program.ok(&["render", "enclave", "price-watch", "--quota", "small", "-o", "json"]).await.json();
    let objects = list["items"].as_array().unwrap();
    assert_eq!((&list["kind"], &objects[0]["kind"]), (&"List".into(), &"Namespace".into()));
    assert!(
        objects
            .iter()
            .any(|object| object["kind"] == "NetworkPolicy" && object["metadata"]["name"] == "default-deny")
    );
    let yaml = program.ok(&["render", "enclave", "price-watch", "--quota", "small"]).await.out;
    let documents: Vec<Value> = serde_saphyr::from_multiple(&yaml).unwrap();
    assert_eq!(&documents, objects);
}

#[tokio::test]
async fn the_sandbox_of_a_tentacle_is_rendered_and_so_are_its_objects() {
    let program = Program::new(None);
    for file in scaffold::hello(&"hello".parse().unwrap()) {
        program.write(&format!("hello/{}", file.path), &file.text);
    }
    let dir = program.home.path().join("hello");
    let rendered = program.ok(&["render", "tentacle", arg(&dir), "-e", "price-watch", "-o", "json"]).await;
    let derived = rendered.json();
    assert_eq!(derived["tentacle"], "price-watch/hello");
    assert_eq!(derived["reach"], serde_json::json!([]));
    let engine = derived["engine"].as_array().unwrap();
    assert!(engine.iter().any(|word| word.as_str().unwrap().starts_with("--allow-read=")), "{engine:?}");
    assert!(!engine.iter().any(|word| word == "--allow-all" || word == "-A"));

    let objects = ["render", "tentacle", arg(&dir), "-e", "price-watch", "--objects", "-o", "json"];
    let rendered = program.ok(&objects).await;
    let list = rendered.json();
    let kinds = list["items"].as_array().unwrap().iter().map(|object| object["kind"].as_str().unwrap());
    assert_eq!(kinds.collect::<Vec<_>>(), ["NetworkPolicy", "ConfigMap", "Secret", "Deployment"]);
    assert!(rendered.err.contains("Left out"), "{}", rendered.err);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_folder_is_told_at_once() {
    let program = Program::new(None);
    for file in scaffold::hello(&"hello".parse().unwrap()) {
        let text = file.text.replace("type: manual", "{type: queue, subject: s}").replace("\"1.0\"", "one");
        program.write(&format!("hello/{}", file.path), &text);
    }
    program.write("hello/nodes/two words.ts", "");
    let dir = program.home.path().join("hello");
    let ran = program.run(&["validate", arg(&dir), "-o", "json"]).await;
    let told = ran.json();
    let problems = told["problems"].as_array().unwrap();
    let said = |problem: &Value| problem["message"].as_str().unwrap().to_owned();
    let expected = [
        "file \"nodes/two words.ts\" cannot be used",
        "version must be semver",
        "trigger[0]: queue triggers are not supported yet",
    ];
    assert_eq!((ran.code, problems.len()), (1, expected.len()), "{told}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(said(problem).starts_with(expected), "{expected}: {problem}");
    }
    assert_eq!((&problems[0]["line"], &problems[1]["line"]), (&Value::Null, &3.into()));
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_failure() {
    let program = Program::new(None);
    let mut command = program.command(&["render", "enclave", "price-watch"]);
    // A pipe whose other end is closed already.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = command.stdout(writer).status().await.unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn the_schema_is_told_as_json_in_every_format() {
    let program = Program::new(None);
    for format in ["table", "yaml"] {
        let told = program.ok(&["schema", "-o", format]).await.json();
        assert_eq!(told["$defs"]["file"]["required"][0], "name", "{told}");
    }
}

#[tokio::test]
async fn what_each_backend_enforces_is_told_without_a_server() {
    let program = Program::new(None);
    let told = program.ok(&["backends", "-o", "json"]).await.json();
    assert_eq!(told["in_use"], Value::Null);
    let backends = told["backends"].as_array().unwrap();
    let names: Vec<&str> = backends.iter().map(|backend| backend["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["kubernetes", "machine, runsc", "machine, bwrap", "simulator"]);
    for backend in backends {
        let properties = backend["properties"].as_array().unwrap();
        assert_eq!(properties.len(), wire::enforcement::Property::ALL.len(), "{backend}");
        // What is listed as a gap is said in plain words, too.
        let said = backend["not_enforced"].to_string();
        for property in properties.iter().filter(|property| property["held"] != "enforced") {
            assert!(said.contains(property["but"].as_str().unwrap()), "{property} in {said}");
        }
    }
    let table = program.ok(&["backends"]).await.out;
    let kernel = table.lines().find(|line| line.starts_with("kernel ")).unwrap();
    let words: Vec<&str> = kernel.split_whitespace().take(5).collect();
    assert_eq!(words, ["kernel", "enforced", "enforced", "gap", "gap"], "{table}");
    assert!(table.contains("machine, bwrap does not enforce:\n  kernel: a tentacle calls"), "{table}");
    assert!(table.contains("simulator does not enforce:\n  everything: "), "{table}");
    assert!(table.contains("machine, runsc refuses:\n  sidecars run on one machine only beside "), "{table}");
}

#[tokio::test]
async fn a_server_that_cannot_be_asked_leaves_the_list_as_it_is() {
    let program = Program::new(Some("http://127.0.0.1:9"));
    let ran = program.run(&["backends"]).await;
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("machine, bwrap does not enforce:") && !ran.err.is_empty(), "{ran:?}");
}
