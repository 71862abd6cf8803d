//! The server is killed after each of its writes to the cluster while it deploys a version in the place of another, and while it
//! removes a tentacle. At every moment one of the versions is ready, and what was left comes to its end when the server is back.

use crate::by_hand::{Place, one_node};
use crate::site::call;
use crate::until::until;
use serde_json::{Value, json};

/// Everything that a tentacle is made of.
const OBJECTS: &str = "deployment,configmap,secret,networkpolicy,pod";

/// The names of what there is of `hello`, by kind.
fn there(place: &Place) -> Vec<String> {
    let said = place.kubectl(&["get", OBJECTS, "--selector=tentacular.io/tentacle=hello", "--output=name"]);
    said.split_whitespace().map(str::to_owned).collect()
}

/// How many versions of it are ready.
fn ready(place: &Place) -> usize {
    let path = "--output=jsonpath={.items[*].status.readyReplicas}";
    let said = place.kubectl(&["get", "deployment", "--selector=tentacular.io/tentacle=hello", path]);
    said.split_whitespace().filter(|count| *count != "0").count()
}

/// Ana asks for this, and the server is killed after so many of its writes, or when it is over; answers whether it was in the middle.
/// It has answered before the last ones.
async fn killed_after(
    place: &mut Place,
    writes: usize,
    (tool, args): (&'static str, Value),
    is_over: impl AsyncFn(&Place) -> bool,
) -> bool {
    let there: &Place = place;
    let proxy = &there.site.proxy;
    proxy.cut_after_writes(writes);
    let (endpoint, token) = (there.site.endpoint(), there.site.token("ana"));
    let asking = tokio::spawn(async move { call(&endpoint, &token, tool, args).await });
    until("it is cut off, or over", async || {
        proxy.is_cut() || (asking.is_finished() && is_over(there).await)
    })
    .await;
    let is_cut = proxy.is_cut();
    asking.abort();
    place.site.kill();
    place.site.proxy.mend();
    is_cut
}

/// Another version for each number.
fn files(number: usize) -> Value {
    one_node("hello", &format!("export default () => 'version {number}';\n"))
}

fn hash(files: &Value) -> String {
    let files = files.as_object().unwrap().iter();
    let files = files.map(|(path, text)| (path.clone(), text.as_str().unwrap().as_bytes().to_vec()));
    workflow::Bundle::new(files).unwrap().content_hash().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_comes_to_its_end_wherever_it_was_cut_off() {
    let mut place = Place::with(&["hello"]).await;
    let one = there(&place).len();
    let mut cuts = 0;
    for number in 1.. {
        let (wanted, alone) = (files(number), async |place: &Place| there(place).len() == one);
        let args = json!({"enclave": place.enclave(), "name": "hello", "files": wanted});
        let is_cut = killed_after(&mut place, number, ("wf_apply", args), alone).await;
        assert!(ready(&place) > 0, "after {number} writes nothing serves");
        place.site.run("heads").await;
        let asked = json!({"enclave": place.enclave(), "name": "hello"});
        until(&format!("the version that was cut off after {number} writes serves alone"), async || {
            let status = place.site.call("ana", "wf_status", asked.clone()).await.unwrap();
            assert!(ready(&place) > 0, "after {number} writes nothing serves: {status}");
            status["version"] == hash(&wanted) && status["ready"] == true && alone(&place).await
        })
        .await;
        if !is_cut {
            break;
        }
        cuts = number;
    }
    assert!(cuts > 6, "{cuts}");
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_comes_to_its_end_wherever_it_was_cut_off() {
    let mut place = Place::with(&[]).await;
    let mut cuts = 0;
    for number in 1.. {
        place.deploy("hello", "export default () => 1;\n").await;
        let args = json!({"enclave": place.enclave(), "name": "hello", "confirm": "hello"});
        let gone = async |place: &Place| there(place).is_empty();
        let is_cut = killed_after(&mut place, number, ("wf_remove", args), gone).await;
        place.site.run("heads").await;
        until(&format!("nothing is left of what was cut off after {number} writes"), async || {
            let listed =
                place.site.call("ana", "wf_list", json!({"enclave": place.enclave()})).await.unwrap();
            listed["workflows"] == json!([]) && gone(&place).await
        })
        .await;
        if !is_cut {
            break;
        }
        cuts = number;
    }
    assert!(cuts > 3, "{cuts}");
    place.end().await;
}
