//! The MCP side: which tools a caller sees, and how one call goes: identified, asserted, done once, answered, counted.

mod once;
mod turns;

use self::turns::Turns;
use crate::assertions::{Fits, NotTaken};
use crate::call::{Asker, Call};
use crate::gate::unavailable;
use crate::identity::Caller;
use crate::metrics::Ended;
use crate::progress::Progress;
use crate::server::Server;
use crate::streams::SOON;
use crate::tools::{Catalogue, Entry, bounds};
use opentelemetry::trace::FutureExt as _;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorCode, ErrorData,
    Implementation, JsonObject, ListToolsResult, PaginatedRequestParams, RequestMetaObject,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;
use uuid::Uuid;
use wire::assertion::Assertion;
use wire::{Failure, FailureAnswer, FailureCode};
use wire::{canonical, meta};

/// Handles the MCP requests of everybody. Each request brings its own caller.
#[derive(Clone)]
pub(crate) struct Handler {
    server: Arc<Server>,
    catalogue: Arc<Catalogue>,
    turns: Arc<Turns>,
}

impl Handler {
    /// A call waits no longer than `turn_within` for its turn.
    pub(crate) fn new(server: Arc<Server>, turn_within: Duration) -> Self {
        let catalogue = Arc::new(crate::tools::catalogue());
        Self { server, catalogue, turns: Arc::new(Turns::new(turn_within)) }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new("tentacular", env!("CARGO_PKG_VERSION"));
        info.instructions = Some(
            "Enclaves are governed workspaces of teams; tentacles are the automated workflows in them. Every call is made \
             under the identity of its token. Ask `why` when something is denied."
                .to_owned(),
        );
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = caller(&context)?;
        let tools: Vec<Tool> =
            self.catalogue.for_caller(&caller).map(|entry| entry.description.clone()).collect();
        let mut listed = ListToolsResult::with_all_items(tools);
        listed.cache_scope = Some(CacheScope::Private);
        Ok(listed)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = caller(&context)?;
        let Some(name) = self.catalogue.find(&request.name, &caller).map(|entry| entry.name) else {
            // Whether a tool is hidden or does not exist is the same to whoever may not use it.
            let unknown = format!("there is no tool `{}` for you", shown(&request.name));
            return Err(ErrorData::new(ErrorCode::INVALID_PARAMS, unknown, None));
        };
        let progress = Progress::new(context.meta.get_progress_token(), &context.peer);
        let incoming = Incoming {
            caller,
            name,
            arguments: request.arguments.unwrap_or_default(),
            assertion: text(&context.meta, meta::ASSERTION),
            reason: text(&context.meta, meta::REASON),
        };
        let traceparent = text(&context.meta, meta::TRACEPARENT);
        let called = self.server.telemetry.called(name, traceparent.as_deref());
        let trace = called.trace;
        let span = tracing::info_span!("call", tool = name, trace_id = %trace);
        // A task of its own: a client that goes away does not stop what it asked for, and a panic ends only this call.
        let handler = self.clone();
        let going = called.clone();
        let work = async move {
            let result = handler.work(incoming, &progress).await;
            going.ended(&result);
            result
        };
        let mut work = tokio::spawn(work.instrument(span).with_context(called.context));
        let result = tokio::select! {
            result = &mut work => result,
            () = tokio::time::sleep(SOON) => {
                say_that_it_goes_on(&context).await;
                work.await
            }
        };
        let result = result.unwrap_or_else(|error| {
            tracing::error!(trace_id = %trace, %error, "a call ended in a fault");
            Err(Failure::new(FailureCode::Internal, "something went wrong on our side"))
        });
        Ok(CallToolResponse::Complete(into_result(result, trace)))
    }

    fn get_tool(&self, _: &str) -> Option<Tool> {
        // The library would check hidden tools against this; `call_tool` checks all by itself.
        None
    }
}

/// The first thing that is told of a call before its answer makes it a stream, which a client can come back to.
#[expect(
    deprecated,
    reason = "it is the one notification that clients of every revision take without having asked for it"
)]
async fn say_that_it_goes_on(context: &RequestContext<RoleServer>) {
    use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam};
    let told = LoggingMessageNotificationParam::new(LoggingLevel::Info, "it goes on".into());
    // Whoever no longer listens comes back or does not: the work goes on.
    let _ = context.peer.notify_logging_message(told).await;
}

/// What came in.
struct Incoming {
    caller: Arc<Caller>,
    name: &'static str,
    arguments: JsonObject,
    assertion: Option<String>,
    reason: Option<String>,
}

impl Handler {
    async fn work(&self, incoming: Incoming, progress: &Progress) -> Result<Value, Failure> {
        let began = Instant::now();
        let name = incoming.name;
        let result = match self.turns.take(&incoming.caller).await {
            Ok(_turn) => self.take(incoming, progress).await,
            Err(failure) => Err(failure),
        };
        let ended = if result.is_ok() { Ended::Answered } else { Ended::Refused };
        self.server.metrics.called(name, ended, began.elapsed().as_secs_f64());
        result
    }

    async fn take(&self, incoming: Incoming, progress: &Progress) -> Result<Value, Failure> {
        incoming.reason.as_deref().map_or(Ok(()), bounds::reason)?;
        let arguments = Value::Object(incoming.arguments);
        let unusual =
            |_| Failure::new(FailureCode::Invalid, "the arguments hold a number that cannot be passed on");
        let arguments_sha256 = canonical::sha256(&arguments).map_err(unusual)?;
        let via = match incoming.caller.as_ref() {
            Caller::Person(person) => {
                self.remember(person).await;
                let fits = Fits { person, tool: incoming.name, arguments_sha256: &arguments_sha256 };
                let jws = incoming.assertion.as_deref();
                self.server.assertions.take(&self.server.store, jws, fits).await
            }
            Caller::Relay { .. } | Caller::Operator(_) if incoming.assertion.is_some() => {
                Err(NotTaken::NotTheKraken)
            }
            Caller::Relay { .. } | Caller::Operator(_) => Ok(None),
        };
        let reason = incoming.reason.filter(|reason| !reason.trim().is_empty());
        let call = |via: Option<Assertion>| Call {
            asker: Asker::Caller(Arc::clone(&incoming.caller)),
            via,
            on_page: false,
            tool: incoming.name,
            arguments_sha256: arguments_sha256.clone(),
            reason: reason.clone(),
            begun: Arc::default(),
        };
        let Some(entry) = self.catalogue.find(incoming.name, &incoming.caller) else {
            return Err(Failure::new(FailureCode::Internal, "the tool is gone"));
        };
        match via {
            Ok(via) => self.once(entry, &call(via), arguments, progress).await,
            Err(NotTaken::Store(error)) => Err(unavailable(&error)),
            Err(not_taken) => {
                self.server.gate.refuse_call(&call(None), entry.actions, not_taken.name());
                Err(refusal(&not_taken))
            }
        }
    }

    /// Does what the tool does.
    async fn run(
        &self,
        entry: &Entry,
        call: &Call,
        arguments: Value,
        progress: &Progress,
    ) -> Result<Value, Failure> {
        entry.call(&self.server, call, arguments, progress).await
    }

    /// Remembers what to show for somebody. That it cannot be remembered does not stop them.
    async fn remember(&self, person: &crate::identity::Person) {
        if let Err(error) = self.server.store.remember(person).await {
            tracing::warn!(%error, "a name could not be remembered");
        }
    }
}

fn refusal(not_taken: &NotTaken) -> Failure {
    match not_taken {
        NotTaken::NotBound => {
            Failure::new(FailureCode::SignInRequired, not_taken.to_string()).with_remedy("sign in from Slack")
        }
        _ => Failure::new(FailureCode::Denied, not_taken.to_string()),
    }
}

/// Who sent the request: put there by the HTTP side, which lets nobody through without.
fn caller(context: &RequestContext<RoleServer>) -> Result<Arc<Caller>, ErrorData> {
    let parts = context.extensions.get::<http::request::Parts>();
    let caller = parts.and_then(|parts| parts.extensions.get::<Arc<Caller>>());
    caller.cloned().ok_or_else(|| ErrorData::internal_error("the request has no caller", None))
}

fn text(meta: &RequestMetaObject, key: &str) -> Option<String> {
    meta.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// A name that somebody sent, fit to be told back.
fn shown(name: &str) -> String {
    name.chars().take(64).filter(|c| c.is_ascii_graphic() && *c != '`').collect()
}

fn into_result(result: Result<Value, Failure>, trace: Uuid) -> CallToolResult {
    match result {
        Ok(value) => CallToolResult::structured(value),
        Err(mut failure) => {
            if matches!(failure.code, FailureCode::Internal | FailureCode::Unavailable) {
                failure.trace_id = Some(trace.to_string());
            }
            let mut result = CallToolResult::error(vec![ContentBlock::text(failure.text())]);
            result.structured_content = serde_json::to_value(FailureAnswer { error: failure }).ok();
            result
        }
    }
}
