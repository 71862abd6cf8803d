//! Somebody with a browser.

mod gestures;

use crate::browser::{Browser, Page};
use crate::page::Post;
use crate::until::until;
use crate::up::Up;
use serde_json::Value;
use std::time::Instant;

/// The channel that everything happens in: Ana made it, Ben and Gil are in it, and so is the Kraken.
const CHANNEL: &str = "price-watch";

/// The Kraken, as the page calls it.
const KRAKEN: &str = "Kraken";

/// Somebody of the workspace, at the page.
#[derive(Debug)]
pub struct Person {
    name: String,
    browser: Browser,
}

/// A thread, by the part of its address that is the same for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    place: String,
}

impl Person {
    pub(crate) async fn enter(up: &Up, name: &str) -> Self {
        Self { name: name.to_owned(), browser: Browser::open(up.page()).await }
    }

    async fn page(&self, place: &str) -> Page {
        let page = self.browser.get(&format!("/as/{}/c/{place}", self.name)).await;
        assert!(page.status.is_success(), "{}: {place}: {:?}", self.name, page.status);
        page
    }

    /// Types something into the channel, and opens its thread.
    pub async fn says(&self, words: &str) -> Thread {
        let form = self.page(CHANNEL).await.form("#foot form.composer");
        self.browser.submit(&form, &[("text", words)]).await;
        let own = self.channel().await.into_iter().rfind(|post| post.is_own).unwrap();
        let address = own.thread.unwrap();
        Thread { place: address.rsplit_once("/c/").unwrap().1.to_owned() }
    }

    /// Types something into the channel as the page's script does; answers its thread, and when the button was pressed.
    pub async fn sends(&self, words: &str) -> (Thread, Instant) {
        let form = self.page(CHANNEL).await.form("#foot form.composer");
        let pressed = Instant::now();
        let sent = self.browser.submit_by_script(&form, &[("text", words)]).await;
        let sent: Value = serde_json::from_str(&sent.text).unwrap();
        (Thread { place: format!("{CHANNEL}?thread={}", sent["ts"].as_str().unwrap()) }, pressed)
    }

    /// Types these into the channel, one after the other and as fast as it goes; answers their threads.
    pub async fn sends_all(&self, all: &[String]) -> Vec<Thread> {
        let form = self.page(CHANNEL).await.form("#foot form.composer");
        let mut threads = Vec::with_capacity(all.len());
        for words in all {
            let sent = self.browser.submit_by_script(&form, &[("text", words)]).await;
            let sent: Value = serde_json::from_str(&sent.text).unwrap();
            threads.push(Thread { place: format!("{CHANNEL}?thread={}", sent["ts"].as_str().unwrap()) });
        }
        threads
    }

    /// What the Kraken has said in a thread, as [`Person::sees`], without the rest of a long channel.
    pub async fn sees_alone(&self, thread: &Thread) -> Vec<Post> {
        let replies = self.page(&format!("{}&last=1", thread.place)).await.replies();
        replies.into_iter().filter(|post| post.author == KRAKEN && !post.is_progress()).collect()
    }

    /// Whether some HTML stands on a thread's page, the rest of the channel left out.
    pub async fn reads(&self, thread: &Thread, html: &str) -> bool {
        self.page(&format!("{}&last=1", thread.place)).await.text.contains(html)
    }

    /// What the Kraken says that it is doing in a thread.
    pub async fn sees_it_at_work(&self, thread: &Thread) -> Option<String> {
        self.page(&thread.place).await.words("#replies > li.doing")
    }

    /// Types something into a thread.
    pub async fn replies(&self, thread: &Thread, words: &str) {
        let form = self.page(&thread.place).await.form("#aside form.composer");
        self.browser.submit(&form, &[("text", words)]).await;
    }

    /// Presses the last button with this label in a thread.
    pub async fn presses(&self, thread: &Thread, label: &str) {
        let form = self.page(&thread.place).await.pressing(label);
        self.browser.submit(&form, &[]).await;
    }

    /// The same while the Kraken has much to do. That it did not answer in time is said then, as Slack says it; it counts all the same.
    pub async fn presses_in_a_rush(&self, thread: &Thread, label: &str) {
        let form = self.page(&thread.place).await.pressing(label);
        self.browser.attempt(&form, &[]).await;
    }

    /// What stands in the channel itself.
    pub async fn channel(&self) -> Vec<Post> {
        self.page(CHANNEL).await.channel()
    }

    /// What the Kraken has said in a thread, or to this person alone about it, as far as they see it; not how far something has come.
    pub async fn sees(&self, thread: &Thread) -> Vec<Post> {
        self.of_the_kraken(thread).await.into_iter().filter(|post| !post.is_progress()).collect()
    }

    /// What the Kraken shows in a thread of something that takes long.
    pub async fn watches(&self, thread: &Thread) -> Option<Post> {
        self.of_the_kraken(thread).await.into_iter().find(Post::is_progress)
    }

    async fn of_the_kraken(&self, thread: &Thread) -> Vec<Post> {
        let replies = self.page(&thread.place).await.replies();
        replies.into_iter().filter(|post| post.author == KRAKEN).collect()
    }

    /// Waits until the Kraken has said so many things in a thread.
    pub async fn hears(&self, thread: &Thread, count: usize) -> Vec<Post> {
        let what = format!("{} hears {count} answers", self.name);
        until(&what, async || Some(self.sees(thread).await).filter(|posts| posts.len() >= count)).await
    }

    /// Asks the Kraken something in the channel; answers the first thing that it says.
    pub async fn asks(&self, words: &str) -> Post {
        let thread = self.says(&format!("@kraken {words}")).await;
        let answer = self.hears(&thread, 1).await.remove(0);
        assert!(!answer.text.is_empty(), "{words}: {answer:?}");
        answer
    }

    /// Asks the Kraken something that it wants a sign-in for, and signs in; answers what it says then.
    pub async fn asks_and_signs_in(&self, words: &str) -> Post {
        let thread = self.says(&format!("@kraken {words}")).await;
        let card = self.hears(&thread, 1).await.remove(0);
        self.signs_in(&card).await;
        self.hears(&thread, 2).await.remove(1)
    }

    /// What the Kraken has said to this person alone, in direct messages; none while there is no such conversation.
    pub async fn in_private(&self) -> Vec<Post> {
        let Some(place) = self.private_place().await else { return Vec::new() };
        self.page(&place).await.channel().into_iter().filter(|post| post.author == KRAKEN).collect()
    }

    /// Waits until the Kraken has said so many things to this person alone.
    pub async fn hears_in_private(&self, count: usize) -> Vec<Post> {
        let what = format!("{} hears {count} things in private", self.name);
        until(&what, async || Some(self.in_private().await).filter(|posts| posts.len() >= count)).await
    }

    /// Presses the last button with this label in the direct messages.
    pub async fn presses_in_private(&self, label: &str) {
        let place = self.private_place().await.unwrap();
        let form = self.page(&place).await.pressing(label);
        self.browser.submit(&form, &[]).await;
    }

    /// Asks the Kraken something in a direct message; answers what it says to it, without what only shows that it goes on.
    pub async fn asks_in_private(&self, words: &str) -> Post {
        let place = match self.private_place().await {
            Some(place) => place,
            // Looking at the Kraken's page begins the conversation.
            None => until("there is a conversation", async || self.private_place().await).await,
        };
        let said = async || -> Vec<Post> {
            self.in_private().await.into_iter().filter(|post| !post.is_progress()).collect()
        };
        let before = said().await.len();
        let form = self.page(&place).await.form("#foot form.composer");
        self.browser.submit(&form, &[("text", words)]).await;
        until("the direct message is answered", async || said().await.into_iter().nth(before)).await
    }

    /// Where the direct messages with the Kraken are.
    async fn private_place(&self) -> Option<String> {
        let home = self.browser.get(&format!("/as/{}/home", self.name)).await;
        let href = home.link_to("Messages")?;
        Some(href.rsplit_once("/c/")?.1.to_owned())
    }

    /// Follows the link of a sign-in card to the issuer's page, and signs in there.
    pub async fn signs_in(&self, card: &Post) {
        let link = card.links.first().unwrap_or_else(|| panic!("no link in {card:?}"));
        let page = self.browser.get(link).await;
        let form = page.form("form[action='/oidc/verify']");
        let done = self.browser.submit(&form, &[("person", &self.name)]).await;
        assert!(done.text.contains("Signed in as"), "{}", done.text);
    }

    /// Opens a page of the server's, and signs in for it at the issuer's; answers what it shows then.
    pub async fn opens(&self, address: &str) -> Page {
        let page = self.browser.follow(self.browser.get(address).await).await;
        let form = page.form("form[action='/oidc/authorize']");
        let signed_in = self.browser.submit(&form, &[("person", &self.name)]).await;
        self.browser.follow(signed_in).await
    }

    /// Presses a button of such a page: `approve` or `refuse`.
    pub async fn decides(&self, page: &Page, decision: &str) -> Page {
        self.browser.submit(&page.form("form[action^='/approve/']"), &[("decision", decision)]).await
    }

    /// Sends one of the channel's own forms: `leave`, `join`, `remove` or `invite`, with a person where it takes one.
    pub async fn does(&self, deed: &str, whom: Option<&str>) {
        let selector = match (deed, whom) {
            // One form a person.
            ("remove", Some(whom)) => format!("form[action$='/do/remove']:has(input[value='{whom}'])"),
            _ => format!("form[action$='/do/{deed}']"),
        };
        let form = self.page(CHANNEL).await.form(&selector);
        let typed: Vec<(&str, &str)> =
            whom.filter(|_| deed == "invite").map(|whom| ("user", whom)).into_iter().collect();
        self.browser.submit(&form, &typed).await;
    }
}
