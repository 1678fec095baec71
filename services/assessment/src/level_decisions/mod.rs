//! Level decisions: how much support is paid for, and from when.

pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_assessment_domain::{
    DecideRefused, LevelBasis, LevelDecision, Measurement, NoLevel, default_valid_from,
};
use niva_kit::OpError;
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::request::Call;
use niva_proto::assessment::v1 as pb;
use pb::level_decision_service_server::LevelDecisionService;
use sha2::{Digest, Sha256};
use tonic::Request;

use crate::{Answer, App, MAX_PAGE, feed, measurements};

/// Level decisions as tonic sees them.
pub(crate) struct LevelDecisions(pub(crate) Arc<App>);

#[tonic::async_trait]
impl LevelDecisionService for LevelDecisions {
    async fn decide_level(
        &self,
        request: Request<pb::DecideLevelRequest>,
    ) -> Answer<pb::DecideLevelResponse> {
        answer!(self.decide(request))
    }

    async fn list_level_decisions(
        &self,
        request: Request<pb::ListLevelDecisionsRequest>,
    ) -> Answer<pb::ListLevelDecisionsResponse> {
        answer!(self.list(request))
    }
}

impl LevelDecisions {
    async fn decide(
        &self,
        caller: &Caller,
        request: &pb::DecideLevelRequest,
    ) -> Result<pb::DecideLevelResponse, OpError> {
        let (id, valid_from) = &wire::new_decision(request)?;
        let valid_from = valid_from.unwrap_or_else(|| default_valid_from(self.0.clock.today()));
        let now = self.0.clock.now();
        let call = Call { method: "DecideLevel", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    let (measurement, instrument) = measurements::held(&self.0, tx, caller, id).await?;
                    let (decided, derived) = measurement
                        .decide(instrument, self.0.allow_example_instruments, &self.0.catalogue, valid_from)
                        .map_err(decide_refused)?;
                    measurements::store::set_decided(tx, id).await?;
                    let decision = LevelDecision {
                        level_decision_id: decision_id(id),
                        decision_number: store::take_numbers(tx, 1).await?,
                        person_id: decided.visit.person_id.clone(),
                        service: decided.visit.service,
                        level: derived.level,
                        basis: LevelBasis::Measured {
                            points: derived.points,
                            scale_model_id: derived.scale_model_id,
                        },
                        measurement_id: id.clone(),
                        valid_from,
                        decide_time: now,
                    };
                    store::insert_all(tx, std::slice::from_ref(&decision)).await?;
                    let decision = wire::level_decision(&decision);
                    let event = feed::level_event(&decision);
                    let measurement = Some(self.0.measurement_told(&Measurement::Decided(decided)));
                    Ok((pb::DecideLevelResponse { level_decision: Some(decision), measurement }, vec![event]))
                })
            })
            .await
    }

    async fn list(
        &self,
        caller: &Caller,
        request: &pb::ListLevelDecisionsRequest,
    ) -> Result<pb::ListLevelDecisionsResponse, OpError> {
        let filter = filter_hash(&["level decisions", &request.person_id]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let after = page.after.as_deref().and_then(|key| key.parse().ok()).unwrap_or(0);
        let rows = store::list(self.0.db.conn(), &request.person_id, &caller.districts, after, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |d| d.decision_number.to_string());
        let level_decisions = rows.iter().map(wire::level_decision).collect();
        Ok(pb::ListLevelDecisionsResponse { level_decisions, next_page_token })
    }
}

/// The id of the one decision that a measurement leads to: derived, so that the same import gives the same ids on any
/// machine.
pub(crate) fn decision_id(measurement_id: &str) -> String {
    let hash = Sha256::new_with_prefix("niva level decision of measurement ")
        .chain_update(measurement_id)
        .finalize();
    niva_kit::hex(&hash[..16])
}

fn decide_refused(error: DecideRefused) -> OpError {
    let words = error.to_string();
    match error {
        DecideRefused::Decided => OpError::precondition("MEASUREMENT_DECIDED", words),
        DecideRefused::ExampleInstrument(_) => OpError::precondition("EXAMPLE_INSTRUMENT", words),
        DecideRefused::ItemsMissing(items) => {
            OpError::precondition("ITEMS_MISSING", words).with("items", items.join(","))
        }
        DecideRefused::NoLevel(error) => OpError::precondition(no_level(&error), words),
    }
}

pub(crate) fn no_level(error: &NoLevel) -> &'static str {
    match error {
        NoLevel::NoScale { .. } => "NO_SCALE",
        NoLevel::PointsWithoutLevel { .. } => "POINTS_WITHOUT_LEVEL",
    }
}
