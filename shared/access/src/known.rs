//! Tokens that were verified, so that a caller's next call costs no signature.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

use crate::good::Good;

/// Tokens that are kept; each has some hundred bytes. More callers than this at once pay for a signature now and then.
const MOST: usize = 4096;

/// Verified tokens by their hash.
#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<Hash, (u64, Good)>>);

pub(crate) type Hash = [u8; 32];

impl Known {
    pub(crate) fn hash(token: &str) -> Hash {
        let mut hash = [0; 32];
        hash.iter_mut().zip(digest(&SHA256, token.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
        hash
    }

    /// What a token said when it was verified by the keys of this `generation`.
    pub(crate) fn get(&self, hash: &Hash, generation: u64) -> Option<Good> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).filter(|(by, _)| *by == generation).map(|(_, good)| good.clone())
    }

    /// Keeps what a token says. Where there are too many, those that have expired go, or all.
    pub(crate) fn keep(&self, hash: Hash, generation: u64, good: Good, now: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (by, good)| *by == generation && good.expires > now);
            if known.len() >= MOST {
                known.clear();
            }
        }
        known.insert(hash, (generation, good));
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Caller;

    fn good(expires: i64) -> Good {
        Good { caller: Caller::new("anna", []), issued: 0, not_before: None, expires }
    }

    #[test]
    fn it_is_bounded_and_forgets_what_other_keys_have_verified() {
        let known = Known::default();
        let token = |n: usize| Known::hash(&n.to_string());
        for n in 0..MOST {
            known.keep(token(n), 1, good(if n == 0 { 100 } else { 10 }), 5);
        }
        assert!(known.get(&token(7), 1).is_some() && known.get(&token(7), 2).is_none());
        known.keep(token(MOST), 1, good(100), 50);
        assert_eq!(known.len(), 2, "those that have expired are gone");
        for n in 0..=MOST {
            known.keep(token(n), 1, good(100), 50);
        }
        assert!(known.len() <= MOST);
    }
}
