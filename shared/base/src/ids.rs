//! Identities that the services make themselves.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::hex::hex;

/// A source of new identities. Cheap to clone; clones never repeat each other.
#[derive(Clone, Debug)]
pub struct Ids(());

impl Ids {
    /// Random identities (UUID v4, 32 hexadecimal digits).
    #[must_use]
    pub const fn random() -> Self {
        Self(())
    }

    /// The identity of what a request makes (`what`: "offer"). The same request makes the same identity wherever and
    /// however often it is tried, so that a city whose services are interrupted ends like one whose services are not.
    #[must_use]
    pub fn of(&self, request_id: &str, what: &str) -> String {
        let hash = Sha256::new_with_prefix(what).chain_update([0]).chain_update(request_id).finalize();
        hex(&hash[..16])
    }

    /// A new identity.
    #[must_use]
    pub fn next(&self) -> String {
        uuid::Uuid::new_v4().simple().to_string()
    }
}

/// A pause made shorter or longer by up to a half, so that those who failed together don't come back together.
#[must_use]
pub fn jittered(pause: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_bytes()[0];
    pause / 2 + pause * u32::from(random) / 256
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_new_each_time() {
        let ids = Ids::random();
        assert_ne!(ids.next(), ids.next());
        assert_eq!(ids.next().len(), 32);
    }

    #[test]
    fn a_request_makes_the_same_identity_again() {
        let ids = Ids::random();
        assert_eq!(ids.of("r-1", "offer"), Ids::random().of("r-1", "offer"));
        assert_eq!(ids.of("r-1", "offer").len(), 32);
        let others = [ids.of("r-2", "offer"), ids.of("r-1", "placement"), ids.of("offer", "r-1")];
        assert!(!others.contains(&ids.of("r-1", "offer")));
    }

    #[test]
    fn jitter_stays_near() {
        let pauses: Vec<_> = (0..1000).map(|_| jittered(Duration::from_millis(100))).collect();
        assert!(pauses.iter().all(|p| (50..150).contains(&p.as_millis())));
    }
}
