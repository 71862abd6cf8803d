//! What Slack tells is reported as it is, and what is no news not at all.

mod table;

use super::{ReportError, report, report_all};
use crate::slack::envelope::{Incoming, What};
use crate::tests::world::{World, happened};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

async fn reported(world: &World, incoming: &Incoming) -> Result<(), ReportError> {
    report(&world.kraken, incoming, &incoming.what).await
}

fn joined() -> Incoming {
    happened("joined", What::Joined("UBEN".into()))
}

/// Slack tells that an account is different.
fn changed(user: Value) -> Incoming {
    let what = What::Changed(serde_json::from_value(user).unwrap());
    Incoming { channel: "account/UBEN".into(), ..happened("changed", what) }
}

#[tokio::test]
async fn who_has_left_again_before_their_joining_is_heard_of_is_not_reported_as_there() {
    let world = World::new().await;
    world.around().members.insert("C1", vec!["UANA"]);
    reported(&world, &joined()).await.unwrap();
    assert_eq!(world.reports(), Vec::<Value>::new());
    world.around().members.insert("C1", vec!["UANA", "UBEN"]);
    reported(&world, &joined()).await.unwrap();
    assert_eq!(world.reports()[0]["joined"][0]["user"], "UBEN");
}

#[tokio::test]
async fn an_error_or_half_a_list_confirms_nothing_and_is_tried_again() {
    let world = World::new().await;
    world.around().failing.insert("conversations.members");
    let failed = reported(&world, &joined()).await.unwrap_err();
    assert!(matches!(&failed, ReportError::Slack(error) if !error.is_final()), "{failed}");
    world.around().failing.clear();
    world.around().by_halves = true;
    world.around().members.insert("C1", vec!["UANA"]);
    let failed = reported(&world, &joined()).await.unwrap_err();
    assert!(matches!(&failed, ReportError::Slack(error) if !error.is_final()), "{failed}");
    assert_eq!(world.reports(), Vec::<Value>::new());
}

/// Something is different that only a look at the whole can tell.
fn different() -> Incoming {
    happened("different", What::Different)
}

#[tokio::test]
async fn a_whole_list_is_reported_without_the_kraken() {
    let world = World::new().await;
    world.around().members.insert("C1", vec!["UANA", "UKRAKEN", "UBEN"]);
    reported(&world, &different()).await.unwrap();
    report_all(&world.kraken).await.unwrap();
    let reports = world.reports();
    assert_eq!(reports.len(), 2, "{reports:?}");
    for report in reports {
        let people = report["members"].as_array().unwrap();
        let people: Vec<_> = people.iter().map(|person| person["user"].as_str().unwrap()).collect();
        assert_eq!((people, &report["archived"]), (vec!["UANA", "UBEN"], &json!(false)));
    }
}

/// Whoever is not on a list that cannot be whole is not removed by it.
#[tokio::test]
async fn no_list_is_reported_that_may_lack_somebody() {
    let evidence: [(&str, &[&str], bool, bool); 5] = [
        ("nobody at all", &[], false, false),
        ("a list without the Kraken, which is there", &["UANA"], false, false),
        ("half a list", &["UANA", "UKRAKEN"], true, false),
        ("half a list, which happens to end after nobody", &[], true, false),
        ("an error", &["UANA", "UKRAKEN"], false, true),
    ];
    for (what, members, by_halves, fails) in evidence {
        let world = World::new().await;
        world.around().members.insert("C1", members.to_vec());
        world.around().by_halves = by_halves;
        world.around().failing.extend(fails.then_some("conversations.members"));
        let failed = reported(&world, &different()).await.unwrap_err();
        // It is tried again.
        assert!(matches!(&failed, ReportError::Slack(error) if !error.is_final()), "{what}: {failed}");
        report_all(&world.kraken).await.unwrap();
        assert_eq!(world.reports(), Vec::<Value>::new(), "{what}");
    }
}

#[tokio::test]
async fn no_list_is_reported_while_slack_says_when_to_come_back() {
    let world = World::new().await;
    world.around().limited.insert("conversations.members");
    let different = different();
    tokio::select! {
        reported = reported(&world, &different) => panic!("{reported:?}"),
        reported = report_all(&world.kraken) => panic!("{reported:?}"),
        () = world.until("both have asked", async |it| it.heard("conversations.members").len() == 2) => {}
    }
    assert_eq!(world.reports(), Vec::<Value>::new());
}

#[tokio::test]
async fn what_happened_is_reported_with_the_time_at_which_it_did_and_never_with_one_to_come() {
    let world = World::new().await;
    world.around().members.insert("C1", vec!["UBEN"]);
    let before = Timestamp::now() - 5.minutes();
    for incoming in [joined(), happened("left", What::Left("UBEN".into()))] {
        reported(&world, &Incoming { at: Some(before), ..incoming }).await.unwrap();
    }
    let ahead = Incoming { at: Some(Timestamp::now() + 5.minutes()), ..joined() };
    reported(&world, &ahead).await.unwrap();
    let at: Vec<Timestamp> = world
        .reports()
        .iter()
        .map(|report| report["observed_at"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(at[..2], [before, before]);
    assert!(at[2] <= Timestamp::now());
}

#[tokio::test]
async fn where_the_server_knows_of_something_later_the_list_counts_and_is_of_now() {
    let world = World::new().await;
    world.around().members.insert("C1", vec!["UBEN"]);
    world.around().reported = json!({"enclave": "prices", "taken": false});
    let before = Timestamp::now();
    let late = Incoming { at: Some(before - 5.minutes()), ..joined() };
    reported(&world, &late).await.unwrap();
    let reports = world.reports();
    assert_eq!(reports.len(), 2, "{reports:?}");
    assert_eq!(reports[1]["joined"][0]["user"], "UBEN");
    assert!(reports[1]["observed_at"].as_str().unwrap().parse::<Timestamp>().unwrap() >= before);
    // Where there is no enclave, nothing is to be decided.
    world.around().reported = json!({"taken": false});
    reported(&world, &joined()).await.unwrap();
    assert_eq!(world.reports().len(), 3);
}

#[tokio::test]
async fn a_new_status_of_anybody_is_asked_of_nobody() {
    let world = World::new().await;
    let before = world.asked();
    for number in 0..5000 {
        let status =
            json!({"id": format!("U{number}"), "team_id": "T1", "profile": {"status_text": "at lunch"}});
        reported(&world, &changed(status)).await.unwrap();
    }
    assert_eq!(world.asked(), before);
    assert!(world.around().calls.is_empty());
}

#[tokio::test]
async fn another_class_counts_as_it_is_told_unless_it_gives_something() {
    let world = World::new().await;
    let before = world.asked().len();
    let guest = json!({"id": "UBEN", "team_id": "T1", "is_restricted": true});
    for _ in 0..2 {
        reported(&world, &changed(guest.clone())).await.unwrap();
    }
    assert_eq!(world.asked().len(), before);
    let classes = || world.reports().iter().map(|it| it["changed"][0]["class"].clone()).collect::<Vec<_>>();
    assert_eq!(classes(), ["guest"]);
    reported(&world, &changed(json!({"id": "UBEN"}))).await.unwrap();
    assert_eq!(world.asked()[before..], ["users.info"]);
    assert_eq!(classes(), ["guest", "full"]);
}

#[tokio::test]
async fn an_account_that_is_over_is_nowhere_and_belongs_to_nobody() {
    let world = World::new().await;
    let before = world.asked();
    for _ in 0..2 {
        reported(&world, &changed(json!({"id": "UBEN", "team_id": "T1", "deleted": true}))).await.unwrap();
    }
    let reports = world.reports();
    let told: Vec<_> = reports.iter().map(|it| (&it["channel"], it.get("left"), it.get("ended"))).collect();
    let ben = json!(["UBEN"]);
    assert_eq!(told, [(&json!("C1"), Some(&ben), None), (&json!(""), None, Some(&ben))]);
    assert_eq!(world.asked(), before);
}

#[tokio::test]
async fn the_session_of_who_is_in_no_enclaves_channel_any_more_ends() {
    let world = World::new().await;
    world.around().members.insert("C1", vec!["UKRAKEN"]);
    let session = async || world.kraken.sessions.of("UANA").await.unwrap();
    for fact in [happened("left", What::Left("UANA".into())), different()] {
        // In another one she goes on.
        world.around().reported = json!({"enclave": "prices", "taken": true, "gone": ["Ana Sousa"]});
        world.ana_has_signed_in().await;
        reported(&world, &fact).await.unwrap();
        assert!(session().await.is_some(), "{fact:?}");
        world.around().reported["nowhere"] = json!(["UANA"]);
        reported(&world, &fact).await.unwrap();
        assert!(session().await.is_none(), "{fact:?}");
    }
}

#[tokio::test]
async fn a_kraken_that_is_cut_off_ends_every_session_and_sees_no_channel() {
    let world = World::new().await;
    world.ana_has_signed_in().await;
    let cut_off = Incoming { channel: "workspace".into(), ..happened("cut off", What::CutOff) };
    reported(&world, &cut_off).await.unwrap();
    assert!(world.kraken.sessions.of("UANA").await.unwrap().is_none());
    let report = &world.reports()[0];
    assert_eq!((&report["channel"], &report["unseen"]), (&json!("C1"), &json!(true)));
}

/// The fact is not done before: it is tried again.
#[tokio::test]
async fn sessions_that_cannot_be_ended_keep_nobody_from_being_reported_and_are_tried_again() {
    let world = World::new().await;
    world.ana_has_signed_in().await;
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    let pool = world.kraken.inbox.pool();
    sqlx::query(sqlx::AssertSqlSafe(rename("session", "away"))).execute(pool).await.unwrap();
    let over = changed(json!({"id": "UANA", "team_id": "T1", "deleted": true}));
    let cut_off = Incoming { channel: "workspace".into(), ..happened("cut off", What::CutOff) };
    for (fact, reports) in [(&over, 2), (&cut_off, 3)] {
        let failed = reported(&world, fact).await.unwrap_err();
        assert!(matches!(failed, ReportError::Session(_)), "{failed}");
        assert_eq!(world.reports().len(), reports);
    }
    sqlx::query(sqlx::AssertSqlSafe(rename("away", "session"))).execute(pool).await.unwrap();
    reported(&world, &over).await.unwrap();
    assert!(world.kraken.sessions.of("UANA").await.unwrap().is_none());
}

#[tokio::test]
async fn a_channel_that_was_deleted_is_reported_as_that() {
    let world = World::new().await;
    reported(&world, &happened("deleted", What::Deleted)).await.unwrap();
    let report = world.reports().remove(0);
    assert_eq!((&report["archived"], &report["deleted"]), (&json!(true), &json!(true)));
}
