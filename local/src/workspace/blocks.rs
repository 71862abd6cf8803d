//! Block Kit as Slack checks it: what a client sends is refused with `invalid_blocks` and the place of each mistake.
//! <https://docs.slack.dev/reference/block-kit>

use serde_json::{Value, json};

use super::fault::Fault;
use crate::random;

mod element;
mod limits;

use limits::Check;

/// Where blocks are used decides how many there may be and what they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a message.
    Message,
    /// In a modal or a Home tab.
    View,
}

impl Place {
    const fn most(self) -> usize {
        match self {
            Self::Message => 50,
            Self::View => 100,
        }
    }

    const fn pointer(self) -> &'static str {
        match self {
            Self::Message => "/blocks",
            Self::View => "/view/blocks",
        }
    }
}

/// Checks the blocks, and gives those that have none an id: for blocks and for what can be used in them.
pub(crate) fn accept(blocks: Value, place: Place) -> Result<Vec<Value>, Fault> {
    let Value::Array(mut blocks) = blocks else { return Err(Fault::InvalidBlocksFormat) };
    let mut check = Check::default();
    if blocks.len() > place.most() {
        check.fail(place.pointer(), &format!("no more than {} items allowed", place.most()));
    }
    let mut seen = Vec::new();
    for (index, block) in blocks.iter_mut().enumerate() {
        let at = format!("{}/{index}", place.pointer());
        self::block(&mut check, &at, block);
        name(block, "block_id");
        let id = block.get("block_id").and_then(Value::as_str).map(str::to_owned);
        if let Some(id) = id {
            if id.len() > 255 {
                check.fail(&format!("{at}/block_id"), "must be less than 256 characters");
            }
            if seen.contains(&id) {
                check.fail(&format!("{at}/block_id"), "`block_id` already exists");
            }
            seen.push(id);
        }
    }
    check.finish().map(|()| blocks)
}

/// Gives an object a random name under `key` where it has none.
fn name(object: &mut Value, key: &str) {
    if let Value::Object(fields) = object
        && !fields.get(key).is_some_and(Value::is_string)
    {
        fields.insert(key.to_owned(), json!(random::mixed(5)));
    }
}

fn block(check: &mut Check, at: &str, block: &mut Value) {
    match block.get("type").and_then(Value::as_str) {
        Some("section") => section(check, at, block),
        Some("header") => check.plain_text(at, block, "text", 150),
        Some("divider" | "rich_text" | "file" | "video" | "markdown" | "image" | "task_card" | "plan") => {}
        Some("context") => {
            for (index, item) in check.items(at, block, "elements", 10).iter().enumerate() {
                if !matches!(
                    item.get("type").and_then(Value::as_str),
                    Some("mrkdwn" | "plain_text" | "image")
                ) {
                    check.fail(&format!("{at}/elements/{index}/type"), "unsupported type");
                }
            }
        }
        Some("actions") => {
            check.items(at, block, "elements", 25);
            each_element(check, at, block);
        }
        Some("input") => {
            check.plain_text(at, block, "label", 2000);
            match block.get_mut("element") {
                Some(item) => element::element(check, &format!("{at}/element"), item),
                None => check.fail(at, "missing required field: element"),
            }
        }
        Some(other) => check.fail(&format!("{at}/type"), &format!("unsupported type: {other}")),
        None => check.fail(at, "missing required field: type"),
    }
}

fn section(check: &mut Check, at: &str, block: &mut Value) {
    let has_fields = block.get("fields").is_some();
    if has_fields {
        for (index, field) in check.items(at, block, "fields", 10).iter().enumerate() {
            check.text_object(&format!("{at}/fields/{index}"), field, 2000);
        }
    }
    match block.get("text") {
        Some(text) => check.text_object(&format!("{at}/text"), text, 3000),
        None if has_fields => {}
        None => check.fail(at, "missing required field: text"),
    }
    if let Some(accessory) = block.get_mut("accessory")
        && accessory.get("type").and_then(Value::as_str) != Some("image")
    {
        element::element(check, &format!("{at}/accessory"), accessory);
    }
}

fn each_element(check: &mut Check, at: &str, block: &mut Value) {
    let elements = block.get_mut("elements").and_then(Value::as_array_mut);
    for (index, item) in elements.into_iter().flatten().enumerate() {
        element::element(check, &format!("{at}/elements/{index}"), item);
    }
}

#[cfg(test)]
mod tests;
