//! A typed MCP client: one connection carries one token, and every call names its tool by type.

mod listening;

pub use self::listening::Told;

use self::listening::Listening;
use crate::failure::{Failure, FailureAnswer};
use crate::meta;
use crate::tool::Tool;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, JsonObject, ProtocolVersion,
    RequestMetaObject, ServerResult, Tool as ToolDescription,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, PeerRequestOptions, RoleClient, RunningService, ServiceError,
    serve_client_with_lifecycle,
};
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig, StreamableHttpError,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::borrow::Cow;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest that a call may take: a little more than the longest run.
const CALL_TIMEOUT: Duration = Duration::from_secs(630);

/// How often a stream that broke off is come back to: within some ten seconds.
const COME_BACK: usize = 8;

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nothing answers at the server's address.
    #[error("the server at `{endpoint}` cannot be reached: {detail}")]
    Unreachable {
        /// The address.
        endpoint: String,
        /// What the network said.
        detail: String,
    },
    /// The server does not take the token.
    #[error("the server does not accept this sign-in; sign in again")]
    Unauthorized,
    /// The server refused or failed, and says why.
    #[error("{}", .0.text())]
    Refused(Failure),
    /// The answer took too long.
    #[error("the server did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The two sides do not understand each other.
    #[error("the server's answer cannot be understood: {0}")]
    Protocol(String),
}

impl ClientError {
    /// The refusal in it, where the server gave one.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Refused(failure) => Some(failure),
            _ => None,
        }
    }
}

/// What goes with a call beside its arguments.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// The Kraken's signed channel assertion.
    pub assertion: Option<String>,
    /// An operator's reason.
    pub reason: Option<String>,
    /// Who is told how far the call has come, while it goes on.
    pub told: Option<UnboundedSender<Told>>,
}

/// A tool, as the server shows it to somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolShown {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// The JSON schema of its arguments.
    pub schema: Value,
    /// It changes nothing.
    pub reads: bool,
}

impl From<ToolDescription> for ToolShown {
    fn from(tool: ToolDescription) -> Self {
        Self {
            reads: tool.annotations.as_ref().and_then(|about| about.read_only_hint).unwrap_or_default(),
            name: tool.name.into_owned(),
            about: tool.description.map(Cow::into_owned).unwrap_or_default(),
            schema: Value::Object(JsonObject::clone(&tool.input_schema)),
        }
    }
}

/// A connection that carries one token.
#[derive(Debug)]
pub struct Client {
    endpoint: String,
    service: RunningService<RoleClient, Listening>,
}

impl Client {
    /// Connects to `endpoint` (the full URL, e.g. `https://tentacular.example/mcp`) with `token`.
    ///
    /// # Errors
    /// When nothing answers, the token is refused, or it is no MCP server.
    pub async fn connect(endpoint: &str, token: &SecretString) -> Result<Self, ClientError> {
        let mut config =
            StreamableHttpClientTransportConfig::with_uri(endpoint).auth_header(token.expose_secret());
        config.retry_config = Arc::new(come_back());
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy()
            .tcp_nodelay(true)
            .build()
            .map_err(|error| ClientError::Protocol(error.to_string()))?;
        let transport = StreamableHttpClientTransport::with_client(http, config);
        let lifecycle = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::LATEST] };
        let connecting = serve_client_with_lifecycle(Listening::default(), transport, lifecycle);
        let service = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_| ClientError::TimedOut(CONNECT_TIMEOUT))?
            .map_err(|error| not_connected(endpoint, &error))?;
        Ok(Self { endpoint: endpoint.to_owned(), service })
    }

    /// Calls the tool `T`.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the server says no; the others when there is no answer.
    pub async fn call<T: Tool>(&self, args: &T::Args, extras: Extras) -> Result<T::Answer, ClientError> {
        let arguments = match serde_json::to_value(args) {
            Ok(Value::Object(arguments)) => arguments,
            _ => return Err(ClientError::Protocol(format!("the arguments of {} are no object", T::NAME))),
        };
        let value = self.call_by_name(T::NAME, arguments, extras).await?;
        serde_json::from_value(value).map_err(|error| ClientError::Protocol(error.to_string()))
    }

    /// Calls a tool by its name, with arguments that are JSON already.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_by_name(
        &self,
        name: impl Into<Cow<'static, str>>,
        arguments: JsonObject,
        extras: Extras,
    ) -> Result<Value, ClientError> {
        let mut params = CallToolRequestParams::new(name).with_arguments(arguments);
        let mut said_beside = RequestMetaObject::new();
        let said = [(meta::ASSERTION, extras.assertion), (meta::REASON, extras.reason)];
        for (key, value) in said {
            if let Some(value) = value {
                said_beside.insert(key.to_owned(), Value::String(value));
            }
        }
        params.meta = Some(said_beside);
        let answer = self.ask(params, extras.told).await;
        read(answer.map_err(|error| not_answered(&self.endpoint, &error))?)
    }

    /// The tools that the server shows to whoever the token belongs to.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn tools(&self) -> Result<Vec<ToolShown>, ClientError> {
        let listed = tokio::time::timeout(CONNECT_TIMEOUT, self.service.list_all_tools())
            .await
            .map_err(|_| ClientError::TimedOut(CONNECT_TIMEOUT))?
            .map_err(|error| not_answered(&self.endpoint, &error))?;
        Ok(listed.into_iter().map(ToolShown::from).collect())
    }

    /// Sends a call and waits for its answer; whoever wants to is told meanwhile how far it has come.
    async fn ask(
        &self,
        params: CallToolRequestParams,
        told: Option<UnboundedSender<Told>>,
    ) -> Result<CallToolResult, ServiceError> {
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let options = PeerRequestOptions::with_timeout(CALL_TIMEOUT);
        let asked = self.service.send_cancellable_request(request, options).await?;
        let _heard = told.map(|told| self.service.service().begin(asked.progress_token.clone(), told));
        match asked.await_response().await? {
            ServerResult::CallToolResult(answer) => Ok(answer),
            _ => Err(ServiceError::UnexpectedResponse),
        }
    }

    /// Ends the connection.
    pub async fn close(self) {
        // The server keeps nothing for a connection, so there is nothing that a failure here could leave behind.
        let _ = self.service.cancel().await;
    }
}

/// How a stream that broke off is come back to: soon, and not for ever, for a server that is gone has forgotten it.
fn come_back() -> ExponentialBackoff {
    let mut policy = ExponentialBackoff::default();
    policy.base_duration = Duration::from_millis(250);
    policy.max_delay = Some(Duration::from_secs(2));
    policy.max_times = Some(COME_BACK);
    policy
}

fn read(answer: CallToolResult) -> Result<Value, ClientError> {
    let text = || answer.content.iter().find_map(|block| block.as_text()).map(|text| text.text.clone());
    if answer.is_error == Some(true) {
        let structured = answer.structured_content.clone();
        let told = structured.and_then(|value| serde_json::from_value::<FailureAnswer>(value).ok());
        return Err(match told {
            Some(FailureAnswer { error }) => ClientError::Refused(error),
            None => ClientError::Protocol(text().unwrap_or_else(|| "an error without a text".to_owned())),
        });
    }
    match (answer.structured_content.as_ref(), text()) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(text)) => {
            serde_json::from_str(&text).map_err(|error| ClientError::Protocol(error.to_string()))
        }
        (None, None) => Err(ClientError::Protocol("an answer without content".to_owned())),
    }
}

fn not_connected(endpoint: &str, error: &ClientInitializeError) -> ClientError {
    match error {
        ClientInitializeError::TransportError { error, .. } => from_transport(endpoint, error.error.as_ref()),
        other => ClientError::Protocol(other.to_string()),
    }
}

fn not_answered(endpoint: &str, error: &ServiceError) -> ClientError {
    match error {
        ServiceError::TransportSend(error) => from_transport(endpoint, error.error.as_ref()),
        ServiceError::Timeout { timeout } => ClientError::TimedOut(*timeout),
        ServiceError::McpError(error) => ClientError::Protocol(error.message.to_string()),
        ServiceError::TransportClosed => ClientError::Unreachable {
            endpoint: endpoint.to_owned(),
            detail: "the connection ended".to_owned(),
        },
        other => ClientError::Protocol(other.to_string()),
    }
}

fn from_transport(endpoint: &str, error: &(dyn std::error::Error + Send + Sync + 'static)) -> ClientError {
    let unreachable = |detail: String| ClientError::Unreachable { endpoint: endpoint.to_owned(), detail };
    match error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
        Some(StreamableHttpError::AuthRequired(_)) => ClientError::Unauthorized,
        Some(StreamableHttpError::Client(error)) => {
            unreachable(error.source().map_or_else(|| error.to_string(), ToString::to_string))
        }
        Some(StreamableHttpError::HttpStatus(status)) => unreachable(status.to_string()),
        _ => unreachable(error.to_string()),
    }
}
