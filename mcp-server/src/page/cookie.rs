//! The cookie that carries a ticket: one for each matter, so that two windows do not get in each other's way.

use super::matter::Matter;
use super::ticket::Ticket;
use axum::http::{HeaderMap, HeaderValue, header};
use url::Url;
use wire::signing::SigningKey;

/// How the cookies of this server are named and marked.
#[derive(Debug)]
pub(super) struct Cookies {
    prefix: String,
    marks: &'static str,
}

impl Cookies {
    /// The cookies of the server at `public`.
    pub(super) fn of(public: &Url) -> Self {
        if public.scheme() == "https" {
            // The prefix makes browsers refuse such a cookie from any other host, and without encryption.
            let marks = "Path=/; HttpOnly; SameSite=Lax; Secure";
            return Self { prefix: "__Host-tentacular-approval".to_owned(), marks };
        }
        // Cookies do not know ports, so two servers on one machine would overwrite each other's.
        let port = public.port_or_known_default().unwrap_or_default();
        Self { prefix: format!("tentacular-approval-{port}"), marks: "Path=/; HttpOnly; SameSite=Lax" }
    }

    /// What a browser is told to keep.
    pub(super) fn set(&self, matter: &Matter, ticket: &Ticket, key: &SigningKey) -> HeaderValue {
        self.header(matter, &ticket.seal(key), ticket.life())
    }

    /// What makes a browser forget it.
    pub(super) fn end(&self, matter: &Matter) -> HeaderValue {
        self.header(matter, "", 0)
    }

    /// What a browser shows.
    pub(super) fn get(&self, headers: &HeaderMap, matter: &Matter) -> Option<String> {
        let name = self.name(matter);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }

    fn header(&self, matter: &Matter, value: &str, seconds: i64) -> HeaderValue {
        let text = format!("{}={value}; Max-Age={seconds}; {}", self.name(matter), self.marks);
        // INVARIANT: names and values are letters, digits and a few signs.
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    fn name(&self, matter: &Matter) -> String {
        format!("{}-{}", self.prefix, matter.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn behind_https_it_is_for_this_host_alone() {
        let marks = |url: &str| {
            let cookies = Cookies::of(&Url::parse(url).unwrap());
            cookies.end(&Matter::Approval(Uuid::nil())).to_str().unwrap().to_owned()
        };
        let https = marks("https://tentacular.example");
        assert!(
            https.starts_with("__Host-") && https.contains("; Secure") && https.contains("Path=/;"),
            "{https}"
        );
        let local = marks("http://127.0.0.1:8080");
        assert!(local.starts_with("tentacular-approval-8080-") && !local.contains("Secure"), "{local}");
        for marked in [https, local] {
            assert!(marked.contains("HttpOnly; SameSite=Lax") && !marked.contains("Domain"), "{marked}");
        }
    }
}
