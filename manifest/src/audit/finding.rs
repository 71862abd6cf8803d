//! One thing that is amiss, and the command that mends it.

use crate::annotation::TENTACLE;
use crate::spec::{EnclaveSpec, FIELD_MANAGER};
use k8s_openapi::Metadata;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A wall is down.
    High,
    /// A wall is weaker than it was made.
    Medium,
    /// Something is there that nobody needs.
    Low,
}

impl Severity {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// One thing that is amiss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule is broken, in one word that stays the same.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Which object, such as `NetworkPolicy/allow-all`.
    pub object: String,
    /// The tentacle whose object it says it is.
    pub tentacle: Option<String>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The command that mends it.
    pub remedy: String,
}

/// The object that is looked at.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    namespace: &'a str,
    kind: &'static str,
    pub(super) name: String,
    pub(super) tentacle: Option<String>,
}

impl<'a> Place<'a> {
    /// This object.
    pub(super) fn of<K: Metadata<Ty = ObjectMeta>>(spec: &'a EnclaveSpec, object: &K) -> Self {
        let meta = object.metadata();
        let tentacle = meta.labels.as_ref().and_then(|labels| labels.get(TENTACLE)).cloned();
        Self {
            namespace: spec.name.as_str(),
            kind: K::KIND,
            name: meta.name.clone().unwrap_or_default(),
            tentacle,
        }
    }

    /// The object of this name, which may not be there.
    pub(super) fn named(spec: &'a EnclaveSpec, kind: &'static str, name: &str) -> Self {
        Self { namespace: spec.name.as_str(), kind, name: name.to_owned(), tentacle: None }
    }

    /// The same, as an object of this tentacle.
    pub(super) fn of_tentacle(self, tentacle: Option<String>) -> Self {
        Self { tentacle, ..self }
    }

    /// A finding about it.
    pub(super) fn finding(
        &self,
        rule: &'static str,
        severity: Severity,
        message: String,
        remedy: String,
    ) -> Finding {
        let object = format!("{}/{}", self.kind, self.name);
        Finding { rule, severity, object, tentacle: self.tentacle.clone(), message, remedy }
    }

    /// The command that removes it.
    pub(super) fn delete(&self) -> String {
        let object = quoted(&format!("{}/{}", self.kind.to_lowercase(), self.name));
        format!("kubectl -n {} delete {object}", self.namespace)
    }
}

/// The command that makes what is missing.
pub(super) fn make(object: &impl Serialize) -> String {
    format!(
        "{} | kubectl apply --server-side --force-conflicts --field-manager={FIELD_MANAGER} -f -",
        echo(object)
    )
}

/// The command that puts something back as it was, with nothing of what was added to it.
pub(super) fn replace(object: &impl Serialize) -> String {
    format!("{} | kubectl replace -f -", echo(object))
}

/// The same for what cannot be changed: it is removed and made anew.
pub(super) fn renew(object: &impl Serialize) -> String {
    format!("{} | kubectl replace --force -f -", echo(object))
}

fn echo(object: &impl Serialize) -> String {
    format!("echo {}", quoted(&serde_json::to_string(object).unwrap_or_default()))
}

/// A word of a command line, whatever it has in it: who names an object must not write a command.
pub(super) fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._:/-=".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_command() {
        assert_eq!(quoted("role/reader"), "role/reader");
        assert_eq!(quoted("role/x; rm -rf ~"), "'role/x; rm -rf ~'");
        assert_eq!(quoted("a'b$(c)"), r"'a'\''b$(c)'");
        assert_eq!(quoted(""), "''");
    }
}
