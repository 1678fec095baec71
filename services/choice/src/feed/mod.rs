//! The feed of choice, and how far that of assessment has been applied.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use niva_access::Scope;
use niva_base::OpError;
use niva_feed::{NewEvent, produce};
use niva_proto::choice::v1 as pb;
use niva_rpc::answer;
use pb::choice_feed_event::Fact;
use pb::feed_service_server::FeedService;
use tonic::{Request, Response, Status};

use crate::{Answer, App};

/// The feed as tonic sees it.
pub(crate) struct Feed(pub(crate) Arc<App>);

#[tonic::async_trait]
impl FeedService for Feed {
    type WatchChoiceStream = Pin<Box<dyn Stream<Item = Result<pb::WatchChoiceResponse, Status>> + Send>>;

    async fn watch_choice(
        &self,
        request: Request<pb::WatchChoiceRequest>,
    ) -> Answer<Self::WatchChoiceStream> {
        let App { feed, shutdown, .. } = &*self.0;
        let messages = produce(feed, request.get_ref().after_position, shutdown.clone());
        Ok(Response::new(messages.map(|message| message.map_err(niva_rpc::status)).boxed()))
    }

    async fn get_feed_status(
        &self,
        request: Request<pb::GetFeedStatusRequest>,
    ) -> Answer<pb::GetFeedStatusResponse> {
        answer!(self.status(request))
    }
}

impl Feed {
    async fn status(
        &self,
        _: &Scope,
        _request: &pb::GetFeedStatusRequest,
    ) -> Result<pb::GetFeedStatusResponse, OpError> {
        Ok(pb::GetFeedStatusResponse { feeds: self.0.followed.status(self.0.db.conn()).await? })
    }
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
