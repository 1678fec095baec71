//! The log as a feed of the contract.

use futures_util::{Stream, StreamExt};
use niva_base::OpError;
use niva_facts::Author;
use niva_proto::common::v1 as common;
use niva_proto::feed::{FeedFact, FeedMessage};
use niva_store::DbError;
use prost_types::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::log::{FeedItem, HEARTBEAT, Log, Logged, follow};

/// Follows the log from a position: messages of the contract as they come, with a heartbeat in silence. Ends on
/// `shutdown`.
pub fn produce<M: FeedMessage, L: Log>(
    log: &L,
    after: i64,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<M, OpError>> + Send + 'static {
    follow(log, after, HEARTBEAT, shutdown).map(|item| {
        let FeedItem { events, newest } = item?;
        Ok(M::of(events.iter().map(event).collect::<Result<_, OpError>>()?, newest))
    })
}

fn event<E: FeedFact>(logged: &Logged) -> Result<E, OpError> {
    let mut event = E::decode(logged.payload.as_slice())
        .map_err(|error| DbError::row("feed_event", "payload", logged.position.to_string(), error))?;
    let Author { subject, role } = logged.author.clone();
    event.set_info(common::EventInfo {
        position: logged.position,
        previous_position: logged.previous,
        record_time: Some(Timestamp {
            seconds: logged.recorded_at.timestamp(),
            nanos: i32::try_from(logged.recorded_at.timestamp_subsec_nanos()).unwrap_or_default(),
        }),
        author: Some(common::Author { subject, role }),
        trace_id: logged.trace_id.clone(),
        ignorable: logged.ignorable,
    });
    Ok(event)
}
