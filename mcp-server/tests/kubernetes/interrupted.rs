//! The server is killed after each step of making an enclave, and in the middle of removing one. What it left comes to
//! its end, and at no moment does anything look usable that is not safe.

use crate::observer::Observer;
use crate::proxy::{REMOVAL, STEPS};
use crate::site::{Site, call, unique};
use crate::until::until;
use axum::http::Method;
use serde_json::{Value, json};

/// Who brings it to its end.
#[derive(Clone, Copy, PartialEq)]
enum By {
    /// The same request, made again at a server that is not the one that was killed.
    Asking,
    /// The server that was killed, once it is back; nobody asks.
    ItsReturn,
}

/// Ana asks for this, and the server is killed when the write was carried out.
async fn die_after(site: &mut Site, step: &(&str, Method, &str), tool: &'static str, args: &Value) {
    site.proxy.cut_after(step, args["name"].as_str().unwrap());
    let (endpoint, token, args) = (site.endpoint(), site.token("ana"), args.clone());
    let asking = tokio::spawn(async move { call(&endpoint, &token, tool, args).await });
    site.proxy.until_cut().await;
    asking.abort();
    site.kill();
    site.proxy.mend();
}

async fn provisioning(by: By) {
    let mut site = Site::start("heads").await;
    let observer = Observer::start(&site.cluster).await;
    let mut made = Vec::new();
    for step in &STEPS {
        let name = unique("killed");
        let wanted = json!({"name": name});
        die_after(&mut site, step, "enclave_provision", &wanted).await;
        match by {
            By::ItsReturn => site.run("heads").await,
            By::Asking => {
                site.run(&format!("heads-{}", step.0)).await;
                site.call("ana", "enclave_provision", wanted).await.unwrap();
            }
        }
        let what = format!("made to the end from {}", step.0);
        until(&what, async || site.is("active", "ana", &name).await).await;
        made.push((step.0, name));
    }
    for (step, name) in made {
        site.deprovision("ana", &name).await;
        assert_eq!(observer.complaints(&name).await, [""; 0], "killed after {step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enclave_is_made_to_the_end_when_asked_again() {
    provisioning(By::Asking).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enclave_is_made_to_the_end_by_the_reconciler_alone() {
    provisioning(By::ItsReturn).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enclave_is_removed_to_the_end() {
    let mut site = Site::start("heads").await;
    let observer = Observer::start(&site.cluster).await;
    for by in [By::ItsReturn, By::Asking] {
        let name = unique("removed");
        site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
        let gone = json!({"name": name, "confirm": name});
        die_after(&mut site, &REMOVAL, "enclave_deprovision", &gone).await;
        match by {
            By::ItsReturn => site.run("heads").await,
            By::Asking => {
                site.run("heads-of-another").await;
                site.call("ana", "enclave_deprovision", gone).await.unwrap();
            }
        }
        let unknown = async || site.call("ana", "enclave_info", json!({"name": name})).await.is_err();
        until("removed to the end", unknown).await;
        assert!(site.cluster.namespaces().get_opt(&name).await.unwrap().is_none());
        assert_eq!(observer.complaints(&name).await, [""; 0]);
    }
}
