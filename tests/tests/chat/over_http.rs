//! Slack's events as signed requests, in place of Socket Mode: the same conversation, and nobody else is heard.

use crate::reach::{CONTRACT, shop, with_shop_and, without_fixtures, write};
use crate::said::{alone, aloud, founder, greeted};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;
use sha2::{Sha256, Sha512};
use std::time::{SystemTime, UNIX_EPOCH};
use tests::{Home, Up};

#[tokio::test]
async fn everything_is_heard_over_http_as_by_socket_mode() {
    let home = Home::default();
    let port = shop().await;
    let up = with_shop_and(&home, &["--slack-http"]).await;
    let ana = founder(&up).await;
    greeted(&ana.asks("run hello").await);
    // Buttons, too.
    without_fixtures(&up).await;
    write(&up, "hello/workflow.yaml", &format!("{WORKFLOW}{}", CONTRACT.replace("PORT", &port.to_string())))
        .await;
    write(
        &up,
        "hello/nodes/fetch.ts",
        "export default async (ctx) => (await ctx.fetch('shop', '/price')).json();\n",
    )
    .await;
    let thread = ana.says("@kraken deploy hello").await;
    aloud(&ana.hears(&thread, 1).await[0], &["fetch connects to shop.example"]);
    ana.presses(&thread, "Approve").await;
    aloud(&ana.hears(&thread, 2).await[1], &["hello is deployed."]);
    // What comes again is answered once, and a Kraken that dies hears of what it missed.
    up.control(Method::POST, "redeliver", Some(json!({"times": 2}))).await;
    let thread = ana.says("@kraken run hello").await;
    ana.hears(&thread, 1).await;
    up.all_acknowledged().await;
    assert_eq!(ana.sees(&thread).await.len(), 1);
    up.service("kraken-bot").await.kill();
    alone(&ana.asks("whoami").await, &["Ana Sousa"]);
}

const WORKFLOW: &str = "name: hello\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n  fetch: {path: nodes/fetch.ts, description: Asks}\n";

/// The Kraken's address, and the secret that the workspace signs with.
struct Address {
    url: String,
    secret: String,
}

impl Address {
    async fn of(up: &Up) -> Self {
        let words = up.service("kraken-bot").await.told();
        let mut words = words.split(' ');
        words.find(|word| *word == "--slack-http-bind").unwrap();
        let url = format!("http://{}", words.next().unwrap());
        let path = words.find(|word| word.ends_with("slack-signing-secret")).unwrap();
        Self { url, secret: std::fs::read_to_string(path).unwrap() }
    }

    fn sign(&self, at: &str, body: &str) -> String {
        hex(&self.mac(&format!("v0:{at}:{body}")))
    }

    fn mac(&self, text: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    fn post(&self, kind: &str, body: impl Into<String>) -> RequestBuilder {
        let url = format!("{}/slack/events", self.url);
        Client::new().post(url).header("content-type", kind).body(body.into())
    }

    /// A request as Slack makes it, but for these headers.
    fn with(&self, body: &str, headers: &[(&str, String)]) -> RequestBuilder {
        let request = self.post("application/json", body);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

const AT: &str = "x-slack-request-timestamp";
const BY: &str = "x-slack-signature";

/// Each row is one way to be taken for Slack by somebody who is not; what they ask for would be answered with their own word.
#[tokio::test]
async fn nobody_else_is_taken_for_slack() {
    let home = Home::default();
    let up = home.up_with(&["--slack-http"]).await;
    let kraken = Address::of(&up).await;
    let ask = |word: &str| json!({"type": "url_verification", "challenge": word}).to_string();
    let answered = async |request: RequestBuilder| {
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    // The control: whoever has the secret is answered, at the edges of time, too.
    for away in [0, -290, 290] {
        let (at, body) = ((now() + away).to_string(), ask("control"));
        let signed = [(AT, at.clone()), (BY, format!("v0={}", kraken.sign(&at, &body)))];
        assert_eq!(
            answered(kraken.with(&body, &signed)).await,
            (200, r#"{"challenge":"control"}"#.to_owned())
        );
    }

    let (at, body) = (now().to_string(), ask("canary"));
    let good = kraken.sign(&at, &body);
    let v0 = |signature: &str| format!("v0={signature}");
    let row = |at: &str, signature: String| vec![(AT, at.to_owned()), (BY, signature)];
    let at_time = |at: String| row(&at, v0(&kraken.sign(&at, &body)));
    let other = Address { url: kraken.url.clone(), secret: "0".repeat(32) };
    let empty = Address { url: kraken.url.clone(), secret: String::new() };
    let sha512 = {
        let mut mac = Hmac::<Sha512>::new_from_slice(kraken.secret.as_bytes()).unwrap();
        mac.update(format!("v0:{at}:{body}").as_bytes());
        hex(&mac.finalize().into_bytes())
    };
    let plain = {
        use sha2::Digest as _;
        hex(&Sha256::digest(format!("{}v0:{at}:{body}", kraken.secret)))
    };
    let mut flipped = good.clone();
    let last = flipped.pop().unwrap();
    flipped.push(if last == '0' { '1' } else { '0' });
    let rows: Vec<(&str, Vec<(&str, String)>)> = vec![
        ("nothing", Vec::new()),
        ("no signature", vec![(AT, at.clone())]),
        ("no time", vec![(BY, v0(&good))]),
        ("another secret", row(&at, v0(&other.sign(&at, &body)))),
        ("no secret", row(&at, v0(&empty.sign(&at, &body)))),
        ("one bit", row(&at, v0(&flipped))),
        ("another body's", row(&at, v0(&kraken.sign(&at, &ask("another"))))),
        ("an empty body's", row(&at, v0(&kraken.sign(&at, "")))),
        ("another time's", row(&at, v0(&kraken.sign(&(now() - 1).to_string(), &body)))),
        ("too old", at_time((now() - 310).to_string())),
        ("a day old", at_time((now() - 86_400).to_string())),
        ("the future", at_time((now() + 310).to_string())),
        ("1970", at_time("0".to_owned())),
        ("before 1970", at_time(format!("-{at}"))),
        ("a plus", at_time(format!("+{at}"))),
        ("a point", at_time(format!("{at}.0"))),
        ("milliseconds", at_time(format!("{at}000"))),
        ("hexadecimal", at_time(format!("{:#x}", now()))),
        ("a power", at_time("1e9".to_owned())),
        ("more than a number", at_time("9".repeat(30))),
        ("no number", at_time("now".to_owned())),
        ("an empty time", at_time(String::new())),
        ("other digits", at_time(at.chars().filter_map(|c| char::from_u32(u32::from(c) + 0x0630)).collect())),
        ("two times", [row(&at, v0(&good)), vec![(AT, at.clone())]].concat()),
        ("two signatures", [row(&at, v0(&flipped)), vec![(BY, v0(&good))]].concat()),
        ("both in one", row(&at, format!("{}, {}", v0(&flipped), v0(&good)))),
        ("no version", row(&at, good.clone())),
        ("version 1", row(&at, format!("v1={good}"))),
        ("a capital V", row(&at, format!("V0={good}"))),
        ("no sign between", row(&at, format!("v0{good}"))),
        ("two signs", row(&at, format!("v0=={good}"))),
        ("version twice", row(&at, format!("v0=v0={good}"))),
        ("only a version", row(&at, "v0=".to_owned())),
        ("an empty signature", row(&at, String::new())),
        ("capitals", row(&at, v0(&good.to_uppercase()))),
        ("too short", row(&at, v0(&good[..62]))),
        ("one digit", row(&at, v0(&good[..1]))),
        ("too long", row(&at, v0(&format!("{good}00")))),
        ("an odd digit", row(&at, v0(&format!("{good}0")))),
        ("no digits", row(&at, v0(&"z".repeat(64)))),
        ("zeros", row(&at, v0(&"0".repeat(64)))),
        ("SHA-512", row(&at, v0(&sha512))),
        ("SHA-512, cut", row(&at, v0(&sha512[..64]))),
        ("a hash without a key's place", row(&at, v0(&plain))),
        ("no version in it", row(&at, v0(&hex(&kraken.mac(&format!("{at}:{body}")))))),
        ("the body alone", row(&at, v0(&hex(&kraken.mac(&body))))),
        ("colons moved", row(&at, v0(&hex(&kraken.mac(&format!("v0:{at}{body}")))))),
    ];
    assert!(rows.len() >= 40);
    for (row, headers) in rows {
        let (code, said) = answered(kraken.with(&body, &headers)).await;
        assert!(code >= 400 && !said.contains("canary"), "{row}: {code} {said}");
    }

    // A body that was changed on its way, and one that comes again.
    let signed = row(&at, v0(&good));
    for changed in
        [format!("{body} "), body.replace("canary", "canaries"), format!("{body}{body}"), String::new()]
    {
        let (code, _) = answered(kraken.with(&changed, &signed)).await;
        assert_eq!(code, 401, "{changed}");
    }
    assert_eq!(answered(kraken.with(&body, &signed)).await.0, 200);
    for _ in 0..2 {
        assert_eq!(answered(kraken.with(&body, &signed)).await.0, 401, "it was here before");
    }
    // What is signed and makes no sense is refused, and nothing of it is too large to be refused.
    let sent = async |kind: &str, body: String| {
        let at = now().to_string();
        let signature = v0(&kraken.sign(&at, &body));
        answered(kraken.post(kind, body).header(AT, at).header(BY, signature)).await.0
    };
    assert_eq!(sent("application/json", "{".to_owned()).await, 400);
    assert_eq!(sent("text/plain", ask("text")).await, 400);
    assert_eq!(sent("application/x-www-form-urlencoded", "payload=%7B".to_owned()).await, 400);
    assert_eq!(sent("application/json", "x".repeat(2 << 20)).await, 413);
    assert_eq!(answered(Client::new().get(format!("{}/slack/events", kraken.url))).await.0, 405);
    assert_eq!(answered(Client::new().get(format!("{}/healthz", kraken.url))).await, (200, "ok".to_owned()));
}
