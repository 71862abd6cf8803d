//! The check of a token that was seen before.

use crate::issuer::Issuer;
use mcp_server::KeyPace;
use mcp_server::identity::{Authenticator, Clients, Keys};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 50_000;
const REPEATS: usize = 9;

pub(crate) async fn warm(issuer: &Issuer) {
    let keys = Arc::new(Keys::new(issuer.url.clone(), reqwest::Client::new(), KeyPace::default()));
    let fresh = Arc::clone(&keys);
    let keeping = tokio::spawn(async move { fresh.keep_fresh().await });
    while !keys.fresh() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let clients = Clients {
        kraken: "kraken".to_owned(),
        relay: "kraken-relay".to_owned(),
        tntc: "tntc".to_owned(),
        others: vec!["agents".to_owned()],
    };
    let authenticator = Authenticator::new(keys, issuer.url.clone(), "tentacular".to_owned(), clients, None);
    let header = format!("Bearer {}", issuer.token("ana", "agents"));
    let mut micros = Vec::new();
    for _ in 0..REPEATS {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            black_box(authenticator.authenticate(black_box(Some(header.as_bytes()))).await.unwrap());
        }
        micros.push(began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
    }
    keeping.abort();
    micros.sort_by(f64::total_cmp);
    let median = micros.get(REPEATS / 2).copied().unwrap_or_default();
    println!(
        r#"{{"name":"token check, warm","value":{median:.3},"unit":"us","target":2,"token_bytes":{}}}"#,
        header.len() - "Bearer ".len()
    );
}
