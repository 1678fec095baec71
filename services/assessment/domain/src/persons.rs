use chrono::{DateTime, Utc};

/// A person, known outside assessment by an opaque id only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Opaque id.
    pub person_id: String,
    /// The district board that the person lives in.
    pub district: String,
    /// When the person was registered.
    pub create_time: DateTime<Utc>,
}
