//! Fills a store with enclaves, each with its channel, twenty people in it and one tentacle. All of them are Ana's.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::path::Path;

/// How many people are in each channel.
const PEOPLE: usize = 20;

pub(crate) async fn fill(dir: &Path, issuer: &str, enclaves: usize) {
    let pool =
        SqlitePool::connect_with(SqliteConnectOptions::new().filename(dir.join("store.db"))).await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO binding (team, account, issuer, subject, bound_at) VALUES ('T1', 'UANA', $1, 'ana', 0)",
    )
    .bind(issuer)
    .execute(&mut *tx)
    .await
    .unwrap();
    let now = jiff::Timestamp::now().as_millisecond();
    for number in 0..enclaves {
        let name = format!("bench-{number}");
        sqlx::query(
            "INSERT INTO enclave (name, id, changed, mirror_wanted, mirror_made, state, frozen_owner, frozen_archive, \
             frozen_operator, mode, enrollment, quota, owner_issuer, owner_subject, team, channel, channel_name, \
             channel_creator, observed_at, created_at, updated_at) VALUES ($1, $2, 2, 0, 0, 'active', 0, 0, 0, \
             'rwxrwx---', 'open', 'medium', $3, 'ana', 'T1', $4, $1, 'UANA', $5, $5, $5)",
        )
        .bind(&name)
        .bind(uuid::Uuid::now_v7().to_string())
        .bind(issuer)
        .bind(format!("C{number}"))
        .bind(now)
        .execute(&mut *tx)
        .await
        .unwrap();
        for person in 0..PEOPLE {
            let account = if person == 0 { "UANA".to_owned() } else { format!("U{person}") };
            sqlx::query(
                "INSERT INTO channel_person (enclave, account, class, shown) VALUES ($1, $2, 'full', $2)",
            )
            .bind(&name)
            .bind(account)
            .execute(&mut *tx)
            .await
            .unwrap();
        }
        sqlx::query(
            "INSERT INTO tentacle (enclave, name, owner_issuer, owner_subject, mode, description, version, \
             deployed_by, deployed_via, created_at, deployed_at) VALUES ($1, 'hello', $2, 'ana', 'rwxrwx---', \
             'greets', 'sha256:00', 'ana', 'kraken', $3, $3)",
        )
        .bind(&name)
        .bind(issuer)
        .bind(now)
        .execute(&mut *tx)
        .await
        .unwrap();
    }
    sqlx::query("UPDATE generation SET number = 2").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    pool.close().await;
}

/// Binds so many more accounts, each to an identity of its own, with a name and an address to show, as sign-ins do.
pub(crate) async fn bind(dir: &Path, issuer: &str, bindings: usize) {
    let pool =
        SqlitePool::connect_with(SqliteConnectOptions::new().filename(dir.join("store.db"))).await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    for number in 0..bindings {
        let subject = uuid::Uuid::now_v7().to_string();
        sqlx::query(
            "INSERT INTO binding (team, account, issuer, subject, bound_at) VALUES ('T1', $1, $2, $3, 0)",
        )
        .bind(format!("U{number:010}"))
        .bind(issuer)
        .bind(&subject)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query("INSERT INTO identity (issuer, subject, shown, email) VALUES ($1, $2, $3, $4)")
            .bind(issuer)
            .bind(&subject)
            .bind(format!("Person {number}"))
            .bind(format!("person{number}@example.com"))
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    sqlx::query("UPDATE generation SET number = number + 1").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    pool.close().await;
}
