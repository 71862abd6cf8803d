//! The model's words as a message: plain, so that they can neither call anybody, nor hide where a link leads, nor look like a card.

use super::offered::RUN;
use crate::slack::blocks::{Message, escape};

/// The most characters of one paragraph; a message has few of them.
const PARAGRAPH: usize = 2_500;

/// The most paragraphs.
const PARAGRAPHS: usize = 3;

/// The message.
pub(super) fn message(words: &str) -> Message {
    let words = plain(words);
    let mut parts = parts(&words);
    let more = parts.len() > PARAGRAPHS;
    parts.truncate(PARAGRAPHS);
    let message = parts.iter().fold(Message::default(), |message, part| message.verbatim(escape(part)));
    let rest = if more { " The rest of it was too long." } else { "" };
    message
        .note(format!("_A model wrote this, under your name and with your rights. It can be wrong._{rest}"))
}

/// What is being done by a call, for whoever looks on.
pub(super) fn doing(tool: &str, name: &str) -> String {
    match tool {
        RUN => format!("Running {name}"),
        "wf_restart" => format!("Starting {name} anew"),
        "wf_logs" => format!("Reading what {name} printed"),
        _ => "Looking things up".to_owned(),
    }
}

/// Without marks that nobody sees or that turn the direction of writing, and with the one kind of bold that Slack knows.
fn plain(words: &str) -> String {
    let words: String = words.chars().filter(|letter| !is_hidden(*letter)).collect();
    words.trim().replace("**", "*")
}

/// Whether a mark is seen by nobody, or turns the direction of writing.
pub(super) fn is_hidden(letter: char) -> bool {
    let seen_by_nobody = matches!(
        letter,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    );
    seen_by_nobody || (letter.is_control() && letter != '\n')
}

/// The words in parts, cut between lines where that is possible.
fn parts(words: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in words.lines() {
        let mut letters = line.chars().peekable();
        loop {
            let piece: String = letters.by_ref().take(PARAGRAPH).collect();
            let length = piece.chars().count() + 1;
            match parts.last_mut() {
                Some(last) if last.chars().count() + length <= PARAGRAPH + 1 => {
                    if !last.is_empty() {
                        last.push('\n');
                    }
                    last.push_str(&piece);
                }
                _ => parts.push(piece),
            }
            if letters.peek().is_none() {
                break;
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_and_no_link_is_hidden() {
        let said =
            message("<!channel> <@UBEN> <https://evil.example|Sign in> \u{202e}x **now** & go").plain();
        assert!(said.starts_with(
            "&lt;!channel&gt; &lt;@UBEN&gt; &lt;https://evil.example|Sign in&gt; x *now* &amp; go"
        ));
        let blocks = message("@channel").blocks(None);
        assert_eq!(blocks[0]["text"]["verbatim"], true);
    }

    #[test]
    fn what_is_too_long_is_cut_and_said_to_be() {
        let long = message(&"word ".repeat(4_000));
        assert!(long.plain().ends_with("too long."));
        assert_eq!(long.blocks(None).len(), PARAGRAPHS + 1);
        assert_eq!(parts("a\nb\n\nc"), ["a\nb\n\nc"]);
        assert_eq!(message("").blocks(None).len(), 2);
    }
}
