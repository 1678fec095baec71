//! How many connections there may be.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Places for connections: in all, and for one address.
#[derive(Clone)]
pub(super) struct Places(Arc<Hall>);

struct Hall {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by: BTreeMap<IpAddr, usize>,
}

/// A place; free again when it is dropped.
pub(super) struct Place {
    hall: Arc<Hall>,
    peer: IpAddr,
}

impl Places {
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self(Arc::new(Hall { all, each, taken: Mutex::default() }))
    }

    /// A place for a connection from an address; none when there are too many.
    pub(super) fn take(&self, peer: IpAddr) -> Option<Place> {
        let mut taken = self.0.taken();
        let own = taken.by.get(&peer).copied().unwrap_or(0);
        if taken.all >= self.0.all || own >= self.0.each {
            return None;
        }
        taken.all += 1;
        taken.by.insert(peer, own + 1);
        Some(Place { hall: Arc::clone(&self.0), peer })
    }
}

impl Hall {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.hall.taken();
        taken.all -= 1;
        match taken.by.get_mut(&self.peer) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.by.remove(&self.peer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_its_share_and_gives_it_back() {
        let places = Places::new(3, 2);
        let [one, other] = [1, 2].map(|n| IpAddr::from([127, 0, 0, n]));
        let (first, second) = (places.take(one), places.take(one));
        assert!(first.is_some() && second.is_some() && places.take(one).is_none());
        let third = places.take(other);
        assert!(third.is_some() && places.take(other).is_none(), "in all");
        drop(first);
        assert!(places.take(one).is_some(), "it is free again");
        drop((second, third));
        assert!(places.0.taken().by.is_empty() && places.0.taken().all == 0);
    }
}
