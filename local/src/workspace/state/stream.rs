//! A message that grows while the app works on it: what it is made of so far.
//! <https://docs.slack.dev/reference/methods/chat.appendStream>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::message::Content;
use crate::workspace::blocks::{self, Place};
use crate::workspace::fault::Fault;
use crate::workspace::markup::mrkdwn::{self, Lists};
use crate::workspace::markup::rich_text;

/// The most characters that are taken at once.
const MOST_CHARACTERS: usize = 12_000;

/// What it is made of so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stream {
    parts: Vec<Part>,
    /// The title of the plan, where tasks are shown together in one.
    plan: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    /// In Markdown.
    Text(String),
    Task(Task),
    Blocks(Vec<Value>),
}

/// Something that the app does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Task {
    id: String,
    title: String,
    status: Status,
    details: String,
    output: String,
    sources: Vec<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Pending,
    InProgress,
    Complete,
    Error,
}

/// A piece that is added.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Chunk {
    MarkdownText {
        text: String,
    },
    TaskUpdate {
        id: String,
        title: String,
        status: Status,
        #[serde(default)]
        details: String,
        #[serde(default)]
        output: String,
        #[serde(default)]
        sources: Vec<Value>,
    },
    PlanUpdate {
        title: String,
    },
    Blocks {
        blocks: Value,
    },
}

impl Stream {
    /// An empty one; `together` shows its tasks as one plan.
    pub(crate) fn new(together: bool) -> Self {
        Self { parts: Vec::new(), plan: together.then(String::new) }
    }

    /// Adds a text, which belongs to the one before it.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Fault> {
        if text.chars().count() > MOST_CHARACTERS {
            return Err(Fault::MsgTooLong);
        }
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
        Ok(())
    }

    /// Adds a chunk. A task that is told of again has the new title and status, and more details.
    pub(crate) fn add(&mut self, chunk: &Value) -> Result<(), Fault> {
        match Chunk::deserialize(chunk).map_err(|_| Fault::InvalidChunks)? {
            Chunk::MarkdownText { text } => self.say(&text),
            Chunk::Blocks { blocks } => {
                self.parts.push(Part::Blocks(blocks::accept(blocks, Place::Message)?));
                Ok(())
            }
            Chunk::PlanUpdate { title } => {
                self.plan = Some(title);
                Ok(())
            }
            Chunk::TaskUpdate { id, title, status, details, output, sources } => {
                let known = self.parts.iter_mut().find_map(|part| match part {
                    Part::Task(task) if task.id == id => Some(task),
                    Part::Task(_) | Part::Text(_) | Part::Blocks(_) => None,
                });
                match known {
                    Some(task) => {
                        (task.title, task.status) = (title, status);
                        task.details.push_str(&details);
                        task.output.push_str(&output);
                        task.sources.extend(sources);
                    }
                    None => self.parts.push(Part::Task(Task { id, title, status, details, output, sources })),
                }
                Ok(())
            }
        }
    }

    /// What the message says by now.
    pub(crate) fn content(&self) -> Content {
        let mut text = String::new();
        let mut blocks = Vec::new();
        let tasks = || {
            self.parts.iter().filter_map(|part| match part {
                Part::Task(task) => Some(task.block()),
                Part::Text(_) | Part::Blocks(_) => None,
            })
        };
        let mut is_planned = false;
        for part in &self.parts {
            match (part, &self.plan) {
                (Part::Text(said), _) => {
                    text.push_str(said);
                    blocks.push(json!({ "type": "markdown", "text": said }));
                }
                (Part::Blocks(given), _) => blocks.extend(given.iter().cloned()),
                (Part::Task(task), None) => blocks.push(task.block()),
                (Part::Task(_), Some(title)) if !is_planned => {
                    is_planned = true;
                    let tasks: Vec<Value> = tasks().collect();
                    blocks.push(json!({ "type": "plan", "title": title, "tasks": tasks }));
                }
                (Part::Task(_), Some(_)) => {}
            }
        }
        for (number, block) in blocks.iter_mut().enumerate() {
            if let Value::Object(fields) = block {
                fields.entry("block_id").or_insert_with(|| json!(format!("streamed-{number}")));
            }
        }
        Content { text, blocks, ..Content::default() }
    }
}

impl Task {
    fn block(&self) -> Value {
        let mut fields = Map::from_iter([
            ("type".to_owned(), json!("task_card")),
            ("task_id".to_owned(), json!(self.id)),
            ("title".to_owned(), json!(self.title)),
            ("status".to_owned(), json!(self.status)),
        ]);
        for (name, text) in [("details", &self.details), ("output", &self.output)] {
            if !text.is_empty() {
                let parts = mrkdwn::parse(text, Lists::Seen);
                fields.insert(name.to_owned(), rich_text::write(&parts));
            }
        }
        if !self.sources.is_empty() {
            fields.insert("sources".to_owned(), json!(self.sources));
        }
        Value::Object(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str, status: &str, details: &str) -> Value {
        json!({ "type": "task_update", "id": id, "title": id, "status": status, "details": details })
    }

    #[test]
    fn texts_join_and_tasks_change_where_they_stand() {
        let mut stream = Stream::new(false);
        stream.say("one ").unwrap();
        stream.add(&json!({ "type": "markdown_text", "text": "two" })).unwrap();
        stream.add(&task("look", "in_progress", "a")).unwrap();
        stream.say("three").unwrap();
        stream.add(&task("look", "complete", "b")).unwrap();
        let content = stream.content();
        assert_eq!(content.text, "one twothree");
        let kinds: Vec<&str> = content.blocks.iter().map(|block| block["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["markdown", "task_card", "markdown"]);
        assert_eq!(content.blocks[1]["status"], "complete");
        assert_eq!(content.blocks[1]["details"]["elements"][0]["elements"][0]["text"], "ab");
    }

    #[test]
    fn a_plan_holds_all_tasks_and_what_is_no_chunk_is_refused() {
        let mut stream = Stream::new(true);
        for id in ["one", "two"] {
            stream.add(&task(id, "pending", "")).unwrap();
        }
        stream.add(&json!({ "type": "plan_update", "title": "The plan" })).unwrap();
        let blocks = stream.content().blocks;
        assert_eq!((blocks.len(), &blocks[0]["title"]), (1, &json!("The plan")));
        assert_eq!(blocks[0]["tasks"].as_array().unwrap().len(), 2);
        for odd in [json!({}), json!("text"), json!({ "type": "odd" }), task("one", "odd", "")] {
            assert_eq!(stream.add(&odd), Err(Fault::InvalidChunks), "{odd}");
        }
        assert_eq!(stream.say(&"x".repeat(12_001)), Err(Fault::MsgTooLong));
    }
}
