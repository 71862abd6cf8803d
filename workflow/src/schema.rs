//! What `workflow.yaml` may hold, as a JSON Schema: for editors, and for the page that people read.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::fmt::Write as _;
use std::marker::PhantomData;

/// The schema (JSON Schema 2020-12). It knows the keys and their shapes; what has to fit together, such as a node and its file,
/// only [`Workflow::of`](crate::Workflow::of) knows.
pub const SCHEMA: &str = include_str!("../schema/workflow.schema.json");

/// What is read of the schema.
#[derive(Debug, serde::Deserialize)]
struct Schema {
    #[serde(rename = "$defs")]
    parts: Pairs<Part>,
}

#[derive(Debug, serde::Deserialize)]
struct Part {
    properties: Pairs<Key>,
    #[serde(default)]
    required: Vec<String>,
}

#[derive(Debug, serde::Deserialize)]
struct Key {
    description: String,
    /// The one kind that it belongs to.
    #[serde(rename = "x-of")]
    of: Option<String>,
}

/// An object in its own order, which is the order in which people read.
#[derive(Debug)]
struct Pairs<T>(Vec<(String, T)>);

/// The keys of each part of the file, as tables in Markdown, by the part's name in the schema.
///
/// # Errors
/// When the schema is none.
pub fn tables() -> Result<Vec<(String, String)>, serde_json::Error> {
    let schema: Schema = serde_json::from_str(SCHEMA)?;
    Ok(schema.parts.0.into_iter().map(|(name, part)| (name, part.table())).collect())
}

impl Part {
    /// A key that belongs to one kind only says so in a column of its own.
    fn table(&self) -> String {
        let keys = &self.properties.0;
        let of_kinds = keys.iter().any(|(_, key)| key.of.is_some());
        let mut table = match of_kinds {
            true => "| key | of | what it is |\n|---|---|---|\n".to_owned(),
            false => "| key | what it is |\n|---|---|\n".to_owned(),
        };
        for (name, Key { description, of }) in keys {
            let needed = if self.required.contains(name) { " (needed)" } else { "" };
            let kind = match of_kinds {
                true => format!(" {} |", of.as_deref().unwrap_or("all")),
                false => String::new(),
            };
            // A String takes everything.
            let _ = writeln!(table, "| `{name}`{needed} |{kind} {description} |");
        }
        table
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Pairs<T>, M::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        from.deserialize_map(InOrder(PhantomData))
    }
}
