//! The feed of assessment on the wire.

use chrono::{DateTime, Utc};
use niva_base::Violations;
use niva_choice_domain::Grant;
use niva_feed::{FeedSource, Wire};
use niva_names::Merge;
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1::fact_info::State;
use niva_rpc::client::Channel;
use niva_rpc::wire::read;
use pb::assessment_feed_event::Fact;
use pb::feed_service_client::FeedServiceClient;

use super::known::Known;

/// What the feed tells.
pub(crate) type Event = pb::AssessmentFeedEvent;

/// The feed over the generated client.
pub(crate) fn source(channel: Channel) -> impl FeedSource<Event> {
    let client = niva_rpc::bounded_client!(FeedServiceClient::new(channel));
    Wire(move |after_position| {
        let mut client = client.clone();
        async move { client.watch_assessment(pb::WatchAssessmentRequest { after_position }).await }
    })
}

/// A merge that the feed tells, and when it was told; nothing when it tells something else.
pub(crate) fn merge(v: &mut Violations, event: &Event) -> Option<(Merge, DateTime<Utc>)> {
    let Some(Fact::PersonMerge(told)) = &event.fact else { return None };
    let id = read::id(v, "person_merge_id", &told.person_merge_id);
    let from = read::id(v, "from_person_id", &told.from_person_id);
    let into = read::id(v, "into_person_id", &told.into_person_id);
    let info = v.required("info", told.info.as_ref());
    let at = read::timestamp(v, "record_time", info.and_then(|info| info.record_time.as_ref()));
    let (info, at) = (info?, at?.unwrap_or_default());
    let stands = info.state() != State::Withdrawn;
    Some((Merge { id: id?, revision: info.revision, from: from?, into: into?, stands }, at))
}

/// A grant that the feed tells; nothing when it tells something else.
pub(crate) fn grant(v: &mut Violations, event: &Event) -> Option<Known> {
    // Somebody, or a level, is not our concern.
    let Some(Fact::Grant(told)) = &event.fact else { return None };
    let grant_id = read::id(v, "grant_id", &told.grant_id);
    let person_id = read::id(v, "person_id", &told.person_id);
    // What was granted stands, whether the city here has the service or not.
    let service = read::service_key(v, "service", &told.service);
    let district = v.text("district", &told.district);
    // However far ahead it ends.
    let valid = read::interval(v, "valid", told.valid);
    let info = v.required("info", told.info.as_ref());
    let grant = Grant {
        grant_id: grant_id?,
        person_id: person_id?,
        service: service?,
        district: district?.into(),
        valid: valid?,
    };
    let info = info?;
    Some(Known { grant, stands: info.state() != State::Withdrawn, revision: info.revision })
}
