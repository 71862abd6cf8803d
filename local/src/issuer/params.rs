//! The parameters of a request: each at most once (RFC 6749 §3.1).

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::fault::OauthError;

/// Parameters by name; empty ones count as missing.
#[derive(Debug, Default)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads a query or a form.
    pub(super) fn read(encoded: &[u8]) -> Result<Self, OauthError> {
        let mut all = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded).into_owned() {
            // Repeating this one is allowed, and it changes nothing here (RFC 8707).
            if name != "resource" && all.insert(name, value).is_some() {
                return Err(OauthError::InvalidRequest("a parameter is there twice"));
            }
        }
        Ok(Self(all))
    }

    /// A parameter that may be missing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str, missing: &'static str) -> Result<&str, OauthError> {
        self.get(name).ok_or(OauthError::InvalidRequest(missing))
    }

    /// The scopes that were asked for and are known, with those that everybody gets.
    pub(super) fn scope(&self) -> String {
        const KNOWN: [&str; 4] = ["openid", "profile", "email", "offline_access"];
        let wanted: Vec<&str> = self.get("scope").unwrap_or_default().split_ascii_whitespace().collect();
        let given =
            KNOWN.into_iter().filter(|scope| wanted.contains(scope) || matches!(*scope, "profile" | "email"));
        given.collect::<Vec<_>>().join(" ")
    }
}
