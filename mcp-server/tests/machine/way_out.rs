//! What a tentacle reaches from behind its walls: the hosts of its approved contract, with its secrets, and nothing else.

use crate::caller::ENCLAVE;
use crate::server::{Server, Walls, engine};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A host on this machine that answers each request with its name, and remembers what it got.
pub(crate) struct Host {
    pub(crate) port: u16,
    got: Arc<Mutex<String>>,
}

impl Host {
    pub(crate) async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, got) = (listener.local_addr().unwrap().port(), Arc::<Mutex<String>>::default());
        let kept = Arc::clone(&got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, name, Arc::clone(&kept)));
            }
        });
        Self { port, got }
    }

    pub(crate) fn got(&self) -> String {
        self.got.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, name: &str, got: Arc<Mutex<String>>) {
    let mut part = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut part).await {
        got.lock().unwrap().push_str(&String::from_utf8_lossy(&part[..count]));
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Asks the shop, the database and everything else that it could think of.
const CODE: &str = concat!(
    include_str!("../shared/reaching.js"),
    r#"
export default async (ctx, { shop, db, canary }) => ({
  shop: await tried(async () => (await ctx.fetch("shop", "/price")).text()),
  unmodified: await tried(async () => (await fetch(`http://shop.example:${shop}/again`)).text()),
  db: await tried(() => raw("db.example", db)),
  undeclared: await tried(async () => (await fetch(`http://canary.example:${canary}/`)).text()),
  otherPort: await tried(() => raw("db.example", canary)),
  loopback: await tried(() => raw("127.0.0.1", canary)),
  gateway: await tried(() => Deno.connect({ transport: "unix", path: "/run/egress/gateway.sock" })),
  proxy: await tried(() => raw("127.0.0.1", 3128)),
  secret: await tried(() => Deno.readTextFile("/secrets/shop.key")),
  pass: await tried(() => Deno.readTextFile("/egress.pass")),
});
"#
);

fn files(shop: u16, db: u16) -> Value {
    let workflow = format!(
        "name: buyer\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  buy: {{path: nodes/buy.ts, description: Buys}}\n\
         contract:\n  version: '1'\n  dependencies:\n    \
         shop: {{protocol: http, host: shop.example, port: {shop}, auth: {{type: api-token, secret: shop.key}}}}\n    \
         db: {{protocol: postgresql, host: db.example, port: {db}, database: d, user: u}}\n"
    );
    json!({"workflow.yaml": workflow, "nodes/buy.ts": CODE})
}

async fn only_what_is_declared_is_reached(walls: Walls) {
    let (shop, db, canary) =
        (Host::start("shop").await, Host::start("db").await, Host::start("canary").await);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    use secrecy::ExposeSecret;
    let hosts = file("hosts", "127.0.0.1 shop.example db.example canary.example\n");
    let ranges = file("ranges.json", &json!({ENCLAVE: ["127.0.0.0/8"]}).to_string());
    let key = file("secrets.key", wire::seal::new_age_key().expose_secret());
    let flags = [
        format!("--egress-hosts={hosts}"),
        "--egress-allow-loopback".to_owned(),
        format!("--private-ranges-file={ranges}"),
        format!("--secrets-key-file={key}"),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let mut server = Server::start_with(walls, &engine(), &flags).await;
    server.provision(ENCLAVE).await;
    let set = json!({"enclave": ENCLAVE, "name": "shop.key", "value": "sword-fish"});
    server.call("secret_set", set).await.unwrap();
    let files = files(shop.port, db.port);
    let asked = server.deploy("buyer", &files).await.unwrap();
    assert_eq!(asked["status"], "needs_approval", "{asked}");
    // How an owner says so is another test's.
    server.execute("UPDATE approval SET state = 'approved'").await;
    let deployed = server.deploy("buyer", &files).await.unwrap();
    assert_eq!(deployed["status"], "deployed", "{deployed}");

    let input = json!({"shop": shop.port, "db": db.port, "canary": canary.port});
    let expected = json!({
        "shop": "shop", "unmodified": "shop", "db": "db", "undeclared": "NotCapable", "otherPort": "NotCapable",
        "loopback": "NotCapable", "gateway": "NotCapable", "proxy": "NotCapable", "secret": "NotCapable", "pass": "NotCapable",
    });
    let ran = server.run_tentacle("buyer", input.clone()).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["buy"], expected, "{ran} {}", server.logs("buyer").await);
    let got = shop.got();
    assert!(
        got.contains("GET /price HTTP/1.1")
            && got.to_lowercase().contains("authorization: bearer sword-fish"),
        "{got}"
    );
    assert!(db.got().contains("ping"));
    assert_eq!(canary.got(), "");

    // The gateway that ended is started again, and another value of the secret is another engine's.
    server.end_gateway();
    let set = json!({"enclave": ENCLAVE, "name": "shop.key", "value": "angel-fish"});
    server.call("secret_set", set).await.unwrap();
    crate::server::until("the new secret arrives at the shop", async || {
        server.run_tentacle("buyer", input.clone()).await.unwrap();
        shop.got().contains("angel-fish")
    })
    .await;
    // It goes on after the server was killed.
    server.kill();
    server.run().await;
    let ran = server.run_tentacle("buyer", input).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["buy"], expected, "{ran}");
}

#[tokio::test]
async fn only_what_is_declared_is_reached_under_bwrap() {
    only_what_is_declared_is_reached(Walls::Bwrap).await;
}

#[tokio::test]
async fn only_what_is_declared_is_reached_under_runsc() {
    only_what_is_declared_is_reached(Walls::Runsc).await;
}
