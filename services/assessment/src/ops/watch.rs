//! WatchAssessment: the feed.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use niva_kit::OpError;
use niva_kit::feed::{FeedItem, Logged};
use niva_proto::assessment::v1 as pb;
use prost::Message;

use crate::App;

/// A sign of life in silence; well below what proxies take for a dead stream.
const HEARTBEAT: Duration = Duration::from_secs(5);

impl App {
    /// Grants and level decisions after a position, in order, without end.
    pub(crate) fn watch_assessment(
        &self,
        request: &pb::WatchAssessmentRequest,
    ) -> impl Stream<Item = Result<pb::WatchAssessmentResponse, OpError>> + Send + 'static {
        let items = self.feed.stream(request.after_position, HEARTBEAT, self.shutdown.clone());
        items.map(|item| {
            let FeedItem { events, newest } = item?;
            let events = events.iter().map(event).collect::<Result<_, _>>()?;
            Ok(pb::WatchAssessmentResponse { events, newest_position: newest })
        })
    }
}

fn event(logged: &Logged) -> Result<pb::AssessmentFeedEvent, OpError> {
    Ok(pb::AssessmentFeedEvent {
        position: logged.position,
        previous_position: logged.previous,
        event: Some(pb::AssessmentEvent::decode(logged.payload.as_slice()).map_err(OpError::internal)?),
    })
}
