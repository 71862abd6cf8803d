//! Buttons, modals, Home, slash commands: what the app gets, and what it may answer.

use serde_json::{Value, json};

use crate::app::{App, Person, Socket, eventually};

fn button(action: &str) -> Value {
    json!({ "type": "button", "action_id": action, "value": "v", "text": { "type": "plain_text", "text": "Go" } })
}

fn actions() -> Value {
    json!([{ "type": "actions", "block_id": "b", "elements": [button("go")] }])
}

fn modal(title: &str) -> Value {
    json!({
        "type": "modal",
        "callback_id": "c",
        "title": { "type": "plain_text", "text": title },
        "submit": { "type": "plain_text", "text": "OK" },
        "blocks": [{
            "type": "input",
            "block_id": "name",
            "label": { "type": "plain_text", "text": "Name" },
            "element": { "type": "plain_text_input", "action_id": "text" },
        }],
    })
}

/// A message for Ana alone, with a button; gives its time stamp.
async fn whisper(app: &App) -> String {
    let arguments = json!({
        "channel": app.channel("price-watch").await,
        "user": app.user("ana").await,
        "text": "sign in",
        "blocks": actions(),
    });
    app.api("chat.postEphemeral", arguments).await["message_ts"].as_str().unwrap().to_owned()
}

/// Ana clicks; the app acknowledges. Gives the payload.
async fn click(app: &App, socket: &mut Socket, ts: &str) -> Value {
    let place = Person::place("b", "go");
    let fields = [("channel", "price-watch"), ("ts", ts), ("click", place.as_str())];
    let ana = app.person("ana");
    let (_, envelope) = tokio::join!(ana.act("click", &fields), socket.envelope());
    assert_eq!(envelope["type"], "interactive");
    assert_eq!(envelope["accepts_response_payload"], true);
    envelope["payload"].clone()
}

#[tokio::test]
async fn a_click_is_told_with_everything_that_is_needed_to_answer() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let channel = app.channel("price-watch").await;
    let posted =
        app.api("chat.postMessage", json!({ "channel": channel, "text": "a", "blocks": actions() })).await;
    socket.event("message").await;
    let payload = click(&app, &mut socket, posted["ts"].as_str().unwrap()).await;
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(payload["user"]["id"], app.user("ana").await);
    assert_eq!(payload["channel"], json!({ "id": channel, "name": "price-watch" }));
    assert_eq!(payload["message"]["ts"], posted["ts"]);
    assert_eq!(payload["container"]["is_ephemeral"], false);
    let action = &payload["actions"][0];
    assert_eq!(
        (&action["action_id"], &action["block_id"], &action["value"]),
        (&json!("go"), &json!("b"), &json!("v"))
    );
    assert!(payload["trigger_id"].is_string() && payload["response_url"].is_string());
}

#[tokio::test]
async fn a_whisper_is_replaced_and_removed_by_its_response_address() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let ts = whisper(&app).await;
    let payload = click(&app, &mut socket, &ts).await;
    assert_eq!(payload["container"]["is_ephemeral"], true);
    assert_eq!(payload.get("message"), None);
    let url = payload["response_url"].as_str().unwrap();
    let answer = async |body: Value| app.http.post(url).json(&body).send().await.unwrap();
    let sees = async |text: &str| {
        app.person("ana").messages("price-watch").await.iter().any(|message| message["text"] == text)
    };
    answer(json!({ "replace_original": true, "text": "signed in" })).await;
    assert!(sees("signed in").await && !sees("sign in").await);
    answer(json!({ "text": "only you" })).await;
    assert!(sees("only you").await);
    answer(json!({ "text": "all of you", "response_type": "in_channel" })).await;
    let ben = app.person("ben").messages("price-watch").await;
    assert!(ben.iter().any(|message| message["text"] == "all of you"));
    assert!(!ben.iter().any(|message| message["text"] == "only you"));
    answer(json!({ "delete_original": true })).await;
    assert!(!sees("signed in").await);
    assert_eq!(answer(json!({ "text": "fifth" })).await.text().await.unwrap(), "ok");
    let sixth = answer(json!({ "text": "sixth" })).await;
    assert_eq!(sixth.status(), 404);
    assert_eq!(sixth.json::<Value>().await.unwrap()["error"], "used_url");
}

#[tokio::test]
async fn what_one_cannot_see_one_cannot_click() {
    let app = App::start().await;
    let _socket = app.socket().await;
    let ts = whisper(&app).await;
    let (place, forged) = (Person::place("b", "go"), Person::place("b", "shutdown"));
    let of_ben = [("channel", "price-watch"), ("ts", ts.as_str()), ("click", place.as_str())];
    assert_eq!(app.person("ben").try_do("click", &of_ben).await["error"], "message_not_found");
    assert_eq!(app.person("cy").try_do("click", &of_ben).await["error"], "not_in_channel");
    let of_ana = [of_ben[0], of_ben[1], ("click", forged.as_str())];
    assert_eq!(app.person("ana").try_do("click", &of_ana).await["error"], "invalid_arguments");
}

#[tokio::test]
async fn without_an_app_a_click_says_so() {
    let app = App::start().await;
    let ts = whisper(&app).await;
    let place = Person::place("b", "go");
    let fields = [("channel", "price-watch"), ("ts", ts.as_str()), ("click", place.as_str())];
    let answer = app.person("ana").try_do("click", &fields).await;
    assert_eq!(answer["error"], "operation_timeout");
    assert!(answer["message"].as_str().unwrap().contains("did not answer"));
}

/// Opens a modal for Ana; gives the view.
async fn open(app: &App, socket: &mut Socket, view: Value) -> Value {
    let ts = whisper(app).await;
    let payload = click(app, socket, &ts).await;
    let arguments = json!({ "trigger_id": payload["trigger_id"], "view": view });
    let opened = app.api("views.open", arguments.clone()).await["view"].clone();
    assert_eq!(app.refusal("views.open", arguments).await, "exchanged_trigger_id");
    opened
}

#[tokio::test]
async fn a_modal_opens_once_is_corrected_and_submitted() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let view = open(&app, &mut socket, modal("First")).await;
    let id = view["id"].as_str().unwrap();
    let ana = app.person("ana");
    assert_eq!(ana.state().await["modal"]["id"], id);
    assert!(app.person("ben").state().await["modal"].is_null());
    let place = Person::place("name", "text");

    // Nothing typed: the app is not even asked.
    ana.act("submit", &[("view", id), (place.as_str(), "")]).await;
    assert!(ana.state().await["modal_errors"]["name"].as_str().unwrap().contains("required"));

    let wrong = [("view", id), (place.as_str(), "wrong")];
    let answer = async {
        let envelope = socket.frame().await.unwrap();
        assert_eq!(envelope["payload"]["type"], "view_submission");
        let values = &envelope["payload"]["view"]["state"]["values"];
        assert_eq!(values["name"]["text"], json!({ "type": "plain_text_input", "value": "wrong" }));
        let errors = json!({ "response_action": "errors", "errors": { "name": "Not that." } });
        socket.acknowledge(&envelope, errors).await;
    };
    tokio::join!(ana.act("submit", &wrong), answer);
    assert_eq!(ana.state().await["modal_errors"]["name"], "Not that.");
    assert!(ana.html("/c/price-watch").await.contains("Not that."));

    let right = [("view", id), (place.as_str(), "right")];
    tokio::join!(ana.act("submit", &right), socket.envelope());
    assert!(ana.state().await["modal"].is_null());
    assert_eq!(ana.try_do("submit", &right).await["error"], "not_found");

    // Who looks at what was sent sees neither what was typed nor what opens something.
    let sent = json!(ana.sent().await).to_string();
    assert!(sent.contains("view_submission") && sent.contains("block_actions"), "{sent}");
    assert!(sent.matches("(not shown)").count() >= 4 && !sent.contains("wrong"), "{sent}");
}

#[tokio::test]
async fn modals_lie_on_top_of_each_other_and_change() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let first = open(&app, &mut socket, modal("First")).await;
    let ana = app.person("ana");
    let title = async || ana.state().await["modal"]["title"]["text"].clone();
    let changed = app.api("views.update", json!({ "view_id": first["id"], "view": modal("Changed") })).await;
    assert_eq!(title().await, "Changed");
    let stale = json!({ "view_id": first["id"], "hash": first["hash"], "view": modal("Stale") });
    assert_eq!(app.refusal("views.update", stale).await, "hash_conflict");
    assert_eq!(changed["view"]["id"], first["id"]);

    let place = Person::place("name", "text");
    let typed = [("view", first["id"].as_str().unwrap()), (place.as_str(), "x")];
    let push = async {
        let envelope = socket.frame().await.unwrap();
        let answer = json!({ "response_action": "push", "view": modal("Second") });
        socket.acknowledge(&envelope, answer).await;
    };
    tokio::join!(ana.act("submit", &typed), push);
    assert_eq!(title().await, "Second");
    let state = ana.state().await;
    assert_eq!(state["modal"]["previous_view_id"], first["id"]);
    let second = state["modal"]["id"].as_str().unwrap();
    ana.act("close", &[("view", second)]).await;
    assert_eq!(title().await, "Changed");

    let clear = async {
        let envelope = socket.frame().await.unwrap();
        socket.acknowledge(&envelope, json!({ "response_action": "clear" })).await;
    };
    tokio::join!(ana.act("submit", &typed), clear);
    assert!(title().await.is_null());
}

#[tokio::test]
async fn a_closed_modal_is_told_where_that_was_asked_for() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let mut view = modal("First");
    view["notify_on_close"] = json!(true);
    let view = open(&app, &mut socket, view).await;
    let ana = app.person("ana");
    let fields = [("view", view["id"].as_str().unwrap())];
    let (_, envelope) = tokio::join!(ana.act("close", &fields), socket.envelope());
    assert_eq!(envelope["payload"]["type"], "view_closed");
    assert_eq!(envelope["payload"]["view"]["callback_id"], "c");
}

#[tokio::test]
async fn a_modal_whose_app_died_stays_with_what_was_typed() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let view = open(&app, &mut socket, modal("First")).await;
    app.control(reqwest::Method::POST, "disconnect", json!({ "how": "drop" })).await;
    let ana = app.person("ana");
    eventually("it is gone", async || ana.state().await["app"]["connections"] == 0).await;
    let place = Person::place("name", "text");
    ana.act("submit", &[("view", view["id"].as_str().unwrap()), (place.as_str(), "typed")]).await;
    let html = ana.html("/c/price-watch").await;
    assert!(html.contains("did not answer") && html.contains("value=\"typed\""), "{html}");
}

#[tokio::test]
async fn home_is_told_of_a_visit_and_shows_what_was_published() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let ana = app.person("ana");
    assert!(ana.html("/home").await.contains("Nothing here yet"));
    let opened = socket.event("app_home_opened").await;
    assert_eq!((&opened["tab"], &opened["user"]), (&json!("home"), &json!(app.user("ana").await)));
    assert!(opened["channel"].as_str().unwrap().starts_with('D'));
    let view = json!({ "type": "home", "blocks": [
        { "type": "section", "text": { "type": "mrkdwn", "text": "*2 enclaves*" } },
        { "type": "actions", "block_id": "b", "elements": [button("go")] },
    ] });
    let published = app.api("views.publish", json!({ "user_id": opened["user"], "view": view })).await;
    assert!(ana.html("/home").await.contains("<strong>2 enclaves</strong>"));
    assert!(app.person("ben").html("/home").await.contains("Nothing here yet"));
    assert_eq!(socket.event("app_home_opened").await["view"]["id"], published["view"]["id"]);

    socket.event("app_home_opened").await;
    let place = Person::place("b", "go");
    let fields = [("view", published["view"]["id"].as_str().unwrap()), ("click", place.as_str())];
    let (_, envelope) = tokio::join!(ana.act("click", &fields), socket.envelope());
    assert_eq!(envelope["payload"]["container"]["type"], "view");
    assert_eq!(envelope["payload"]["view"]["type"], "home");
}

#[tokio::test]
async fn a_slash_command_is_answered_for_who_gave_it() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    let ana = app.person("ana");
    let fields = [("channel", "price-watch"), ("text", "/kraken freeze now")];
    let answer = async {
        let envelope = socket.frame().await.unwrap();
        assert_eq!(envelope["type"], "slash_commands");
        let payload = &envelope["payload"];
        assert_eq!((&payload["command"], &payload["text"]), (&json!("/kraken"), &json!("freeze now")));
        assert_eq!((&payload["user_name"], &payload["channel_name"]), (&json!("ana"), &json!("price-watch")));
        socket.acknowledge(&envelope, json!({ "text": "Frozen." })).await;
    };
    tokio::join!(ana.act("post", &fields), answer);
    let seen = ana.messages("price-watch").await;
    assert!(seen.iter().any(|message| message["text"] == "Frozen." && message["only_for_you"] == true));
    assert!(
        !app.person("ben").messages("price-watch").await.iter().any(|message| message["text"] == "Frozen.")
    );
    let unknown = ana.try_do("post", &[("channel", "price-watch"), ("text", "/nonsense")]).await;
    assert_eq!(unknown["error"], "unknown_command");
}

#[tokio::test]
async fn whoever_is_mentioned_is_brought_in_by_a_command() {
    let app = App::start().await;
    let ana = app.person("ana");
    ana.act("do/create", &[("name", "plans")]).await;
    let said = async |text: &str| ana.try_do("post", &[("channel", "plans"), ("text", text)]).await;
    for nobody in ["/invite", "/invite kraken", "/invite @nobody"] {
        assert_eq!(said(nobody).await["error"], "no_user", "{nobody}");
    }
    let mut socket = app.socket().await;
    ana.act("post", &[("channel", "plans"), ("text", "/invite @kraken @ben")]).await;
    let mut joined = Vec::new();
    while joined.len() < 2 {
        joined.push(socket.event("member_joined_channel").await["user"].clone());
    }
    assert!(joined.contains(&json!(app.user("ben").await)), "{joined:?}");
    assert_eq!(said("/invite @kraken").await["error"], "already_in_channel");
    assert!(!ana.messages("plans").await.iter().any(|it| it["text"].to_string().contains("/invite")));
}
