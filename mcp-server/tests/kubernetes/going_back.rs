//! Somebody goes back to a version while it is being removed: it serves, and stays.

use crate::by_hand::Place;
use crate::until::until;
use axum::http::Method;

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
    let going_back = async {
        place.deploy("hello", "export default () => 1;\n").await;
    };
    let let_go = async {
        // As long as somebody may need to ask to go back.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        place.site.proxy.let_go();
    };
    tokio::join!(going_back, let_go);
    until("the other one is removed", async || versions(&place) == [first.clone()]).await;
    for kind in ["secret", "configmap", "networkpolicy"] {
        place.kubectl(&["get", kind, &first]);
    }
    let ready = ["get", "deployment", &first, "-o", "jsonpath={.status.readyReplicas}"];
    until("it serves", async || place.kubectl(&ready) == "1").await;
    assert_eq!(versions(&place), [first]);
    place.end().await;
}
