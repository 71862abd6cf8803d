//! Sidecars that do not start, end, or take more than they may.

use super::layout::Layout;
use super::{SHELL, asker, shell, sidecar, with};
use crate::server::{Server, Walls, engine, until};
use serde_json::{Value, json};

async fn runs_again(server: &Server) {
    until("it works again", async || {
        server.run_tentacle("asker", json!({})).await.is_ok_and(|ran| ran["success"] == true)
    })
    .await;
}

/// Runs a script in the shell; the node's error.
async fn fails(server: &Server, script: &str) -> String {
    let ran = server.run_tentacle("asker", json!({"script": script})).await.unwrap();
    assert_eq!(ran["success"], false, "{ran}");
    ran["output"]["errors"]["ask"].as_str().unwrap().to_owned()
}

async fn one_that_ends_is_told(walls: Walls) {
    let layout = Layout::new();
    let image = layout.busybox();
    let server = with(walls, &layout).await;
    let crashes = json!(["/bin/busybox", "sh", "-c", "echo there is no such model >&2; exit 3"]);
    let refused = server.approved("asker", &asker(&sidecar(&image, &crashes, ""))).await.unwrap_err();
    let told = "the sidecar `shell`: there is no such model (ended with code 3)";
    assert!(refused.message.contains(told), "{refused:?}");
    assert!(server.left().folders.is_empty(), "{:?}", server.left());

    let serves = format!("nc -ll -p 9000 -e /bin/busybox sh -c '{}'", SHELL.replace('\'', "'\\''"));
    let script =
        format!("{serves} & until [ -e /tmp/end ]; do usleep 100000; done; echo as it was told >&2; exit 3");
    let mortal = json!(["/bin/busybox", "sh", "-c", script]);
    server.approved("asker", &asker(&sidecar(&image, &mortal, ""))).await.unwrap();
    let told = fails(&server, "touch /tmp/end; sleep 60").await;
    assert!(told.contains("meanwhile the sidecar `shell` ended: "), "{told}");
    assert!(told.contains("as it was told (ended with code 3)"), "{told}");
    assert!(server.logs("asker").await.contains("the sidecar `shell` ended: "));
    runs_again(&server).await;
}

#[tokio::test]
async fn one_that_ends_is_told_under_bwrap() {
    one_that_ends_is_told(Walls::Bwrap).await;
}

#[tokio::test]
async fn one_that_ends_is_told_under_runsc() {
    one_that_ends_is_told(Walls::Runsc).await;
}

/// The same, whose node may take its time.
fn patient(sidecars: &str) -> Value {
    asker(&format!("{sidecars}config: {{timeout: 300s}}\n"))
}

/// One that lives and says nothing any more is ended as one that has not been well for so long, and the next run works: where
/// it is asked by its path, and where it is only to take connections.
async fn one_that_hangs_is_made_anew(walls: Walls) {
    let layout = Layout::new();
    let image = layout.busybox();
    let server = Server::start_with(walls, &engine(), &[&layout.flag(), "--sidecar-seconds=1"]).await;
    server.provision(crate::caller::ENCLAVE).await;
    let path = SHELL.replace("&& out=well", "&& { [ -e /tmp/hang ] && sleep 1000; out=well; }");
    let path = json!(["/bin/busybox", "nc", "-ll", "-p", "9000", "-e", "/bin/busybox", "sh", "-c", path]);
    server.approved("asker", &patient(&sidecar(&image, &path, ", healthPath: /health"))).await.unwrap();
    let told = fails(&server, "touch /tmp/hang; sleep 1000").await;
    let hangs = "meanwhile the sidecar `shell` ended: ";
    assert!(
        told.contains(hangs) && told.contains("it hangs: 6 times in a row it did not say at port 9000"),
        "{told}"
    );
    assert!(server.logs("asker").await.contains("it hangs: 6 times in a row"));
    runs_again(&server).await;

    // Nothing listens any more, and the program lives on.
    let serves = format!("nc -ll -p 9000 -e /bin/busybox sh -c '{}'", SHELL.replace('\'', "'\\''"));
    let script = format!("{serves} & until [ -e /tmp/deaf ]; do usleep 100000; done; kill $!; sleep 1000");
    let deaf = json!(["/bin/busybox", "sh", "-c", script]);
    server.approved("asker", &patient(&sidecar(&image, &deaf, ""))).await.unwrap();
    let told = fails(&server, "touch /tmp/deaf; sleep 1000").await;
    assert!(told.contains("it took no connection at its port 9000"), "{told}");
    runs_again(&server).await;
    server
        .call("wf_remove", json!({"enclave": crate::caller::ENCLAVE, "name": "asker", "confirm": "asker"}))
        .await
        .unwrap();
    assert!(server.left().folders.is_empty(), "{:?}", server.left());
}

#[tokio::test]
async fn one_that_hangs_is_made_anew_under_bwrap() {
    one_that_hangs_is_made_anew(Walls::Bwrap).await;
}

#[tokio::test]
async fn one_that_hangs_is_made_anew_under_runsc() {
    one_that_hangs_is_made_anew(Walls::Runsc).await;
}

fn small(image: &Value) -> Value {
    asker(&sidecar(image, &shell(), ", resources: {limits: {memory: 64Mi}}"))
}

#[tokio::test]
async fn one_that_uses_up_its_memory_ends_alone_under_bwrap() {
    let layout = Layout::new();
    let image = layout.busybox();
    let server = with(Walls::Bwrap, &layout).await;
    server.approved("asker", &small(&image)).await.unwrap();
    // What the kernel kills is what took the memory, and not always the sidecar's first process.
    let ran = server
        .run_tentacle("asker", json!({"script": "dd if=/dev/zero of=/dev/null bs=900M count=1; echo $?"}))
        .await;
    let ran = ran.unwrap();
    let (told, out) =
        (ran["output"]["errors"]["ask"].to_string(), ran["output"]["outputs"]["ask"].to_string());
    assert!(told.contains("used more memory than it may, 64 MiB") || out.contains("137"), "{ran}");
    runs_again(&server).await;
}

#[tokio::test]
async fn those_that_use_up_the_memory_are_told_under_runsc() {
    let layout = Layout::new();
    let image = layout.busybox();
    let server = with(Walls::Runsc, &layout).await;
    server.approved("asker", &small(&image)).await.unwrap();
    let told = fails(&server, "dd if=/dev/zero of=/dev/null bs=900M count=1").await;
    let expected = "stopped: used more memory than the sandbox has, 448 MiB together with its sidecars";
    assert_eq!(told, expected);
    runs_again(&server).await;
}

/// Starts as many as it can; the engine goes on.
async fn one_that_starts_too_many_is_held(walls: Walls) {
    let layout = Layout::new();
    let image = layout.busybox();
    let server = with(walls, &layout).await;
    server.approved("asker", &asker(&sidecar(&image, &shell(), ""))).await.unwrap();
    let script =
        "for i in $(seq 600); do sleep 20 & done 2>/tmp/said; grep -c sleep /proc/[0-9]*/comm | grep -c ':1'";
    let ran = server.run_tentacle("asker", json!({"script": script})).await.unwrap();
    let said = ran["output"].to_string();
    let count = ran["output"]["outputs"]["ask"].as_str().and_then(|it| it.trim().parse::<u32>().ok());
    // A shell that cannot start another ends at once, or tells how many there are.
    assert!(count.is_none_or(|count| count < 200), "{said}");
    runs_again(&server).await;
}

#[tokio::test]
async fn one_that_starts_too_many_is_held_under_bwrap() {
    one_that_starts_too_many_is_held(Walls::Bwrap).await;
}

#[tokio::test]
async fn one_that_starts_too_many_is_held_under_runsc() {
    one_that_starts_too_many_is_held(Walls::Runsc).await;
}
