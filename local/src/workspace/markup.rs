//! Formatted text: Slack's markup (`mrkdwn`) and its `rich_text` blocks are two spellings of the same thing. Here it is
//! read from both, and written as `rich_text` for what people type. Pages show it (`page::html`).

pub(crate) mod mrkdwn;
pub(crate) mod rich_text;

/// A part of a text that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Running text; line breaks are in it.
    Section(Vec<Span>),
    /// Somebody else's words.
    Quote(Vec<Span>),
    /// As it is, in a fixed width.
    Preformatted(String),
    /// Points, numbered or not.
    List {
        /// Numbered.
        ordered: bool,
        /// How deep it is within other lists.
        indent: u64,
        items: Vec<Vec<Span>>,
    },
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Style {
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) strike: bool,
    pub(crate) code: bool,
}

/// A piece of running text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    Text(String, Style),
    Link {
        url: String,
        label: Option<String>,
        style: Style,
    },
    /// By id.
    User(String),
    /// By id; the name that came with it counts where the channel is not known.
    Channel(String, Option<String>),
    /// By its name without colons.
    Emoji(String),
    /// `here`, `channel`, `everyone`.
    Broadcast(String),
}
