//! What a consumer stands between: a feed to read, and what to do with its events.

use futures_util::stream::BoxStream;
use niva_base::OpError;
use niva_store::Tx;
use tonic::Status;

/// An event as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent<E> {
    /// Its position; ascending.
    pub position: i64,
    /// Position of the event just before it; 0 for the first.
    pub previous: i64,
    /// What happened.
    pub event: E,
}

/// One message of a feed: events in order, or a heartbeat when there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard<E> {
    /// Events in order.
    pub events: Vec<FeedEvent<E>>,
    /// Newest position of the feed when the message was made.
    pub newest: i64,
}

/// A feed to consume: an adapter over the producer's generated client.
#[async_trait::async_trait]
pub trait FeedSource<E>: Send + Sync + 'static {
    /// Opens the feed after a position.
    ///
    /// # Errors
    /// The producer's, or the network's: the consumer comes again.
    async fn open(&self, after: i64) -> Result<BoxStream<'static, Result<Heard<E>, Status>>, Status>;
}

/// What to do with the events of a feed.
#[async_trait::async_trait]
pub trait FeedSink<E>: Send + Sync + 'static {
    /// Applies events, in order, in the transaction that also moves the cursor. It may run again after a conflict.
    ///
    /// # Errors
    /// Nothing is applied and the cursor stays; the same events come again after a pause.
    async fn apply(&self, tx: &Tx<'_>, events: &[FeedEvent<E>]) -> Result<(), OpError>;

    /// Called after the commit: the place to wake the streams of one's own feed.
    fn committed(&self) {}
}
