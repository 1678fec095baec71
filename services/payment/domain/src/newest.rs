use serde::{Deserialize, Serialize};

/// The newest value of each key. Sorted by key; of two values for one key the one with the higher version stands,
/// whichever came first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Newest<K, V> {
    entries: Vec<(K, i64, V)>,
}

impl<K, V> Default for Newest<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Ord, V> Newest<K, V> {
    /// Takes a value in. `false` when a value of the same or a higher version stands already.
    pub fn put<Q>(&mut self, key: &Q, version: i64, value: &V) -> bool
    where
        Q: Ord + ToOwned<Owned = K> + ?Sized,
        K: std::borrow::Borrow<Q>,
        V: Clone,
    {
        match self.entries.binary_search_by(|(k, _, _)| k.borrow().cmp(key)) {
            Ok(at) if self.entries[at].1 >= version => false,
            Ok(at) => {
                (self.entries[at].1, self.entries[at].2) = (version, value.clone());
                true
            }
            Err(at) => {
                self.entries.insert(at, (key.to_owned(), version, value.clone()));
                true
            }
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: Ord + ?Sized,
        K: std::borrow::Borrow<Q>,
    {
        let at = self.entries.binary_search_by(|(k, _, _)| k.borrow().cmp(key)).ok()?;
        Some(&self.entries[at].2)
    }

    /// Keys and values in order of key.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, _, value)| (key, value))
    }

    /// Values in order of key.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, _, value)| value)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
