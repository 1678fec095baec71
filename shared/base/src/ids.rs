//! Identities that nobody can foresee, and pauses that nobody shares.

use std::time::Duration;

/// A new identity (UUID v4, 32 hexadecimal digits).
#[must_use]
pub fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
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
        assert_ne!(new_id(), new_id());
        assert_eq!(new_id().len(), 32);
    }

    #[test]
    fn jitter_stays_near() {
        let pauses: Vec<_> = (0..1000).map(|_| jittered(Duration::from_millis(100))).collect();
        assert!(pauses.iter().all(|p| (50..150).contains(&p.as_millis())));
    }
}
