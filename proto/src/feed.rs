//! What the messages of all feeds have in common. The implementations are generated with the messages.

use crate::common::v1::EventInfo;

/// An event of a feed: where it stands, and one of the facts that the feed tells.
pub trait FeedFact: prost::Message + Default + Send + Sync + 'static {
    /// Where it stands, and who told it.
    fn info(&self) -> Option<&EventInfo>;
    /// Sets it.
    fn set_info(&mut self, info: EventInfo);
    /// Whether it holds a fact that this program knows.
    fn is_known(&self) -> bool;
}

/// A message of a feed's stream.
pub trait FeedMessage: prost::Message + Default + Send + 'static {
    /// Its events.
    type Event: FeedFact;
    /// A message with these events, made when the feed's newest position was this.
    fn of(events: Vec<Self::Event>, newest_position: i64) -> Self;
    /// Its events, and the feed's newest position.
    fn into_parts(self) -> (Vec<Self::Event>, i64);
}
