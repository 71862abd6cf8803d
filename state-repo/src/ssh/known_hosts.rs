//! The keys by which hosts are known, of a file as OpenSSH has it. Nobody is trusted at first sight.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use ssh_key::known_hosts::{Entry, HostPatterns, Marker};
use ssh_key::{Algorithm, PublicKey};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The most bytes that are read of the file.
const LARGEST: u64 = 4 * 1024 * 1024;

/// What is known of one host.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    keys: Vec<PublicKey>,
    revoked: Vec<PublicKey>,
}

/// What a key says about the host that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Right,
    /// Nothing is known of that host.
    Unknown,
    /// The host is known by another.
    Another,
}

impl Known {
    /// What the file says of `host`, which stands there by its name, or by `[name]:port`. A line that cannot be read knows nobody.
    pub(super) fn read(file: &Path, host: &str) -> io::Result<Self> {
        let mut text = String::new();
        File::open(file)?.take(LARGEST).read_to_string(&mut text)?;
        let mut known = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let Ok(entry) = line.parse::<Entry>() else { continue };
            if !is_for(entry.host_patterns(), host) {
                continue;
            }
            match entry.marker() {
                None => known.keys.push(entry.public_key().clone()),
                Some(Marker::Revoked) => known.revoked.push(entry.public_key().clone()),
                // Keys that others have signed are not asked for.
                Some(Marker::CertAuthority) => {}
            }
        }
        Ok(known)
    }

    pub(super) fn says(&self, shown: &PublicKey) -> Shown {
        let among = |keys: &[PublicKey]| keys.iter().any(|key| key.key_data() == shown.key_data());
        match (among(&self.revoked), among(&self.keys)) {
            (true, _) => Shown::Another,
            (false, true) => Shown::Right,
            (false, false) if self.keys.is_empty() => Shown::Unknown,
            (false, false) => Shown::Another,
        }
    }

    /// The kinds of keys by which it is known: a host that has several is asked for one of these.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        let of_use = |kind: &Algorithm| !matches!(kind, Algorithm::Rsa { .. } | Algorithm::Dsa);
        self.keys.iter().map(PublicKey::algorithm).filter(of_use).collect()
    }
}

/// Whether a line is for the host. Names with `*` and `?` are for nobody: a key stands for the hosts that are written out.
fn is_for(patterns: &HostPatterns, host: &str) -> bool {
    match patterns {
        HostPatterns::Patterns(names) => names.iter().any(|name| name.eq_ignore_ascii_case(host)),
        HostPatterns::HashedName { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
            .is_ok_and(|mac| mac.chain_update(host.as_bytes()).verify_slice(hash).is_ok()),
    }
}
