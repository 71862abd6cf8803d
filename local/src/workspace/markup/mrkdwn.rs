//! Slack's markup. <https://docs.slack.dev/messaging/formatting-message-text>

use super::{Part, Span, Style};

/// Whether lines that begin with a dash or a number are points: when people type, not when apps send text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    Seen,
    Plain,
}

/// Reads a text.
pub(crate) fn parse(text: &str, lists: Lists) -> Vec<Part> {
    let mut parts = Vec::new();
    for (index, piece) in text.split("```").enumerate() {
        let fenced = index % 2 == 1;
        if fenced {
            parts.push(Part::Preformatted(plain(piece.trim_matches('\n'))));
        } else {
            let piece = if index > 0 { piece.strip_prefix('\n').unwrap_or(piece) } else { piece };
            lines(piece, lists, &mut parts);
        }
    }
    parts
}

/// The entities that Slack escapes text with, resolved.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Slack's escapes, for text that people type.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What kind of line it is, and its text.
enum Line<'a> {
    Plain(&'a str),
    Quote(&'a str),
    Item { ordered: bool, text: &'a str },
}

fn line(text: &str, lists: Lists) -> Line<'_> {
    if let Some(quoted) = text.strip_prefix("&gt;").or_else(|| text.strip_prefix('>')) {
        return Line::Quote(quoted.strip_prefix(' ').unwrap_or(quoted));
    }
    if lists == Lists::Seen {
        let bullet = ["- ", "* ", "• "].into_iter().find_map(|mark| text.strip_prefix(mark));
        if let Some(text) = bullet {
            return Line::Item { ordered: false, text };
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0
            && let Some((_, rest)) = text.split_at_checked(digits)
            && let Some(text) = rest.strip_prefix(". ")
        {
            return Line::Item { ordered: true, text };
        }
    }
    Line::Plain(text)
}

fn lines(piece: &str, lists: Lists, parts: &mut Vec<Part>) {
    if piece.is_empty() {
        return;
    }
    for text in piece.split('\n') {
        match line(text, lists) {
            Line::Plain(text) => match parts.last_mut() {
                Some(Part::Section(spans)) => continue_with(spans, text),
                Some(Part::Quote(_) | Part::Preformatted(_) | Part::List { .. }) | None => {
                    parts.push(Part::Section(spans(text)));
                }
            },
            Line::Quote(text) => match parts.last_mut() {
                Some(Part::Quote(spans)) => continue_with(spans, text),
                Some(Part::Section(_) | Part::Preformatted(_) | Part::List { .. }) | None => {
                    parts.push(Part::Quote(spans(text)));
                }
            },
            Line::Item { ordered, text } => match parts.last_mut() {
                Some(Part::List { ordered: kind, items, .. }) if *kind == ordered => items.push(spans(text)),
                Some(Part::Section(_) | Part::Quote(_) | Part::Preformatted(_) | Part::List { .. })
                | None => {
                    parts.push(Part::List { ordered, indent: 0, items: vec![spans(text)] });
                }
            },
        }
    }
    // A section of nothing is what an empty line around something else leaves.
    parts.retain(|part| !matches!(part, Part::Section(spans) if spans.is_empty()));
}

fn continue_with(spans_so_far: &mut Vec<Span>, text: &str) {
    spans_so_far.push(Span::Text("\n".to_owned(), Style::default()));
    spans_so_far.extend(spans(text));
}

/// Reads one line.
fn spans(text: &str) -> Vec<Span> {
    let mut reader = Reader { spans: Vec::new(), text: String::new() };
    reader.read(text, Style::default());
    reader.flush(Style::default());
    reader.spans
}

struct Reader {
    spans: Vec<Span>,
    /// What was read and is not yet a span.
    text: String,
}

impl Reader {
    fn flush(&mut self, style: Style) {
        if !self.text.is_empty() {
            let text = plain(&std::mem::take(&mut self.text));
            self.spans.push(Span::Text(text, style));
        }
    }

    fn push(&mut self, span: Span, style: Style) {
        self.flush(style);
        self.spans.push(span);
    }

    fn read(&mut self, text: &str, style: Style) {
        let mut rest = text;
        let mut before = None;
        while let Some(first) = rest.chars().next() {
            let after = rest.get(first.len_utf8()..).unwrap_or_default();
            let taken = match first {
                '<' => self.angle(after, style),
                ':' => self.emoji(before, after, style),
                '`' => self.code(after, style),
                '*' | '_' | '~' => self.styled(first, before, after, style),
                _ => None,
            };
            match taken {
                Some(remaining) => {
                    before = Some(first);
                    rest = remaining;
                }
                None => {
                    self.text.push(first);
                    before = Some(first);
                    rest = after;
                }
            }
        }
        self.flush(style);
    }

    /// `<@U1>`, `<#C1|name>`, `<!here>`, `<https://…|label>`.
    fn angle<'a>(&mut self, after: &'a str, style: Style) -> Option<&'a str> {
        let (inside, rest) = after.split_once('>')?;
        let (target, label) = match inside.split_once('|') {
            Some((target, label)) => (target, Some(plain(label)).filter(|label| !label.is_empty())),
            None => (inside, None),
        };
        let span = if let Some(user) = target.strip_prefix('@') {
            Span::User(user.to_owned())
        } else if let Some(channel) = target.strip_prefix('#') {
            Span::Channel(channel.to_owned(), label)
        } else if let Some(special) = target.strip_prefix('!') {
            match special {
                "here" | "channel" | "everyone" => Span::Broadcast(special.to_owned()),
                _ => Span::Text(label.unwrap_or_else(|| special.to_owned()), style),
            }
        } else if target.contains(':') && !target.contains(' ') {
            Span::Link { url: plain(target), label, style }
        } else {
            return None;
        };
        self.push(span, style);
        Some(rest)
    }

    fn emoji<'a>(&mut self, before: Option<char>, after: &'a str, style: Style) -> Option<&'a str> {
        let (name, rest) = after.split_once(':')?;
        let stands_alone = before.is_none_or(|before| !before.is_alphanumeric());
        let known = emojis::get_by_shortcode(name).is_some();
        (stands_alone && known).then(|| self.push(Span::Emoji(name.to_owned()), style))?;
        Some(rest)
    }

    fn code<'a>(&mut self, after: &'a str, style: Style) -> Option<&'a str> {
        let (inside, rest) = after.split_once('`').filter(|(inside, _)| !inside.is_empty())?;
        self.push(Span::Text(plain(inside), Style { code: true, ..style }), style);
        Some(rest)
    }

    /// `*bold*`: the mark stands before a word, and its fellow behind one.
    fn styled<'a>(
        &mut self,
        mark: char,
        before: Option<char>,
        after: &'a str,
        style: Style,
    ) -> Option<&'a str> {
        let opens = before.is_none_or(|before| !before.is_alphanumeric())
            && after.chars().next().is_some_and(|next| !next.is_whitespace() && next != mark);
        let (inside, rest) = if opens { closing(mark, after)? } else { return None };
        self.flush(style);
        let style = match mark {
            '*' => Style { bold: true, ..style },
            '_' => Style { italic: true, ..style },
            _ => Style { strike: true, ..style },
        };
        self.read(inside, style);
        Some(rest)
    }
}

/// The text up to the closing mark, and what follows it.
fn closing(mark: char, text: &str) -> Option<(&str, &str)> {
    text.match_indices(mark).find_map(|(at, found)| {
        let (inside, rest) = (text.get(..at)?, text.get(at + found.len()..)?);
        let ends_word = inside.chars().next_back().is_some_and(|last| !last.is_whitespace());
        let is_end = rest.chars().next().is_none_or(|next| !next.is_alphanumeric());
        (ends_word && is_end).then_some((inside, rest))
    })
}

#[cfg(test)]
mod tests;
