//! The states of an enclave, each with everybody in it.

use crate::app::App;
use crate::team::{hello, price_watch};
use policy::{Frozen, State};
use serde_json::json;

/// A reason of a freeze.
pub(super) type Reason = fn(&mut Frozen) -> &mut bool;
pub(super) const OWNER: Reason = |frozen| &mut frozen.by_owner;
pub(super) const ARCHIVE: Reason = |frozen| &mut frozen.by_archive;
pub(super) const OPERATOR: Reason = |frozen| &mut frozen.by_operator;

/// A state, with the circumstances that the policy asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    pub(super) state: State,
    pub(super) frozen: Frozen,
    pub(super) old_list: bool,
    pub(super) owner_left: bool,
}

impl Scene {
    pub(super) fn of(state: State) -> Self {
        Self { state, frozen: Frozen::default(), old_list: false, owner_left: false }
    }

    pub(super) fn by(mut self, reasons: &[Reason]) -> Self {
        for reason in reasons {
            *reason(&mut self.frozen) = true;
        }
        self
    }

    pub(super) fn with_old_list(self) -> Self {
        Self { old_list: true, ..self }
    }

    pub(super) fn without_owner(self) -> Self {
        Self { owner_left: true, ..self }
    }
}

/// The mode of the enclave and that of its tentacle, as they are stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Modes {
    pub(super) enclave: &'static str,
    pub(super) tentacle: &'static str,
}

/// Wide and narrow, each on each layer, and each unreadable.
pub(super) const MODES: [Modes; 5] = [
    Modes { enclave: "rwxrwx---", tentacle: "rwxr-x---" },
    Modes { enclave: "rwxrwxr-x", tentacle: "rwx--xr-x" },
    Modes { enclave: "rwxr-x---", tentacle: "rwxrwxrwx" },
    Modes { enclave: "rwxrwxr-?", tentacle: "rwxrwxrwx" },
    Modes { enclave: "rwxrwxrwx", tentacle: "777" },
];

/// The id of an approval that waits.
pub(super) const APPROVAL: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// The ids of an offer to ben and of dora's request to join.
pub(super) const OFFER: &str = "01890a5d-ac96-774b-bcce-b302099a8058";
pub(super) const REQUEST: &str = "01890a5d-ac96-774b-bcce-b302099a8059";

/// Makes #price-watch with everybody, and brings it into the scene.
pub(super) async fn enter(app: &App, scene: &Scene) {
    for person in super::principals::PEOPLE {
        if person.name != "nora" {
            app.sign_in(person.name).await.unwrap();
        }
    }
    let channel = price_watch(app);
    channel.say("ana", "enclave_provision", json!({})).await.unwrap();
    report(app, false).await;
    channel.say("tom", "wf_apply", hello("hello", "before")).await.unwrap();
    channel.say("tom", "wf_apply", hello("hello", "hi")).await.unwrap();
    channel.say("tom", "wf_run", json!({"name": "hello"})).await.unwrap();
    let people =
        json!({"new_enrollment": "approval", "add_members": ["tom", "ben"], "remove_members": ["remy"]});
    channel.say("ana", "enclave_sync", people).await.unwrap();
    let key = json!({"name": "shop.key", "value": "swordfish"});
    channel.say("ana", "secret_set", key).await.unwrap();
    // Something that waits for the owner, made from behind: how it comes about is another test's.
    let waits = "INSERT INTO approval (id, enclave, tentacle, running, version, reach, changes, issuer, subject, asked_by, \
                 state, expires_at) VALUES ('";
    let rest = "', 'price-watch', 'hello', '', '', '', '[]', '', '', 'tom', 'waiting', 9000000000000)";
    app.database.execute(&format!("{waits}{APPROVAL}{rest}")).await;
    let offered = channel.click("ana", "enclave_offer", json!({"to": "UBEN"})).await;
    offered.unwrap();
    channel.say("dora", "join_ask", json!({})).await.unwrap();
    app.database.execute(&format!("UPDATE offer SET id = '{OFFER}'")).await;
    app.database.execute(&format!("UPDATE join_request SET id = '{REQUEST}'")).await;
    report(app, scene.owner_left).await;
    freeze(app, scene.frozen).await;
    if scene.state == State::Deprovisioning {
        app.backend.fail_at("before deprovision");
        let gone = json!({"name": "price-watch", "confirm": "price-watch"});
        app.call(&app.agent("ana"), "enclave_deprovision", gone).await.unwrap_err();
    }
    if scene.state == State::Provisioning {
        // Nobody can be in an enclave that is being made for the first time, so that it is made to be so from behind.
        set(app, "state = 'provisioning'").await;
    }
    if scene.old_list {
        set(app, "observed_at = observed_at - 7200000").await;
    }
    let info = app.operate("enclave_info", json!({"name": "price-watch"})).await.unwrap();
    assert_eq!(info["status"], scene.state.name());
}

async fn report(app: &App, without_owner: bool) {
    let people = [
        ("ana", "full"),
        ("ben", "full"),
        ("tom", "full"),
        ("remy", "full"),
        ("dora", "full"),
        ("gil", "guest"),
        ("ext", "external"),
    ];
    app.report("C1", if without_owner { &people[1..] } else { &people }).await;
}

async fn freeze(app: &App, frozen: Frozen) {
    let name = json!({"name": "price-watch"});
    if frozen.by_owner {
        app.call(&app.agent("ana"), "enclave_freeze", name.clone()).await.unwrap();
    }
    if frozen.by_operator {
        app.operate("enclave_freeze", name).await.unwrap();
    }
    if frozen.by_archive {
        let archived =
            json!({"team": "T1", "channel": "C1", "observed_at": jiff::Timestamp::now(), "archived": true});
        app.relay("channel_report", archived).await.unwrap();
    }
}

/// Gives the enclave and its tentacle these modes; some of them no tool would write.
pub(super) async fn set_modes(app: &App, modes: &Modes) {
    let tentacle = format!("UPDATE tentacle SET mode = '{}'", modes.tentacle);
    app.database.change([tentacle, format!("UPDATE enclave SET mode = '{}'", modes.enclave)]).await;
}

async fn set(app: &App, what: &str) {
    app.database.change([format!("UPDATE enclave SET {what}")]).await;
}
