//! `rich_text` blocks. <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>

use serde_json::{Map, Value, json};

use super::{Part, Span, Style};

/// Reads a block.
pub(crate) fn read(block: &Value) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for element in items(block, "elements") {
        match word(element, "type") {
            "rich_text_section" => parts.push(Part::Section(spans(element))),
            "rich_text_quote" => parts.push(Part::Quote(spans(element))),
            "rich_text_preformatted" => {
                let text = items(element, "elements").iter().map(|item| word(item, "text"));
                parts.push(Part::Preformatted(text.collect()));
            }
            "rich_text_list" => parts.push(Part::List {
                ordered: word(element, "style") == "ordered",
                indent: element.get("indent").and_then(Value::as_u64).unwrap_or_default(),
                items: items(element, "elements").iter().map(spans).collect(),
            }),
            _ => {}
        }
    }
    parts
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn spans(element: &Value) -> Vec<Span> {
    items(element, "elements").iter().filter_map(span).collect()
}

fn span(value: &Value) -> Option<Span> {
    let owned = |key| word(value, key).to_owned();
    Some(match word(value, "type") {
        "text" => Span::Text(owned("text"), style(value)),
        "link" => Span::Link {
            url: owned("url"),
            label: value.get("text").and_then(Value::as_str).map(str::to_owned),
            style: style(value),
        },
        "user" => Span::User(owned("user_id")),
        "channel" => Span::Channel(owned("channel_id"), None),
        "emoji" => Span::Emoji(owned("name")),
        "broadcast" => Span::Broadcast(owned("range")),
        "date" => Span::Text(owned("fallback"), Style::default()),
        _ => return None,
    })
}

fn style(value: &Value) -> Style {
    let has =
        |key: &str| value.pointer(&format!("/style/{key}")).and_then(Value::as_bool).unwrap_or_default();
    Style { bold: has("bold"), italic: has("italic"), strike: has("strike"), code: has("code") }
}

/// Writes a block.
pub(crate) fn write(parts: &[Part]) -> Value {
    let elements: Vec<Value> = parts.iter().map(part).collect();
    json!({ "type": "rich_text", "elements": elements })
}

fn part(part: &Part) -> Value {
    match part {
        Part::Section(spans) => json!({ "type": "rich_text_section", "elements": written(spans) }),
        Part::Quote(spans) => json!({ "type": "rich_text_quote", "elements": written(spans) }),
        Part::Preformatted(text) => {
            json!({ "type": "rich_text_preformatted", "border": 0, "elements": [{ "type": "text", "text": text }] })
        }
        Part::List { ordered, indent, items } => {
            let items: Vec<Value> = items
                .iter()
                .map(|item| json!({ "type": "rich_text_section", "elements": written(item) }))
                .collect();
            let style = if *ordered { "ordered" } else { "bullet" };
            json!({ "type": "rich_text_list", "style": style, "indent": indent, "elements": items })
        }
    }
}

fn written(spans: &[Span]) -> Vec<Value> {
    spans
        .iter()
        .map(|span| match span {
            Span::Text(text, style) => styled(json!({ "type": "text", "text": text }), *style),
            Span::Link { url, label, style } => {
                let mut link = json!({ "type": "link", "url": url });
                if let (Some(label), Value::Object(fields)) = (label, &mut link) {
                    fields.insert("text".to_owned(), json!(label));
                }
                styled(link, *style)
            }
            Span::User(id) => json!({ "type": "user", "user_id": id }),
            Span::Channel(id, _) => json!({ "type": "channel", "channel_id": id }),
            Span::Emoji(name) => json!({ "type": "emoji", "name": name }),
            Span::Broadcast(range) => json!({ "type": "broadcast", "range": range }),
        })
        .collect()
}

fn styled(mut value: Value, style: Style) -> Value {
    let marks =
        [("bold", style.bold), ("italic", style.italic), ("strike", style.strike), ("code", style.code)];
    let set: Map<String, Value> =
        marks.into_iter().filter(|(_, on)| *on).map(|(mark, _)| (mark.to_owned(), json!(true))).collect();
    if let (false, Value::Object(fields)) = (set.is_empty(), &mut value) {
        fields.insert("style".to_owned(), Value::Object(set));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::markup::mrkdwn::{Lists, parse};

    #[test]
    fn what_is_written_is_read_back() {
        let typed = "*Hi* <@U1> in <#C1>, see <https://a.example|this> :tada:\n&gt; a quote\n```code```\n- one\n- two\n<!here>";
        let parts = parse(typed, Lists::Seen);
        assert!(parts.len() >= 5, "{parts:?}");
        assert_eq!(read(&write(&parts)), parts);
    }
}
