//! Messages: a plain text for notifications and screen readers, and blocks that say the same.

use super::envelope::Card;
use serde_json::{Value, json};
use uuid::Uuid;

/// The most characters of a section (Block Kit reference).
const MOST: usize = 2_900;

/// What the plain text says before the names of buttons.
const BUTTONS: &str = "Buttons: ";

/// What the names of blocks begin with that belong to a thread and do not stand in it.
const ABOUT: &str = "about:";

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Message {
    text: Vec<String>,
    blocks: Vec<Value>,
    /// The approval that it asks for.
    asks_for: Option<Uuid>,
}

impl Message {
    /// A message that says `text`, in Slack's markup.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::default().line(text)
    }

    /// The same with one more paragraph.
    pub(crate) fn line(mut self, text: impl Into<String>) -> Self {
        let text = cut(text.into());
        self.blocks.push(json!({"type": "section", "text": {"type": "mrkdwn", "text": text}}));
        self.text.push(text);
        self
    }

    /// The same with a paragraph in which nothing that looks like a link, a name or a channel becomes one.
    pub(crate) fn verbatim(mut self, text: impl Into<String>) -> Self {
        let text = cut(text.into());
        self.blocks
            .push(json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}}));
        self.text.push(text);
        self
    }

    /// The same with a small print below.
    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        let text = cut(text.into());
        self.blocks.push(json!({"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}));
        self.text.push(text);
        self
    }

    /// The same with a link as a button. The plain text has the link in clear.
    pub(crate) fn link(mut self, label: &str, url: &str, said: &str) -> Self {
        self.blocks.push(json!({"type": "actions", "elements": [{
            "type": "button", "style": "primary", "action_id": "open_link", "url": url,
            "text": {"type": "plain_text", "text": label, "emoji": false},
        }]}));
        self.text.push(format!("{said}: {url}"));
        self
    }

    /// The same with buttons. The plain text names what they are for.
    pub(crate) fn buttons(mut self, buttons: &[Button]) -> Self {
        let elements: Vec<Value> = buttons.iter().map(Button::block).collect();
        self.blocks.push(json!({"type": "actions", "elements": elements}));
        let labels: Vec<&str> = buttons.iter().map(|button| button.label).collect();
        self.text.push(format!("{BUTTONS}{}", labels.join(", ")));
        self
    }

    /// A message that stands there already, without its buttons and what is said right below them; nothing where it has none.
    pub(crate) fn without_buttons(shown: &Card) -> Option<Self> {
        let mut blocks = shown.blocks.clone();
        let at = blocks.iter().position(|block| block["type"] == "actions")?;
        let is_note = blocks.get(at + 1).is_some_and(|block| block["type"] == "context");
        blocks.drain(at..=at + usize::from(is_note));
        // Slack gave them names, which no other message may have.
        for block in blocks.iter_mut().filter_map(Value::as_object_mut) {
            block.remove("block_id");
        }
        let mut text: Vec<String> = shown.text.lines().map(str::to_owned).collect();
        if let Some(at) = text.iter().position(|line| line.starts_with(BUTTONS)) {
            text.drain(at..(at + 1 + usize::from(is_note)).min(text.len()));
        }
        Some(Self { text, blocks, asks_for: None })
    }

    /// The same as a card that asks for an approval: it is changed when that is decided, wherever that is.
    pub(crate) fn asking_for(mut self, approval: Uuid) -> Self {
        self.asks_for = Some(approval);
        self
    }

    /// The approval that it asks for.
    pub(crate) const fn asks_for(&self) -> Option<Uuid> {
        self.asks_for
    }

    /// Everything as plain text.
    pub(crate) fn plain(&self) -> String {
        self.text.join("\n")
    }

    /// The blocks; the first one carries `key`, by which the message is found again.
    pub(crate) fn blocks(&self, key: Option<&str>) -> Vec<Value> {
        let mut blocks = self.blocks.clone();
        if let (Some(Value::Object(first)), Some(key)) = (blocks.first_mut(), key) {
            first.insert("block_id".to_owned(), key.into());
        }
        blocks
    }

    /// The blocks, each named after the thread that the message belongs to although it does not stand there: what is pressed below it
    /// is answered in that thread.
    pub(crate) fn blocks_about(&self, thread: &str) -> Vec<Value> {
        let mut blocks = self.blocks.clone();
        for (number, block) in blocks.iter_mut().filter_map(Value::as_object_mut).enumerate() {
            block.insert("block_id".to_owned(), format!("{ABOUT}{thread}:{number}").into());
        }
        blocks
    }
}

/// The thread that a block of this name belongs to.
pub(super) fn thread_of(block_id: &str) -> Option<&str> {
    Some(block_id.strip_prefix(ABOUT)?.rsplit_once(':')?.0)
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Button {
    /// What it is for.
    pub(crate) action: &'static str,
    /// What stands on it.
    pub(crate) label: &'static str,
    /// About what.
    pub(crate) value: String,
    /// `primary` or `danger`.
    pub(crate) style: Option<&'static str>,
}

impl Button {
    fn block(&self) -> Value {
        let mut block = json!({
            "type": "button", "action_id": self.action, "value": self.value,
            "text": {"type": "plain_text", "text": self.label, "emoji": false},
        });
        if let (Some(style), Value::Object(fields)) = (self.style, &mut block) {
            fields.insert("style".to_owned(), style.into());
        }
        block
    }
}

/// A text that somebody else chose, with what Slack would read as markup taken out of it.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A name in fixed width. Names hold nothing that would have to be escaped.
pub(crate) fn code(name: impl std::fmt::Display) -> String {
    format!("`{name}`")
}

fn cut(text: String) -> String {
    if text.chars().count() <= MOST {
        return text;
    }
    let mut cut: String = text.chars().take(MOST).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_loses_its_buttons_and_nothing_else() {
        let button = Button { action: "a", label: "Do it", value: "v".to_owned(), style: None };
        let card = Message::new("One.").line("Two.").buttons(&[button]).note("Once.").note("Three.");
        let shown = |message: &Message| Card { text: message.plain(), blocks: message.blocks(Some("key")) };
        let left = Message::without_buttons(&shown(&card)).unwrap();
        assert_eq!(left, Message::new("One.").line("Two.").note("Three."));
        assert_eq!(Message::without_buttons(&shown(&left)), None);
    }

    #[test]
    fn the_plain_text_says_what_the_blocks_say() {
        let message =
            Message::new("Done.").link("Sign in", "https://a.example", "Sign in").note("for ten minutes");
        assert_eq!(message.plain(), "Done.\nSign in: https://a.example\nfor ten minutes");
        assert_eq!(message.blocks(Some("answer:Ev1"))[0]["block_id"], "answer:Ev1");
        assert_eq!(message.blocks(None).len(), 3);
    }

    #[test]
    fn blocks_that_belong_to_a_thread_say_so_each_under_a_name_of_its_own() {
        let blocks = Message::new("Done.").note("Once.").blocks_about("1700000000.000100");
        let names: Vec<&str> = blocks.iter().map(|block| block["block_id"].as_str().unwrap()).collect();
        assert_ne!(names[0], names[1]);
        assert!(names.iter().all(|name| thread_of(name) == Some("1700000000.000100")), "{names:?}");
        assert_eq!((thread_of("answer:Ev1"), thread_of("about:")), (None, None));
    }

    #[test]
    fn a_long_text_is_cut_and_a_foreign_one_escaped() {
        assert_eq!(Message::new("x".repeat(5_000)).plain().chars().count(), 2_901);
        assert_eq!(escape("<!channel> & co"), "&lt;!channel&gt; &amp; co");
    }
}
