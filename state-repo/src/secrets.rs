//! What looks like a secret in a text that is about to be committed: file and line, never the value.

use crate::layout::ENCRYPTED;
use crate::sops::SecretFile;
use std::collections::BTreeSet;
use std::fmt;

/// Something that looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// The file, relative to the repository's root.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What it looks like.
    pub kind: &'static str,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.kind)
    }
}

/// A kind of secret: what it begins with, which characters follow, and how many at least.
struct Shape {
    kind: &'static str,
    begins: &'static str,
    follows: fn(char) -> bool,
    least: usize,
    /// Characters that one of them is long of exactly; `None` for any length.
    exactly: bool,
}

const fn shape(kind: &'static str, begins: &'static str, follows: fn(char) -> bool, least: usize) -> Shape {
    Shape { kind, begins, follows, least, exactly: false }
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn letters(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

fn capitals(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

fn encoded(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '%' | '+' | '/' | '=')
}

/// The set of gitleaks that matters here, after the shapes that the issuers document.
const SHAPES: [Shape; 22] = [
    Shape { exactly: true, ..shape("a key id of Amazon Web Services", "AKIA", capitals, 16) },
    Shape { exactly: true, ..shape("a key id of Amazon Web Services", "ASIA", capitals, 16) },
    shape("a token of GitHub", "ghp_", letters, 36),
    shape("a token of GitHub", "gho_", letters, 36),
    shape("a token of GitHub", "ghu_", letters, 36),
    shape("a token of GitHub", "ghs_", letters, 36),
    shape("a token of GitHub", "ghr_", letters, 36),
    shape("a token of GitHub", "github_pat_", word, 36),
    shape("a token of GitLab", "glpat-", word, 20),
    shape("a token of Slack", "xoxa-", word, 10),
    shape("a token of Slack", "xoxb-", word, 10),
    shape("a token of Slack", "xoxe-", word, 10),
    shape("a token of Slack", "xoxe.xox", word, 10),
    shape("a token of Slack", "xoxo-", word, 10),
    shape("a token of Slack", "xoxp-", word, 10),
    shape("a token of Slack", "xoxr-", word, 10),
    shape("a token of Slack", "xoxs-", word, 10),
    shape("a token of a Slack app", "xapp-", word, 10),
    shape("a key of a language model's provider", "sk-", word, 20),
    shape("an identity of age", "AGE-SECRET-KEY-1", capitals, 50),
    shape("a shared access signature of Azure", "sig=", encoded, 43),
    shape("a key of an Azure account", "AccountKey=", encoded, 60),
];

/// Finds what looks like a secret in a file. What SOPS encrypted is not one, if it is what it says.
#[must_use]
pub fn leaks(path: &str, bytes: &[u8]) -> Vec<Leak> {
    if path.ends_with(ENCRYPTED) {
        let whole = std::str::from_utf8(bytes).is_ok_and(|text| SecretFile::read(text).is_ok());
        let leak = Leak {
            path: path.to_owned(),
            line: 1,
            kind: "a file of secrets that is not encrypted as it should be",
        };
        return if whole { Vec::new() } else { vec![leak] };
    }
    let mut found = BTreeSet::new();
    for text in readings(bytes) {
        let lines = text.lines().enumerate();
        found.extend(lines.filter_map(|(index, line)| kind(line).map(|kind| (index + 1, kind))));
    }
    found.into_iter().map(|(line, kind)| Leak { path: path.to_owned(), line, kind }).collect()
}

/// The texts that the bytes may be. With a zero among them they may be UTF-16 of either order, from their first byte or their
/// second, with a mark at their beginning or without.
fn readings(bytes: &[u8]) -> Vec<String> {
    let mut texts = vec![String::from_utf8_lossy(bytes).into_owned()];
    if bytes.contains(&0) {
        for bytes in [bytes, bytes.get(1..).unwrap_or_default()] {
            let pairs = || bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
            for units in [
                pairs().map(u16::from_le_bytes).collect::<Vec<_>>(),
                pairs().map(u16::from_be_bytes).collect(),
            ] {
                texts.push(String::from_utf16_lossy(&units));
            }
        }
    }
    texts
}

fn kind(line: &str) -> Option<&'static str> {
    if let Some((_, after)) = line.split_once("-----BEGIN ")
        && after.split_once("-----").is_some_and(|(what, _)| what.contains("PRIVATE KEY"))
    {
        return Some("a private key");
    }
    SHAPES.iter().find(|shape| shape.is_in(line)).map(|shape| shape.kind)
}

impl Shape {
    fn is_in(&self, line: &str) -> bool {
        line.match_indices(self.begins).any(|(at, _)| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            let after = line.get(at + self.begins.len()..).unwrap_or_default();
            let length = after.chars().take_while(|c| (self.follows)(*c)).count();
            let next = after.chars().nth(length);
            // The middle of a longer word is none, such as `task-…` for `sk-…`.
            let alone = !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
            let ends = !next.is_some_and(|c| c.is_ascii_alphanumeric());
            alone && if self.exactly { length == self.least && ends } else { length >= self.least }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here, so that this file does not hold what it looks for.
    fn samples() -> Vec<String> {
        let of = |begins: &str, follows: &str, count: usize| format!("{begins}{}", follows.repeat(count));
        vec![
            format!("-----BEGIN {} KEY-----", "OPENSSH PRIVATE"),
            format!("-----BEGIN {} KEY-----", "PRIVATE"),
            of("AKIA", "A1", 8),
            of("ghp_", "aB3", 12),
            of("github_pat_", "aB3_", 12),
            of("glpat-", "aB", 10),
            of("xoxb-", "1a-", 8),
            of("xapp-", "1-A", 8),
            of("sk-ant-", "aB3", 12),
            of("sk-proj-", "aB3", 12),
            of("sk-", "aB3d", 12),
            of("https://x.example/c?sv=1&sig=", "aB%2", 12),
            of("DefaultEndpointsProtocol=https;AccountKey=", "aB3/", 22),
            of("AGE-SECRET-KEY-1", "QP", 29),
        ]
    }

    #[test]
    fn each_kind_is_found_with_its_line_and_without_its_value() {
        for sample in samples() {
            let text = format!("a: 1\nb: \"{sample}\"\nc: 2\n");
            let found = leaks("enclaves/a/b/workflow.yaml", text.as_bytes());
            assert_eq!(found.len(), 1, "{sample}");
            let told = found[0].to_string();
            assert!(told.starts_with("enclaves/a/b/workflow.yaml:2: "), "{told}");
            assert!(!told.contains(&sample[sample.len() - 10..]), "{told}");
        }
    }

    #[test]
    fn each_kind_is_found_in_utf_16_and_beside_bytes_that_are_none() {
        for sample in samples() {
            let text = format!("a: 1\nb: \"{sample}\"\nc: \u{4e2d}\n");
            let units: Vec<u16> = text.encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
            for bytes in [
                marked(b"\xff\xfe", &little),
                marked(b"\xfe\xff", &big),
                marked(b"\xff", &little),
                marked(text.as_bytes(), b"\0\x01\x02"),
                little,
                big,
            ] {
                let found = leaks("enclaves/a/b/x.txt", &bytes);
                assert!(found.iter().any(|leak| leak.line == 2), "{sample}: {found:?}");
            }
        }
        assert_eq!(leaks("a", &[0, 1, 2, 255, 0]), []);
    }

    #[test]
    fn what_only_resembles_one_is_none() {
        let lines = [
            "task-management-for-the-whole-long-team-of-people",
            "a desk-lamp-that-is-described-at-some-length-here",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "sk-short",
            "xoxb-",
            "AKIA is what they begin with",
            "AKIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "sig=abc",
        ];
        for line in lines {
            assert_eq!(leaks("a", line.as_bytes()), [], "{line}");
        }
    }

    #[test]
    fn what_is_called_encrypted_has_to_be() {
        let path = "enclaves/a/b/.secrets/x.enc.yaml";
        for clear in [
            "key: canary\n",
            "",
            "enclave: a\ntentacle: b\nkey: canary\nsops:\n    mac: x\n    lastmodified: x\n",
        ] {
            let told = leaks(path, clear.as_bytes());
            assert!(told.len() == 1 && !told[0].to_string().contains("canary"), "{told:?}");
        }
        let to = [age::x25519::Identity::generate().to_public().to_string().parse().unwrap()];
        let values = [("key".to_owned(), samples().remove(3).into())].into();
        let sealed = crate::seal(&"a".parse().unwrap(), &"b".parse().unwrap(), &values, &to);
        assert_eq!(leaks(path, sealed.unwrap().as_bytes()), []);
    }
}
