//! Socket Mode: every frame is written into the inbox before it is acknowledged, and only then worked on.

use super::envelope::{Frame, read};
use super::heard::take;
use super::{Connector, api_token};
use crate::inbox::Inbox;
use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::json;
use slack_morphism::clients_manager::{SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory};
use slack_morphism::listener::SlackClientEventsListenerEnvironment;
use slack_morphism::prelude::{SlackClient, SlackClientSocketModeConfig};
use slack_morphism::{SlackSocketModeClientListener, SlackSocketModeWssClientId};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// How long a connection may take until Slack says hello.
const HELLO_WITHIN: Duration = Duration::from_secs(30);

/// How long we wait before we try it from the beginning.
const START_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Listens for ever: connects, and connects anew when the connection does not come about.
pub(crate) async fn listen(
    client: Arc<SlackClient<Connector>>,
    app_token: &SecretString,
    inbox: Inbox,
    me: String,
) {
    let token = api_token(app_token);
    loop {
        let environment = Arc::new(SlackClientEventsListenerEnvironment::new(Arc::clone(&client)));
        let manager = client.http_api.connector.new_clients_manager(environment);
        let (hello, mut greeted) = watch::channel(false);
        let listener = Arc::new(Listener {
            inbox: inbox.clone(),
            me: me.clone(),
            manager: OnceLock::from(Arc::downgrade(&manager)),
            hello,
        });
        let config = SlackClientSocketModeConfig::new()
            .with_max_connections_count(1)
            .with_initial_backoff_in_seconds(0)
            .with_reconnect_timeout_in_seconds(2);
        // The listener is held here: once it is gone, frames are silently lost.
        let registered = manager.register_new_token(&config, token.clone(), listener.clone()).await;
        if registered.is_ok() {
            manager.start().await;
            let said_hello = async { greeted.wait_for(|greeted| *greeted).await.is_ok() };
            if tokio::time::timeout(HELLO_WITHIN, said_hello).await == Ok(true) {
                tracing::info!("slack says hello");
                // From here on the crate keeps the connection: it pings, and our listener asks for a new one.
                std::future::pending::<()>().await;
            }
        }
        tracing::warn!("slack did not say hello; connecting anew");
        manager.shutdown().await;
        drop(listener);
        tokio::time::sleep(START_AGAIN_AFTER).await;
    }
}

struct Listener {
    inbox: Inbox,
    me: String,
    manager: OnceLock<Weak<dyn SlackSocketModeClientsManager + Send + Sync>>,
    hello: watch::Sender<bool>,
}

impl Listener {
    async fn connect_anew(&self, client: &SlackSocketModeWssClientId) {
        if let Some(manager) = self.manager.get().and_then(Weak::upgrade) {
            manager.restart_client(client).await;
        }
    }
}

#[async_trait]
impl SlackSocketModeClientListener for Listener {
    async fn on_message(&self, client: &SlackSocketModeWssClientId, frame: String) -> Option<String> {
        match read(&frame, &self.me) {
            Frame::Hello => {
                self.hello.send_replace(true);
                None
            }
            Frame::Disconnect => {
                tracing::info!("slack asks for a new connection");
                self.connect_anew(client).await;
                None
            }
            Frame::Envelope { id, heard } => match take(&self.inbox, &heard).await {
                Ok(None) => Some(json!({"envelope_id": id}).to_string()),
                Ok(Some(payload)) => Some(json!({"envelope_id": id, "payload": payload}).to_string()),
                Err(error) => {
                    // Not acknowledged: Slack sends it again.
                    tracing::error!(%error, "what Slack sent could not be written down");
                    None
                }
            },
            Frame::Unknown => {
                tracing::debug!("a frame that is not known here");
                None
            }
        }
    }

    async fn on_error(&self, error: Box<dyn std::error::Error + Send + Sync>) {
        tracing::warn!(%error, "the connection to Slack failed");
    }

    async fn on_disconnect(&self, client: &SlackSocketModeWssClientId) {
        tracing::info!("the connection to Slack ended; connecting anew");
        self.connect_anew(client).await;
    }
}
