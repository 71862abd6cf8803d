//! Texts that somebody else chose, fit for a terminal.

use std::borrow::Cow;

/// The text with whatever steers a terminal, or turns the reading direction, made visible. Line ends and tabs stay.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().any(steers) {
        Cow::Owned(text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn steers(c: char) -> bool {
    let layout = matches!(c, '\n' | '\t');
    let turns = matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    (c.is_control() && !layout) || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(plain("\u{1b}[2J\u{1b}]0;title\u{7}gone\rback"), "�[2J�]0;title�gone�back");
        assert_eq!(plain("\u{9b}31m"), "�31m", "the eight-bit escape too");
        assert_eq!(plain("a\u{202e}b"), "a�b");
        assert!(matches!(plain("Zoë, 日本\n\tend"), Cow::Borrowed(_)));
    }
}
