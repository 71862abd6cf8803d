//! HTML that was made here, with every text in it escaped.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::markup::mrkdwn::{self, Lists};
use crate::workspace::markup::{Part, Span, Style};
use crate::workspace::state::{Kind, State};

/// A piece of HTML. Only this module puts raw text into one, and only literals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl HtmlSafe for Html {}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Html {
    fn raw(&mut self, literal: &'static str) {
        self.0.push_str(literal);
    }

    fn text(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                '\'' => self.raw("&#39;"),
                _ => self.0.push(letter),
            }
        }
    }

    /// Text in which line breaks show.
    fn lines(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.raw("<br>");
            }
            self.text(line);
        }
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Makes HTML for one reader: ids become names.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) state: &'a State,
    pub(super) reader: &'a UserId,
}

impl Writer<'_> {
    /// Slack's markup, as apps send it.
    pub(super) fn mrkdwn(&self, text: &str) -> Html {
        self.parts(&mrkdwn::parse(text, Lists::Plain))
    }

    /// What the workspace says that somebody did: the name first, then the deed.
    pub(super) fn notice(&self, author: &UserId, text: &str) -> Html {
        let deed = text.strip_prefix(&format!("<@{author}> ")).unwrap_or(text);
        let mut html = Html::default();
        html.raw("<strong>");
        html.text(&self.state.users.get(author).map_or_else(String::new, |user| user.full_name()));
        html.raw("</strong> ");
        html.0.push_str(&self.mrkdwn(deed).0);
        html
    }

    /// A text object of a block: markup or plain, where only emoji count.
    pub(super) fn text_object(&self, kind: &str, text: &str) -> Html {
        if kind == "mrkdwn" {
            return self.mrkdwn(text);
        }
        let mut html = Html::default();
        html.lines(&with_emoji(text));
        html
    }

    /// Formatted text.
    pub(super) fn parts(&self, parts: &[Part]) -> Html {
        let mut html = Html::default();
        for part in parts {
            match part {
                Part::Section(spans) => self.wrapped(&mut html, "<p>", spans, "</p>"),
                Part::Quote(spans) => self.wrapped(&mut html, "<blockquote>", spans, "</blockquote>"),
                Part::Preformatted(text) => {
                    html.raw("<pre tabindex=\"0\"><code>");
                    html.text(text);
                    html.raw("</code></pre>");
                }
                Part::List { ordered, indent, items } => {
                    let (open, close) = if *ordered { ("<ol", "</ol>") } else { ("<ul", "</ul>") };
                    html.raw(open);
                    html.raw(if *indent > 0 { " class=\"inner\">" } else { ">" });
                    for item in items {
                        self.wrapped(&mut html, "<li>", item, "</li>");
                    }
                    html.raw(close);
                }
            }
        }
        html
    }

    fn wrapped(&self, html: &mut Html, open: &'static str, spans: &[Span], close: &'static str) {
        html.raw(open);
        for span in spans {
            self.span(html, span);
        }
        html.raw(close);
    }

    fn span(&self, html: &mut Html, span: &Span) {
        match span {
            Span::Text(text, style) => styled(html, *style, |html| html.lines(text)),
            Span::Link { url, label, style } => {
                let shown = label.as_deref().unwrap_or(url);
                let opens = ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
                styled(html, *style, |html| if opens { link(html, url, shown) } else { html.text(shown) });
            }
            Span::User(id) => self.mention(html, id),
            Span::Channel(id, name) => self.channel(html, id, name.as_deref()),
            Span::Emoji(name) => {
                html.raw("<span class=\"emoji\" role=\"img\" aria-label=\"");
                html.text(name);
                html.raw("\">");
                html.text(&glyph(name));
                html.raw("</span>");
            }
            Span::Broadcast(range) => {
                html.raw("<span class=\"mention me\">@");
                html.text(range);
                html.raw("</span>");
            }
        }
    }

    fn mention(&self, html: &mut Html, id: &str) {
        let id = UserId::from(id);
        let is_me = id == *self.reader;
        html.raw(if is_me { "<span class=\"mention me\">@" } else { "<span class=\"mention\">@" });
        html.text(self.state.users.get(&id).map_or(id.as_ref(), |user| user.name.as_str()));
        html.raw("</span>");
    }

    fn channel(&self, html: &mut Html, id: &str, given: Option<&str>) {
        let found = self.state.channels.get(&ChannelId::from(id));
        let visible =
            found.filter(|channel| matches!(channel.kind, Kind::Public { .. }) || channel.has(self.reader));
        let reader = self.state.users.get(self.reader).map_or("", |user| user.name.as_str());
        match visible.and_then(|channel| channel.kind.name()) {
            Some(name) => {
                html.raw("<a class=\"mention\" data-swap href=\"/as/");
                html.text(reader);
                html.raw("/c/");
                html.text(name);
                html.raw("\">#");
                html.text(name);
                html.raw("</a>");
            }
            None => {
                html.raw("<span class=\"mention\">#");
                html.text(given.unwrap_or("a private channel"));
                html.raw("</span>");
            }
        }
    }
}

fn link(html: &mut Html, url: &str, shown: &str) {
    html.raw("<a target=\"_blank\" rel=\"noopener\" href=\"");
    html.text(url);
    html.raw("\">");
    html.text(shown);
    html.raw("</a>");
}

fn styled(html: &mut Html, style: Style, inside: impl FnOnce(&mut Html)) {
    let marks = [
        (style.bold, "<strong>", "</strong>"),
        (style.italic, "<em>", "</em>"),
        (style.strike, "<del>", "</del>"),
        (style.code, "<code>", "</code>"),
    ];
    for (on, open, _) in marks {
        html.raw(if on { open } else { "" });
    }
    inside(html);
    for (on, _, close) in marks.into_iter().rev() {
        html.raw(if on { close } else { "" });
    }
}

/// The character for an emoji's name; a name that is not known stays one.
pub(super) fn glyph(name: &str) -> String {
    let base = name.split("::").next().unwrap_or(name);
    emojis::get_by_shortcode(base).map_or_else(|| format!(":{name}:"), |emoji| emoji.as_str().to_owned())
}

/// A plain text with its emoji names resolved.
pub(super) fn with_emoji(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        out.push_str(before);
        match after.split_once(':').filter(|(name, _)| emojis::get_by_shortcode(name).is_some()) {
            Some((name, remaining)) => {
                out.push_str(&glyph(name));
                rest = remaining;
            }
            None => {
                out.push(':');
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        let state = State::default();
        Writer { state: &state, reader: &UserId::from("U1") }.mrkdwn(text).to_string()
    }

    #[test]
    fn nothing_that_was_sent_becomes_markup() {
        for text in [
            "<script>alert(1)</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "<javascript:alert(1)|click>",
            "<https://a.example/\"onmouseover=\"alert(1)|x>",
            "`<img src=x onerror=alert(1)>`",
            "```<b>```",
            "<@U\"><b>",
            "<#C1|<b>>",
            "<data:text/html,x|y>",
        ] {
            let html = html(text);
            let text_only = html
                .replace("<p>", "")
                .replace("</p>", "")
                .replace("<code>", "")
                .replace("</code>", "")
                .replace("<pre tabindex=\"0\">", "")
                .replace("</pre>", "")
                .replace("<span class=\"mention\">", "")
                .replace("</span>", "")
                .replace("<a target=\"_blank\" rel=\"noopener\" href=\"https://a.example/&quot;onmouseover=&quot;alert(1)\">", "")
                .replace("</a>", "");
            assert!(!text_only.contains(['<', '>', '"']), "{text} → {html}");
            assert!(!html.contains("href=\"javascript") && !html.contains("href=\"data"), "{html}");
        }
    }

    #[test]
    fn formatting_shows() {
        assert_eq!(html("*a* _b_\nc"), "<p><strong>a</strong> <em>b</em><br>c</p>");
        assert_eq!(html("&gt; q"), "<blockquote>q</blockquote>");
        assert_eq!(html("a &amp; b"), "<p>a &amp; b</p>");
        assert_eq!(
            html("<https://x.example|x>"),
            "<p><a target=\"_blank\" rel=\"noopener\" href=\"https://x.example\">x</a></p>"
        );
    }

    #[test]
    fn plain_texts_have_emoji_and_nothing_else() {
        assert_eq!(with_emoji("done :tada: at 10:30"), "done 🎉 at 10:30");
        assert_eq!(with_emoji("*a* :nope:"), "*a* :nope:");
    }
}
