//! What can be clicked, chosen or typed into.

use serde_json::Value;

use super::limits::Check;
use super::name;

pub(super) fn element(check: &mut Check, at: &str, element: &mut Value) {
    match element.get("type").and_then(Value::as_str) {
        Some("button") => button(check, at, element),
        Some("static_select" | "multi_static_select") if element.get("option_groups").is_some() => {}
        Some("static_select" | "multi_static_select") => options(check, at, element, 100),
        Some("radio_buttons" | "checkboxes") => options(check, at, element, 10),
        Some("overflow") => options(check, at, element, 5),
        Some(
            "users_select"
            | "multi_users_select"
            | "conversations_select"
            | "multi_conversations_select"
            | "channels_select"
            | "multi_channels_select"
            | "external_select"
            | "multi_external_select"
            | "datepicker"
            | "timepicker"
            | "datetimepicker"
            | "plain_text_input"
            | "email_text_input"
            | "url_text_input"
            | "number_input"
            | "rich_text_input"
            | "file_input"
            | "workflow_button",
        ) => {}
        Some(other) => check.fail(&format!("{at}/type"), &format!("unsupported type: {other}")),
        None => check.fail(at, "missing required field: type"),
    }
    check.short(at, element, "action_id", 255);
    name(element, "action_id");
}

fn button(check: &mut Check, at: &str, button: &Value) {
    check.plain_text(at, button, "text", 75);
    check.short(at, button, "value", 2000);
    check.short(at, button, "url", 3000);
    if let Some(style) = button.get("style")
        && !matches!(style.as_str(), Some("primary" | "danger"))
    {
        check.fail(&format!("{at}/style"), "must be one of: primary, danger");
    }
}

fn options(check: &mut Check, at: &str, element: &Value, most: usize) {
    for (index, option) in check.items(at, element, "options", most).iter().enumerate() {
        let at = format!("{at}/options/{index}");
        match option.get("text") {
            Some(text) => check.text_object(&format!("{at}/text"), text, 75),
            None => check.fail(&at, "missing required field: text"),
        }
        match option.get("value") {
            Some(_) => check.short(&at, option, "value", 150),
            None => check.fail(&at, "missing required field: value"),
        }
    }
}
