//! What a person does beside talking: changing and taking back what they said.

use super::{CHANNEL, Person, Thread};

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
}

impl Thread {
    fn ts(&self) -> &str {
        self.place.split_once("thread=").map_or("", |(_, ts)| ts)
    }
}
