//! Hashes of what rows say.

use niva_base::hex;
use sha2::{Digest, Sha256};

/// A hash of texts, each with its length first: no two lists of texts look the same.
#[derive(Default)]
pub(crate) struct Hash(Sha256);

impl Hash {
    pub(crate) fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    pub(crate) fn end(self) -> String {
        hex(&self.0.finalize())
    }
}

/// The hash of some texts, in order.
pub(crate) fn of<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut hash = Hash::default();
    texts.into_iter().for_each(|text| hash.text(text.as_ref()));
    hash.end()
}
