//! What stands on a channel's page, read as people read it: who said what, and who can see it.

use crate::browser::Page;
use scraper::{ElementRef, Html, Node, Selector};

/// A message on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Who said it, by the name that is shown.
    pub author: String,
    /// The words.
    pub text: String,
    /// It says that nobody else can see it.
    pub only_for_you: bool,
    /// Where its links and link buttons lead.
    pub links: Vec<String>,
    /// It can be changed by whoever looks: it is their own.
    pub(crate) is_own: bool,
    /// Where its thread is.
    pub(crate) thread: Option<String>,
    /// It grows yet.
    pub is_growing: bool,
    /// When it was said.
    pub(crate) ts: String,
    /// The thread that it says it is about, where it stands in none.
    pub(crate) about: Option<String>,
}

impl Post {
    /// Whether it only follows something that goes on: the answer is another.
    pub(crate) fn is_progress(&self) -> bool {
        let headings = [
            " is running.",
            " is being deployed.",
            " is being shut down.",
            " is being worked on.",
            " has ended.",
            " went out of my sight.",
            "I am on it.",
        ];
        self.is_growing || headings.iter().any(|heading| self.text.contains(heading))
    }
}

impl Page {
    /// The messages of the channel itself.
    pub(crate) fn channel(&self) -> Vec<Post> {
        posts(&self.text, "#messages > li.message")
    }

    /// The replies of the open thread, and what whoever looks was told alone in the channel about it: Slack shows that in a thread only
    /// where there is a reply already.
    pub(crate) fn replies(&self) -> Vec<Post> {
        // The first is what the thread hangs on.
        let mut thread = posts(&self.text, "#replies > li.message").into_iter();
        let Some(first) = thread.next() else { return Vec::new() };
        let about = |post: &Post| post.only_for_you && post.about.as_ref() == Some(&first.ts);
        let mut replies: Vec<Post> = self.channel().into_iter().filter(about).chain(thread).collect();
        replies.sort_by(|one, other| one.ts.cmp(&other.ts));
        replies
    }
}

impl Page {
    /// The Home tab, where the Kraken shows something there.
    pub(crate) fn home(&self) -> Option<Post> {
        let links = Selector::parse("#messages form.blocks a[href]").unwrap();
        let document = Html::parse_document(&self.text);
        let links = document.select(&links).filter_map(|link| link.attr("href")).map(str::to_owned).collect();
        Some(Post {
            author: String::new(),
            text: self.words("#messages form.blocks")?,
            only_for_you: true,
            links,
            is_own: false,
            thread: None,
            is_growing: false,
            ts: String::new(),
            about: None,
        })
    }

    /// The words of the topmost modal.
    pub(crate) fn modal(&self) -> Option<String> {
        self.words("dialog[data-modal]")
    }

    /// The words of the first thing that `selector` finds.
    pub(crate) fn words(&self, selector: &str) -> Option<String> {
        Html::parse_document(&self.text).select(&Selector::parse(selector).unwrap()).next().map(visible)
    }

    /// The value of what can be chosen under this label in the modal.
    pub(crate) fn choice(&self, label: &str) -> String {
        let document = Html::parse_document(&self.text);
        let options = Selector::parse("dialog[data-modal] option").unwrap();
        let option = document.select(&options).find(|option| visible(*option).contains(label));
        option.and_then(|option| option.attr("value")).unwrap_or_else(|| panic!("no {label}")).to_owned()
    }

    /// What is chosen already among a modal's radio buttons.
    pub(crate) fn chosen(&self) -> Option<String> {
        let document = Html::parse_document(&self.text);
        let radios = Selector::parse("dialog[data-modal] input[type=radio][checked]").unwrap();
        document.select(&radios).next()?.attr("value").map(str::to_owned)
    }
}

fn posts(html: &str, selector: &str) -> Vec<Post> {
    Html::parse_document(html).select(&Selector::parse(selector).unwrap()).map(post).collect()
}

fn post(item: ElementRef<'_>) -> Post {
    let all = |selector: &str| item.select(&Selector::parse(selector).unwrap()).collect::<Vec<_>>();
    let first = |selector: &str| all(selector).first().map(|element| visible(*element));
    // A message right after another one of the same person has its head only for those who hear the page.
    let spoken = first(".said > .hidden-text").unwrap_or_default();
    let author = first(".author").or_else(|| spoken.split(',').next().map(str::to_owned));
    let links = all("form.blocks a[href]").into_iter().filter_map(|link| link.attr("href"));
    let block_id = all("form.blocks").first().and_then(|blocks| blocks.attr("data-block-id"));
    let about = block_id.and_then(|id| id.strip_prefix("about:")?.rsplit_once(':'));
    Post {
        author: author.unwrap_or_default(),
        text: all("form.blocks").into_iter().map(visible).collect::<Vec<_>>().join(" "),
        only_for_you: first(".only").is_some() || spoken.ends_with("only visible to you"),
        links: links.map(str::to_owned).collect(),
        is_own: !all("a[aria-label='Change']").is_empty(),
        is_growing: item.value().classes().any(|class| class == "streaming"),
        ts: item.attr("data-key").unwrap_or_default().to_owned(),
        about: about.map(|(thread, _)| thread.to_owned()),
        thread: all("a[aria-label='Reply in a thread']")
            .first()
            .and_then(|link| link.attr("href"))
            .map(str::to_owned),
    }
}

/// The words of an element, one space between them wherever the page has a gap or a new line.
fn visible(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    for node in element.descendants() {
        match node.value() {
            Node::Text(words) => text.push_str(words),
            Node::Element(tag) if matches!(tag.name(), "br" | "p" | "div" | "li" | "button") => {
                text.push(' ');
            }
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
