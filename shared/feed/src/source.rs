//! What a consumer stands between: a feed to read, and what to do with its events.

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use niva_base::OpError;
use niva_proto::feed::{FeedFact, FeedMessage};
use niva_store::Tx;
use tonic::{Response, Status, Streaming};

/// What this reader makes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It knows what happened.
    Known,
    /// It does not, and may pass over it.
    Ignorable,
    /// It does not, and must not go on: what it says afterwards would be wrong.
    Unknown,
}

/// An event as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent<E> {
    /// Its position; ascending.
    pub position: i64,
    /// Position of the event just before it; 0 for the first.
    pub previous: i64,
    /// What this reader makes of it.
    pub meaning: Meaning,
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

/// A feed of the contract over its generated client: `Wire(move |after| { let client = client.clone(); async move { … } })`.
pub struct Wire<Open>(pub Open);

#[async_trait::async_trait]
impl<M, Open, Opened> FeedSource<M::Event> for Wire<Open>
where
    M: FeedMessage + 'static,
    Open: Fn(i64) -> Opened + Send + Sync + 'static,
    Opened: Future<Output = Result<Response<Streaming<M>>, Status>> + Send + 'static,
{
    async fn open(&self, after: i64) -> Result<BoxStream<'static, Result<Heard<M::Event>, Status>>, Status> {
        let messages = (self.0)(after).await?.into_inner();
        Ok(messages.map(|message| heard(message?)).boxed())
    }
}

fn heard<M: FeedMessage>(message: M) -> Result<Heard<M::Event>, Status> {
    let (events, newest) = message.into_parts();
    let events = events.into_iter().map(|event| {
        let info = event.info().ok_or_else(|| Status::data_loss("an event does not say where it stands"))?;
        let meaning = match (event.is_known(), info.ignorable) {
            (true, _) => Meaning::Known,
            (false, true) => Meaning::Ignorable,
            (false, false) => Meaning::Unknown,
        };
        Ok(FeedEvent { position: info.position, previous: info.previous_position, meaning, event })
    });
    Ok(Heard { events: events.collect::<Result<_, Status>>()?, newest })
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
