//! What a person does beside talking: changing and taking back what they said.

use super::{CHANNEL, KRAKEN, Person, Thread};
use crate::page::Post;
use crate::until::until;

/// The one input of each of the Kraken's modals.
const INPUT: &str = "at/answer/value";

impl Person {
    /// Changes what they said at the beginning of a thread, or somewhere in the channel.
    pub async fn changes(&self, thread: &Thread, words: &str) {
        let ts = thread.ts();
        let page = self.page(&format!("{CHANNEL}?edit={ts}")).await;
        self.browser.submit(&page.form("form[action$='/do/edit']"), &[("text", words)]).await;
    }

    /// Takes back what they said at the beginning of a thread.
    pub async fn takes_back(&self, thread: &Thread) {
        let form = format!("form[action$='/do/delete']:has(input[value='{}'])", thread.ts());
        let form = self.page(CHANNEL).await.form(&form);
        self.browser.submit(&form, &[]).await;
    }

    /// Gives a slash command in the channel; answers what the Kraken says there after it.
    pub async fn commands(&self, words: &str) -> Post {
        let before = self.of_the_kraken_in_the_channel().await.len();
        let form = self.page(CHANNEL).await.form("#foot form.composer");
        self.browser.submit(&form, &[("text", words)]).await;
        until("the slash command is answered", async || {
            self.of_the_kraken_in_the_channel()
                .await
                .into_iter()
                .skip(before)
                .find(|post| !post.is_progress())
        })
        .await
    }

    async fn of_the_kraken_in_the_channel(&self) -> Vec<Post> {
        self.channel().await.into_iter().filter(|post| post.author == KRAKEN).collect()
    }

    /// Uses the shortcut on the message that begins a thread.
    pub async fn uses_shortcut_on(&self, thread: &Thread) {
        let form = format!("form[action$='/shortcut']:has(input[value='{}'])", thread.ts());
        let form = self.page(CHANNEL).await.form(&form);
        self.browser.submit(&form, &[("callback", "ask")]).await;
    }

    /// Uses the shortcut that needs no message, and asks this in the channel.
    pub async fn asks_by_shortcut(&self, words: &str) {
        let home = self.browser.look_again(&self.home()).await;
        self.browser.submit(&home.form("form[action$='/shortcut']"), &[("callback", "ask")]).await;
        self.meets_a_modal().await;
        let page = self.page(CHANNEL).await;
        let form = page.form("dialog[data-modal] form");
        let channel = page.choice(&format!("#{CHANNEL}"));
        self.browser.submit(&form, &[(INPUT, words), ("at/where/value", &channel)]).await;
    }

    /// Presses the last button with this label in the channel itself.
    pub async fn presses_in_channel(&self, label: &str) {
        let form = self.page(CHANNEL).await.pressing(label);
        self.browser.submit(&form, &[]).await;
    }

    /// Opens the Home tab, and waits until it holds these words; answers it.
    pub async fn finds_at_home(&self, words: &[&str]) -> Post {
        self.browser.get(&self.home()).await;
        self.finds_shown_at_home(words).await
    }

    /// Waits until the open Home tab holds these words; answers it.
    pub async fn finds_shown_at_home(&self, words: &[&str]) -> Post {
        let what = format!("{} finds {words:?} at Home", self.name);
        until(&what, async || {
            // As the page's script looks again, which is no visit.
            let page = self.browser.look_again(&self.home()).await;
            page.home().filter(|home| words.iter().all(|word| home.text.contains(word)))
        })
        .await
    }

    /// Presses a button of the Home tab.
    pub async fn presses_at_home(&self, label: &str) {
        let form = self.browser.look_again(&self.home()).await.pressing(label);
        self.browser.submit(&form, &[]).await;
    }

    fn home(&self) -> String {
        format!("/as/{}/home", self.name)
    }

    /// Waits for a modal; answers its words.
    pub async fn meets_a_modal(&self) -> String {
        until("a modal is open", async || self.page(CHANNEL).await.modal()).await
    }

    /// Whether no modal is open.
    pub async fn meets_no_modal(&self) -> bool {
        self.page(CHANNEL).await.modal().is_none()
    }

    /// What is chosen in the modal already.
    pub async fn finds_chosen(&self) -> Option<String> {
        self.page(CHANNEL).await.chosen()
    }

    /// Fills in the open modal and submits it.
    pub async fn submits(&self, value: &str) {
        let form = self.page(CHANNEL).await.form("dialog[data-modal] form");
        self.browser.submit(&form, &[(INPUT, value)]).await;
    }

    /// Chooses somebody in the open modal and submits it.
    pub async fn submits_person(&self, name: &str) {
        let page = self.page(CHANNEL).await;
        let form = page.form("dialog[data-modal] form");
        self.browser.submit(&form, &[(INPUT, &page.choice(name))]).await;
    }
}

impl Thread {
    fn ts(&self) -> &str {
        self.place.split_once("thread=").map_or("", |(_, ts)| ts)
    }
}
