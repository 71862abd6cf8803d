//! A tentacle that comes to reach something: what the Kraken says of it, who may approve it, and what it does then.

use crate::said::{alone, aloud, founder};
use tests::{Home, Person, Up};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Asks the shop for a price, in stages.
const WORKFLOW: &str = "\
name: hello
version: \"1.0\"
triggers: [{type: manual}]
nodes:
  fetch: {path: nodes/fetch.ts, description: Asks for the price, uses: [shop]}
  tell: {path: nodes/tell.ts, description: Tells it}
edges: [{from: fetch, to: tell}]
";

pub(crate) const CONTRACT: &str = "\
contract:
  version: '1'
  dependencies:
    shop: {protocol: http, host: shop.example, port: PORT}
";

const FETCH: &str = "export default async (ctx) => (await ctx.fetch('shop', '/price')).json();\n";
const TELL: &str = "export default (_ctx, input) => `the price is ${input.price}`;\n";

/// A shop on this machine.
pub(crate) async fn shop() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut part = [0; 4096];
                while let Ok(1..) = stream.read(&mut part).await {
                    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"price\":3}";
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// A workspace whose tentacles may reach the shop: its name is known, and this machine is open to the enclave.
pub(crate) async fn with_shop(home: &Home) -> Up {
    with_shop_and(home, &[]).await
}

/// The same with more flags.
pub(crate) async fn with_shop_and(home: &Home, more: &[&str]) -> Up {
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let hosts = file("hosts", "127.0.0.1 shop.example\n");
    let ranges = file("ranges.json", r#"{"price-watch": ["127.0.0.0/8"]}"#);
    let shop = ["--egress-hosts", &hosts, "--private-ranges", &ranges, "--egress-allow-loopback"];
    home.up_with(&[&shop[..], more].concat()).await
}

pub(crate) async fn write(up: &Up, name: &str, text: &str) {
    let path = up.folder().join("tentacles/price-watch").join(name);
    tokio::fs::write(path, text).await.unwrap();
}

/// Takes the scaffold's fixtures away, which fit nodes that are to be others.
pub(crate) async fn without_fixtures(up: &Up) {
    let fixtures = up.folder().join("tentacles/price-watch/hello/tests");
    if let Err(error) = tokio::fs::remove_dir_all(fixtures).await {
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
    }
}

#[tokio::test]
async fn new_reach_is_approved_by_the_owner_with_a_click() {
    let home = Home::default();
    let port = shop().await;
    let mut up = with_shop(&home).await;
    let ana = founder(&up).await;
    without_fixtures(&up).await;
    write(&up, "hello/workflow.yaml", WORKFLOW).await;
    write(&up, "hello/nodes/fetch.ts", FETCH).await;
    write(&up, "hello/nodes/tell.ts", TELL).await;

    // What is used and not declared is told with its line.
    let refused = ana.asks("deploy hello").await;
    alone(&refused, &["workflow.yaml:5:", "shop", "contract"]);

    write(&up, "hello/workflow.yaml", &format!("{WORKFLOW}{}", CONTRACT.replace("PORT", &port.to_string())))
        .await;
    let ben = up.person("ben").await;
    ben.asks_and_signs_in("whoami").await;
    approved_for_another(&up, &ana, &ben, port).await;

    // The owner who asks and approves has it deployed by that one click.
    write(&up, "hello/nodes/tell.ts", "export default (_ctx, input) => `now it is ${input.price}`;\n").await;
    let again =
        CONTRACT.replace("PORT", &port.to_string()) + "    news: {protocol: https, host: news.example}\n";
    let uses = WORKFLOW.replace("uses: [shop]", "uses: [shop, news]");
    write(&up, "hello/workflow.yaml", &format!("{uses}{again}")).await;
    let thread = ana.says("@kraken deploy hello").await;
    aloud(&ana.hears(&thread, 1).await[0], &["fetch connects to news.example:443"]);
    ana.presses(&thread, "Approve").await;
    aloud(&ana.hears(&thread, 2).await[1], &["hello is deployed."]);
    aloud(&ana.asks("run hello").await, &["now it is 3"]);
    assert_eq!(up.interrupt().await, Some(0));
}

async fn approved_for_another(up: &Up, ana: &Person, ben: &Person, port: u16) {
    let thread = ben.says("@kraken deploy hello").await;
    let card = ben.hears(&thread, 1).await.remove(0);
    let reach = format!("fetch connects to shop.example:{port} without encryption");
    aloud(
        &card,
        &[
            "The new version of hello would newly do this",
            "Ana Sousa must approve it first",
            "Nothing was changed",
            &reach,
            "Approve",
            "Refuse",
        ],
    );
    // Ben's own click is no approval.
    ben.presses(&thread, "Approve").await;
    alone(&ben.hears(&thread, 2).await[1], &["You may not"]);
    ana.presses(&thread, "Approve").await;
    let told = ana.hears(&thread, 2).await;
    aloud(&told[1], &["Approved.", "Ben Okafor can say", "deploy hello"]);
    aloud(&told[0], &["approved by Ana Sousa", &reach]);
    aloud(&ben.asks("deploy hello").await, &["hello is deployed."]);
    aloud(&ben.asks("run hello").await, &["the price is 3"]);
    let _ = up;
}
