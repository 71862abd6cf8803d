//! Every scaffold as a newcomer gets it, deployed to a pod behind gVisor and run.

use crate::cluster::kubectl;
use crate::inside::inside;
use crate::outside;
use crate::site::Site;
use serde_json::{Value, json};
use workflow::scaffold::Scaffold;

/// What of a pod has to hold, whatever runs in it.
const HELD: &str = "{.spec.runtimeClassName} {.spec.automountServiceAccountToken} {.spec.containers[0].securityContext.readOnlyRootFilesystem} \
                    {.spec.containers[0].resources.limits.memory} {.status.containerStatuses[0].ready} {.status.containerStatuses[0].restartCount}";

/// What a run of it has to say at least.
fn said(scaffold: Scaffold) -> &'static str {
    match scaffold {
        Scaffold::Hello => "Hello, world!",
        Scaffold::PriceMonitor => "tea",
        Scaffold::Digest => "the release",
        Scaffold::WebhookToSlack => "somebody is trying this out",
    }
}

#[test]
fn every_scaffold_runs_in_a_pod_and_its_limits_hold() {
    inside(async {
        let site = Site::start("heads").await;
        // What reaches something needs the gateway, as a cluster has it.
        let _gateway = outside::get();
        let enclave = site.enclave("scaffolds").await;
        for name in ["slack.hook", "github.webhook_secret"] {
            let secret = json!({"enclave": enclave, "name": name, "value": "/services/T0/B0/made-up"});
            site.call("ana", "secret_set", secret).await.unwrap();
        }
        for scaffold in Scaffold::ALL {
            let name = scaffold.name();
            let files = scaffold.files(&name.parse().unwrap());
            let files: Value =
                files.into_iter().map(|file| (file.path.to_owned(), json!(file.text))).collect();
            let mut deployed = site.deploy(&enclave, name, &files).await.unwrap();
            if deployed["status"] == "needs_approval" {
                // How an owner says so is another test's.
                site.execute("UPDATE approval SET state = 'approved'").await;
                deployed = site.deploy(&enclave, name, &files).await.unwrap();
            }
            assert_eq!(deployed["status"], "deployed", "{name}: {deployed}");
            assert!(deployed["fixtures"]["passed"].as_u64().is_some_and(|passed| passed > 0), "{deployed}");
            let follow = json!({"enclave": enclave, "name": name, "follow_seconds": 5});
            let (ran, followed) =
                tokio::join!(site.run_it(&enclave, name, json!({})), site.call("ana", "wf_logs", follow));
            let (ran, followed) = (ran.unwrap(), followed.unwrap());
            if scaffold == Scaffold::Hello {
                assert!(followed["lines"].to_string().contains("greeting world"), "{followed}");
            }
            assert!(ran["success"] == true && ran.to_string().contains(said(scaffold)), "{name}: {ran}");
            let of_it = format!("tentacular.io/tentacle={name}");
            let shown = format!("jsonpath={{range .items[*]}}{HELD}{{end}}");
            let held = kubectl(&["get", "pods", "-n", &enclave, "-l", &of_it, "-o", &shown]).unwrap();
            let [class, token, read_only, memory, ready, restarts] =
                held.split(' ').collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{name}: {held}"));
            assert_eq!((class, token, read_only), ("gvisor", "false", "true"), "{name}");
            assert!(memory.ends_with("Mi") && (ready, restarts) == ("true", "0"), "{name}: {held}");
            site.call("ana", "wf_remove", json!({"enclave": enclave, "name": name, "confirm": name}))
                .await
                .unwrap();
        }
    });
}
