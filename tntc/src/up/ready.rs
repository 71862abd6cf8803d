//! Whether a service works: it is asked until it says so.

use super::world::World;
use crate::web::{Web, WebError};
use serde::Deserialize;
use std::time::Duration;

/// How long a service may take until it works.
const PATIENCE: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// What shows that a service works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// An address that answers with success.
    Answers(String),
    /// An app is connected to the workspace.
    Connected,
}

/// The part of the workspace's delivery report that is used here.
#[derive(Debug, Deserialize)]
struct Delivery {
    connections: usize,
}

impl Proof {
    /// Waits for it.
    ///
    /// # Errors
    /// What was said last, when it does not come.
    pub(super) async fn wait(&self, world: &World, web: &Web) -> Result<(), String> {
        let mut last = String::new();
        let waiting = async {
            loop {
                match self.ask(world, web).await {
                    Ok(true) => return,
                    Ok(false) => "it is not connected".clone_into(&mut last),
                    Err(why) => last = why,
                }
                tokio::time::sleep(ASK_AGAIN).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.map_err(|_| last)
    }

    async fn ask(&self, world: &World, web: &Web) -> Result<bool, String> {
        let request = match self {
            Self::Answers(url) => http::Request::get(url),
            Self::Connected => {
                let secret = world.secret().ok_or("the workspace's secret is gone")?;
                http::Request::get(format!("{}/control/delivery", world.workspace()))
                    .header(http::header::AUTHORIZATION, format!("Bearer {secret}"))
            }
        };
        let request = request.body(Vec::new()).map_err(|error| error.to_string())?;
        let answer = web.send(request).await.map_err(|error: WebError| error.to_string())?;
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        if !answer.status().is_success() {
            return Err(format!("{}: {body}", answer.status()));
        }
        match self {
            Self::Answers(_) => Ok(true),
            Self::Connected => {
                let delivery: Delivery = serde_json::from_str(&body).map_err(|error| error.to_string())?;
                Ok(delivery.connections > 0)
            }
        }
    }
}
