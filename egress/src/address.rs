//! Addresses that no tentacle reaches: everything that is not of the public internet, in every way to write it.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

/// What may open a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// Nothing: this machine's neighbourhood, and what only carries another address.
    Never,
    /// A pass that names this machine itself, where the command line allows that too.
    OnOneMachine,
    /// A pass, by a private range.
    ByPass,
}

use Opened::{ByPass, Never, OnOneMachine};

/// Ranges, with a word that fits after "resolves to 10.0.0.7, ". Narrower ones stand further down.
const KINDS: [(&str, &str, Opened); 40] = [
    // IPv4: the IANA special-purpose registry (RFC 6890). On Linux all of the first leads to the machine itself.
    ("0.0.0.0/8", "an address of this network", Never),
    ("10.0.0.0/8", "a private address", ByPass),
    ("100.64.0.0/10", "an address behind a provider's translation", ByPass),
    ("127.0.0.0/8", "an address of this machine itself", OnOneMachine),
    ("169.254.0.0/16", NEIGHBOURHOOD, Never),
    ("172.16.0.0/12", "a private address", ByPass),
    ("192.0.0.0/24", "an address of the protocols' own", ByPass),
    ("192.0.2.0/24", "an address of documentation", ByPass),
    ("192.31.196.0/24", "an address of the name system's own", ByPass),
    ("192.52.193.0/24", "a relay's address", ByPass),
    ("192.88.99.0/24", "a relay's address", ByPass),
    ("192.168.0.0/16", "a private address", ByPass),
    ("192.175.48.0/24", "an address of the name system's own", ByPass),
    ("198.18.0.0/15", "an address of measurements", ByPass),
    ("198.51.100.0/24", "an address of documentation", ByPass),
    ("203.0.113.0/24", "an address of documentation", ByPass),
    ("224.0.0.0/4", "a multicast address", Never),
    ("240.0.0.0/4", "a reserved address", Never),
    // IPv6: the same registry. RFC 4291 section 2.5.5.1, RFC 8215, RFC 4380 and RFC 3056 carry an IPv4 address inside, in
    // forms that nobody needs any more; mapped ones and those of RFC 6052 are looked at by what they carry.
    ("::/96", "an address of an outdated form", Never),
    ("64:ff9b:1::/48", "a translated address", Never),
    ("100::/64", "an address that is thrown away", ByPass),
    ("100:0:0:1::/64", "an address that is thrown away", ByPass),
    ("2001::/23", "an address of the protocols' own", ByPass),
    ("2001::/32", "a relay's address", Never),
    ("2001:db8::/32", "an address of documentation", ByPass),
    ("2002::/16", "a relay's address", Never),
    ("2620:4f:8000::/48", "an address of the name system's own", ByPass),
    ("3fff::/20", "an address of documentation", ByPass),
    ("5f00::/16", "an address of segment routing", ByPass),
    ("fc00::/7", "a private address", ByPass),
    ("fe80::/10", NEIGHBOURHOOD, Never),
    ("fec0::/10", "a private address", ByPass),
    ("ff00::/8", "a multicast address", Never),
    ("::1/128", "an address of this machine itself", OnOneMachine),
    // Metadata services outside of the link-local ranges: Alibaba, Azure, Oracle, AWS, Google, Scaleway.
    ("100.100.100.200/32", METADATA, Never),
    ("168.63.129.16/32", METADATA, Never),
    ("192.0.0.192/32", METADATA, Never),
    ("fd00:ec2::/32", METADATA, Never),
    ("fd20:ce::254/128", METADATA, Never),
    ("fd00:42::42/128", METADATA, Never),
];

const NEIGHBOURHOOD: &str = "an address of the machine's neighbourhood, where metadata services are";
const METADATA: &str = "an address of a metadata service";

static RANGES: LazyLock<Vec<(IpNet, &str, Opened)>> = LazyLock::new(|| {
    let read = |(range, kind, opened): (&str, &'static str, _)| Some((range.parse().ok()?, kind, opened));
    KINDS.into_iter().filter_map(read).collect()
});

/// What a pass and the command line open besides the public internet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open<'a> {
    pub(crate) private: &'a [IpNet],
    pub(crate) loopback: bool,
}

/// Why an address is not reached; `None` when it is.
pub(crate) fn refused(address: IpAddr, open: Open<'_>) -> Option<&'static str> {
    // A mapped address is the IPv4 address that it maps, in every respect.
    let address = address.to_canonical();
    if let Some(carried) = translated(address) {
        // No pass opens what a translator reaches in its own network.
        return kind(carried).map(|(kind, _)| kind);
    }
    let (kind, opened) = kind(address)?;
    let within = |range: &&IpNet| range.contains(&address);
    let is_open = match opened {
        Never => false,
        // A wide range does not open this machine by the way.
        OnOneMachine => open.loopback && open.private.iter().filter(within).any(is_loopback),
        ByPass => open.private.iter().any(|range| within(&range)),
    };
    (!is_open).then_some(kind)
}

fn is_loopback(range: &IpNet) -> bool {
    range.network().is_loopback() && range.broadcast().is_loopback()
}

/// The last range that it is in.
fn kind(address: IpAddr) -> Option<(&'static str, Opened)> {
    let within = RANGES.iter().rev().find(|(range, ..)| range.contains(&address));
    match (within, address) {
        (Some((_, kind, opened)), _) => Some((kind, *opened)),
        // Only this part of IPv6 is given out for the internet (RFC 4291, section 2.4).
        (None, IpAddr::V6(address)) if address.segments().first().is_none_or(|first| first >> 13 != 1) => {
            Some(("a reserved address", Never))
        }
        (None, _) => None,
    }
}

/// The IPv4 address to which a translator leads (RFC 6052, section 2.1), as networks without IPv4 have it.
fn translated(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(six) = address else { return None };
    let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = six.segments() else { return None };
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Some(Ipv4Addr::new(a, b, c, d).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: Open<'static> = Open { private: &[], loopback: false };

    fn refused_when_closed(text: &str) -> bool {
        refused(text.parse().unwrap(), CLOSED).is_some()
    }

    #[test]
    fn every_range_of_the_table_is_read_and_refused() {
        assert_eq!(RANGES.len(), KINDS.len());
        for (range, kind, _) in RANGES.iter() {
            assert!(refused(range.network(), CLOSED).is_some(), "{range} {kind}");
            assert!(refused(range.broadcast(), CLOSED).is_some(), "{range} {kind}");
        }
    }

    #[test]
    fn the_public_internet_is_reached() {
        for text in [
            "1.1.1.1",
            "93.184.216.34",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "100.63.255.255",
            "172.32.0.1",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(!refused_when_closed(text), "{text}");
        }
    }

    #[test]
    fn another_way_to_write_it_is_the_same_address() {
        for text in [
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:0.0.0.0",
            "::8.8.8.8",
            "2002:808:808::1",
            "2001:0:1:1:1:1:f7f7:f7f7",
            "64:ff9b::127.0.0.1",
            "::ffff:169.254.169.254",
            "::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:a9fe:a9fe::1",
            "2001:0:1:1:1:1:5601:5601",
            "fd00:ec2::254",
            "4000::1",
        ] {
            assert!(refused_when_closed(text), "{text}");
        }
    }

    #[test]
    fn what_is_opened_is_reached_but_never_the_neighbourhood() {
        let private: Vec<IpNet> = ["10.1.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fd00::/8"]
            .into_iter()
            .map(|range| range.parse().unwrap())
            .collect();
        let open = |loopback| Open { private: &private, loopback };
        let is = |text: &str, loopback| refused(text.parse().unwrap(), open(loopback)).is_none();
        assert!(is("10.1.2.3", false) && is("::ffff:10.1.2.3", false) && is("fd00::1", false));
        assert!(!is("10.2.0.1", false) && !is("169.254.169.254", true) && !is("fd00:ec2::254", true));
        assert!(!is("127.0.0.1", false) && is("127.0.0.1", true) && !is("192.168.0.1", true));
        assert!(is("::ffff:127.0.0.1", true) && !is("64:ff9b::10.1.2.3", true) && !is("fd00:42::42", true));
    }

    #[test]
    fn a_range_that_holds_everything_opens_neither_this_machine_nor_metadata() {
        let private: Vec<IpNet> = ["0.0.0.0/0", "::/0"].map(|range| range.parse().unwrap()).into();
        for loopback in [false, true] {
            let open = Open { private: &private, loopback };
            for text in [
                "0.0.0.0",
                "0.0.0.1",
                "127.0.0.1",
                "::",
                "::1",
                "::ffff:127.0.0.1",
                "::127.0.0.1",
                "64:ff9b::7f00:1",
                "64:ff9b::a00:1",
                "64:ff9b:1:7f00:0:100::",
                "2002:7f00:1::",
                "2001:0:1:1:1:1:80ff:fffe",
                "169.254.169.254",
                "fe80::1",
                "fd00:ec2::254",
                "fd00:ec2::23",
                "fd20:ce::254",
                "100.100.100.200",
                "168.63.129.16",
                "192.0.0.192",
                "224.0.0.1",
                "255.255.255.255",
                "ff02::1",
                "4000::1",
            ] {
                assert!(refused(text.parse().unwrap(), open).is_some(), "{text} {loopback}");
            }
            assert!(refused("10.0.0.1".parse().unwrap(), open).is_none());
        }
    }
}
