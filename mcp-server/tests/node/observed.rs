//! `reach_observe` in a pod of its own: what a version asks for is told and stays denied, what serves goes on, and nothing of
//! the trial is left, whatever became of the server.

use crate::cluster::kubectl;
use crate::inside::inside;
use crate::life::{files, left, says};
use crate::outside;
use crate::site::Site;
use crate::until::until;
use serde_json::{Value, json};
use std::time::Duration;

/// Asks for what no contract names, and is told nothing by whoever is there.
const SEEKS: &str = r#"
export default async (ctx) => [
  await (await ctx.fetch("shop", "http://shop.example:8001/price")).text(),
  await (await fetch("http://canary.example:8003/seek?word=hidden")).text(),
];
"#;

/// Never ends.
const LOOPS: &str = "export default () => { for (;;); }";

async fn observe(site: &Site, enclave: &str, files: Value, seconds: u32) -> Result<Value, wire::Failure> {
    let args = json!({"enclave": enclave, "name": "seeker", "files": files, "timeout_seconds": seconds});
    site.call("ana", "reach_observe", args).await
}

#[test]
fn a_version_is_observed_in_a_pod_of_which_nothing_is_left() {
    inside(async {
        let (mut site, outside) = (Site::start("heads").await, outside::get());
        let enclave = site.enclave("observed").await;
        let seen = observe(&site, &enclave, files("seeker", SEEKS), 60).await.unwrap();
        let proposal = seen["proposal"].to_string();
        for line in ["host: shop.example, port: 8001", "host: canary.example, port: 8003"] {
            assert!(proposal.contains(line), "{seen:#}");
        }
        assert!(!seen.to_string().contains("hidden"), "what was sent is told: {seen:#}");
        assert!(!outside.got().await.contains("/seek"), "what nobody approved was reached");
        assert_eq!(left(&enclave), "");
        site.call("ana", "wf_status", json!({"enclave": enclave, "name": "seeker"})).await.unwrap_err();

        // What serves goes on to serve, and a trial that never ends is ended.
        site.deploy(&enclave, "seeker", &files("seeker", &says("served"))).await.unwrap();
        let served = left(&enclave);
        let looped = observe(&site, &enclave, files("seeker", LOOPS), 2);
        let asked = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            site.run_it(&enclave, "seeker", json!({})).await.unwrap()
        };
        let (looped, ran) = tokio::join!(looped, asked);
        assert!(looped.unwrap()["stopped"].to_string().contains("stopped after 2 s"));
        assert_eq!(ran["output"]["outputs"]["work"], "served", "{ran}");
        assert_eq!(left(&enclave), served);

        // A server that is killed meanwhile leaves a pod that the cluster ends by itself, and that the next trial removes.
        let on_trial = || kubectl(&["get", "pods", "-n", &enclave, "-o", DEADLINES]).unwrap();
        {
            let killed = observe(&site, &enclave, files("seeker", LOOPS), 300);
            let there = until("a pod is on trial", async || on_trial().contains("900 Never"));
            tokio::select! {
                it = killed => panic!("it ended: {it:?}"),
                () = there => {}
            }
        }
        site.kill();
        site.run("heads").await;
        assert!(on_trial().contains("900 Never"));
        assert_eq!(site.run_it(&enclave, "seeker", json!({})).await.unwrap()["success"], true);
        observe(&site, &enclave, files("seeker", LOOPS), 1).await.unwrap();
        assert_eq!(left(&enclave), served);
        site.deprovision("ana", &enclave).await;
    });
}

/// How long each pod may be there, and whether it is started again.
const DEADLINES: &str =
    "jsonpath={range .items[*]}{.spec.activeDeadlineSeconds} {.spec.restartPolicy}{'\\n'}{end}";
