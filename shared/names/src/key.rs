use std::{borrow::Borrow, fmt, str, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest key, in bytes.
const MAX: usize = 40;

/// A service (insats) by its key in the city's catalogue: `supported_housing`. In order of its text.
///
/// It is held in place, so that it can be copied like a number; what it means is for [`crate::ServiceCatalogue`] to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType), sea_orm(value_type = "String"))]
pub struct ServiceKey {
    /// Beyond the text all are 0, so that the order of bytes is the order of texts.
    bytes: [u8; MAX],
    len: u8,
}

/// A text that cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", self.what(), Self::TO_DO)]
pub struct NoServiceKey {
    text: String,
}

impl NoServiceKey {
    /// What a key is like.
    pub const TO_DO: &'static str =
        "write 1 to 40 letters a to z, digits and _, a letter first: supported_housing";

    /// What is wrong.
    #[must_use]
    pub fn what(&self) -> String {
        format!("`{}` is no key of a service", self.text)
    }
}

impl ServiceKey {
    /// The key with this text; `None` when it cannot be one.
    #[must_use]
    pub const fn new(text: &str) -> Option<Self> {
        let (given, mut bytes) = (text.as_bytes(), [0; MAX]);
        if given.is_empty() || given.len() > MAX || !given[0].is_ascii_lowercase() {
            return None;
        }
        let mut i = 0;
        while i < given.len() {
            if !matches!(given[i], b'a'..=b'z' | b'0'..=b'9' | b'_') {
                return None;
            }
            bytes[i] = given[i];
            i += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX")]
        let len = given.len() as u8;
        Some(Self { bytes, len })
    }

    /// Its text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.len as usize).0) {
            Ok(text) => text,
            // It was made of ASCII.
            Err(_) => "",
        }
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ServiceKey {
    type Err = NoServiceKey;

    fn from_str(text: &str) -> Result<Self, NoServiceKey> {
        Self::new(text).ok_or_else(|| NoServiceKey { text: text.chars().take(MAX).collect() })
    }
}

impl From<ServiceKey> for String {
    fn from(key: ServiceKey) -> Self {
        key.as_str().to_owned()
    }
}

impl Borrow<str> for ServiceKey {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Serialize for ServiceKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ServiceKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = ServiceKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the key of a service")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ServiceKey, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}
