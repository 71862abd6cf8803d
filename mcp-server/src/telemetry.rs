//! Traces for the operator's collector (OpenTelemetry, OTLP over HTTP): which tool was called and how that ended, and each run
//! with its nodes. Never what was asked, said or answered: spans are made here and nowhere else, from what this file takes.
//!
//! Sandboxes reach no collector, so that the server says it for them: an engine tells when its nodes began and ended.

mod client;

use crate::config::ConfigError;
use client::Client;
use jiff::Timestamp;
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceId,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer, SdkTracerProvider};
use serde_json::Value;
use std::time::{Duration, SystemTime};
use url::Url;
use uuid::Uuid;
use wire::{Failure, FailureCode};
use workflow::PartName;

/// What this program is called in traces.
const SERVICE: &str = "tentacular-mcp-server";

/// The most nodes of a run that are told.
const NODES: usize = 100;

/// Where traces go, if anywhere.
#[derive(Debug, Default)]
pub(crate) struct Telemetry(Option<(SdkTracerProvider, SdkTracer)>);

/// A call that goes on, with the id under which people, logs and traces know it.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    pub(crate) trace: Uuid,
    /// What belongs to the call is made within it.
    pub(crate) context: Context,
}

/// Trace ids are what people are told when something goes wrong: time-ordered, as all ids of the server.
#[derive(Debug, Default)]
struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(Uuid::now_v7().as_u128())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

impl Telemetry {
    /// Sends traces to this collector: its address without a path, as `OTEL_EXPORTER_OTLP_ENDPOINT` gives it. What cannot be sent
    /// is dropped and logged, and holds up nobody.
    ///
    /// # Errors
    /// When there cannot be a client for it.
    pub(crate) fn to(collector: &Url) -> Result<Self, ConfigError> {
        let unusable = |error: &dyn std::fmt::Display| {
            ConfigError::one(format!("--otlp-endpoint `{collector}` cannot be used: {error}"))
        };
        let endpoint = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new().map_err(|error| unusable(&error))?)
            .with_endpoint(endpoint)
            .build()
            .map_err(|error| unusable(&error))?;
        let resource = Resource::builder()
            .with_service_name(SERVICE)
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_id_generator(Ids::default())
            .with_resource(resource)
            .build();
        let tracer = provider.tracer(SERVICE);
        Ok(Self(Some((provider, tracer))))
    }

    /// A tool is called. A trace that the caller is in (W3C Trace Context) is linked and not gone on with: its ids are whoever's
    /// who sent them.
    pub(crate) fn called(&self, tool: &'static str, traceparent: Option<&str>) -> Called {
        let Some((_, tracer)) = &self.0 else {
            return Called { trace: Uuid::now_v7(), context: Context::new() };
        };
        let mut span = named(format!("tools/call {tool}"), SpanKind::Server)
            .with_attributes([
                KeyValue::new("mcp.method.name", "tools/call"),
                KeyValue::new("gen_ai.operation.name", "execute_tool"),
                KeyValue::new("gen_ai.tool.name", tool),
            ])
            .start_with_context(tracer, &Context::new());
        if let Some(caller) = traceparent.and_then(read_traceparent) {
            span.add_link(caller, Vec::new());
        }
        let trace = Uuid::from_u128(u128::from_be_bytes(span.span_context().trace_id().to_bytes()));
        Called { trace, context: Context::new().with_span(span) }
    }

    /// A run has ended: it belongs to what is being done at the moment, if that is told.
    pub(crate) fn ran(&self, run: &Ran<'_>) {
        let Some((_, tracer)) = &self.0 else { return };
        let ended = system(Timestamp::now());
        let mut span = named(format!("run {}", run.tentacle), SpanKind::Internal)
            .with_start_time(system(run.started_at))
            .with_attributes([
                KeyValue::new("faas.name", run.tentacle.to_owned()),
                KeyValue::new("faas.version", run.version.to_owned()),
                KeyValue::new("faas.trigger", run.trigger),
                KeyValue::new("service.namespace", run.enclave.to_owned()),
            ])
            .start_with_context(tracer, &Context::current());
        match run.ended {
            Ok(output) => {
                if output.get("success") != Some(&Value::Bool(true)) {
                    failed(&mut span, "node_failed");
                }
                let parent = Context::new().with_remote_span_context(span.span_context().clone());
                nodes(tracer, &parent, output);
            }
            Err(failure) => failed(&mut span, word(failure.code)),
        }
        span.end_with_timestamp(ended);
    }

    /// Sends what is still to be sent.
    pub(crate) async fn end(&self) {
        let Some((provider, _)) = self.0.clone() else { return };
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(PATIENCE)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// How long the last traces may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// A run, as far as it is told.
#[derive(Debug)]
pub(crate) struct Ran<'a> {
    pub(crate) enclave: &'a str,
    pub(crate) tentacle: &'a str,
    pub(crate) version: &'a str,
    /// `http`, `timer` or `other`: the words of the conventions for functions.
    pub(crate) trigger: &'static str,
    pub(crate) started_at: Timestamp,
    /// The engine's answer, of which times and names of nodes are read.
    pub(crate) ended: Result<&'a Value, &'a Failure>,
}

impl Called {
    /// It has ended.
    pub(crate) fn ended<T>(&self, result: &Result<T, Failure>) {
        let span = self.context.span();
        if let Err(failure) = result {
            let word = word(failure.code);
            span.set_attribute(KeyValue::new("error.type", word));
            span.set_status(Status::error(word));
        }
        span.end();
    }
}

fn named(name: String, kind: SpanKind) -> SpanBuilder {
    SpanBuilder::from_name(name).with_kind(kind)
}

fn failed(span: &mut impl opentelemetry::trace::Span, word: &'static str) {
    span.set_attribute(KeyValue::new("error.type", word));
    span.set_status(Status::error(word));
}

/// The nodes of a run, by the engine's clock.
fn nodes(tracer: &SdkTracer, parent: &Context, output: &Value) {
    let times = output.pointer("/timing/nodeTimings").and_then(Value::as_object);
    for (node, times) in times.into_iter().flatten().take(NODES) {
        // A name that the engine made up, which need not be believed, could say anything.
        let Ok(node) = node.parse::<PartName>() else { continue };
        let from = times.get("startedAt").and_then(Value::as_str).and_then(|at| at.parse().ok()).map(system);
        let took = times.get("durationMs").and_then(Value::as_u64).map(Duration::from_millis);
        let (Some(from), Some(took)) = (from, took) else { continue };
        let mut span = named(format!("node {node}"), SpanKind::Internal)
            .with_start_time(from)
            .with_attributes([KeyValue::new("code.function.name", node.to_string())])
            .start_with_context(tracer, parent);
        if output.pointer("/errors").is_some_and(|errors| errors.get(node.as_str()).is_some()) {
            failed(&mut span, "node_failed");
        }
        span.end_with_timestamp(from + took);
    }
}

fn system(at: Timestamp) -> SystemTime {
    SystemTime::from(at)
}

/// `00-<trace>-<span>-<flags>` (W3C Trace Context, section 3.2).
fn read_traceparent(text: &str) -> Option<SpanContext> {
    use opentelemetry::trace::{TraceFlags, TraceState};
    let [version, trace, span, flags] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
    let fits =
        |part: &str, length: usize| part.len() == length && !part.bytes().any(|b| b.is_ascii_uppercase());
    if version != "00" || !fits(trace, 32) || !fits(span, 16) || !fits(flags, 2) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

/// A failure's kind, which is no content.
const fn word(code: FailureCode) -> &'static str {
    match code {
        FailureCode::Denied => "denied",
        FailureCode::SignInRequired => "sign_in_required",
        FailureCode::Invalid => "invalid",
        FailureCode::NotFound => "not_found",
        FailureCode::Conflict => "conflict",
        FailureCode::ConfirmationRequired => "confirmation_required",
        FailureCode::ClickRequired => "click_required",
        FailureCode::NotYet => "not_yet",
        FailureCode::TimedOut => "timed_out",
        FailureCode::Unavailable => "unavailable",
        FailureCode::Internal => "internal",
    }
}
