//! The page as a browser without script sees it.

use reqwest::Method;
use serde_json::json;

use crate::app::{App, eventually};
use crate::browser::Browser;

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.push((name.to_owned(), value.to_owned()));
}

#[tokio::test]
async fn one_talks_without_script() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let page = browser.get("/as/ana/c/price-watch").await;
    let mut form = page.form("/as/ana/post");
    set(&mut form.fields, "text", "by *hand*");
    let posted = browser.post(&form.action, &form.fields).await;
    assert_eq!(posted.status, 303);
    assert_eq!(posted.location.as_deref(), Some("/as/ana/c/price-watch"));
    let page = browser.get("/as/ben/c/price-watch").await;
    assert_eq!(page.texts(".message .text strong"), ["hand"]);
    let empty = browser.submit(&page.form("/as/ben/post"), ("text", "  ")).await;
    let told = browser.get(empty.location.as_deref().unwrap()).await;
    assert_eq!(told.texts("[role=alert]"), ["Write something first."]);
    let again = browser.submit(&told.form("/as/ben/post"), ("text", "now")).await;
    assert_eq!(again.location.as_deref(), Some("/as/ben/c/price-watch"), "it is said once");
}

#[tokio::test]
async fn the_way_in_leads_to_a_channel() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    assert_eq!(browser.get("/").await.location.as_deref(), Some("/as/ana"));
    let page = browser.get("/as/ana").await;
    assert_eq!(page.texts("h1"), ["#price-watch"]);
    assert_eq!(page.texts(".place[aria-current=page] .label"), ["price-watch"]);
    assert_eq!(page.texts(".switcher .menu .label"), ["Ana Sousa", "Ben Okafor", "Cy Tanaka", "Gil Moreau"]);
    assert_eq!(browser.get("/as/nobody").await.location.as_deref(), Some("/"));
    assert_eq!(browser.get("/as/kraken").await.location.as_deref(), Some("/"));
}

#[tokio::test]
async fn what_only_one_sees_is_on_no_other_page() {
    let app = App::start().await;
    let arguments = json!({
        "channel": app.channel("price-watch").await, "user": app.user("ana").await, "text": "your code is BCDF",
    });
    app.api("chat.postEphemeral", arguments).await;
    let browser = Browser::let_in(&app).await;
    let page = browser.get("/as/ana/c/price-watch").await;
    assert_eq!(page.texts(".whisper .only"), ["Only visible to you"]);
    assert!(page.text.contains("BCDF"));
    assert!(!browser.get("/as/ben/c/price-watch").await.text.contains("BCDF"));
    let dismissed = browser.post("/as/ana/do/dismiss", &page.form("/as/ana/do/dismiss").fields).await;
    assert_eq!(dismissed.status, 303);
    assert!(!browser.get("/as/ana/c/price-watch").await.text.contains("BCDF"));
}

#[tokio::test]
async fn nothing_that_is_said_becomes_markup() {
    let app = App::start().await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(1)> \" ' & <https://x|\" onclick=\"y>";
    app.person("ana").say("price-watch", evil).await;
    let channel = app.channel("price-watch").await;
    let blocks = json!([
        { "type": "header", "text": { "type": "plain_text", "text": evil } },
        { "type": "section", "block_id": "\"><b>", "text": { "type": "mrkdwn", "text": evil } },
        { "type": "actions", "elements": [{
            "type": "button", "action_id": "\"><b>", "value": evil,
            "text": { "type": "plain_text", "text": "<b>go</b>" },
            "confirm": { "title": { "type": "plain_text", "text": evil } },
        }] },
    ]);
    app.api("chat.postMessage", json!({ "channel": channel, "text": evil, "blocks": blocks })).await;
    app.person("ana").act("do/topic", &[("channel", "price-watch"), ("topic", evil)]).await;
    let page = Browser::let_in(&app).await.get("/as/ana/c/price-watch").await;
    assert!(page.attributes("*", "onerror").is_empty() && page.attributes("*", "onclick").is_empty());
    assert!(page.texts("main script, main b, main img[src=x]").is_empty());
    assert_eq!(page.attributes("script", "src"), ["/assets/page.js", "/assets/mention.js"]);
    assert_eq!(page.texts("script"), ["", ""], "no script stands in the page");
}

#[tokio::test]
async fn blocks_show_what_they_say() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let blocks = json!([
        { "type": "header", "text": { "type": "plain_text", "text": "Sign in :key:" } },
        { "type": "section", "text": { "type": "mrkdwn", "text": "*Bold* `code` <https://a.example|link>" },
          "fields": [{ "type": "mrkdwn", "text": "one" }, { "type": "plain_text", "text": "two" }] },
        { "type": "divider" },
        { "type": "context", "elements": [{ "type": "mrkdwn", "text": "small _print_" }] },
        { "type": "actions", "block_id": "b", "elements": [
            { "type": "button", "action_id": "go", "style": "primary", "text": { "type": "plain_text", "text": "Go" } },
            { "type": "button", "action_id": "open", "url": "http://127.0.0.1:1/x", "text": { "type": "plain_text", "text": "Open" } },
            { "type": "static_select", "action_id": "pick", "placeholder": { "type": "plain_text", "text": "Pick" },
              "options": [{ "text": { "type": "plain_text", "text": "First" }, "value": "1" }] },
        ] },
        { "type": "rich_text", "elements": [{ "type": "rich_text_list", "style": "bullet", "elements": [
            { "type": "rich_text_section", "elements": [{ "type": "text", "text": "point" }] },
        ] }] },
    ]);
    app.api("chat.postMessage", json!({ "channel": channel, "text": "x", "blocks": blocks })).await;
    let page = Browser::let_in(&app).await.get("/as/ben/c/price-watch").await;
    assert_eq!(page.texts(".message .header"), ["Sign in 🔑"]);
    assert_eq!(page.texts(".section .text > p"), ["Bold code link"]);
    assert_eq!(page.attributes(".section a", "href"), ["https://a.example"]);
    assert_eq!(page.texts(".fields > div"), ["one", "two"]);
    assert_eq!(page.texts(".context em"), ["print"]);
    assert_eq!(page.texts(".actions button.primary"), ["Go"]);
    assert_eq!(page.attributes(".actions a.button", "href"), ["http://127.0.0.1:1/x"]);
    assert_eq!(page.texts(".actions select option"), ["Pick", "First"]);
    assert_eq!(page.texts(".message .text ul li"), ["point"]);
    assert_eq!(page.texts(".message .head .badge"), ["App"]);
}

#[tokio::test]
async fn a_thread_has_its_pane() {
    let app = App::start().await;
    let ts = app.person("ana").say("price-watch", "question").await;
    app.person("ben").act("post", &[("channel", "price-watch"), ("text", "answer"), ("thread", &ts)]).await;
    let browser = Browser::let_in(&app).await;
    let page = browser.get("/as/ana/c/price-watch").await;
    assert_eq!(page.texts("#messages .message .text"), ["question"]);
    assert_eq!(page.texts("#messages .thread .replies"), ["1 reply"]);
    let href = page.attributes("#messages a.thread", "href");
    let page = browser.get(&href[0]).await;
    assert_eq!(page.texts("#replies .message .text"), ["question", "answer"]);
    assert_eq!(page.attributes("#close-thread", "href"), ["/as/ana/c/price-watch"]);
}

#[tokio::test]
async fn who_may_not_talk_gets_no_composer() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let page = browser.get("/as/cy/c/price-watch").await;
    assert!(page.texts("[data-composer]").is_empty());
    browser.post("/as/cy/do/join", &page.form("/as/cy/do/join").fields).await;
    assert_eq!(browser.get("/as/cy/c/price-watch").await.texts("main [data-composer]").len(), 1);
    app.person("ana").act("do/archive", &[("channel", "price-watch")]).await;
    let page = browser.get("/as/ana/c/price-watch").await;
    assert!(page.texts("[data-composer]").is_empty());
    assert_eq!(page.texts("h1 .badge"), ["Archived"]);
    page.form("/as/ana/do/unarchive");
    assert!(browser.get("/as/gil/c/random").await.location.is_some(), "a guest is not shown it");
}

#[tokio::test]
async fn unread_messages_are_counted_until_they_are_read() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    app.person("ana").say("random", "hello").await;
    let ts = app.person("ana").say("random", "@ben look").await;
    assert_eq!(browser.get("/as/ben").await.texts(".place .count"), ["@2 unread, for you"]);
    app.person("ben").act("do/read", &[("channel", "random"), ("ts", &ts)]).await;
    assert!(browser.get("/as/ben").await.texts(".place .count").is_empty());
}

#[tokio::test]
async fn every_part_has_a_name_for_those_who_hear_it() {
    let app = App::start().await;
    app.person("ana").say("price-watch", "hello").await;
    let browser = Browser::let_in(&app).await;
    for path in ["/as/ana/c/price-watch", "/as/ana/home", "/as/ana/channels", "/as/gil"] {
        let page = browser.get(path).await;
        assert_eq!(page.texts("h1").len(), 1, "{path}");
        assert_eq!(page.attributes("html", "lang"), ["en"]);
        let unnamed = "button:not([aria-label]), a:not([aria-label]), summary:not([aria-label])";
        assert!(page.texts(unnamed).iter().all(|text| !text.is_empty()), "{path}");
        let labelled = page.attributes("textarea", "aria-label").len();
        assert_eq!(labelled, page.texts("textarea").len(), "{path}");
    }
    let log = browser.get("/as/ana/c/price-watch").await.attributes("#messages", "role");
    assert_eq!(log, ["log"]);
}

#[tokio::test]
async fn an_open_page_is_told_that_something_changed() {
    use futures::StreamExt;
    let app = App::start().await;
    let url = format!("{}/as/ana/live", app.base);
    let answer = app.http.get(url).bearer_auth(&app.secret).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut stream = answer.bytes_stream();
    let mut next = async || {
        let chunk =
            tokio::time::timeout(crate::app::PATIENCE, stream.next()).await.unwrap().unwrap().unwrap();
        String::from_utf8(chunk.to_vec()).unwrap()
    };
    assert!(next().await.contains("event: change"), "what was missed is told at once");
    app.person("ben").say("price-watch", "hello").await;
    let told = next().await;
    assert!(told.contains("event: change") && told.contains("data: "), "{told}");
}

#[tokio::test]
async fn a_link_to_a_message_leads_to_it() {
    let app = App::start().await;
    let channel = app.channel("price-watch").await;
    let ts = app.person("ana").say("price-watch", "hello").await;
    let link = app.api("chat.getPermalink", json!({ "channel": channel, "message_ts": ts })).await;
    let browser = Browser::let_in(&app).await;
    let page = browser.get(link["permalink"].as_str().unwrap()).await;
    let (path, anchor) = page.location.as_deref().unwrap().split_once('#').unwrap();
    assert_eq!(browser.get(path).await.attributes(&format!("#{anchor}"), "data-key"), [ts]);
}

#[tokio::test]
async fn a_long_conversation_shows_its_end_first() {
    let app = App::start().await;
    for number in 0..205 {
        app.person("ana").say("price-watch", &format!("number {number}")).await;
    }
    let browser = Browser::let_in(&app).await;
    let page = browser.get("/as/ben/c/price-watch").await;
    let texts = page.texts("#messages .message .text");
    assert_eq!((texts.len(), texts[0].as_str()), (200, "number 5"));
    let earlier = page.attributes(".opening a", "href");
    let page = browser.get(&earlier[0]).await;
    assert_eq!(page.texts("#messages .message .text").len(), 205);
}

#[tokio::test]
async fn what_the_app_was_sent_can_be_looked_at() {
    let app = App::start().await;
    let mut socket = app.socket().await;
    app.control(Method::POST, "redeliver", json!({ "times": 1 })).await;
    app.person("ana").say("price-watch", "<b>first</b>").await;
    for _ in 0..2 {
        let envelope = socket.frame().await.unwrap();
        socket.acknowledge(&envelope, json!({})).await;
    }
    eventually("nothing waits", async || app.waiting().await.is_empty()).await;
    app.control(Method::POST, "redeliver", json!({ "times": 0 })).await;
    app.person("ana").say("price-watch", "second").await;
    let waits = socket.frame().await.unwrap();
    let sent = app.person("ben").sent().await;
    let told = |at: usize, field: &str| sent[at][field].as_str().unwrap_or_default().to_owned();
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert_eq!([0, 1, 2].map(|at| told(at, "became")), ["waits", "acknowledged", "lost"]);
    assert_eq!(
        (told(0, "envelope_id"), told(0, "about")),
        (waits["envelope_id"].as_str().unwrap().into(), "message".into())
    );
    assert_eq!((told(0, "type"), told(0, "to")), ("events_api".to_owned(), "applink-1".to_owned()));
    assert_eq!((&sent[1]["retry_attempt"], &sent[2]["retry_attempt"]), (&json!(1), &json!(0)));
    assert!(sent[1]["acknowledged_at"].is_string() && sent[0]["acknowledged_at"].is_null(), "{sent:?}");

    let browser = Browser::let_in(&app).await;
    let page = browser.get("/as/ana/c/price-watch").await;
    assert!(page.attributes(".sidebar a.place", "href").contains(&"/as/ana/sent".to_owned()));
    let page = browser.get("/as/ana/sent").await;
    assert_eq!(page.texts(".place[aria-current=page] .label"), ["What was sent"]);
    assert_eq!(page.texts(".sent summary strong"), ["message", "message", "message"]);
    assert_eq!(page.texts(".sent summary .lost").len(), 1);
    assert!(page.texts(".sent .payload").iter().all(|payload| payload.contains("\"event_callback\"")));
    assert!(page.texts(".sent b").is_empty(), "nothing that was said becomes markup");
    assert_eq!(browser.post("/as/ana/sent", &[]).await.status, 405, "it is read only");

    // No more than so many are kept.
    socket.acknowledge(&waits, json!({})).await;
    for number in 0..205 {
        app.person("ana").say("price-watch", &number.to_string()).await;
    }
    for _ in 0..205 {
        socket.envelope().await;
    }
    assert_eq!(app.person("ana").sent().await.len(), 200);
}
