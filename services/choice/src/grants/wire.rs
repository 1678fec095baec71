//! The feed of assessment on the wire.

use niva_base::Violations;
use niva_choice_domain::Grant;
use niva_feed::{FeedSource, Wire};
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
