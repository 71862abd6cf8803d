//! The people of most tests: #price-watch of ana, with ben and the guest gil in it; cy is in no channel of hers.

use crate::app::App;
use crate::door::{Door, InChannel, account};
use serde_json::{Value, json};

/// The channel of ana's enclave, before there is one.
pub(crate) fn price_watch(door: &Door) -> InChannel<'_> {
    door.channel("C1", "price-watch", &account("ana"))
}

/// #price-watch with its enclave; ana and ben have signed in.
pub(crate) async fn set_up(app: &App) -> InChannel<'_> {
    app.sign_in("ana").await.unwrap();
    app.sign_in("ben").await.unwrap();
    let channel = price_watch(app);
    channel.say("ana", "enclave_provision", json!({})).await.unwrap();
    everybody_is_in(app).await;
    channel
}

/// The relay reports #price-watch with everybody in it.
pub(crate) async fn everybody_is_in(door: &Door) {
    door.report("C1", &[("ana", "full"), ("ben", "full"), ("gil", "guest")]).await;
}

/// The arguments of a deploy of the scaffolded tentacle, under this name and with this greeting.
pub(crate) fn hello(name: &str, greeting: &str) -> Value {
    let scaffold = workflow::scaffold::hello(&name.parse().unwrap());
    let mut files: Value =
        scaffold.into_iter().map(|file| (file.path.to_owned(), json!(file.text))).collect();
    files["README.md"] = json!(greeting);
    json!({"name": name, "files": files})
}
