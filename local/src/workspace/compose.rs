//! What a person types, as a message: names become mentions, addresses become links, and the formatted form is added
//! as Slack's own clients add it.

use super::id::UserId;
use super::markup::mrkdwn::{self, Lists};
use super::markup::rich_text;
use super::shape::with;
use super::state::message::Content;
use super::state::{Kind, State};
use crate::random;

/// The message that `author` means by `typed`.
pub(crate) fn message(state: &State, author: &UserId, typed: &str) -> Content {
    let text = mark(state, author, typed.trim());
    let parts = mrkdwn::parse(&text, Lists::Seen);
    if parts.is_empty() {
        return Content::default();
    }
    let block = with(rich_text::write(&parts), [("block_id", serde_json::json!(random::mixed(5)))]);
    Content { text, blocks: vec![block], ..Content::default() }
}

/// The text with references in it.
fn mark(state: &State, author: &UserId, typed: &str) -> String {
    let mut out = String::new();
    let mut rest = typed;
    let mut before: Option<char> = None;
    while let Some(first) = rest.chars().next() {
        let begins_word = before.is_none_or(|before| !before.is_alphanumeric());
        let reference = if begins_word { reference(state, author, first, rest) } else { None };
        match reference {
            Some((marked, remaining)) => {
                out.push_str(&marked);
                rest = remaining;
                before = Some('>');
            }
            None => {
                out.push_str(&mrkdwn::escape(first.encode_utf8(&mut [0; 4])));
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                before = Some(first);
            }
        }
    }
    out
}

fn reference<'a>(state: &State, author: &UserId, first: char, rest: &'a str) -> Option<(String, &'a str)> {
    match first {
        '@' => {
            let (name, remaining) = word(rest.get(1..)?);
            let name = name.to_lowercase();
            if matches!(name.as_str(), "here" | "channel" | "everyone") {
                return Some((format!("<!{name}>"), remaining));
            }
            let user = state.user_named(&name)?;
            Some((format!("<@{}>", user.id), remaining))
        }
        '#' => {
            let (name, remaining) = word(rest.get(1..)?);
            let channel = state.channel_named(name)?;
            // A name that the author may not know stays what it is: text.
            let known = matches!(channel.kind, Kind::Public { .. }) || channel.has(author);
            known.then(|| (format!("<#{}|{name}>", channel.id), remaining))
        }
        'h' => {
            let end = rest.find(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '|'));
            let (address, _) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
            let address =
                address.trim_end_matches(['.', ',', ')', '!', '?', ';', ':', '\'', '"', '*', '_', '`']);
            let is_address = ["http://", "https://"]
                .into_iter()
                .any(|scheme| address.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
            let remaining = rest.get(address.len()..)?;
            is_address.then(|| (format!("<{}>", mrkdwn::escape(address)), remaining))
        }
        _ => None,
    }
}

/// The name at the beginning of a text, without a dash or dot that belongs to the sentence.
fn word(text: &str) -> (&str, &str) {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    let name = text.get(..end).unwrap_or_default().trim_end_matches('-');
    (name, text.get(name.len()..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::workspace::state::{Channel, User};

    fn state() -> State {
        let mut state = State::default();
        for (id, name) in [("U1", "kraken"), ("U2", "ana")] {
            let user = User {
                id: id.into(),
                name: name.into(),
                given: name.into(),
                family: String::new(),
                email: None,
                is_bot: false,
                is_restricted: false,
                deleted: false,
                updated: Timestamp::UNIX_EPOCH,
            };
            state.users.insert(id.into(), Arc::new(user));
        }
        for (id, kind) in [
            ("C1", Kind::Public { name: "price-watch".into() }),
            ("C2", Kind::Private { name: "secret".into() }),
        ] {
            let channel = Channel::new(id.into(), kind, "U1".into(), Timestamp::UNIX_EPOCH);
            state.channels.insert(id.into(), Arc::new(channel));
        }
        state
    }

    fn text(typed: &str) -> String {
        message(&state(), &"U2".into(), typed).text
    }

    #[test]
    fn names_become_mentions() {
        assert_eq!(text("@kraken help"), "<@U1> help");
        assert_eq!(text("hey @Kraken, @ana!"), "hey <@U1>, <@U2>!");
        assert_eq!(text("@krakens and a@ana and @nobody"), "@krakens and a@ana and @nobody");
        assert_eq!(text("@here"), "<!here>");
    }

    #[test]
    fn channels_and_addresses_become_links() {
        assert_eq!(text("in #price-watch."), "in <#C1|price-watch>.");
        assert_eq!(text("in #secret or #none"), "in #secret or #none");
        assert_eq!(text("see https://a.example/?x=1&y=2."), "see <https://a.example/?x=1&amp;y=2>.");
        assert_eq!(text("http:// is nothing, nor is hello"), "http:// is nothing, nor is hello");
    }

    #[test]
    fn what_looks_like_a_reference_is_escaped() {
        assert_eq!(text("<@U1> & <!here>"), "&lt;@U1&gt; &amp; &lt;!here&gt;");
        assert_eq!(message(&state(), &"U2".into(), "  \n ").text, "");
    }
}
