//! The feed: persons, grants, level decisions and merges, in order.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use niva_base::OpError;
use niva_feed::{FeedItem, Logged, NewEvent};
use niva_proto::assessment::v1 as pb;
use niva_rpc::status;
use pb::assessment_feed_event::Fact;
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
    /// Persons, grants, level decisions and merges after a position, in order, without end.
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
    let mut event = pb::AssessmentFeedEvent::decode(logged.payload.as_slice()).map_err(OpError::internal)?;
    event.info = Some(logged.info());
    Ok(event)
}

/// A person, whom readers may pass over.
pub(crate) fn person(person: &pb::Person) -> NewEvent {
    NewEvent { ignorable: true, ..new(person, Fact::Person(person.clone())) }
}

/// A grant.
pub(crate) fn grant(grant: &pb::Grant) -> NewEvent {
    new(grant, Fact::Grant(grant.clone()))
}

/// A level decision.
pub(crate) fn level_decision(decision: &pb::LevelDecision) -> NewEvent {
    NewEvent::new(
        "level_decision",
        decision.level_decision_id.clone(),
        &pb::AssessmentFeedEvent { info: None, fact: Some(Fact::LevelDecision(decision.clone())) },
    )
}

/// That two records are of one person.
pub(crate) fn person_merge(merge: &pb::PersonMerge) -> NewEvent {
    new(merge, Fact::PersonMerge(merge.clone()))
}

fn new<M: niva_facts::Fact>(message: &M, fact: Fact) -> NewEvent {
    let event = pb::AssessmentFeedEvent { info: None, fact: Some(fact) };
    NewEvent::new(M::KIND, message.fact_id(), &event)
}
