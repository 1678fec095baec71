//! Keys that never leave the services: what is signed with one was made by us.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, Tag, sign};
use niva_base::OpError;

/// Bytes of a key.
const LENGTH: usize = 32;

/// A key that only the services know.
#[derive(Clone)]
pub struct SecretKey {
    bytes: [u8; LENGTH],
    key: Key,
}

impl SecretKey {
    /// A new one.
    ///
    /// # Errors
    /// The machine has no randomness to give.
    pub fn random() -> Result<Self, OpError> {
        let mut bytes = [0; LENGTH];
        aws_lc_rs::rand::fill(&mut bytes).map_err(OpError::internal)?;
        Ok(Self::of(bytes))
    }

    /// The key with these bytes.
    #[must_use]
    pub fn of(bytes: [u8; LENGTH]) -> Self {
        Self { key: Key::new(HMAC_SHA256, &bytes), bytes }
    }

    /// The key as it is kept.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; LENGTH] {
        &self.bytes
    }

    /// What signs these parts (HMAC-SHA-256), which nobody can make without the key. Parts that read alike when joined
    /// differ.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut message = Vec::new();
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        let tag: Tag = sign(&self.key, &message);
        let mut signature = [0; 32];
        signature.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        signature
    }
}

/// Keys are in no log.
impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_depends_on_the_key_and_on_each_part() {
        let (one, other) = (SecretKey::of([1; 32]), SecretKey::of([2; 32]));
        let parts: &[&[u8]] = &[b"ab", b"c"];
        assert_eq!(one.sign(parts), SecretKey::of([1; 32]).sign(parts));
        assert_ne!(one.sign(parts), other.sign(parts));
        assert_ne!(one.sign(parts), one.sign(&[b"a", b"bc"]));
        assert_ne!(SecretKey::random().unwrap().bytes(), SecretKey::random().unwrap().bytes());
        assert_eq!(format!("{one:?}"), "SecretKey");
    }
}
