use super::*;
use crate::talk::{self, Became};
use crate::tests::world::{Condition, World, words};

/// What was told to Ana alone.
fn told(world: &World) -> Vec<String> {
    let sent = world.heard("chat.postEphemeral");
    sent.iter().map(|sent| sent["text"].as_str().unwrap().to_owned()).collect()
}

fn said(thread: &str) -> Said {
    words("login", thread, thread)
}

#[tokio::test]
async fn two_requests_at_once_are_shown_the_same_sign_in() {
    let world = World::new().await;
    let kraken = &world.kraken;
    let (first, second) = (world.says("Ev1", said("1.1")).await, world.says("Ev2", said("2.1")).await);
    let begin = async |open: &Open| begin_for(kraken, open.seq, "UANA").await.unwrap();
    let (one, other) = tokio::join!(begin(&first), begin(&second));
    assert_eq!(one.user_code(), other.user_code());
    let on_record = kraken.sessions.going_on("UANA").await.unwrap().unwrap();
    assert_eq!(on_record.user_code(), one.user_code());
}

#[tokio::test]
async fn a_sign_in_that_ran_out_takes_nothing_from_a_later_one() {
    let world = World::new().await;
    let kraken = &world.kraken;
    let mut early = kraken.issuer.begin().await.unwrap();
    early.expires_at = now() - 1;
    assert!(kraken.sessions.begun("UANA", &early).await.unwrap());
    let open = world.says("Ev1", said("1.1")).await;
    let late = begin_for(kraken, open.seq, "UANA").await.unwrap();
    assert_ne!(late.user_code(), early.user_code());

    finish(Arc::clone(kraken), "UANA".to_owned(), early).await;
    let on_record = kraken.sessions.going_on("UANA").await.unwrap().unwrap();
    assert_eq!(on_record.user_code(), late.user_code());
    assert_eq!(told(&world), Vec::<String>::new());
    kraken.inbox.signed_in("UANA").await.unwrap();
    assert_eq!(kraken.inbox.open_events().await.unwrap().len(), 1, "it waited for the later one");
}

#[tokio::test]
async fn whoever_says_login_is_told_when_nobody_signs_in() {
    let world = World::new().await;
    let kraken = &world.kraken;
    let open = world.says("Ev1", said("1.1")).await;
    assert_eq!(talk::answer(kraken, &open, &said("1.1")).await, Became::Waits);
    let cards = told(&world);
    assert!(cards.len() == 1 && cards[0].contains("Sign in to go on."), "{cards:?}");

    let mut flow = kraken.sessions.going_on("UANA").await.unwrap().unwrap();
    flow.expires_at = now() - 1;
    finish(Arc::clone(kraken), "UANA".to_owned(), flow).await;
    assert_eq!(told(&world)[1..], [NOBODY]);
    kraken.inbox.signed_in("UANA").await.unwrap();
    assert_eq!(kraken.inbox.open_events().await.unwrap(), []);
}

#[tokio::test]
async fn whoever_says_login_and_has_signed_in_is_told_who_they_are() {
    let world = World::new().await;
    let kraken = &world.kraken;
    world.around().server = Condition::Away;
    world.ana_has_signed_in().await;
    let open = world.says("Ev1", said("1.1")).await;
    // The server is asked, which nobody can reach here, and nobody is shown a card.
    assert_eq!(talk::answer(kraken, &open, &said("1.1")).await, Became::Waits);
    assert!(told(&world)[0].contains("The server does not answer"), "{:?}", told(&world));
    assert_eq!(world.around().sign_ins, 0);
}
