//! What a tool is to the rest of the server: how it is described, what it may need, and how it is called.

use crate::call::Call;
use crate::identity::Caller;
use crate::progress::Progress;
use crate::server::Server;
use futures::future::BoxFuture;
use policy::Action;
use rmcp::model::{JsonObject, MetaObject, Tool as ToolDescription, ToolAnnotations};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::sync::Arc;
use wire::{Failure, FailureCode, Tool};

/// What a tool's handler has to do.
pub(crate) trait Handler: Tool {
    /// What people and models read of it.
    const ABOUT: About;

    /// Every action that it may ask the gate for.
    const ACTIONS: &'static [Action];

    /// Does it.
    fn handle(
        server: &Server,
        call: &Call,
        args: Self::Args,
        progress: &Progress,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

/// What people and models read of a tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) effect: Effect,
    pub(crate) repeat: Repeat,
}

/// What a tool does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Reads,
    /// It changes something, and nothing is lost.
    Changes,
    /// It may remove something for good.
    Destroys,
}

/// What a repetition does whose first call has no answer because the server ended in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It goes on where the first ended.
    Resumes,
    /// It is not done again: nobody knows how far the first came.
    Never,
}

type HandleFn =
    for<'a> fn(&'a Server, &'a Call, Value, &'a Progress) -> BoxFuture<'a, Result<Value, Failure>>;

/// One tool.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) about: About,
    pub(crate) actions: &'static [Action],
    pub(crate) description: ToolDescription,
    handle: HandleFn,
}

impl Entry {
    /// The tool `T`.
    pub(crate) fn of<T: Handler>() -> Self {
        Self {
            name: T::NAME,
            about: T::ABOUT,
            actions: T::ACTIONS,
            description: describe::<T>(),
            handle: handle::<T>,
        }
    }

    /// Calls it.
    pub(crate) async fn call(
        &self,
        server: &Server,
        call: &Call,
        args: Value,
        progress: &Progress,
    ) -> Result<Value, Failure> {
        (self.handle)(server, call, args, progress).await
    }

    /// Whether `caller` could ever be allowed any of it.
    pub(crate) fn is_for(&self, caller: &Caller) -> bool {
        self.actions.iter().any(|action| {
            let rule = action.rule();
            match caller {
                Caller::Person(_) => rule.person != policy::Person::Nobody,
                Caller::Relay { .. } => rule.service == Some(policy::Service::Relay),
                Caller::Operator(entry) => rule.operator.is_some_and(|scope| entry.scopes.contains(scope)),
            }
        })
    }
}

fn handle<'a, T: Handler>(
    server: &'a Server,
    call: &'a Call,
    args: Value,
    progress: &'a Progress,
) -> BoxFuture<'a, Result<Value, Failure>> {
    Box::pin(async move {
        let args = serde_json::from_value(args).map_err(|error| {
            Failure::new(FailureCode::Invalid, format!("the arguments do not fit: {error}"))
        })?;
        let answer = T::handle(server, call, args, progress).await?;
        serde_json::to_value(answer).map_err(|error| {
            tracing::error!(tool = T::NAME, %error, "an answer could not be written as JSON");
            Failure::new(FailureCode::Internal, "something went wrong on our side")
        })
    })
}

fn describe<T: Handler>() -> ToolDescription {
    let effect = T::ABOUT.effect;
    let annotations = ToolAnnotations::from_raw(
        Some(T::ABOUT.title.to_owned()),
        Some(effect == Effect::Reads),
        Some(effect == Effect::Destroys),
        Some(effect == Effect::Reads || T::ABOUT.repeat == Repeat::Resumes),
        Some(false),
    );
    let actions: Vec<Value> = T::ACTIONS.iter().map(|action| action.name().into()).collect();
    let mut meta = MetaObject::default();
    meta.insert("tentacular.io/actions".to_owned(), actions.into());
    ToolDescription::new(T::NAME, T::ABOUT.description, schema::<T::Args>())
        .with_title(T::ABOUT.title)
        .with_raw_output_schema(schema::<T::Answer>())
        .with_annotations(annotations)
        .with_meta(meta)
}

/// The JSON schema of a type, everything in one object: many clients do not follow references.
fn schema<S: JsonSchema>() -> Arc<JsonObject> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let schema = settings.into_generator().into_root_schema_for::<S>();
    let Value::Object(mut object) = schema.to_value() else { return Arc::default() };
    // The protocol wants an object, also from a type without fields.
    object.entry("type").or_insert_with(|| "object".into());
    object.remove("title");
    Arc::new(object)
}

/// Names that tools had in earlier releases of the original. They are taken and not listed.
const OLDER: [(&str, &str); 3] = [
    ("wf_health_ns", "wf_health_enclave"),
    ("health_ns_usage", "health_enclave_usage"),
    ("cluster_preflight", "enclave_preflight"),
];

/// Every tool.
pub(crate) struct Catalogue {
    entries: Vec<Entry>,
}

impl Catalogue {
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// All of them.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The tool of this name, if `caller` could ever use it.
    pub(crate) fn find(&self, name: &str, caller: &Caller) -> Option<&Entry> {
        let name = OLDER.iter().find(|(older, _)| *older == name).map_or(name, |(_, name)| name);
        self.entries.iter().find(|entry| entry.name == name && entry.is_for(caller))
    }

    /// The tools that `caller` could ever use.
    pub(crate) fn for_caller(&self, caller: &Caller) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.is_for(caller))
    }
}
