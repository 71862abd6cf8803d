//! A server that says nothing.

use super::{AT_ONCE, CallError, Origin, SOON, within};
use crate::away::Away;
use crate::tests::world::{Condition, World};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use wire::assertion::{Kind, User};
use wire::tools::channel::{AccountClass, ChannelMap};
use wire::tools::person::Whoami;
use wire::tools::review::ReviewAsk;
use wire::tools::tentacle::WfRun;
use wire::{Nothing, Tool as _};

fn origin() -> Origin {
    Origin {
        kind: Kind::Dm,
        team: "T1".into(),
        channel: None,
        user: User { id: "UANA".into(), class: AccountClass::Full, name: "ana".into(), email: None },
        event: "Ev1".into(),
    }
}

#[tokio::test]
async fn a_server_that_takes_every_call_and_answers_none_is_away_for_everybody() {
    let mut world = World::new().await;
    world.kraken.server.call_as_relay::<ChannelMap>(&Nothing {}).await.unwrap();
    assert!(world.kraken.server.answers().await);
    world.around().server = Condition::Silent;
    Arc::get_mut(&mut world.kraken).unwrap().server.soon = Duration::from_millis(100);
    let server = &world.kraken.server;
    let relay = server.call_as_relay::<ChannelMap>(&Nothing {}).await;
    assert!(matches!(relay, Err(CallError::Away(Away::Server, _))), "{relay:?}");
    assert!(!server.answers().await);
    let session = json!({"issuer": "i", "subject": "ana", "access": "a", "refresh": null, "expires_at": 0});
    let session = serde_json::from_value(session).unwrap();
    let person = server.call::<Whoami>(&session, &origin(), &Nothing {}, None).await;
    assert!(matches!(person, Err(CallError::Away(Away::Server, _))), "{person:?}");
}

#[tokio::test]
async fn only_what_is_known_to_be_quick_is_not_waited_for() {
    assert!(AT_ONCE < SOON && SOON <= Duration::from_secs(15));
    let later = async || {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<(), CallError>(())
    };
    for tool in [WfRun::NAME, ReviewAsk::NAME, "a_tool_of_the_next_release"] {
        within(Duration::ZERO, tool, later()).await.unwrap();
    }
    let read = within::<()>(Duration::ZERO, Whoami::NAME, std::future::pending()).await;
    assert!(matches!(read, Err(CallError::Away(Away::Server, _))), "{read:?}");
}
