//! A run that takes too long, and one that takes everything.

use super::{Outcome, Site};
use futures::future::join_all;
use serde_json::json;
use std::time::{Duration, Instant};

/// Loops for ever, takes all memory, or waits for a while.
const CODE: &str = "export default async (_, input) => {
  if (input.loop) for (;;);
  const all = [];
  while (input.hog) all.push(new Uint8Array(8 << 20).fill(1));
  await new Promise((done) => setTimeout(done, input.millis ?? 0));
  return 'well';
};
";

/// How many seconds a run gets that does not end by itself, and how much later than that it may have been stopped.
const LIMIT: u32 = 2;
const LATER: Duration = Duration::from_secs(2);

/// How often it is tried: what is late on a busy machine is not late every time.
const TRIES: usize = 4;

/// A run that does not end by itself, and the control, which does.
pub(super) async fn time(site: &impl Site) -> Outcome {
    site.deploy("endless", CODE).await;
    // More than may go on at the same time wait for their turn.
    let many = join_all((0..10).map(|_| site.run("endless", json!({"millis": 500}), 60))).await;
    assert!(many.iter().all(|ran| *ran == Ok(json!("well"))), "{many:?}");
    // And who waits for longer than its own run may take ends nobody else's.
    let long = join_all((0..4).map(|_| site.run("endless", json!({"millis": 14_000}), 60)));
    let short = async {
        going(site, "endless", 4).await;
        // It waits for some 13 s, and has time enough for itself on a busy machine.
        site.run("endless", json!({}), 8).await
    };
    let (long, short) = tokio::join!(long, short);
    assert!(long.iter().all(|ran| *ran == Ok(json!("well"))), "{long:?}");
    assert_eq!(short, Ok(json!("well")));
    let mut took = Vec::new();
    for _ in 0..TRIES {
        let began = Instant::now();
        match site.run("endless", json!({"loop": true}), LIMIT).await {
            Err(why) if !why.contains("stopped") => return Outcome::Breached(format!("it ended with {why}")),
            Ok(got) => return Outcome::Breached(format!("it ended by itself: {got}")),
            Err(_) if began.elapsed() <= Duration::from_secs(LIMIT.into()) + LATER => return Outcome::Held,
            Err(_) => took.push(began.elapsed()),
        }
    }
    Outcome::Breached(format!("with a limit of {LIMIT} s it was stopped after {took:?}"))
}

/// A run that waits, beside one that takes all memory.
pub(super) async fn others(site: &impl Site) -> Outcome {
    site.deploy("beside", CODE).await;
    assert_eq!(site.run("beside", json!({}), 60).await, Ok(json!("well")));
    let hog = async {
        going(site, "beside", 1).await;
        // In flight is what has been asked for: it needs a moment to begin.
        tokio::time::sleep(Duration::from_secs(3)).await;
        site.run("beside", json!({"hog": true}), 120).await
    };
    let (waited, hogged) = tokio::join!(site.run("beside", json!({"millis": 25_000}), 120), hog);
    assert!(hogged.is_err(), "it took all there is and was not stopped: {hogged:?}");
    match waited {
        Ok(_) => Outcome::Held,
        Err(why) => Outcome::Breached(format!("the run beside it: {why}")),
    }
}

/// Waits until so many runs go on.
async fn going(site: &impl Site, name: &str, runs: u64) {
    let began = Instant::now();
    while site.in_flight(name).await < runs && began.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
