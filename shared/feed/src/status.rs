//! How a consumer is doing.

/// How a consumer is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerStatus {
    /// Position of the last event applied.
    pub cursor: i64,
    /// Newest position that the producer told of.
    pub newest: i64,
    /// Whether the feed is open.
    pub connected: bool,
    /// The feed skipped something and is refused until what is missing comes.
    pub gap: bool,
    /// Why the last attempt ended, until an event is applied again.
    pub last_error: Option<String>,
}
