//! Feeds: a producer's append-only log, read in order from any position by whoever consumes it.
//!
//! Positions ascend but are not dense. Each event also tells the position of the one before it, so that a consumer
//! notices what it missed.
//!
//! # Producing
//!
//! [`FeedLog::once`] runs a changing call with its request id, its events and its answer in one transaction and wakes
//! the streams; [`append`] and [`FeedLog::notify`] are its parts. A server-streaming feed is
//! `log.stream(after, HEARTBEAT, shutdown)` mapped to the contract's message; every stream ends at shutdown and at the
//! server's stream age, and its caller comes again.
//!
//! # Consuming
//!
//! ```ignore
//! #[async_trait]
//! impl FeedSource<AssessmentEvent> for Assessment {              // an adapter over the generated client
//!     async fn open(&self, after: i64) -> Result<BoxStream<'static, Result<Heard<AssessmentEvent>, Status>>, Status> {
//!         let request = WatchAssessmentRequest { after_position: after };
//!         let feed = self.client.clone().watch_assessment(request).await?.into_inner();
//!         Ok(feed.map(|message| message.and_then(heard)).boxed())
//!     }
//! }
//! #[async_trait]
//! impl FeedSink<AssessmentEvent> for Grants {
//!     async fn apply(&self, tx: &Tx<'_>, events: &[FeedEvent<AssessmentEvent>]) -> Result<(), OpError> { … }
//!     fn committed(&self) { self.feed.notify() }                 // if applying appends to one's own feed
//! }
//! let consumer = Consumer::spawn("assessment", db, clock, source, sink, shutdown.clone());
//! consumer.wait_until(position).await?;
//! ```
//!
//! The cursor moves in the transaction of `apply`; duplicates are dropped and gaps refused before it.

mod consumer;
mod consumers;
mod cursor;
mod event;
mod log;
mod produce;
mod source;
mod status;

pub use consumer::{Consumer, ConsumerEnded, ConsumerHandle};
pub use consumers::{Consumers, PATIENCE};
pub use cursor::{consumer_migration, cursor};
pub use event::{NewEvent, append, migration};
pub use log::{FeedError, FeedItem, FeedLog, HEARTBEAT, Log, Logged, follow};
pub use produce::produce;
pub use source::{FeedEvent, FeedSink, FeedSource, Heard, Meaning, Wire};
pub use status::ConsumerStatus;
