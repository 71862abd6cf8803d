//! The stand-ins through their front doors: HTTP and WebSocket, as a bot, as people, as a browser, as OIDC clients.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first surprise; the lints know only functions marked as tests"
)]

mod app;
mod browser;
mod events;
mod interactions;
mod issuer;
mod page;
mod restart;
mod safety;
mod sign_in;
mod slack_morphism;
mod slack_sdk;
mod socket;
mod stream;
mod web_api;
