//! Versions that do not start, runs that take too much, and a server that is killed.

use crate::asking::Asking;
use crate::inside::inside;
use crate::life::{files, left, says};
use crate::site::Site;
use crate::until::until;
use serde_json::json;

#[test]
fn a_version_that_does_not_start_changes_nothing_and_says_why() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("broken").await;
        site.deploy(&enclave, "hello", &files("hello", &says("good"))).await.unwrap();
        let refused = site.deploy(&enclave, "hello", &files("hello", "export default 3")).await.unwrap_err();
        assert!(refused.message.contains("work: "), "{refused:?}");
        let ran = site.run_it(&enclave, "hello", json!({})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["work"], "good", "{ran}");
        until("nothing of it is left", async || left(&enclave).matches("configmap/").count() == 1).await;

        // The first version of another that does not start: nothing stays.
        let refused = site.deploy(&enclave, "other", &files("other", "export default 3")).await.unwrap_err();
        assert!(refused.message.contains("does not start"), "{refused:?}");
        assert!(!left(&enclave).contains("other"), "{}", left(&enclave));
        site.deprovision("ana", &enclave).await;
    });
}

#[test]
fn a_run_that_takes_too_much_is_ended_and_the_next_one_works() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("much").await;
        let code = "export default (_: unknown, input: { hog?: boolean; spin?: boolean }) => {
  if (input.spin) for (;;);
  const all: Uint8Array[] = [];
  while (input.hog) all.push(new Uint8Array(8 << 20).fill(1));
  return 'well';
}";
        site.deploy(&enclave, "hello", &files("hello", code)).await.unwrap();
        let ran = site.run_it(&enclave, "hello", json!({"hog": true})).await.unwrap();
        assert_eq!(ran["success"], false, "{ran}");
        assert!(ran.to_string().contains("memory"), "{ran}");
        let ran = json!({"enclave": enclave, "name": "hello", "input": {"spin": true}, "timeout_seconds": 3});
        let ran = site.call("ana", "wf_run", ran).await.unwrap();
        assert_eq!(ran["success"], false, "{ran}");
        assert!(ran.to_string().contains("stopped after 3 s"), "{ran}");
        until("it works again", async || {
            site.run_it(&enclave, "hello", json!({})).await.is_ok_and(|ran| ran["success"] == true)
        })
        .await;
        site.deprovision("ana", &enclave).await;
    });
}

#[test]
fn a_server_that_is_killed_in_a_deploy_goes_on_with_it() {
    inside(async {
        let mut site = Site::start("heads").await;
        let enclave = site.enclave("killed").await;
        site.deploy(&enclave, "hello", &files("hello", &says("v0"))).await.unwrap();
        // Whoever asks another server meanwhile is answered all the time: one of the versions serves.
        let other = site.another("heads-of-another").await;
        let asking = Asking::start(&other.endpoint(), &site.token("ana"), &enclave);
        let steps = [
            ("policy", axum::http::Method::PATCH, "/networkpolicies/"),
            ("code", axum::http::Method::PATCH, "/configmaps/"),
            ("supply", axum::http::Method::PATCH, "/secrets/"),
            ("deployment", axum::http::Method::PATCH, "/deployments/"),
        ];
        for (number, (step, method, part)) in steps.iter().enumerate() {
            let word = format!("v{}", number + 1);
            let wanted = files("hello", &says(&word));
            site.proxy.cut_within(method, part);
            let deploying = site.deploy(&enclave, "hello", &wanted);
            let cut = tokio::time::timeout(std::time::Duration::from_secs(60), async {
                tokio::select! {
                    it = deploying => panic!("{step}: the deploy ended: {it:?}"),
                    () = site.proxy.until_cut() => {}
                }
            });
            cut.await.unwrap();
            site.kill();
            asking.goes_on().await;
            site.proxy.mend();
            site.run("heads").await;
            let ran = site.run_it(&enclave, "hello", json!({})).await.unwrap();
            assert_eq!(ran["success"], true, "{step}: {ran}");
            until(&format!("the version after `{step}` serves"), async || {
                let ran = site.run_it(&enclave, "hello", json!({})).await;
                ran.is_ok_and(|ran| ran["output"]["outputs"]["work"] == word)
            })
            .await;
            until("the one before is gone", async || left(&enclave).matches("deployment.apps").count() == 1)
                .await;
        }
        asking.all_were_answered().await;
        site.deprovision("ana", &enclave).await;
    });
}
