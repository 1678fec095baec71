//! Grants: a copy of what the feed of assessment tells. Levels are not our concern.

pub(crate) mod store;
mod wire;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use niva_access::Caller;
use niva_base::{OpError, Violations};
use niva_choice_domain::Grant;
use niva_feed::{FeedEvent, FeedSink, FeedSource, Heard, Meaning};
use niva_proto::assessment::v1 as pb;
use niva_rpc::client::Channel;
use niva_store::Tx;
use pb::assessment_feed_event::Fact;
use pb::feed_service_client::FeedServiceClient as AssessmentFeedClient;
use tonic::Status;

use crate::sight::Sight;

/// Name of the feed in the table of cursors, and on the wire.
pub(crate) const FEED: &str = "assessment";

/// Opens the feed.
pub(crate) struct Source(AssessmentFeedClient<Channel>);

/// Applies it.
pub(crate) struct Grants;

impl Source {
    pub(crate) fn new(channel: Channel) -> Self {
        Self(niva_rpc::bounded!(AssessmentFeedClient::new(channel)))
    }
}

#[async_trait::async_trait]
impl FeedSource<Option<Fact>> for Source {
    async fn open(
        &self,
        after: i64,
    ) -> Result<BoxStream<'static, Result<Heard<Option<Fact>>, Status>>, Status> {
        let request = pb::WatchAssessmentRequest { after_position: after };
        let said = self.0.clone().watch_assessment(request).await?.into_inner();
        Ok(said.map(|message| message.map(heard)).boxed())
    }
}

fn heard(message: pb::WatchAssessmentResponse) -> Heard<Option<Fact>> {
    let events = message.events.into_iter().map(|event| {
        let info = event.info.unwrap_or_default();
        let meaning = match &event.fact {
            Some(_) => Meaning::Known,
            None if info.ignorable => Meaning::Ignorable,
            None => Meaning::Unknown,
        };
        FeedEvent { position: info.position, previous: info.previous_position, meaning, event: event.fact }
    });
    Heard { events: events.collect(), newest: message.newest_position }
}

#[async_trait::async_trait]
impl FeedSink<Option<Fact>> for Grants {
    async fn apply(&self, tx: &Tx<'_>, events: &[FeedEvent<Option<Fact>>]) -> Result<(), OpError> {
        let mut v = Violations::new();
        let told: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.event {
                Some(Fact::Grant(grant)) => {
                    v.nested(&format!("event at {}", event.position), |v| wire::grant(v, grant))
                }
                // Somebody, or a level.
                Some(Fact::Person(_) | Fact::LevelDecision(_)) | None => None,
            })
            .collect();
        v.finish()?;
        Ok(store::apply(tx, told).await?)
    }
}

/// A grant of a district that the caller has to do with, held to the transaction's end.
pub(crate) async fn held(tx: &Tx<'_>, caller: &Caller, id: &str) -> Result<Option<Grant>, OpError> {
    let grant = store::lock(tx, id).await?;
    if let Some(grant) = &grant {
        Sight::of(caller).district(&grant.district)?;
    }
    Ok(grant)
}

/// The error that nothing is known of a grant.
pub(crate) fn unknown(id: &str) -> OpError {
    let words = format!(
        "there is no grant {id} here: check the id, or wait until the feed of assessment tells of it"
    );
    OpError::precondition("GRANT_UNKNOWN", words).with("grant_id", id)
}
