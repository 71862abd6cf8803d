//! The keys and secrets of a world, made at the first start.

use super::{World, WorldError};
use crate::private_file;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::Path;
use wire::canonical::hex;

/// Opens the workspace's page.
pub(super) const PAGE_SECRET: &str = "page-secret";

/// How long emergency access lasts after the last start.
const GLASS_LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Every scope of emergency access: whoever started all of this holds all of it anyway. A test compares the list with
/// the server's.
pub(super) const SCOPES: [&str; 12] = [
    "read",
    "freeze",
    "unfreeze",
    "remove-member",
    "offer-transfer",
    "deprovision",
    "remove-tentacle",
    "restart",
    "provision",
    "bind",
    "unlink",
    "confirm-restore",
];

/// Makes what is missing, and renews what ends.
pub(super) fn make_missing(world: &World) -> Result<(), WorldError> {
    let kraken = world.path("kraken/signing-key.pem");
    once(&world.path(PAGE_SECRET), || Ok(secret()))?;
    once(&kraken, signing_key)?;
    once(&world.path("server/signing-key.pem"), signing_key)?;
    for own in ["kraken/age-key", "server/secrets-key", "server/state-age-key"] {
        once(&world.path(own), || Ok(kraken_bot::new_age_key().expose_secret().to_owned()))?;
    }
    // Derived from the private key each time, so that the two always belong together.
    let public = wire::signing::SigningKey::read(&kraken)?.jwks();
    private_file::write(&world.path("server/kraken-keys.json"), public.to_string().as_bytes())?;
    break_glass(world)
}

/// Writes what `make` gives, unless the file is there.
fn once(path: &Path, make: impl FnOnce() -> Result<String, WorldError>) -> Result<(), WorldError> {
    if private_file::read(path)?.is_none() {
        private_file::write(path, format!("{}\n", make()?.trim_end()).as_bytes())?;
    }
    Ok(())
}

/// 256 bits in hexadecimal.
fn secret() -> String {
    hex(&rand::random::<[u8; 32]>())
}

/// A new Ed25519 key as PKCS#8 PEM.
fn signing_key() -> Result<String, WorldError> {
    let key = SigningKey::from_bytes(&rand::random());
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| WorldError::Key(error.to_string()))?;
    Ok(pem.as_str().to_owned())
}

/// Emergency access for whoever sits at the keyboard: a token in a file, and its digest with the scopes for the server.
fn break_glass(world: &World) -> Result<(), WorldError> {
    let path = world.path("break-glass-token");
    once(&path, || Ok(secret()))?;
    let token = private_file::read(&path)?.unwrap_or_default();
    let not_after = Timestamp::now().checked_add(GLASS_LASTS).unwrap_or(Timestamp::MAX);
    let entry = json!({
        "operator": operator(),
        "token_sha256": hex(&Sha256::digest(token.trim().as_bytes())),
        "scopes": SCOPES,
        "not_after": not_after,
    });
    let text = json!({"entries": [entry]}).to_string();
    Ok(private_file::write(&world.path("server/break-glass.json"), text.as_bytes())?)
}

/// The person at the keyboard, as this machine calls them.
pub(crate) fn operator() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
    user.map_or_else(|| "operator".to_owned(), |user| user.name)
}
