//! Reading what callers say, of whom nobody knows yet who they are: whoever is slow takes the places of its own address.

use super::{MOST, NotTaken};
use axum::body::{Body, Bytes, to_bytes};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a caller may take to say it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Places for callers, and who has them.
#[derive(Debug)]
pub(super) struct Readers {
    taken: Mutex<HashMap<IpAddr, usize>>,
    most: usize,
    most_of_one: usize,
}

/// A place, for as long as what was read in it is needed.
#[derive(Debug)]
pub(super) struct Place<'r> {
    readers: &'r Readers,
    of: IpAddr,
}

impl Readers {
    /// So many places in all, and so many for callers from one address.
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self { taken: Mutex::default(), most, most_of_one }
    }

    /// Reads what is said from `peer`, where there is a place for it.
    pub(super) async fn read(&self, peer: SocketAddr, body: Body) -> Result<(Place<'_>, Bytes), NotTaken> {
        let place = self.take(peer.ip()).ok_or(NotTaken::TooOften(1))?;
        let body = tokio::time::timeout(PATIENCE, to_bytes(body, MOST)).await;
        Ok((place, body.map_err(|_| NotTaken::TooSlow)?.map_err(|_| NotTaken::TooLarge)?))
    }

    fn take(&self, peer: IpAddr) -> Option<Place<'_>> {
        let of = one(peer);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let has = taken.get(&of).copied().unwrap_or_default();
        if has >= self.most_of_one || taken.values().sum::<usize>() >= self.most {
            return None;
        }
        taken.insert(of, has + 1);
        Some(Place { readers: self, of })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.readers.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.of) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&self.of);
            }
        }
    }
}

/// Whose an address is. Of IPv6 one caller has a whole network of 64 bits.
fn one(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_its_places_and_all_together_have_theirs() {
        let readers = Readers::new(5, 2);
        let take = |from: &str| readers.take(from.parse().unwrap());
        let first = take("192.0.2.1");
        let _second = take("::ffff:192.0.2.1").unwrap();
        assert!(first.is_some() && take("192.0.2.1").is_none());
        // of IPv6 it is the network that counts
        let _third = take("2001:db8:0:1::1").unwrap();
        let _fourth = take("2001:db8:0:1:ffff::2").unwrap();
        assert!(take("2001:db8:0:1::3").is_none());
        let _fifth = take("2001:db8:0:2::1").unwrap();
        assert!(take("192.0.2.9").is_none(), "more than there are");
        drop(first);
        assert!(take("192.0.2.1").is_some());
        assert!(take("192.0.2.9").is_some(), "a place that is given back is there again");
    }
}
