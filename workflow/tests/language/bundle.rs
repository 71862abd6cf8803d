//! The files of a tentacle.

use crate::HELLO;
use proptest::prelude::*;
use workflow::{Bundle, ContentHash, Workflow};

fn bundle(files: &[(&str, &str)]) -> Result<Bundle, String> {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    Bundle::new(files).map_err(|problems| problems.to_string())
}

fn hello() -> Bundle {
    bundle(&[("workflow.yaml", HELLO), ("nodes/hello.ts", "export default () => 1;\n")]).unwrap()
}

#[test]
fn a_workflow_meets_its_files() {
    assert_eq!(Workflow::of(&hello()).unwrap().name.as_str(), "hello");
    let lacking = bundle(&[("workflow.yaml", HELLO), ("nodes/helo.ts", "")]).unwrap();
    assert_eq!(
        Workflow::of(&lacking).unwrap_err().to_string(),
        "workflow.yaml:5:17: node \"hello\": file \"nodes/hello.ts\" is not among the tentacle's files, did you mean \
         \"nodes/helo.ts\"?"
    );
}

#[test]
fn what_is_not_a_tentacle_is_refused_for_every_reason() {
    let answer = bundle(&[
        ("../x", ""),
        ("/etc/passwd", ""),
        ("nodes/a.ts", ""),
        ("Nodes/A.ts", ""),
        ("lib", ""),
        ("lib/b.ts", ""),
    ]);
    assert_eq!(
        answer.unwrap_err().lines().collect::<Vec<_>>(),
        [
            "file \"../x\" cannot be used: it must not leave the tentacle's folder",
            "file \"/etc/passwd\" cannot be used: it must be relative to the tentacle's folder",
            "\"nodes/a.ts\" and \"Nodes/A.ts\" are the same file on machines that do not tell upper from lower case",
            "\"lib\" is a file, so \"lib/b.ts\" cannot lie in it",
            "there is no workflow.yaml among the files",
        ]
    );
    // what can be read of the rest is told with it: what its workflow.yaml says wrong, and what cannot be run yet
    let workflow = HELLO.replace("type: manual", "type: queue, subject: s").replace("1.0", "one");
    let answer = bundle(&[("../x", ""), ("workflow.yaml", &workflow)]).unwrap_err();
    assert_eq!(
        answer.lines().collect::<Vec<_>>(),
        [
            "file \"../x\" cannot be used: it must not leave the tentacle's folder",
            "workflow.yaml:2:10: version must be semver (e.g., 1.0), got: \"one\" (two numbers with a dot between them)",
            "workflow.yaml:3:12: trigger[0]: queue triggers are not supported yet: they need the message queue",
            "workflow.yaml:5:17: node \"hello\": file \"nodes/hello.ts\" is not among the tentacle's files",
        ]
    );
    // the same path twice, written differently
    assert!(bundle(&[("workflow.yaml", HELLO), ("./workflow.yaml", "")]).is_err());
}

#[test]
fn number_and_size_are_bounded() {
    let many = (0..199).map(|n| (format!("f{n}"), Vec::new()));
    // so that its node is there
    let yaml = HELLO.replace("nodes/hello.ts", "big.ts");
    let workflow = || ("workflow.yaml".to_owned(), yaml.as_bytes().to_vec());
    let many = many.chain([("big.ts".to_owned(), Vec::new())]);
    let error = Bundle::new(many.chain([workflow()])).unwrap_err();
    assert_eq!(error.to_string(), "201 files: a tentacle has at most 200");
    let room = Bundle::MOST_BYTES - yaml.len();
    assert!(Bundle::new([workflow(), ("big.ts".to_owned(), vec![1; room])]).is_ok());
    let error = Bundle::new([workflow(), ("big.ts".to_owned(), vec![1; room + 1])]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the files have 921601 bytes together, the largest is \"big.ts\" with {}: a tentacle has at most 921600",
            room + 1
        )
    );
}

#[test]
fn the_hash_can_be_made_again_by_a_stranger() {
    // printf '…' > each file, then: find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum
    assert_eq!(
        hello().content_hash().to_string(),
        "sha256:71ba51be10b76b9b374229afd2b9836ba20b61f3e3ab3a0076bf4601cba2d5df"
    );
    assert_eq!(hello().content_hash().to_string().parse::<ContentHash>(), Ok(hello().content_hash()));
    assert!("sha256:00".parse::<ContentHash>().is_err());
    assert!(format!("sha256:{}", "G".repeat(64)).parse::<ContentHash>().is_err());
    assert!(format!("sha256:+{}", "0".repeat(63)).parse::<ContentHash>().is_err());
}

#[test]
fn line_endings_of_texts_do_not_count_and_bytes_of_others_do() {
    let with = |bytes: &[u8]| {
        let workflow = ("workflow.yaml".to_owned(), HELLO.as_bytes().to_vec());
        Bundle::new([workflow, ("x".to_owned(), bytes.to_vec())]).unwrap()
    };
    assert_eq!(with(b"a\r\nb\r\n"), with(b"a\nb\n"));
    assert_eq!(with(b"a\r\nb\r\n").content_hash(), with(b"a\nb\n").content_hash());
    assert_ne!(with(b"a\rb").content_hash(), with(b"a\nb").content_hash());
    assert_ne!(with(b"\xff\r\n").content_hash(), with(b"\xff\n").content_hash());
    assert_ne!(with(b"\0\r\n").content_hash(), with(b"\0\n").content_hash());
}

proptest! {
    #[test]
    fn order_does_not_count_and_all_else_does(
        files in prop::collection::btree_map("[a-c]{1,3}(/[a-c]{1,2})?", "[ab]{0,3}", 0..5),
        change in "[ab]{0,3}",
        at in any::<prop::sample::Index>(),
    ) {
        let take = |files: Vec<(String, String)>| {
            let workflow = ("workflow.yaml".to_owned(), HELLO.as_bytes().to_vec());
            Bundle::new(files.into_iter().map(|(path, text)| (path, text.into_bytes())).chain([workflow])).ok()
        };
        let files: Vec<_> = files.into_iter().collect();
        let Some(bundle) = take(files.clone()) else { return Ok(()) };
        prop_assert_eq!(take(files.iter().rev().cloned().collect()).unwrap().content_hash(), bundle.content_hash());
        if !files.is_empty() {
            let mut changed = files.clone();
            let at = at.index(changed.len());
            let same = changed[at].1 == change;
            changed[at].1 = change;
            prop_assert_eq!(take(changed).unwrap().content_hash() == bundle.content_hash(), same);
        }
    }

    #[test]
    fn no_paths_make_it_panic(files in prop::collection::vec((any::<String>(), any::<Vec<u8>>()), 0..10)) {
        let _ = Bundle::new(files);
    }
}
