//! The server through its front door: the real router on a real socket, the real store, tokens of an issuer, and a
//! backend that remembers what it was asked to do.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that leaves something out says so")]

/// Makes two tests of each function: one on SQLite, one on PostgreSQL.
macro_rules! on_both_stores {
    ($($name:ident)+) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::app::App::start().await).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::app::App::on_postgres().await).await;
            })+
        }
    };
}
use on_both_stores;

mod app;
mod approvals;
mod assertions;
mod at_rest;
mod backend;
mod binding;
mod bounds;
mod browser;
mod by_clock;
mod by_hand;
mod came_between;
mod carrier;
mod clockwork;
#[path = "../shared/conformance/suite.rs"]
mod conformance;
mod conforming;
mod counts;
mod crowds;
mod custody;
mod database;
mod door;
mod double_ticks;
mod emergencies;
mod enclaves;
#[path = "../shared/git.rs"]
mod git;
mod git_secrets;
mod github;
mod giving;
#[path = "../shared/histories.rs"]
mod histories;
mod history;
mod hooks;
#[path = "../shared/hub.rs"]
#[expect(dead_code, reason = "the tests of the chat look at more of it")]
mod hub;
mod interrupted;
mod invitations;
mod issuer;
mod joining;
mod key_kinds;
mod keys;
mod layers;
mod matrix;
mod mirrors;
mod names;
mod nothing_left;
mod observed;
mod on_page;
mod on_record;
mod once;
mod ownership;
mod protocol;
mod races;
mod read_only;
mod records;
mod replicas;
mod reports;
mod restore;
mod reviews;
mod rpc;
mod sign_in;
mod simulator;
mod state;
mod team;
mod tokens;
mod told_of_all;
mod told_once;
mod trail;
mod turns;
mod words;
