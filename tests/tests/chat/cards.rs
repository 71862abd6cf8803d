//! A card that asks for an approval asks no longer once it is decided, wherever that was.

use crate::reach::{CONTRACT, shop, with_shop, without_fixtures, write};
use crate::said::{alone, aloud, founder};
use tests::{Home, until};

const WORKFLOW: &str = "\
name: hello
version: \"1.0\"
triggers: [{type: manual}]
nodes:
  fetch: {path: nodes/fetch.ts, description: Asks for the price, uses: [shop]}
edges: []
";

#[tokio::test]
async fn what_is_decided_on_the_page_or_on_another_card_is_asked_no_longer() {
    let home = Home::default();
    let port = shop().await;
    let up = with_shop(&home).await;
    let ana = founder(&up).await;
    without_fixtures(&up).await;
    let fetch = "export default async (ctx) => (await ctx.fetch('shop', '/price')).json();\n";
    write(&up, "hello/nodes/fetch.ts", fetch).await;
    let contract = CONTRACT.replace("PORT", &port.to_string());
    write(&up, "hello/workflow.yaml", &format!("{WORKFLOW}{contract}")).await;
    let ben = up.person("ben").await;
    ben.asks_and_signs_in("whoami").await;

    // The same question twice is one: both cards are settled by what is decided on the page.
    let (first, second) = (ben.says("@kraken deploy hello").await, ben.says("@kraken deploy hello").await);
    let card = ben.hears(&first, 1).await.remove(0);
    aloud(&card, &["Approve", "Refuse", "The server's own page"]);
    aloud(&ben.hears(&second, 1).await[0], &["Approve", "Refuse"]);
    let page = ana.opens(card.links.first().unwrap()).await;
    ana.decides(&page, "approve").await;
    for thread in [&first, &second] {
        until("the card asks no longer", async || {
            let card = ana.sees(thread).await.remove(0);
            let settled = card.text.contains("Ana Sousa has approved what hello would newly do");
            (settled && !card.text.contains("Refuse")).then_some(())
        })
        .await;
    }
    aloud(&ben.asks("deploy hello").await, &["hello is deployed."]);

    // At Home, the owner sees what waits for her.
    let more = format!("{contract}    news: {{protocol: https, host: news.example}}\n");
    let uses = WORKFLOW.replace("uses: [shop]", "uses: [shop, news]");
    write(&up, "hello/workflow.yaml", &format!("{uses}{more}")).await;
    let thread = ben.says("@kraken deploy hello").await;
    ben.hears(&thread, 1).await;
    let waits = "a tentacle would newly reach something, and asks you first";
    ana.finds_at_home(&["What needs you", "#price-watch", waits]).await;
    ben.finds_at_home(&["Nothing waits for you.", "you are its member"]).await;
    ana.presses(&thread, "Refuse").await;
    aloud(&ana.hears(&thread, 2).await[1], &["Refused."]);
    ana.finds_at_home(&["Nothing waits for you."]).await;
    alone(&ben.asks("whoami").await, &["Ben Okafor"]);
}
