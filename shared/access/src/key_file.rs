//! An issuer's public keys in a file, put there by whoever runs the service.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::key_error::KeyError;
use crate::keys::KeySet;

/// A file with a JWK set, looked at again and again. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeyFile(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    /// What was found last, also where it was of no use: a broken file is told of once.
    seen: Mutex<Vec<u8>>,
}

impl KeyFile {
    /// Reads the keys.
    ///
    /// # Errors
    /// The file cannot be read, or holds no usable key.
    pub fn open(path: impl Into<PathBuf>) -> Result<(Self, KeySet), KeyError> {
        let path = path.into();
        let text = fs::read(&path).map_err(|source| KeyError::File { path: path.clone(), source })?;
        let keys =
            KeySet::read(&text).map_err(|problem| KeyError::Content { path: path.clone(), problem })?;
        Ok((Self(Arc::new(Watched { path, seen: Mutex::new(text) })), keys))
    }

    /// The keys that are there now, where they are not those that were found last. Where they are of no use there is a
    /// warning.
    #[must_use]
    pub fn look_again(&self) -> Option<KeySet> {
        let Watched { path, seen } = &*self.0;
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "keys cannot be read again, and the old ones stay");
                return None;
            }
        };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if text == *seen {
            return None;
        }
        let keys = KeySet::read(&text);
        *seen = text;
        match keys {
            Ok(keys) => Some(keys),
            Err(problem) => {
                tracing::warn!(path = %path.display(), problem, "new keys are of no use, and the old ones stay");
                None
            }
        }
    }
}
