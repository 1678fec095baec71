//! The feed: grants and level decisions, in order.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use niva_kit::OpError;
use niva_kit::feed::{FeedItem, Logged, NewEvent};
use niva_kit::rpc::status;
use niva_proto::assessment::v1 as pb;
use pb::feed_service_server::FeedService;
use prost::Message;
use tonic::{Request, Response, Status};

use crate::{Answer, App};

/// A sign of life in silence; well below what proxies take for a dead stream.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The feed as tonic sees it.
pub(crate) struct Feed(pub(crate) Arc<App>);

#[tonic::async_trait]
impl FeedService for Feed {
    type WatchAssessmentStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchAssessmentResponse, Status>> + Send>>;

    async fn watch_assessment(
        &self,
        request: Request<pb::WatchAssessmentRequest>,
    ) -> Answer<Self::WatchAssessmentStream> {
        Ok(Response::new(self.watch(request.get_ref()).map(|item| item.map_err(status)).boxed()))
    }
}

impl Feed {
    /// Grants and level decisions after a position, in order, without end.
    fn watch(
        &self,
        request: &pb::WatchAssessmentRequest,
    ) -> impl Stream<Item = Result<pb::WatchAssessmentResponse, OpError>> + Send + 'static {
        let items = self.0.feed.stream(request.after_position, HEARTBEAT, self.0.shutdown.clone());
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

pub(crate) fn grant_event(grant: &pb::Grant) -> NewEvent {
    let fact = pb::assessment_event::Fact::Grant(grant.clone());
    NewEvent::new("grant", grant.grant_id.clone(), &pb::AssessmentEvent { fact: Some(fact) })
}

pub(crate) fn level_event(decision: &pb::LevelDecision) -> NewEvent {
    let fact = pb::assessment_event::Fact::LevelDecision(decision.clone());
    NewEvent::new(
        "level_decision",
        decision.level_decision_id.clone(),
        &pb::AssessmentEvent { fact: Some(fact) },
    )
}
