//! An MCP client of somebody's own signs in by the protocol, in the realm that operators are given: from the server's metadata to
//! Keycloak, by code and PKCE, as the client `agents`. The client is the example of `docs/mcp-clients.md`, on the official SDK.

use crate::browser::Browser;
use crate::door::Door;
use crate::realm::Realm;
use crate::variable::variable;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use url::Url;

/// The example, which has found out where to sign in.
struct Example {
    child: Child,
    complaints: BufReader<ChildStderr>,
    address: Url,
}

impl Example {
    /// Starts it with a call of this tool.
    async fn start(door: &Door, tool: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/mcp_client.py");
        let mut command = Command::new(variable("TENTACULAR_TEST_PYTHON"));
        command.arg(script).arg(format!("{}/mcp", door.url())).arg(tool);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut complaints = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        complaints.read_line(&mut line).await.unwrap();
        let Some(address) = line.trim().strip_prefix("Sign in here: ") else {
            complaints.read_to_string(&mut line).await.unwrap();
            panic!("{line}");
        };
        let address = address.parse().unwrap();
        Self { child, complaints, address }
    }

    /// What its address asks for by this name.
    fn asks(&self, name: &str) -> String {
        let value = self.address.query_pairs().find(|(key, _)| key == name);
        value.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// What it prints in the end.
    async fn answer(mut self) -> Value {
        let (mut printed, mut complaints) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut printed).await.unwrap();
        self.complaints.read_to_string(&mut complaints).await.unwrap();
        serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{complaints}"))
    }
}

async fn signs_in(browser: &mut Browser, person: &str) {
    assert_eq!(browser.page(), "login-login", "{}", browser.html());
    browser.submit(&[("username", person), ("password", person)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_somebodys_own_finds_the_realm_and_signs_in_by_code() {
    let realm = Realm::own(|_| ()).await;
    realm.make_person("ana").await;
    let door = Door::of(&realm).await;
    let example = Example::start(&door, "whoami").await;
    assert!(example.address.as_str().starts_with(&realm.url), "{}", example.address);
    assert_eq!(
        (example.asks("client_id").as_str(), example.asks("code_challenge_method").as_str()),
        ("agents", "S256")
    );

    // Without the challenge there is no code, whoever signs in.
    let mut without = example.address.clone();
    let rest = example.address.query_pairs().filter(|(key, _)| !key.starts_with("code_challenge"));
    without.query_pairs_mut().clear().extend_pairs(rest);
    let refused = Browser::open(without.as_str()).await;
    assert!(refused.html().contains("there is no code"), "{}", refused.html());

    // Where a client may be sent back to is the realm's to say: a code goes to loopback, and nowhere else.
    let mut elsewhere = example.address.clone();
    let pairs = example.address.query_pairs().map(|(key, value)| match key.as_ref() {
        "redirect_uri" => (key, "http://evil.example/callback".into()),
        _ => (key, value),
    });
    elsewhere.query_pairs_mut().clear().extend_pairs(pairs);
    let refused = Browser::open(elsewhere.as_str()).await;
    assert_eq!(refused.page(), "login-error", "{}", refused.html());

    let mut browser = Browser::open(example.address.as_str()).await;
    signs_in(&mut browser, "ana").await;
    assert!(browser.html().contains("You can close this window"), "{}", browser.html());
    let me = example.answer().await;
    assert_eq!((&me["name"], &me["client"]), (&json!("ana Test"), &json!("agents")), "{me}");
    assert_eq!((&me["issuer"], &me["email"]), (&json!(realm.url), &json!("ana@example.com")), "{me}");
}
