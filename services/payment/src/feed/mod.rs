//! What payment learns from assessment and choice, by their feeds, and how far it has come with them.

mod store;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use niva_kit::auth::Caller;
use niva_kit::client::Channel;
use niva_kit::feed::{FeedEvent, FeedSink, FeedSource, Heard, Meaning};
use niva_kit::wire::write;
use niva_kit::{Clock, OpError, Tx};
use niva_proto::assessment::v1::feed_service_client::FeedServiceClient as AssessmentFeedClient;
use niva_proto::assessment::v1::{AssessmentFeedEvent, WatchAssessmentRequest};
use niva_proto::choice::v1::feed_service_client::FeedServiceClient as ChoiceFeedClient;
use niva_proto::choice::v1::{ChoiceFeedEvent, WatchChoiceRequest};
use niva_proto::common::v1::{EventInfo, FeedStatus};
use niva_proto::payment::v1 as pb;
use pb::feed_service_server::FeedService;
use tonic::{Request, Status};

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
        _: &Caller,
        _: &pb::GetFeedStatusRequest,
    ) -> Result<pb::GetFeedStatusResponse, OpError> {
        let moved = store::moved(self.0.db.conn()).await?;
        let feeds = self.0.consumers.iter().map(|(name, consumer)| {
            let status = consumer.status();
            FeedStatus {
                feed: (*name).to_owned(),
                applied_position: status.cursor,
                newest_position: status.newest,
                connected: status.connected,
                last_error: status.last_error.unwrap_or_default(),
                update_time: moved.get(*name).copied().map(write::timestamp),
            }
        });
        Ok(pb::GetFeedStatusResponse { feeds: feeds.collect() })
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

/// Takes both feeds in.
pub(crate) struct Facts {
    pub(crate) clock: Clock,
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

/// Assessment's feed over its generated client.
pub(crate) struct Assessment(pub(crate) AssessmentFeedClient<Channel>);

#[async_trait]
impl FeedSource<AssessmentFeedEvent> for Assessment {
    async fn open(
        &self,
        after: i64,
    ) -> Result<BoxStream<'static, Result<Heard<AssessmentFeedEvent>, Status>>, Status> {
        let request = WatchAssessmentRequest { after_position: after };
        let messages = self.0.clone().watch_assessment(request).await?.into_inner();
        let heard = messages.map(|message| {
            let message = message?;
            let events = message.events.into_iter().map(|e| event(e.info.clone(), e.fact.is_some(), e));
            Ok(Heard { events: events.collect(), newest: message.newest_position })
        });
        Ok(heard.boxed())
    }
}

/// Choice's feed over its generated client.
pub(crate) struct Choice(pub(crate) ChoiceFeedClient<Channel>);

#[async_trait]
impl FeedSource<ChoiceFeedEvent> for Choice {
    async fn open(
        &self,
        after: i64,
    ) -> Result<BoxStream<'static, Result<Heard<ChoiceFeedEvent>, Status>>, Status> {
        let request = WatchChoiceRequest { after_position: after };
        let messages = self.0.clone().watch_choice(request).await?.into_inner();
        let heard = messages.map(|message| {
            let message = message?;
            let events = message.events.into_iter().map(|e| event(e.info.clone(), e.fact.is_some(), e));
            Ok(Heard { events: events.collect(), newest: message.newest_position })
        });
        Ok(heard.boxed())
    }
}

fn event<E>(info: Option<EventInfo>, known: bool, event: E) -> FeedEvent<E> {
    let info = info.unwrap_or_default();
    let meaning = match (known, info.ignorable) {
        (true, _) => Meaning::Known,
        (false, true) => Meaning::Ignorable,
        (false, false) => Meaning::Unknown,
    };
    FeedEvent { position: info.position, previous: info.previous_position, meaning, event }
}
