//! What people chose and typed, as Slack reports it in `state.values` and `actions`.
//! <https://docs.slack.dev/reference/interaction-payloads/block_actions-payload>

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::act::interact::Fields;
use super::shape::with;
use super::ts::Ts;

/// The place of an element: its block's id and its action's id. As text, it is the name of a form's field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) block: String,
    pub(crate) action: String,
}

/// A text that does not name a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a field")]
pub(crate) struct ParsePlaceError;

impl fmt::Display for Place {
    /// Both ids may hold any character, so they are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escape =
            |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        write!(f, "at/{}/{}", escape(&self.block), escape(&self.action))
    }
}

impl FromStr for Place {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unescape = |text: &str| {
            url::form_urlencoded::parse(text.as_bytes())
                .next()
                .map_or(String::new(), |(key, _)| key.into_owned())
        };
        let mut parts = text.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("at"), Some(block), Some(action)) => {
                Ok(Self { block: unescape(block), action: unescape(action) })
            }
            _ => Err(ParsePlaceError),
        }
    }
}

/// The elements of a block that can be used.
pub(crate) fn elements(block: &Value) -> impl Iterator<Item = &Value> {
    let many = block.get("elements").and_then(Value::as_array).into_iter().flatten();
    let one = block.get("element").into_iter().chain(block.get("accessory"));
    many.chain(one).filter(|element| element.get("action_id").is_some())
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The place of an element of a block.
pub(crate) fn place(block: &Value, element: &Value) -> Place {
    Place { block: text_of(block, "block_id").to_owned(), action: text_of(element, "action_id").to_owned() }
}

/// `state.values`: every input, used or not.
pub(crate) fn read(blocks: &[Value], fields: &Fields) -> Value {
    let mut values = Map::new();
    for block in blocks {
        for element in elements(block) {
            let place = place(block, element);
            let chosen = fields.get(&place).map_or(&[][..], Vec::as_slice);
            if let Some(value) = input(element, chosen) {
                let of_block = values.entry(place.block).or_insert_with(|| json!({}));
                if let Value::Object(of_block) = of_block {
                    of_block.insert(place.action, value);
                }
            }
        }
    }
    Value::Object(values)
}

/// The value of an input; none for what only is clicked.
fn input(element: &Value, chosen: &[String]) -> Option<Value> {
    let kind = text_of(element, "type");
    let first = chosen.first().filter(|text| !text.is_empty());
    let (key, value) = match kind {
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" => {
            ("value", json!(first))
        }
        "static_select" | "radio_buttons" | "external_select" => {
            ("selected_option", json!(first.and_then(|value| option(element, value))))
        }
        "checkboxes" | "multi_static_select" => {
            let options: Vec<Value> = chosen.iter().filter_map(|value| option(element, value)).collect();
            ("selected_options", json!(options))
        }
        "users_select" => ("selected_user", json!(first)),
        "multi_users_select" => {
            let users: Vec<&String> = chosen.iter().filter(|user| !user.is_empty()).collect();
            ("selected_users", json!(users))
        }
        "conversations_select" => ("selected_conversation", json!(first)),
        "channels_select" => ("selected_channel", json!(first)),
        "datepicker" => ("selected_date", json!(first)),
        "timepicker" => ("selected_time", json!(first)),
        _ => return None,
    };
    Some(json!({ "type": kind, key: value }))
}

/// The option with this value. What the app did not offer cannot be chosen.
fn option(element: &Value, value: &str) -> Option<Value> {
    let offered = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let plain = element.get("options").map(offered).unwrap_or_default();
    let groups = element.get("option_groups").map(offered).unwrap_or_default();
    let grouped = groups.iter().filter_map(|group| group.get("options")).flat_map(offered);
    plain.into_iter().chain(grouped).find(|option| text_of(option, "value") == value)
}

/// What was done at `place`, where there is such an element.
pub(crate) fn action(blocks: &[Value], at: &Place, fields: &Fields, ts: Ts) -> Option<Value> {
    let block = blocks.iter().find(|block| text_of(block, "block_id") == at.block)?;
    let element = elements(block).find(|element| text_of(element, "action_id") == at.action)?;
    let chosen = fields.get(at).map_or(&[][..], Vec::as_slice);
    let common = json!({
        "type": text_of(element, "type"),
        "action_id": at.action,
        "block_id": at.block,
        "action_ts": ts,
    });
    match text_of(element, "type") {
        "button" => {
            let kept = ["text", "value", "style", "url"]
                .into_iter()
                .filter_map(|key| element.get(key).map(|value| (key, value.clone())));
            Some(with(common, kept))
        }
        "overflow" => {
            let chosen = option(element, chosen.first()?)?;
            Some(with(common, [("selected_option", chosen)]))
        }
        _ => {
            let Value::Object(value) = input(element, chosen)? else { return None };
            let mut action = common;
            if let Value::Object(fields) = &mut action {
                fields.extend(value);
            }
            Some(action)
        }
    }
}

/// The words for each block whose input is required and empty.
pub(crate) fn missing(blocks: &[Value], values: &Value) -> Map<String, Value> {
    let mut errors = Map::new();
    for block in blocks.iter().filter(|block| text_of(block, "type") == "input") {
        let optional = block.get("optional").and_then(Value::as_bool).unwrap_or_default();
        let id = text_of(block, "block_id");
        let entered = values.get(id).and_then(Value::as_object).into_iter().flatten();
        let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let empty = entered
            .flat_map(|(_, value)| value.as_object().into_iter().flatten())
            .any(|(key, value)| key != "type" && is_empty(value));
        if empty && !optional {
            errors.insert(id.to_owned(), json!("Please complete this required field."));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_of(block: &str, action: &str) -> Place {
        Place { block: block.into(), action: action.into() }
    }

    #[test]
    fn any_id_survives_a_form() {
        for (block, action) in [("a", "b"), ("a/b", "c d"), ("", "ü&=?"), ("at/x", "+%2F")] {
            let place = place_of(block, action);
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        assert_eq!("text".parse::<Place>(), Err(ParsePlaceError));
    }

    #[test]
    fn only_what_is_there_can_be_clicked_or_chosen() {
        let blocks = [json!({ "type": "actions", "block_id": "b", "elements": [
            { "type": "button", "action_id": "go", "value": "7", "text": { "type": "plain_text", "text": "Go" } },
            { "type": "static_select", "action_id": "pick", "options": [
                { "text": { "type": "plain_text", "text": "One" }, "value": "1" },
            ] },
        ] })];
        let fields = Fields::from([(place_of("b", "pick"), vec!["1".to_owned()])]);
        let clicked = action(&blocks, &place_of("b", "go"), &fields, Ts::default()).unwrap();
        assert_eq!(clicked["value"], "7");
        let picked = action(&blocks, &place_of("b", "pick"), &fields, Ts::default()).unwrap();
        assert_eq!(picked["selected_option"]["value"], "1");
        assert_eq!(action(&blocks, &place_of("b", "forged"), &fields, Ts::default()), None);
        let forged = Fields::from([(place_of("b", "pick"), vec!["2".to_owned()])]);
        let picked = action(&blocks, &place_of("b", "pick"), &forged, Ts::default()).unwrap();
        assert_eq!(picked["selected_option"], Value::Null);
    }

    #[test]
    fn several_people_are_chosen_or_missed() {
        let blocks = [json!({ "type": "input", "block_id": "b",
            "element": { "type": "multi_users_select", "action_id": "who" } })];
        let chosen = |users: &[&str]| {
            let users = users.iter().map(|user| (*user).to_owned()).collect();
            read(&blocks, &Fields::from([(place_of("b", "who"), users)]))
        };
        assert_eq!(chosen(&["U1", "U2"])["b"]["who"]["selected_users"], json!(["U1", "U2"]));
        assert_eq!(missing(&blocks, &chosen(&[])).len(), 1);
        assert_eq!(missing(&blocks, &chosen(&["U1"])).len(), 0);
    }

    #[test]
    fn a_required_input_is_missed() {
        let block = |optional| {
            [json!({ "type": "input", "block_id": "b", "optional": optional,
                "element": { "type": "plain_text_input", "action_id": "name" } })]
        };
        let typed = |text: &str| Fields::from([(place_of("b", "name"), vec![text.to_owned()])]);
        let errors = |optional, text| missing(&block(optional), &read(&block(optional), &typed(text)));
        assert_eq!(errors(false, "").len(), 1);
        assert_eq!(errors(true, "").len(), 0);
        assert_eq!(errors(false, "x").len(), 0);
    }
}
