//! Somebody goes back to a version while it is being removed: it serves, and stays.

use crate::by_hand::Place;
use crate::until::until;
use axum::http::Method;
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// How long a deploy takes here that waits for nothing.
const A_MOMENT: Duration = Duration::from_secs(5);

/// The versions of a tentacle that are there, by the names of their deployments.
fn versions(place: &Place) -> Vec<String> {
    let label = "--selector=tentacular.io/tentacle=hello";
    let names = place.kubectl(&["get", "deployment", label, "-o", "jsonpath={.items[*].metadata.name}"]);
    names.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_gone_back_to_while_it_goes_stays() {
    let place = Place::with(&["hello"]).await;
    let first = place.object("hello");
    // The first one was replaced, and is just about to be removed.
    place.site.proxy.hold(&("an old version", Method::DELETE, "/deployments/{}"), &first);
    place.deploy("hello", "export default () => 2;\n").await;
    place.site.proxy.until_held().await;
    // Who would not wait for the removal is done before it goes on.
    {
        let mut going_back = pin!(place.deploy("hello", "export default () => 1;\n"));
        let is_done = timeout(A_MOMENT, going_back.as_mut()).await.is_ok();
        place.site.proxy.let_go();
        if !is_done {
            going_back.await;
        }
    }
    until("the other one is removed", async || versions(&place) == [first.clone()]).await;
    for kind in ["secret", "configmap", "networkpolicy"] {
        place.kubectl(&["get", kind, &first]);
    }
    let ready = ["get", "deployment", &first, "-o", "jsonpath={.status.readyReplicas}"];
    until("it serves", async || place.kubectl(&ready) == "1").await;
    assert_eq!(versions(&place), [first]);
    place.end().await;
}
