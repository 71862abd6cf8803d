//! Asking a sandbox for the modules that it fetches, wherever it is.

use super::{FilesError, ModuleFiles, ModulesError};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;
use workflow::Modules;

/// How often it is asked until it answers.
const ASK_AGAIN: Duration = Duration::from_millis(25);

/// A token for whoever asks: for one sandbox, and kept nowhere.
pub(crate) fn token() -> SecretString {
    SecretString::from(format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>()))
}

/// Asks until it answers, and reads the answer as far as it may go.
///
/// # Errors
/// When it refuses, answers too much, or breaks off.
pub(crate) async fn ask(client: &Client, url: &str, token: &SecretString) -> Result<Vec<u8>, ModulesError> {
    let mut answer = loop {
        match client.get(url).bearer_auth(token.expose_secret()).send().await {
            Ok(answer) => break answer,
            // It does not listen yet; an end of it is seen elsewhere.
            Err(error) if error.is_connect() => tokio::time::sleep(ASK_AGAIN).await,
            Err(error) => return Err(ModulesError::Refused(format!("it broke off: {error}"))),
        }
    };
    let status = answer.status();
    let body = body(&mut answer).await?;
    if status == StatusCode::OK {
        return Ok(body);
    }
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    let why = told.get("error").and_then(Value::as_str).unwrap_or("no reason was given");
    Err(ModulesError::Refused(why.to_owned()))
}

async fn body(answer: &mut Response) -> Result<Vec<u8>, ModulesError> {
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(part)) if body.len() + part.len() <= ModuleFiles::MOST_ANSWERED => body.extend(part),
            Ok(Some(_)) => return Err(ModulesError::TooLarge(FilesError::TooLarge.to_string())),
            Err(error) => return Err(ModulesError::Refused(format!("it broke off: {error}"))),
        }
    }
}

/// Reads what was answered.
///
/// # Errors
/// When it cannot be read, or is more than may be.
pub(crate) fn read(answer: &[u8], modules: &Modules, registries: &str) -> Result<ModuleFiles, ModulesError> {
    let files = ModuleFiles::read(answer, modules, registries).map_err(|error| match error {
        FilesError::Unreadable => ModulesError::Refused(error.to_string()),
        FilesError::TooLarge | FilesError::TooMany => ModulesError::TooLarge(error.to_string()),
    })?;
    let (count, bytes) = files.size();
    tracing::info!(files = count, bytes, "modules were fetched");
    Ok(files)
}
