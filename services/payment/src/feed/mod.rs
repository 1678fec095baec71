//! What payment learns from assessment and choice, by their feeds, and how far it has come with them.

pub(crate) mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use niva_access::Scope;
use niva_base::{Clock, OpError};
use niva_feed::{Consumer, Consumers, FeedEvent, FeedSink, Wire};
use niva_proto::assessment::v1::feed_service_client::FeedServiceClient as AssessmentFeedClient;
use niva_proto::assessment::v1::{AssessmentFeedEvent, WatchAssessmentRequest};
use niva_proto::choice::v1::feed_service_client::FeedServiceClient as ChoiceFeedClient;
use niva_proto::choice::v1::{ChoiceFeedEvent, WatchChoiceRequest};
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::client::Channel;
use niva_store::{Database, Tx};
use pb::feed_service_server::FeedService;
use tokio_util::sync::CancellationToken;
use tonic::Request;

use crate::cases::take_in;
use crate::{Answer, App};

/// Name of assessment's feed in the table of cursors.
pub const ASSESSMENT: &str = "assessment";
/// Name of choice's feed in the table of cursors.
pub const CHOICE: &str = "choice";

/// The feeds as tonic sees them.
pub(crate) struct Feed(pub(crate) Arc<App>);

#[tonic::async_trait]
impl FeedService for Feed {
    async fn get_feed_status(
        &self,
        request: Request<pb::GetFeedStatusRequest>,
    ) -> Answer<pb::GetFeedStatusResponse> {
        answer!(self.status(request))
    }
}

impl Feed {
    /// How far the feeds have been applied.
    async fn status(
        &self,
        _: &Scope,
        _: &pb::GetFeedStatusRequest,
    ) -> Result<pb::GetFeedStatusResponse, OpError> {
        Ok(pb::GetFeedStatusResponse { feeds: self.0.consumers.status(self.0.db.conn()).await? })
    }
}

/// Takes in what became true in assessment, in order. What is known already leaves no trace.
///
/// # Errors
/// An event that cannot be, in words; the database's.
pub async fn apply_assessment<'e>(
    tx: &Tx<'_>,
    events: impl IntoIterator<Item = &'e AssessmentFeedEvent>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), OpError> {
    let incoming: Result<Vec<_>, _> =
        events.into_iter().filter_map(|e| wire::assessment(e).transpose()).collect();
    take_in(tx, incoming?, now).await?;
    Ok(())
}

/// Takes in what became true in choice, in order. What is known already leaves no trace.
///
/// # Errors
/// An event that cannot be, in words; the database's.
pub async fn apply_choice<'e>(
    tx: &Tx<'_>,
    events: impl IntoIterator<Item = &'e ChoiceFeedEvent>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), OpError> {
    let incoming: Result<Vec<_>, _> =
        events.into_iter().filter_map(|e| wire::choice(e).transpose()).collect();
    take_in(tx, incoming?, now).await?;
    Ok(())
}

/// Follows both feeds.
pub(crate) fn follow(
    db: &Database,
    clock: &Clock,
    assessment: Channel,
    choice: Channel,
    shutdown: &CancellationToken,
) -> Consumers {
    let assessment = niva_rpc::bounded_client!(AssessmentFeedClient::new(assessment));
    let assessment = Wire(move |after_position| {
        let mut client = assessment.clone();
        async move { client.watch_assessment(WatchAssessmentRequest { after_position }).await }
    });
    let choice = niva_rpc::bounded_client!(ChoiceFeedClient::new(choice));
    let choice = Wire(move |after_position| {
        let mut client = choice.clone();
        async move { client.watch_choice(WatchChoiceRequest { after_position }).await }
    });
    let facts = || Facts { clock: clock.clone() };
    let (of_db, of_clock, stop) = (|| db.clone(), || clock.clone(), || shutdown.clone());
    let consumers = [
        Consumer::spawn(ASSESSMENT, of_db(), of_clock(), assessment, facts(), stop()),
        Consumer::spawn(CHOICE, of_db(), of_clock(), choice, facts(), stop()),
    ];
    consumers.into_iter().collect()
}

/// Takes both feeds in.
struct Facts {
    clock: Clock,
}

#[async_trait]
impl FeedSink<AssessmentFeedEvent> for Facts {
    async fn apply(&self, tx: &Tx<'_>, events: &[FeedEvent<AssessmentFeedEvent>]) -> Result<(), OpError> {
        apply_assessment(tx, events.iter().map(|e| &e.event), self.clock.now()).await
    }
}

#[async_trait]
impl FeedSink<ChoiceFeedEvent> for Facts {
    async fn apply(&self, tx: &Tx<'_>, events: &[FeedEvent<ChoiceFeedEvent>]) -> Result<(), OpError> {
        apply_choice(tx, events.iter().map(|e| &e.event), self.clock.now()).await
    }
}
