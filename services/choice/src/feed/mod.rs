//! The feed of choice, and how far that of assessment has been applied.

mod store;

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use niva_access::Caller;
use niva_base::OpError;
use niva_feed::{FeedItem, HEARTBEAT, NewEvent};
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1::FeedStatus;
use niva_rpc::wire::write;
use niva_store::DbError;
use pb::choice_feed_event::Fact;
use pb::feed_service_server::FeedService;
use prost::Message as _;
use tonic::{Request, Response, Status};

use crate::{Answer, App, grants};

/// The feed as tonic sees it.
pub(crate) struct Feed(pub(crate) Arc<App>);

#[tonic::async_trait]
impl FeedService for Feed {
    type WatchChoiceStream = Pin<Box<dyn Stream<Item = Result<pb::WatchChoiceResponse, Status>> + Send>>;

    async fn watch_choice(
        &self,
        request: Request<pb::WatchChoiceRequest>,
    ) -> Answer<Self::WatchChoiceStream> {
        Ok(Response::new(self.watch(request.get_ref()).map(|item| item.map_err(niva_rpc::status)).boxed()))
    }

    async fn get_feed_status(
        &self,
        request: Request<pb::GetFeedStatusRequest>,
    ) -> Answer<pb::GetFeedStatusResponse> {
        answer!(self.status(request))
    }
}

impl Feed {
    fn watch(
        &self,
        request: &pb::WatchChoiceRequest,
    ) -> impl Stream<Item = Result<pb::WatchChoiceResponse, OpError>> + Send + 'static {
        let items = self.0.feed.stream(request.after_position, HEARTBEAT, self.0.shutdown.clone());
        items.map(|item| said(item?))
    }

    async fn status(
        &self,
        _caller: &Caller,
        _request: &pb::GetFeedStatusRequest,
    ) -> Result<pb::GetFeedStatusResponse, OpError> {
        let status = self.0.assessment.borrow().clone();
        let moved = store::cursor_moved(self.0.db.conn(), grants::FEED).await?;
        let feed = FeedStatus {
            feed: grants::FEED.to_owned(),
            applied_position: status.cursor,
            newest_position: status.newest,
            connected: status.connected,
            last_error: status.last_error.unwrap_or_default(),
            update_time: moved.map(write::timestamp),
        };
        Ok(pb::GetFeedStatusResponse { feeds: vec![feed] })
    }
}

fn said(item: FeedItem) -> Result<pb::WatchChoiceResponse, OpError> {
    let events = item.events.into_iter().map(|logged| {
        let event = pb::ChoiceFeedEvent::decode(logged.payload.as_slice())
            .map_err(|e| DbError::row("feed_event", "payload", logged.position.to_string(), e))?;
        Ok(pb::ChoiceFeedEvent { info: Some(logged.info()), ..event })
    });
    let events = events.collect::<Result<_, DbError>>()?;
    Ok(pb::WatchChoiceResponse { events, newest_position: item.newest })
}

/// What others hear of a provider.
pub(crate) fn provider(provider: &pb::Provider) -> NewEvent {
    event("provider", &provider.provider_id, Fact::Provider(provider.clone()))
}

/// What others hear of a unit.
pub(crate) fn unit(unit: &pb::Unit) -> NewEvent {
    event("unit", &unit.unit_id, Fact::Unit(unit.clone()))
}

/// What others hear of a placement.
pub(crate) fn placement(placement: &pb::Placement) -> NewEvent {
    event("placement", &placement.placement_id, Fact::Placement(placement.clone()))
}

fn event(kind: &'static str, key: &str, fact: Fact) -> NewEvent {
    NewEvent::new(kind, key, &pb::ChoiceFeedEvent { info: None, fact: Some(fact) })
}
