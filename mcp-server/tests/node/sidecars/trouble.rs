//! Sidecars that do not start, take what is not theirs, or are not what was approved.

use super::{TRIED, shell, sidecar};
use crate::conformance::sidecars::{ASKS, SHELL};
use crate::inside::inside;
use crate::life::left;
use crate::site::Site;
use crate::until::until;
use serde_json::{Value, json};

/// A tentacle whose one node has the shell do `input`.
fn files(sidecars: &str) -> Value {
    let workflow = format!(
        "name: asker\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  ask: {{path: nodes/ask.ts, description: A}}\n{sidecars}"
    );
    let code = format!("{TRIED}{ASKS}export default (ctx, input) => sh(ctx, input.script ?? 'echo well');");
    json!({"workflow.yaml": workflow, "nodes/ask.ts": code})
}

#[test]
fn what_runs_beside_is_what_was_approved() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("approved").await;
        let tagged = shell("").replace('@', ":1 # ").replace("'", "");
        let tagged = format!("{}}}\n", tagged.split(" # ").next().unwrap());
        let refused = site.deploy(&enclave, "asker", &files(&tagged)).await.unwrap_err();
        let told =
            "is not named by its digest, so that nobody could approve what will run: write name@sha256:";
        assert!(refused.message.contains(told), "{refused:?}");

        let deployed = site.approved(&enclave, "asker", &files(&shell(""))).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
        let ran = site.run_it(&enclave, "asker", json!({})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["ask"], "well", "{ran}");
        let described =
            site.call("ana", "wf_describe", json!({"enclave": enclave, "name": "asker"})).await.unwrap();
        assert_eq!(described["sidecars"], json!(["shell"]), "{described}");

        // What changes what it does is asked again, and only that.
        let other = files(&shell(", env: {MODE: other}"));
        let asked = site.deploy(&enclave, "asker", &other).await.unwrap();
        assert_eq!(asked["status"], "needs_approval", "{asked}");
        assert!(asked["new_reach"].to_string().contains("with the variables MODE=other"), "{asked}");
        assert_eq!(asked["new_reach"].as_array().unwrap().len(), 1, "{asked}");
        let smaller = files(&shell(", resources: {limits: {memory: 128Mi}}"));
        let deployed = site.deploy(&enclave, "asker", &smaller).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
        site.deprovision("ana", &enclave).await;
    });
}

#[test]
fn a_sidecar_that_does_not_start_is_told_with_its_last_words() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("ended").await;
        let crashes = json!(["/bin/busybox", "sh", "-c", "echo there is no such model >&2; exit 3"]);
        let refused = site.approved(&enclave, "asker", &files(&sidecar(&crashes, ""))).await.unwrap_err();
        let told = "the sidecar `shell`: it ended with code 3: there is no such model";
        assert!(refused.message.contains(told), "{refused:?}");
        let nobody = sidecar(&crashes, "").replace("/probe@sha256:", "/nobody@sha256:");
        let refused = site.approved(&enclave, "asker", &files(&nobody)).await.unwrap_err();
        assert!(
            refused.message.contains("the sidecar `shell`: ") && refused.message.contains("mage"),
            "{refused:?}"
        );
        assert_eq!(left(&enclave), "");

        // The engine's own port is not another's, also where somebody was there before it and says that all is well. On a busy
        // machine the engine is there first now and then: that shows nothing, and the shell ends with 7.
        let script = format!(
            "nc -ll -p 8080 -e /bin/busybox sh -c '{}' & \
             until nc 127.0.0.1 8080 </dev/null >/dev/null 2>&1; do sleep 0.05; done; \
             grep -q nc /proc/$!/cmdline || exit 7; \
             exec nc -ll -p 9000 -e /bin/busybox true",
            SHELL.replace('\'', "'\\''")
        );
        let takes = files(&sidecar(&json!(["/bin/busybox", "sh", "-c", script]), ""));
        let mut told = String::new();
        for _ in 0..10 {
            told = site.approved(&enclave, "asker", &takes).await.unwrap_err().message;
            if !told.contains("ended with code 7") {
                break;
            }
        }
        assert!(told.contains("does not start: "), "{told}");
        assert_eq!(left(&enclave), "");
        site.deprovision("ana", &enclave).await;
    });
}

#[test]
fn a_sidecar_that_uses_up_the_memory_is_told_and_the_next_run_works() {
    inside(async {
        let site = Site::start("heads").await;
        one_that_ends_is_told_by_the_run_that_it_failed(&site).await;
        let enclave = site.enclave("hungry").await;
        let files = files(&shell(", resources: {limits: {memory: 64Mi}}"));
        site.approved(&enclave, "asker", &files).await.unwrap();
        let hog = json!({"script": "dd if=/dev/zero of=/dev/null bs=900M count=1"});
        let began = std::time::Instant::now();
        let ran = site.run_it(&enclave, "asker", hog).await.unwrap();
        assert_eq!(ran["success"], false, "{ran}");
        let told = "stopped: used more memory than the sandbox has, 448Mi together with its sidecars";
        assert_eq!(ran["output"]["errors"]["ask"], told, "{ran}");
        // the node gives a dead pod up after a while; nobody waits for the connection to it
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
        until("it works again", async || {
            site.run_it(&enclave, "asker", json!({})).await.is_ok_and(|ran| ran["success"] == true)
        })
        .await;
        site.deprovision("ana", &enclave).await;
    });
}

async fn one_that_ends_is_told_by_the_run_that_it_failed(site: &Site) {
    let enclave = site.enclave("mortal").await;
    let serves = format!("nc -ll -p 9000 -e /bin/busybox sh -c '{}'", SHELL.replace('\'', "'\\''"));
    let script = format!(
        "rm -f /tmp/end; {serves} & until [ -e /tmp/end ]; do usleep 100000; done; echo as it was told >&2; exit 3"
    );
    let mortal = json!(["/bin/busybox", "sh", "-c", script]);
    site.approved(&enclave, "asker", &files(&sidecar(&mortal, ""))).await.unwrap();
    let ran = site.run_it(&enclave, "asker", json!({"script": "touch /tmp/end; sleep 60"})).await.unwrap();
    assert_eq!(ran["success"], false, "{ran}");
    let told = ran["output"]["errors"]["ask"].as_str().unwrap();
    assert!(told.contains("meanwhile the sidecar `shell` ended: it ended with code 3: "), "{told}");
    assert!(told.contains("as it was told"), "{told}");
    until("it works again", async || {
        site.run_it(&enclave, "asker", json!({})).await.is_ok_and(|ran| ran["success"] == true)
    })
    .await;
    site.deprovision("ana", &enclave).await;
}
