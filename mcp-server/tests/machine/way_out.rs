//! What a tentacle reaches from behind its walls: the hosts of its approved contract, with its secrets, and nothing else.

use crate::caller::ENCLAVE;
use crate::host::{Host, Ways};
use crate::server::{Server, Walls, engine};
use serde_json::{Value, json};

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
    let ways = Ways::open("shop.example db.example canary.example");
    let mut server = Server::start_with(walls, &engine(), &ways.flags()).await;
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
