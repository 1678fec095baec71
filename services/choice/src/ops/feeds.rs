//! The feed of choice, and how far that of assessment has been applied.

use futures_util::{Stream, StreamExt};
use niva_kit::auth::Caller;
use niva_kit::feed::{FeedItem, HEARTBEAT};
use niva_kit::{DbError, OpError};
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1::FeedStatus;
use prost::Message as _;
use prost_types::Timestamp;

use crate::{App, store};

impl App {
    pub(crate) fn watch_choice(
        &self,
        request: &pb::WatchChoiceRequest,
    ) -> impl Stream<Item = Result<pb::WatchChoiceResponse, OpError>> + Send + 'static {
        let items = self.feed.stream(request.after_position, HEARTBEAT, self.shutdown.clone());
        items.map(|item| said(item?))
    }

    pub(crate) async fn get_feed_status(
        &self,
        _caller: &Caller,
        _request: &pb::GetFeedStatusRequest,
    ) -> Result<pb::GetFeedStatusResponse, OpError> {
        let status = self.assessment.borrow().clone();
        let moved = store::cursor_moved(self.db.conn(), crate::assessment::FEED).await?;
        let feed = FeedStatus {
            feed: crate::assessment::FEED.to_owned(),
            applied_position: status.cursor,
            newest_position: status.newest,
            connected: status.connected,
            last_error: status.last_error.unwrap_or_default(),
            update_time: moved.map(|at| Timestamp {
                seconds: at.timestamp(),
                nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
            }),
        };
        Ok(pb::GetFeedStatusResponse { feeds: vec![feed] })
    }
}

fn said(item: FeedItem) -> Result<pb::WatchChoiceResponse, OpError> {
    let events = item.events.into_iter().map(|logged| {
        let event = pb::ChoiceEvent::decode(logged.payload.as_slice())
            .map_err(|e| DbError::row("feed_event", "payload", logged.position.to_string(), e))?;
        Ok(pb::ChoiceFeedEvent {
            position: logged.position,
            previous_position: logged.previous,
            event: Some(event),
        })
    });
    let events = events.collect::<Result<_, DbError>>()?;
    Ok(pb::WatchChoiceResponse { events, newest_position: item.newest })
}
