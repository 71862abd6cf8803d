use super::*;

fn mistakes(blocks: Value) -> Vec<String> {
    match accept(blocks, Place::Message) {
        Ok(_) => Vec::new(),
        Err(Fault::InvalidBlocks(mistakes)) => mistakes,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_slack_takes_is_taken_and_gets_its_ids() {
    let blocks = accept(
        json!([
            { "type": "header", "text": { "type": "plain_text", "text": "Sign in" } },
            { "type": "section", "text": { "type": "mrkdwn", "text": "*Hello*" }, "block_id": "mine" },
            { "type": "section", "fields": [{ "type": "mrkdwn", "text": "a" }] },
            { "type": "context", "elements": [{ "type": "mrkdwn", "text": "small" }] },
            { "type": "divider" },
            { "type": "actions", "elements": [
                { "type": "button", "text": { "type": "plain_text", "text": "Go" }, "style": "primary" },
            ] },
        ]),
        Place::Message,
    )
    .unwrap();
    assert_eq!(blocks[1]["block_id"], "mine");
    assert!(blocks[0]["block_id"].is_string());
    assert!(blocks[5]["elements"][0]["action_id"].is_string());
}

#[test]
fn each_mistake_is_named_with_its_place() {
    let long = "x".repeat(3001);
    let rows = [
        (json!([{ "type": "nonsense" }]), "unsupported type: nonsense [json-pointer:/blocks/0/type]"),
        (json!([{}]), "missing required field: type [json-pointer:/blocks/0]"),
        (json!([{ "type": "section" }]), "missing required field: text [json-pointer:/blocks/0]"),
        (
            json!([{ "type": "section", "text": { "type": "mrkdwn", "text": long } }]),
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "" } }]),
            "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            json!([{ "type": "header", "text": { "type": "mrkdwn", "text": "x" } }]),
            "must be plain_text [json-pointer:/blocks/0/text/type]",
        ),
        (
            json!([{ "type": "actions", "elements": [] }]),
            "no less than 1 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            json!([{ "type": "actions", "elements": [{ "type": "button" }] }]),
            "missing required field: text [json-pointer:/blocks/0/elements/0/text]",
        ),
        (
            json!([{ "type": "divider", "block_id": "a" }, { "type": "divider", "block_id": "a" }]),
            "`block_id` already exists [json-pointer:/blocks/1/block_id]",
        ),
        (
            Value::Array(vec![json!({ "type": "divider" }); 51]),
            "no more than 50 items allowed [json-pointer:/blocks]",
        ),
    ];
    for (blocks, expected) in rows {
        assert_eq!(mistakes(blocks), [format!("[ERROR] {expected}")]);
    }
}

#[test]
fn a_list_is_asked_for() {
    assert_eq!(accept(json!({}), Place::Message), Err(Fault::InvalidBlocksFormat));
}
