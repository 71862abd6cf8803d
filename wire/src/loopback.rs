//! What stays on this machine: what goes there cannot be read on the way. That is no authentication.

use url::{Host, Url};

/// Whether the host is a name or address of this machine alone.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether what is sent there cannot be read on the way: by https, or on this machine alone.
#[must_use]
pub fn is_protected(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_addresses_of_this_machine_stay_on_it() {
        let here = |url: &str| is_loopback(&url.parse().unwrap());
        for url in [
            "http://localhost",
            "http://LOCALHOST:1/x",
            "http://127.0.0.1:2",
            "http://127.9.9.9",
            "http://[::1]:3",
        ] {
            assert!(here(url), "{url}");
        }
        for url in [
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://0.0.0.0",
            "http://10.0.0.1",
            "http://[::ffff:10.0.0.1]",
            "mailto:a@localhost",
        ] {
            assert!(!here(url), "{url}");
        }
        let protected = |url: &str| is_protected(&url.parse().unwrap());
        assert!(protected("https://a.example") && protected("http://localhost"));
        assert!(!protected("http://a.example") && !protected("ftp://localhost"));
    }
}
