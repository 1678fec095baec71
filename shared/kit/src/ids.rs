//! Identities that the services make themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A source of new identities. Cheap to clone; clones never repeat each other.
#[derive(Clone, Debug)]
pub struct Ids(Source);

#[derive(Clone, Debug)]
enum Source {
    Random,
    Sequence { prefix: Arc<str>, next: Arc<AtomicU64> },
}

impl Ids {
    /// Random identities (UUID v4, 32 hexadecimal digits).
    #[must_use]
    pub fn random() -> Self {
        Self(Source::Random)
    }

    /// `prefix-000001`, `prefix-000002`, …: for tests that compare whole outputs.
    #[must_use]
    pub fn sequence(prefix: &str) -> Self {
        Self(Source::Sequence { prefix: prefix.into(), next: Arc::new(AtomicU64::new(1)) })
    }

    /// A new identity.
    #[must_use]
    pub fn next(&self) -> String {
        match &self.0 {
            Source::Random => uuid::Uuid::new_v4().simple().to_string(),
            Source::Sequence { prefix, next } => {
                format!("{prefix}-{:06}", next.fetch_add(1, Ordering::Relaxed))
            }
        }
    }
}

/// A factor from 0.5 up to 1.5, so that clients that failed together don't come back together.
pub(crate) fn jitter() -> f64 {
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    f64::from(u32::try_from(low & 0xffff).unwrap_or(0)) / 65_536.0 + 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_new_each_time() {
        let ids = Ids::random();
        assert_ne!(ids.next(), ids.next());
        assert_eq!(ids.next().len(), 32);
        let ids = Ids::sequence("run");
        assert_eq!((ids.next(), ids.clone().next()), ("run-000001".into(), "run-000002".into()));
    }

    #[test]
    fn jitter_stays_near_one() {
        assert!((0..1000).all(|_| (0.5..1.5).contains(&jitter())));
    }
}
