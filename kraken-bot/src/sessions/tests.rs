//! A session is good for as long as it is used, and for whoever it is of.

use super::UNUSED;
use crate::asked::{Asked, Stop};
use crate::talk::{Became, answer};
use crate::tests::world::{World, words};
use serde_json::json;
use wire::Nothing;
use wire::tools::person::Whoami;

/// Nobody has used Ana's session for so long, in seconds.
async fn unused_for(world: &World, seconds: i64) {
    let pool = world.kraken.inbox.pool();
    sqlx::query("UPDATE session SET used_at = used_at - $1").bind(seconds).execute(pool).await.unwrap();
}

/// How many sessions are kept.
async fn kept(world: &World) -> i64 {
    let pool = world.kraken.inbox.pool();
    sqlx::query_scalar("SELECT count(*) FROM session").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn nobody_acts_by_a_session_that_was_not_used_for_half_a_day_though_it_is_still_kept() {
    let world = World::new().await;
    let sessions = &world.kraken.sessions;
    world.around().renews = Some("b");
    world.ana_has_signed_in().await;
    unused_for(&world, UNUSED - 60).await;
    let session = sessions.of("UANA").await.unwrap().unwrap();
    // That was a use.
    unused_for(&world, UNUSED - 60).await;
    sessions.of("UANA").await.unwrap().unwrap();
    unused_for(&world, UNUSED + 1).await;
    assert!(sessions.of("UANA").await.unwrap().is_none());
    assert!(sessions.renewed("UANA", &session).await.unwrap().is_none());
    assert_eq!(kept(&world).await, 1);
}

#[tokio::test]
async fn what_nobody_has_used_for_half_a_day_is_dropped_and_nothing_else() {
    let world = World::new().await;
    let sessions = &world.kraken.sessions;
    world.ana_has_signed_in().await;
    unused_for(&world, UNUSED - 60).await;
    sessions.drop_unused().await.unwrap();
    assert_eq!(kept(&world).await, 1);
    unused_for(&world, 61).await;
    sessions.drop_unused().await.unwrap();
    assert_eq!(kept(&world).await, 0);
}

/// What Ana was told by `whoami`, where it is she.
fn me() -> serde_json::Value {
    json!({"kind": "person", "issuer": "i", "subject": "ana", "name": "Ana Sousa", "client": "kraken", "accounts": []})
}

fn told(world: &World) -> Vec<String> {
    let sent = world.heard("chat.postEphemeral");
    sent.iter().map(|sent| sent["text"].as_str().unwrap().to_owned()).collect()
}

/// Ana has asked something once, so that the Kraken talks with the server by her token; from now on another one is taken.
async fn whose_token_has_run_out() -> World {
    let world = World::new().await;
    world.around().tools.insert("whoami", |_| me());
    world.around().takes = Some("a");
    world.ana_has_signed_in().await;
    let first = words("whoami", "1.1", "1.1");
    let open = world.says("said/C1/1.1", first.clone()).await;
    assert_eq!(answer(&world.kraken, &open, &first).await, Became::Done);
    assert!(told(&world)[0].starts_with("You are signed in as *Ana Sousa*."), "{:?}", told(&world));
    world.around().takes = Some("b");
    world
}

#[tokio::test]
async fn a_request_that_outlives_its_token_goes_on_with_a_new_one_as_the_same_request() {
    let world = whose_token_has_run_out().await;
    world.around().renews = Some("b");
    let second = words("whoami", "2.1", "2.1");
    let open = world.says("said/C1/2.1", second.clone()).await;
    assert_eq!(answer(&world.kraken, &open, &second).await, Became::Done);
    let called = world.called_for();
    let second = "said/C1/2.1".to_owned();
    // Its event is what the server knows it again by.
    assert_eq!(called[1..], [(second.clone(), "a".to_owned()), (second, "b".to_owned())]);
    assert!(told(&world)[1].starts_with("You are signed in as *Ana Sousa*."), "{:?}", told(&world));
    assert_eq!(world.around().sign_ins, 0);
}

#[tokio::test]
async fn a_request_that_outlives_its_session_asks_for_a_sign_in_and_goes_on_after_it() {
    let world = whose_token_has_run_out().await;
    let second = words("whoami", "2.1", "2.1");
    let open = world.says("said/C1/2.1", second.clone()).await;
    assert_eq!(answer(&world.kraken, &open, &second).await, Became::Waits);
    assert!(told(&world)[1].starts_with("*Sign in to go on.*"), "{:?}", told(&world));
    let kept = kept(&world).await;
    assert_eq!((world.around().sign_ins, kept), (1, 0));

    world.signs_in("UANA", "UANA", "b").await;
    world.kraken.inbox.signed_in("UANA").await.unwrap();
    let open = world.kraken.inbox.open_events().await.unwrap().pop().unwrap();
    assert_eq!(answer(&world.kraken, &open, &second).await, Became::Done);
    assert!(told(&world)[2].starts_with("You are signed in as *Ana Sousa*."), "{:?}", told(&world));
    assert_eq!(world.called_for().pop().unwrap(), ("said/C1/2.1".to_owned(), "b".to_owned()));
}

#[tokio::test]
async fn a_request_never_goes_on_as_somebody_else_who_has_signed_in_meanwhile() {
    let world = whose_token_has_run_out().await;
    let sessions = &world.kraken.sessions;
    let hers = sessions.of("UANA").await.unwrap().unwrap();
    world.signs_in("UANA", "UBEN", "b").await;
    let said = words("whoami", "2.1", "2.1");
    let open = world.says("said/C1/2.1", said.clone()).await;
    let asked = Asked {
        kraken: &world.kraken,
        incoming: &open.incoming,
        said: &said,
        account: world.kraken.slack.account("UANA").await.unwrap(),
        channel: None,
        session: hers,
    };
    let stopped = asked.call::<Whoami>(Nothing {}).await.unwrap_err();
    assert!(matches!(stopped, Stop::SignIn), "{stopped}");
    assert_eq!(world.called_for().len(), 1, "the server was not asked");
}
