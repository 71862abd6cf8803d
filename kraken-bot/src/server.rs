//! The server, as the Kraken calls it: for people with their own token and a signed channel assertion, and for itself
//! with the relay's token.

use crate::away::Away;
use crate::inbox::now;
use crate::issuer::{Issuer, IssuerError, Session};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;
use wire::assertion::{Assertion, Channel, Kind, MAX_LIFE_SECONDS, User, sign};
use wire::client::{Client, ClientError, Extras, Told, ToolShown};
use wire::signing::SigningKey;
use wire::tools::channel::{ChannelMap, ChannelReport, Notices, NoticesArgs};
use wire::tools::custody::{WfSetMode, WfTransfer};
use wire::tools::enclave::{EnclaveInfo, EnclaveList};
use wire::tools::health::WfHealthEnclave;
use wire::tools::history::{WfCompare, WfHistory};
use wire::tools::joining::{JoinAsk, JoinDecide};
use wire::tools::ownership::{EnclaveAccept, EnclaveOffer};
use wire::tools::person::{AccountBind, AccountUnlink, Whoami, Why};
use wire::tools::review::EnclaveReview;
use wire::tools::tentacle::{WfList, WfStatus};
use wire::{Failure, FailureCode, Tool, canonical};

/// How many connections are kept for people who may come back.
const KEPT: usize = 64;

/// How long the server may take for what it only has to look up or write down: one that says nothing for longer is as far away
/// as one that takes no connection.
const SOON: Duration = Duration::from_secs(15);

/// The same for the question whether it is back.
const AT_ONCE: Duration = Duration::from_secs(5);

/// What the server only looks up in its own store, or writes down there. Any other tool runs, deploys, builds up, takes down or asks
/// somebody else: how long that may take, the client knows.
const QUICK: [&str; 21] = [
    AccountBind::NAME,
    AccountUnlink::NAME,
    ChannelMap::NAME,
    ChannelReport::NAME,
    EnclaveAccept::NAME,
    EnclaveInfo::NAME,
    EnclaveList::NAME,
    EnclaveOffer::NAME,
    EnclaveReview::NAME,
    JoinAsk::NAME,
    JoinDecide::NAME,
    Notices::NAME,
    WfCompare::NAME,
    WfHealthEnclave::NAME,
    WfHistory::NAME,
    WfList::NAME,
    WfSetMode::NAME,
    WfStatus::NAME,
    WfTransfer::NAME,
    Whoami::NAME,
    Why::NAME,
];

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The server says no, or has failed and says so.
    #[error("{}", .0.text())]
    Refused(Failure),
    /// The server does not take the token: sign in again.
    #[error("the server does not take the token")]
    Unauthorized,
    /// Nothing is there that could answer.
    #[error("{0} is away: {1}")]
    Away(Away, String),
    /// There is no answer.
    #[error("there is no answer: {0}")]
    NoAnswer(String),
}

impl From<ClientError> for CallError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(failure) => Self::Refused(failure),
            ClientError::Unauthorized => Self::Unauthorized,
            away @ ClientError::Unreachable { .. } => Self::Away(Away::Server, away.to_string()),
            other => Self::NoAnswer(other.to_string()),
        }
    }
}

impl From<IssuerError> for CallError {
    fn from(error: IssuerError) -> Self {
        match error {
            IssuerError::Unreachable(detail) => Self::Away(Away::Issuer, detail),
            IssuerError::Refused(_) | IssuerError::NotTaken(_) | IssuerError::Expired => {
                Self::NoAnswer(error.to_string())
            }
        }
    }
}

/// Where a request comes from, as it is stated to the server.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) kind: Kind,
    pub(crate) team: String,
    pub(crate) channel: Option<Channel>,
    pub(crate) user: User,
    pub(crate) event: String,
}

/// What is told of arguments that cannot be signed.
pub(crate) const UNSIGNED: &str = "I cannot pass on a number in what you typed";

/// The server.
pub(crate) struct Server {
    endpoint: String,
    audience: String,
    key: SigningKey,
    issuer: Arc<Issuer>,
    /// Connections by access token; a new token is a new connection.
    people: Mutex<HashMap<String, Arc<Client>>>,
    relay: Mutex<Option<(Arc<Client>, i64)>>,
    /// How long an answer may take that needs no work.
    soon: Duration,
}

impl Server {
    pub(crate) fn new(endpoint: String, audience: String, key: SigningKey, issuer: Arc<Issuer>) -> Self {
        let (people, relay) = (Mutex::default(), Mutex::default());
        Self { endpoint, audience, key, issuer, people, relay, soon: SOON }
    }

    /// Calls a tool for a person; whoever wants to is told meanwhile how far it has come.
    pub(crate) async fn call<T: Tool>(
        &self,
        session: &Session,
        origin: &Origin,
        args: &T::Args,
        told: Option<UnboundedSender<Told>>,
    ) -> Result<T::Answer, CallError> {
        match self.call_once::<T>(session, origin, args, told.clone()).await {
            // The connection was of a server that is gone. The request is named by its event, so it can be sent again.
            Err(CallError::Away(..) | CallError::NoAnswer(_)) => {
                self.people.lock().await.remove(session.access().expose_secret());
                self.call_once::<T>(session, origin, args, told).await
            }
            other => other,
        }
    }

    async fn call_once<T: Tool>(
        &self,
        session: &Session,
        origin: &Origin,
        args: &T::Args,
        told: Option<UnboundedSender<Told>>,
    ) -> Result<T::Answer, CallError> {
        let called = async {
            let assertion = self.assertion(session, origin, T::NAME, canonical::sha256(args))?;
            let client = self.connection(&session.access()).await?;
            let extras = Extras { assertion: Some(assertion), told, ..Extras::default() };
            Ok::<_, CallError>(client.call::<T>(args, extras).await?)
        };
        within(self.soon, T::NAME, Box::pin(called)).await
    }

    /// The tools that the server shows to a person.
    pub(crate) async fn tools(&self, session: &Session) -> Result<Vec<ToolShown>, CallError> {
        Ok(self.connection(&session.access()).await?.tools().await?)
    }

    /// Calls a tool for a person by its name, with arguments that somebody else wrote.
    pub(crate) async fn call_by_name(
        &self,
        session: &Session,
        origin: &Origin,
        (tool, arguments): (&str, &Map<String, Value>),
        told: UnboundedSender<Told>,
    ) -> Result<Value, CallError> {
        let call = async || {
            let sha256 = canonical::sha256(arguments);
            let assertion = Some(self.assertion(session, origin, tool, sha256)?);
            let client = self.connection(&session.access()).await?;
            let extras = Extras { assertion, told: Some(told.clone()), ..Extras::default() };
            let answer = client.call_by_name(tool.to_owned(), arguments.clone(), extras).await?;
            Ok::<_, CallError>(answer)
        };
        match within(self.soon, tool, Box::pin(call())).await {
            Err(CallError::Away(..) | CallError::NoAnswer(_)) => {
                self.people.lock().await.remove(session.access().expose_secret());
                within(self.soon, tool, Box::pin(call())).await
            }
            other => other,
        }
    }

    /// Calls a tool as the relay.
    pub(crate) async fn call_as_relay<T: Tool>(&self, args: &T::Args) -> Result<T::Answer, CallError> {
        self.call_as_relay_within::<T>(self.soon, args).await
    }

    /// Whether the server answers.
    pub(crate) async fn answers(&self) -> bool {
        let asked = NoticesArgs::default();
        self.call_as_relay_within::<Notices>(AT_ONCE.min(self.soon), &asked).await.is_ok()
    }

    async fn call_as_relay_within<T: Tool>(
        &self,
        time: Duration,
        args: &T::Args,
    ) -> Result<T::Answer, CallError> {
        let called = async {
            let client = self.relay_connection().await?;
            Ok::<_, CallError>(client.call::<T>(args, Extras::default()).await?)
        };
        let called = within(time, T::NAME, Box::pin(called)).await;
        // The next call makes a new connection, with a new token. Where one is being made already, this is not waited for.
        if !matches!(called, Ok(_) | Err(CallError::Refused(_)))
            && let Ok(mut relay) = self.relay.try_lock()
        {
            relay.take();
        }
        called
    }

    fn assertion<E>(
        &self,
        session: &Session,
        origin: &Origin,
        tool: &str,
        arguments_sha256: Result<String, E>,
    ) -> Result<String, CallError> {
        let unsigned = |what: &str| CallError::Refused(Failure::new(FailureCode::Internal, what));
        let arguments_sha256 = arguments_sha256.map_err(|_| unsigned(UNSIGNED))?;
        let iat = now();
        let assertion = Assertion {
            aud: self.audience.clone(),
            iat,
            exp: iat + MAX_LIFE_SECONDS,
            jti: Uuid::now_v7(),
            kind: origin.kind,
            team: origin.team.clone(),
            channel: origin.channel.clone(),
            user: origin.user.clone(),
            event: origin.event.clone(),
            person_issuer: session.issuer.clone(),
            person_subject: session.subject.clone(),
            tool: tool.to_owned(),
            arguments_sha256,
        };
        sign(&assertion, self.key.private(), self.key.id()).map_err(|error| unsigned(&error.to_string()))
    }

    async fn connection(&self, token: &SecretString) -> Result<Arc<Client>, CallError> {
        let key = token.expose_secret();
        if let Some(client) = self.people.lock().await.get(key) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.connect(token).await?);
        let mut people = self.people.lock().await;
        if people.len() >= KEPT {
            people.clear();
        }
        people.insert(key.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    /// One that takes a connection and says nothing is as far away as one that takes none.
    async fn connect(&self, token: &SecretString) -> Result<Client, CallError> {
        Client::connect(&self.endpoint, token).await.map_err(|error| match error {
            ClientError::TimedOut(_) => CallError::Away(Away::Server, error.to_string()),
            other => other.into(),
        })
    }

    async fn relay_connection(&self) -> Result<Arc<Client>, CallError> {
        let mut relay = self.relay.lock().await;
        if let Some((client, expires_at)) = relay.as_ref()
            && now() + 30 < *expires_at
        {
            return Ok(Arc::clone(client));
        }
        let (token, expires_at) = self.issuer.relay_token().await?;
        let client = Arc::new(self.connect(&token).await?);
        *relay = Some((Arc::clone(&client), expires_at));
        Ok(client)
    }
}

/// What comes of a call within `time`, where the tool is quick.
async fn within<T>(
    time: Duration,
    tool: &str,
    called: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    if !QUICK.contains(&tool) {
        return called.await;
    }
    let silent = || CallError::Away(Away::Server, ClientError::TimedOut(time).to_string());
    tokio::time::timeout(time, called).await.unwrap_or_else(|_| Err(silent()))
}

#[cfg(test)]
mod tests;
