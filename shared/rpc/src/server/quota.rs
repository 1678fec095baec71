//! How many calls one caller may have under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Calls under way of each subject, up to a limit.
#[derive(Clone)]
pub(super) struct Quota(Arc<Counts>);

struct Counts {
    most: usize,
    under_way: Mutex<HashMap<String, usize>>,
}

/// A call under way; it is over when this is dropped.
pub(super) struct UnderWay {
    counts: Arc<Counts>,
    subject: String,
}

impl Quota {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Counts { most, under_way: Mutex::default() }))
    }

    /// Another call of a subject; none when it has too many.
    pub(super) fn begin(&self, subject: &str) -> Option<UnderWay> {
        let mut under_way = self.0.under_way();
        let own = under_way.entry(subject.to_owned()).or_default();
        if *own >= self.0.most {
            return None;
        }
        *own += 1;
        Some(UnderWay { counts: Arc::clone(&self.0), subject: subject.to_owned() })
    }
}

impl Counts {
    fn under_way(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut under_way = self.counts.under_way();
        match under_way.get_mut(&self.subject) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(under_way.remove(&self.subject)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_its_share_and_leaves_nothing_behind() {
        let quota = Quota::new(2);
        let calls = [quota.begin("anna"), quota.begin("anna")];
        assert!(quota.begin("anna").is_none() && quota.begin("bo").is_some());
        drop(calls);
        assert!(quota.0.under_way().is_empty());
        assert!(quota.begin("anna").is_some());
    }
}
