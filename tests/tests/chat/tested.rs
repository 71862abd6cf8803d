//! `tntc test` puts the code behind walls where some hold, says which, and can be told to run nothing without.

use serde_json::Value;
use std::fs;
use std::path::Path;
use tests::Home;

const WORKFLOW: &str = "name: looks\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n  look: {path: nodes/look.ts, description: \
                        Looks around}\n";

/// Which process has started the run's: what Deno tells everybody. Within walls it is the first of their own.
const LOOK: &str = "export default () => ({ first: Deno.ppid === 1 });\n";

/// A program that is not there.
const NONE: &str = "/nonexistent";

fn reports(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What a test left in the folder for temporary files.
fn left(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn code_is_tested_behind_walls_where_some_hold() {
    let home = Home::default();
    let folder = home.path().join("looks");
    let temporary = home.path().join("temporary");
    for (path, text) in [
        ("workflow.yaml", WORKFLOW),
        ("nodes/look.ts", LOOK),
        ("tests/fixtures/look.json", r#"{"input": {}, "expected": {"first": true}}"#),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir(&temporary).unwrap();
    let variables = [("TMPDIR", temporary.to_str().unwrap())];
    let test = async |more: &[&str]| {
        let words = [&["test", folder.to_str().unwrap()], more].concat();
        home.tntc_with(&variables, &words).await
    };
    for walls in ["bwrap", "runsc"] {
        let tested = test(&["-o", "json", "--sandbox", walls]).await;
        let told = reports(&tested.out);
        assert_eq!(
            (tested.code, &told[0]["kind"], &told[0]["sandbox"]),
            (Some(0), &"walls".into(), &walls.into()),
            "{tested:?}"
        );
        assert_eq!(told.last().unwrap()["passed"], 1, "{tested:?}");
        let shown = test(&["--sandbox", walls]).await;
        let line = format!("walls: {walls}, and Deno's permissions within");
        assert!(shown.out.lines().next().is_some_and(|first| first.starts_with(&line)), "{shown:?}");
        assert_eq!(left(&temporary), 0, "something of it stays");
    }
    // The control: without walls the same code sees another process, and which walls there were is said with what to do.
    let nowhere = ["--bwrap", NONE, "--runsc", NONE];
    let tested = test(&nowhere).await;
    assert_eq!(tested.code, Some(1), "{tested:?}");
    for said in ["walls: Deno's permissions alone", NONE, "apt-get install bubblewrap", "✗ look.json"] {
        assert!(tested.out.contains(said), "{said}: {tested:?}");
    }
    for required in [&["--require-sandbox"][..], &["--sandbox", "bwrap"]] {
        let refused = test(&[&nowhere, required].concat()).await;
        assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{refused:?}");
        assert!(refused.err.contains("nothing was run, because no sandbox holds here"), "{refused:?}");
        assert!(refused.err.contains("apt-get install bubblewrap"), "{refused:?}");
    }
    assert_eq!(left(&temporary), 0, "something of it stays");
}
