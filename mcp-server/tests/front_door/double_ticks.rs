//! Two servers on one store, stopped and let go at random, and killed: no moment is met twice.

use crate::app::{App, until};
use crate::clockwork::{TestClock, deploy, with_triggers};
use crate::team::set_up;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::time::Duration;

const ROUNDS: usize = 150;

/// Each with two triggers for the same moments.
const TENTACLES: [&str; 4] = ["one", "two", "three", "four"];

#[tokio::test]
async fn no_moment_is_met_twice_on_sqlite() {
    let clock = TestClock::new();
    no_moment_is_met_twice(App::paced(clock.pace()).await, clock).await;
}

#[tokio::test]
async fn no_moment_is_met_twice_on_postgres() {
    let clock = TestClock::new();
    no_moment_is_met_twice(App::paced_on_postgres(clock.pace()).await, clock).await;
}

async fn no_moment_is_met_twice(mut app: App, clock: TestClock) {
    let seed: u64 =
        std::env::var("TENTACULAR_TEST_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("TENTACULAR_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    set_up(&app).await;
    for name in TENTACLES {
        let each = "type: cron, schedule: '* * * * *', catchUp: true, overlap: allow";
        let late = "type: cron, schedule: '* * * * *', jitter: 20s, overlap: allow";
        deploy(&app, with_triggers(name, "hi", &[each, late])).await;
    }
    app.heads = "heads-of-another";
    let other = app.replica().await;
    app.heads = "heads";
    let mut paused = (None, None);
    for round in 0..ROUNDS {
        clock.on(random.random_range(5..90));
        paused.0 = random.random_bool(0.3).then(|| app.pause());
        paused.1 = random.random_bool(0.3).then(|| other.pause());
        // No wait for anything: the two get a random moment to themselves, together or alone.
        tokio::time::sleep(Duration::from_micros(random.random_range(0..25_000))).await;
        if round % 10 == 9 {
            paused = (None, None);
            settled(&app, &clock).await;
        }
        if round % 25 == 24 {
            paused = (None, None);
            app.kill().await;
            app.run().await;
        }
    }
    drop(paused);
    settled(&app, &clock).await;
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for ((_, tentacle), input) in &app.backend.world().inputs {
        *met.entry(format!("{tentacle} {}", input["trigger"])).or_default() += 1;
    }
    let twice: Vec<_> = met.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    println!("{} moments were met by two servers, each once", met.len());
    assert!(met.len() > 60, "only {} moments were met", met.len());
    let ticks = app.database.rows().await["trigger_tick"].len();
    assert!(ticks >= met.len(), "{ticks} < {}", met.len());
    other.stop().await;
}

/// Waits until nothing is due and nothing goes on.
async fn settled(app: &App, clock: &TestClock) {
    let settled = async || {
        let (now, rows) = (clock.now().as_millisecond(), app.database.rows().await);
        let fire_at =
            |row: &String| row.split("fire_at=").nth(1).unwrap().split(' ').next().unwrap().parse::<i64>();
        let waits = rows["tentacle_trigger"].iter().all(|row| fire_at(row).unwrap() > now);
        waits && rows["open_effect"].is_empty()
    };
    until("everything is settled", settled).await;
}
