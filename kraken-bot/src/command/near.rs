//! Close misses: what somebody meant who mistyped a documented word. It is only ever asked, never carried out, and names stay
//! as they were typed.

use super::without_mention;
use policy::Preset;

/// What can be said, one word each. `NAME` is any one word, `WHO` a mention; both are kept as they were typed.
const SHAPES: [&str; 54] = [
    "set up this channel",
    "set up this channel as NAME",
    "set mode",
    "set mode PRESET",
    "set mode of NAME",
    "set mode of NAME to PRESET",
    "set secret NAME",
    "set size",
    "set size to small",
    "set size to medium",
    "set size to large",
    "status",
    "status NAME",
    "members",
    "add WHO",
    "remove WHO",
    "remove NAME",
    "remove NAME for good",
    "new NAME",
    "new NAME from NAME",
    "deploy NAME",
    "run NAME",
    "logs NAME",
    "history NAME",
    "versions NAME",
    "compare NAME",
    "roll back NAME to NAME",
    "put NAME back",
    "compare NAME NAME and NAME",
    "compare NAME and NAME of NAME",
    "give NAME to WHO",
    "transfer to WHO",
    "ask to join",
    "new members need approval",
    "new members are welcome",
    "sync",
    "what failed",
    "what failed today",
    "what failed yesterday",
    "what failed last night",
    "unlink",
    "freeze",
    "unfreeze",
    "shut down this enclave",
    "shut down NAME",
    "why NAME NAME",
    "why WHO NAME NAME",
    "enclaves",
    "my enclaves",
    "whoami",
    "help",
    "login",
    "logout",
    "sign in",
];

/// What was meant by `text`, where one documented command is close to it.
pub(crate) fn near(text: &str, me: &str) -> Option<String> {
    let words: Vec<&str> = without_mention(text, me).split_whitespace().collect();
    let shapes = SHAPES.iter().flat_map(|shape| match shape.contains("PRESET") {
        true => Preset::ALL.iter().map(|preset| shape.replace("PRESET", preset.name())).collect(),
        false => vec![(*shape).to_owned()],
    });
    let close = shapes.filter_map(|shape| meant(&shape, &words));
    close.min_by_key(|(distance, _)| *distance).map(|(_, command)| command)
}

/// The name that is closest to `typed`, where one is close.
pub(crate) fn near_name<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let close = names.filter_map(|name| Some((distance(name, typed)?, name)));
    close.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How far `words` are from `shape`, and the words as they were meant.
fn meant(shape: &str, words: &[&str]) -> Option<(usize, String)> {
    let shape: Vec<&str> = shape.split(' ').collect();
    if shape.len() != words.len() {
        return None;
    }
    let mut far = 0;
    let mut command = Vec::with_capacity(words.len());
    for (meant, typed) in shape.iter().zip(words) {
        match *meant {
            "NAME" if !typed.starts_with('<') => command.push(typed.trim_matches('`')),
            "WHO" if typed.starts_with("<@") => command.push(typed),
            "NAME" | "WHO" => return None,
            word => {
                far += distance(word, &typed.to_lowercase())?;
                command.push(word);
            }
        }
    }
    Some((far, command.join(" ")))
}

/// How many letters differ, where that are few for a word of this length.
fn distance(word: &str, typed: &str) -> Option<usize> {
    let distance = strsim::osa_distance(word, typed);
    (distance <= (word.chars().count() / 3).clamp(1, 3)).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{NotUnderstood, parse};

    #[test]
    fn a_slip_is_understood_and_names_are_kept() {
        let cases = [
            ("set mode member-edti", "set mode member-edit"),
            ("stats hello", "status hello"),
            ("statsu", "status"),
            ("ran helo", "run helo"),
            ("ad <@UBEN>", "add <@UBEN>"),
            ("set mdoe of statsu to privat", "set mode of statsu to private"),
            ("shutdown this enclave", ""),
            ("shut down this enclav", "shut down this enclave"),
            ("sing a song", ""),
            ("members of parliament", ""),
            ("", ""),
        ];
        for (typed, meant) in cases {
            assert_eq!(near(typed, "UKRAKEN").unwrap_or_default(), meant, "{typed}");
        }
        assert_eq!(near_name("helo", ["tea", "hello"].into_iter()), Some("hello"));
        assert_eq!(near_name("tea", ["hello"].into_iter()), None);
    }

    #[test]
    fn everything_that_can_be_meant_can_be_said() {
        for shape in SHAPES {
            let said = shape.replace("PRESET", "private").replace("WHO", "<@UBEN>");
            let said = said.replace("why NAME", "why run").replace("from NAME", "from hello");
            let said = said.replace("back NAME to NAME", "back hello to 3");
            let said =
                said.replace("NAME NAME and NAME", "hello 3 and 5").replace("NAME and NAME of", "3 and 5 of");
            let said = said.replace("why <@UBEN> NAME", "why <@UBEN> run").replace("NAME", "hello");
            assert_ne!(parse(&said, "UKRAKEN"), Err(NotUnderstood::Unknown), "{said}");
            assert_eq!(near(&said, "UKRAKEN").as_deref(), Some(said.as_str()));
        }
    }
}
