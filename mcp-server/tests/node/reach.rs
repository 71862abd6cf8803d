//! What a tentacle reaches from its pod: the hosts of its approved contract, with its secrets, through the gateway, and
//! nothing else.

use crate::cluster::kubectl;
use crate::inside::inside;
use crate::outside;
use crate::site::Site;
use crate::until::until;
use serde_json::{Value, json};

/// Asks the shop, the database and everything else that it could think of.
const CODE: &str = concat!(
    include_str!("../shared/reaching.js"),
    r#"
export default async (ctx, { host, gateway, api }) => ({
  shop: await tried(async () => (await ctx.fetch("shop", "/price")).text()),
  unmodified: await tried(async () => (await fetch("http://shop.example:8001/again")).text()),
  db: await tried(() => raw("db.example", 8002)),
  undeclared: await tried(async () => (await fetch("http://canary.example:8003/")).text()),
  otherPort: await tried(() => raw("db.example", 8003)),
  address: await tried(() => raw(host, 8003)),
  gateway: await tried(() => raw(gateway, 3128)),
  api: await tried(() => raw(api, 443)),
  metadata: await tried(() => raw("169.254.169.254", 80)),
  name: await tried(() => Deno.resolveDns("kubernetes.default.svc.cluster.local", "A")),
  secret: await tried(() => Deno.readTextFile("/secrets/shop.key")),
  pass: await tried(() => Deno.readTextFile("/supply/egress.pass")),
  plan: await tried(() => Deno.readTextFile("/supply/plan.json")),
  token: await tried(() => Deno.readTextFile("/var/run/secrets/kubernetes.io/serviceaccount/token")),
});
"#
);

fn files() -> Value {
    let workflow = "name: buyer\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n  buy: {path: nodes/buy.ts, description: Buys}\n\
         contract:\n  version: '1'\n  dependencies:\n    \
         shop: {protocol: http, host: shop.example, port: 8001, auth: {type: api-token, secret: shop.key}}\n    \
         db: {protocol: postgresql, host: db.example, port: 8002, database: d, user: u}\n";
    json!({"workflow.yaml": workflow, "nodes/buy.ts": CODE})
}

#[test]
fn only_what_is_declared_is_reached() {
    inside(async {
        let (site, outside) = (Site::start("heads").await, outside::get());
        let enclave = &outside.enclave;
        site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
        let secret = |value: &str| json!({"enclave": enclave, "name": "shop.key", "value": value});
        site.call("ana", "secret_set", secret("sword-fish")).await.unwrap();
        let asked = site.deploy(enclave, "buyer", &files()).await.unwrap();
        assert_eq!(asked["status"], "needs_approval", "{asked}");
        // How an owner says so is another test's.
        site.execute("UPDATE approval SET state = 'approved'").await;
        let deployed = site.deploy(enclave, "buyer", &files()).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");

        let api = kubectl(&["get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}"]).unwrap();
        let gateway = outside.gateway.trim_end_matches(":3128");
        let input = json!({"host": outside.host, "gateway": gateway, "api": api});
        let mut expected = json!({"shop": "shop", "unmodified": "shop", "db": "db"});
        let refused = [
            "undeclared",
            "otherPort",
            "address",
            "gateway",
            "api",
            "metadata",
            "name",
            "secret",
            "pass",
            "plan",
            "token",
        ];
        for what in refused {
            expected[what] = "NotCapable".into();
        }
        let ran = site.run_it(enclave, "buyer", input.clone()).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["buy"], expected, "{ran}");
        let got = outside.got().await;
        assert!(got.contains("GET /price") && got.to_lowercase().contains("bearer sword-fish"), "{got}");
        assert!(got.contains("db: ping") && !got.contains("canary: "), "{got}");

        // Another value of the secret is another pod's, and none is no pod's.
        site.call("ana", "secret_set", secret("angel-fish")).await.unwrap();
        until("the new secret arrives at the shop", async || {
            site.run_it(enclave, "buyer", input.clone()).await.unwrap();
            outside.got().await.contains("angel-fish")
        })
        .await;
        let removed = json!({"enclave": enclave, "name": "shop.key", "confirm": "shop.key"});
        site.call("ana", "secret_remove", removed).await.unwrap();
        until("it runs no more", async || site.run_it(enclave, "buyer", input.clone()).await.is_err()).await;
        site.call("ana", "secret_set", secret("sword-fish")).await.unwrap();
        until("it runs again", async || site.run_it(enclave, "buyer", input.clone()).await.is_ok()).await;
        site.deprovision("ana", enclave).await;
    });
}
