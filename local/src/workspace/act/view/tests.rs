use jiff::SignedDuration;

use super::*;
use crate::journal::Store;
use crate::workspace::turn::Setting;

/// Opens a modal with a trigger that was given so long ago.
async fn open_after(pause: SignedDuration) -> Result<View, Fault> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::<State>::open(&folder.path().join("workspace.jsonl")).await.unwrap();
    let setting = Setting { verification: String::new(), base: String::new() };
    let start = Timestamp::from_second(1_000_000).unwrap();
    let opened = store.write(|draft| {
        let trigger = Trigger { user: "U1".into(), at: start, exchanged: false, from: None };
        let issued = InteractionChange::TriggerIssued { id: "t".into(), trigger };
        Turn::new(draft, &setting, start).make(Change::Interaction(issued));
        let modal = json!({
            "type": "modal", "title": { "type": "plain_text", "text": "T" }, "blocks": [],
        });
        open(&mut Turn::new(draft, &setting, start + pause), "t", accept(modal)?)
    });
    opened.await.unwrap()
}

#[tokio::test]
async fn a_trigger_is_good_for_three_seconds() {
    assert!(open_after(SignedDuration::from_secs(3)).await.is_ok());
    assert_eq!(open_after(SignedDuration::from_millis(3001)).await, Err(Fault::ExpiredTriggerId));
}

#[test]
fn what_is_no_view_is_refused_with_its_place() {
    let title = json!({ "type": "plain_text", "text": "T" });
    let rows = [
        (json!([]), "missing required field: view"),
        (json!({ "type": "page" }), "json-pointer:/view/type"),
        (json!({ "type": "modal", "title": title }), "missing required field: blocks"),
        (json!({ "type": "modal", "blocks": [] }), "missing required field: title"),
        (
            json!({ "type": "modal", "blocks": [], "title": { "type": "plain_text", "text": "x".repeat(25) } }),
            "json-pointer:/view/title/text",
        ),
        (
            json!({ "type": "modal", "title": title, "blocks": [{ "type": "input",
                "label": { "type": "plain_text", "text": "L" }, "element": { "type": "plain_text_input" } }] }),
            "`submit` is required",
        ),
        (json!({ "type": "home", "blocks": [{ "type": "nonsense" }] }), "json-pointer:/view/blocks/0/type"),
        (
            json!({ "type": "home", "blocks": [], "private_metadata": "x".repeat(3001) }),
            "json-pointer:/view/private_metadata",
        ),
    ];
    for (payload, expected) in rows {
        let Err(fault) = accept(payload.clone()) else { panic!("{payload} is taken") };
        assert!(fault.messages().iter().any(|message| message.contains(expected)), "{payload}: {fault:?}");
    }
}
