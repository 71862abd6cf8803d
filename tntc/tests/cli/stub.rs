//! A server on loopback that answers tools as a test tells it to, through the same MCP library as the real one.

use crate::issuer::{Issuer, public_keys};
use crate::program::Program;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    ProgressNotificationParam, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, ServerHandler};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use wire::{Failure, FailureAnswer};

/// An operator's token that the server knows.
pub(crate) const OPERATOR: &str = "break-glass-token-of-olga-with-every-scope";

/// One call as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) tool: String,
    pub(crate) arguments: Value,
    pub(crate) reason: Option<String>,
}

#[derive(Default)]
struct World {
    /// What each tool answers, one after the other; the last answer is repeated.
    answers: HashMap<&'static str, Vec<Result<Value, Failure>>>,
    calls: Vec<Call>,
    /// What each tool tells before it answers, which it takes more than a moment for.
    tells: HashMap<&'static str, Vec<&'static str>>,
    /// What the server calls itself, where it is not what it is.
    calls_itself: Option<String>,
}

/// The server and its issuer.
#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) url: String,
    pub(crate) issuer: Issuer,
    world: Arc<Mutex<World>>,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Issuer::new(format!("{url}/oidc"));
        let stub = Self { url, issuer, world: Arc::default() };
        let router = stub.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        stub
    }

    fn router(&self) -> Router {
        let handler = self.clone();
        let config =
            StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
        let sessions = Arc::new(NeverSessionManager::default());
        let mcp = StreamableHttpService::new(move || Ok(handler.clone()), sessions, config);
        let mcp = Router::new().route_service("/mcp", mcp).layer(from_fn_with_state(self.clone(), recognise));
        Router::new()
            .route("/.well-known/oauth-protected-resource/mcp", get(metadata))
            .route("/.well-known/jwks.json", get(async || Json(public_keys())))
            .with_state(self.clone())
            .nest("/oidc", self.issuer.router())
            .merge(mcp)
    }

    /// Adds an answer of a tool.
    pub(crate) fn answers(&self, tool: &'static str, answer: Value) {
        self.world.lock().unwrap().answers.entry(tool).or_default().push(Ok(answer));
    }

    /// Makes a tool tell these lines, and take more than a moment for its answer.
    pub(crate) fn tells(&self, tool: &'static str, lines: &[&'static str]) {
        self.world.lock().unwrap().tells.insert(tool, lines.to_vec());
    }

    /// Makes a tool refuse.
    pub(crate) fn refuses(&self, tool: &'static str, failure: Failure) {
        self.world.lock().unwrap().answers.entry(tool).or_default().push(Err(failure));
    }

    pub(crate) fn calls_itself(&self, name: &str) {
        self.world.lock().unwrap().calls_itself = Some(name.to_owned());
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.world.lock().unwrap().calls.clone()
    }

    /// The program with this server, signed out.
    pub(crate) fn program(&self) -> Program {
        Program::new(Some(&self.url))
    }

    /// The program with this server, signed in.
    pub(crate) async fn signed_in(&self) -> Program {
        let program = self.program();
        program.ok(&["login"]).await;
        program
    }
}

async fn metadata(State(stub): State<Stub>) -> Json<Value> {
    let told = stub.world.lock().unwrap().calls_itself.clone();
    Json(json!({
        "resource": told.unwrap_or_else(|| format!("{}/mcp", stub.url)),
        "authorization_servers": [stub.issuer.url],
        "jwks_uri": format!("{}/.well-known/jwks.json", stub.url),
    }))
}

async fn recognise(State(stub): State<Stub>, request: Request, next: Next) -> Response {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if token == OPERATOR || stub.issuer.gave(token) {
        next.run(request).await
    } else {
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response()
    }
}

impl ServerHandler for Stub {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tells = self.world.lock().unwrap().tells.get(&*request.name).cloned().unwrap_or_default();
        if let Some(token) = context.meta.get_progress_token() {
            for (line, progress) in tells.into_iter().zip([1.0, 2.0, 3.0]) {
                let told = ProgressNotificationParam::new(token.clone(), progress).with_message(line);
                context.peer.notify_progress(told).await.unwrap();
                tokio::time::sleep(Duration::from_millis(700)).await;
            }
        }
        let reason = context.meta.get(wire::meta::REASON).and_then(Value::as_str).map(str::to_owned);
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let mut world = self.world.lock().unwrap();
        world.calls.push(Call { tool: request.name.to_string(), arguments, reason });
        let answers =
            world.answers.get_mut(&*request.name).unwrap_or_else(|| panic!("{} is not told", request.name));
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        let result = match answer {
            Ok(value) => CallToolResult::structured(value),
            Err(failure) => {
                let mut result = CallToolResult::error(vec![ContentBlock::text(failure.text())]);
                result.structured_content = serde_json::to_value(FailureAnswer { error: failure }).ok();
                result
            }
        };
        Ok(CallToolResponse::Complete(result))
    }
}
