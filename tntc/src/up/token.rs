//! `tntc up token`: a token of one of the people, for trying an MCP client.

use super::folder;
use super::state::{StateError, running_world};
use crate::output::{OutputError, write};
use crate::session::SessionError;
use crate::web::{Web, WebError};
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;

/// Whose token.
#[derive(Debug, clap::Args)]
pub(super) struct Token {
    /// The person: `ana`, `ben`, `cy` or `gil`
    person: String,
    /// The state of the `up` that runs; as with `up` itself
    #[arg(long, value_name = "FOLDER", env = "TENTACULAR_UP_STATE_DIR")]
    state_dir: Option<PathBuf>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// There is no place for a state.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// None runs.
    #[error(transparent)]
    State(#[from] StateError),
    /// The workspace does not answer.
    #[error(transparent)]
    Web(#[from] WebError),
    /// It refuses.
    #[error("the issuer gives no token for `{person}`: {why}")]
    Refused {
        /// For whom.
        person: String,
        /// What it said.
        why: String,
    },
    /// It cannot be printed.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// The client that stands for every MCP client.
const CLIENT: &str = "agents";

/// The part of the answer that is used here.
#[derive(Debug, Deserialize)]
struct Answer {
    access_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Token {
    pub(super) async fn run(&self) -> Result<(), TokenError> {
        let folder = folder(self.state_dir.as_deref())?;
        let world = running_world(&folder)?;
        let secret = world.secret().ok_or(StateError::Idle(folder))?;
        let refused = |why: String| TokenError::Refused { person: self.person.clone(), why };
        let request = http::Request::post(format!("{}/dev/token", world.issuer()))
            .header(http::header::AUTHORIZATION, format!("Bearer {secret}"))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(json!({"person": self.person, "client": CLIENT}).to_string().into_bytes())
            .map_err(|error| refused(error.to_string()))?;
        let answer = Web::new()?.send(request).await?;
        let read: Answer = serde_json::from_slice(answer.body())
            .map_err(|_| refused(format!("it answered with status {}", answer.status())))?;
        let Answer { access_token, error, error_description } = read;
        let why = || error_description.or(error).unwrap_or_else(|| "it gave no reason".to_owned());
        let token = access_token.ok_or_else(|| refused(why()))?;
        Ok(write(&format!("{token}\n"))?)
    }
}
