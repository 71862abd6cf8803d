//! A secret is set in a form: it arrives at the host that a contract names, and stands in no message, file, log or process.

use crate::canary::{files, holds};
use crate::reach::{with_shop, without_fixtures, write};
use crate::said::{alone, aloud, founder};
use std::sync::{Arc, Mutex};
use tests::{Home, Person, Up};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const VALUE: &str = "canary-sword-fish-0815";

const WORKFLOW: &str = "\
name: hello
version: \"1.0\"
triggers: [{type: manual}]
nodes:
  ask: {path: nodes/ask.ts, description: Asks for the price, uses: [shop]}
contract:
  version: '1'
  dependencies:
    shop: {protocol: http, host: shop.example, port: PORT, auth: {type: api-token, secret: shop.key}}
";

const ASK: &str = "export default async (ctx) => (await ctx.fetch('shop', '/price')).json();\n";

/// A shop on this machine that remembers what it was sent.
async fn shop() -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, got) = (listener.local_addr().unwrap().port(), Arc::<Mutex<String>>::default());
    let kept = Arc::clone(&got);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut part = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut part).await {
                    kept.lock().unwrap().push_str(&String::from_utf8_lossy(&part[..count]));
                    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"price\":3}";
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, got)
}

/// Opens the form for a secret; answers the thread.
pub(crate) async fn form(ana: &Person, name: &str) -> tests::Thread {
    let thread = ana.says(&format!("@kraken set secret {name}")).await;
    alone(&ana.hears(&thread, 1).await[0], &[name, "Enter the value"]);
    ana.presses(&thread, "Enter the value").await;
    assert!(ana.meets_a_modal().await.contains(&format!("The value of {name}.")));
    thread
}

#[tokio::test]
async fn a_secret_is_set_in_a_form_and_stands_in_no_message() {
    let home = Home::default();
    let (port, got) = shop().await;
    let up = with_shop(&home).await;
    let ana = founder(&up).await;
    let ben = up.person("ben").await;
    alone(&ben.asks_and_signs_in("set secret shop.key").await, &["Only Ana Sousa, who owns this enclave"]);
    let thread = form(&ana, "shop.key").await;
    ana.submits(VALUE).await;
    aloud(&ana.hears(&thread, 2).await[1], &["The secret shop.key of this enclave is set."]);
    assert!(ana.meets_no_modal().await);
    // The button works once.
    ana.presses(&thread, "Enter the value").await;
    alone(&ana.hears(&thread, 3).await[2], &["This button is over"]);
    // What may be a value is not repeated, and no command.
    for typed in ["set secret shop.key hunter2", "set secret hunter2", "set secret shop.key as filled in"] {
        let told = ana.asks(typed).await;
        assert!(told.only_for_you && !told.text.contains("hunter2"), "{told:?}");
    }
    arrives(&up, &ana, port, &got).await;
    stands_nowhere(&up, &ana).await;
}

/// The tentacle that names it is given it.
async fn arrives(up: &Up, ana: &Person, port: u16, got: &Mutex<String>) {
    without_fixtures(up).await;
    write(up, "hello/workflow.yaml", &WORKFLOW.replace("PORT", &port.to_string())).await;
    write(up, "hello/nodes/ask.ts", ASK).await;
    let thread = ana.says("@kraken deploy hello").await;
    aloud(&ana.hears(&thread, 1).await[0], &["ask reads the secret shop.key"]);
    ana.presses(&thread, "Approve").await;
    aloud(&ana.hears(&thread, 2).await[1], &["hello is deployed."]);
    aloud(&ana.asks("run hello").await, &["price: 3"]);
    let got = got.lock().unwrap().to_lowercase();
    assert!(got.contains(&format!("authorization: bearer {VALUE}")), "{got}");
}

async fn stands_nowhere(up: &Up, ana: &Person) {
    let mut looked = 0;
    for file in files(up.folder()) {
        // The file that a sandbox itself reads lies with it, and goes with it. The workspace stands for Slack, which sees what
        // is typed into its forms.
        if file.components().any(|part| part.as_os_str() == "sandboxes" || part.as_os_str() == "workspace") {
            continue;
        }
        let text = std::fs::read(&file).unwrap_or_default();
        assert!(!holds(&text, VALUE.as_bytes()), "the secret stands in {}", file.display());
        looked += 1;
    }
    assert!(looked > 20, "only {looked} files were there");
    for process in up.processes() {
        assert!(!holds(&process.shown(), VALUE.as_bytes()), "{}", process.told());
    }
    for post in ana.channel().await {
        assert!(!post.text.contains("canary"), "{post:?}");
    }
}

#[tokio::test]
async fn a_value_that_was_held_in_memory_is_gone_with_it_and_asked_for_again() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let thread = form(&ana, "shop.key").await;
    // It waits for the server, and the Kraken ends before that is back.
    let server = up.service("mcp-server").await;
    server.freeze();
    ana.submits(VALUE).await;
    up.service("kraken-bot").await.kill();
    server.thaw();
    alone(&ana.hears(&thread, 2).await[1], &["I don't have the value any more"]);
    let again = form(&ana, "shop.key").await;
    ana.submits(VALUE).await;
    aloud(&ana.hears(&again, 2).await[1], &["is set"]);
    stands_nowhere(&up, &ana).await;
}
