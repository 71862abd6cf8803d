//! The official Python client of MCP, unmodified: it is told by the server where to sign in, and acts as who did.

use crate::said::founder;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tests::{Home, Person};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

/// The example of `docs/mcp-clients.md`.
fn example() -> Command {
    let python = std::env::var("TENTACULAR_TEST_PYTHON").unwrap_or_else(|_| {
        panic!("TENTACULAR_TEST_PYTHON names no Python with `mcp`: run the tests by `cargo xtask test`, which sets it up")
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/mcp_client.py");
    let mut command = Command::new(python);
    command.arg(script);
    command
}

/// Lets somebody sign in where the example says; answers what it prints then, and what it complains about.
async fn ends(mut child: Child, who: &Person) -> (String, String) {
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).await.unwrap();
    let Some(address) = line.trim().strip_prefix("Sign in here: ") else {
        told.read_to_string(&mut line).await.unwrap();
        panic!("{line}");
    };
    let back = who.opens(address).await;
    assert!(back.text.contains("You can close this window"), "{}", back.text);
    let (mut printed, mut rest) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut printed).await.unwrap();
    told.read_to_string(&mut rest).await.unwrap();
    child.wait().await.unwrap();
    (printed, rest)
}

#[tokio::test]
async fn the_python_client_signs_in_by_the_protocol_and_has_its_persons_rights() {
    let home = Home::default();
    let up = home.up().await;
    founder(&up).await;
    let start = |tool: &str, arguments: &str| {
        let mut command = example();
        command
            .args([&format!("{}/mcp", up.server()), tool, arguments])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let (ben, cy) = (up.person("ben").await, up.person("cy").await);
    let (printed, rest) = ends(start("whoami", "{}"), &ben).await;
    let me: Value = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{rest}"));
    assert_eq!((&me["name"], &me["client"]), (&"Ben Okafor".into(), &"agents".into()));
    let (printed, rest) = ends(start("enclave_info", r#"{"name": "price-watch"}"#), &cy).await;
    assert_eq!(printed, "", "{rest}");
    assert!(rest.contains("there is no enclave"), "{rest}");
}
