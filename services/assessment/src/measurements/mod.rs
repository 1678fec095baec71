//! Measurements: the resources that a person needs, scored item by item. Nobody else acts on them: their level is told as
//! a decision.

pub(crate) mod import;
mod judged;
mod shown;
pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_assessment_domain::{Instrument, Measurement, MeasurementRefused};
use niva_base::OpError;
use niva_calendar::Interval;
use niva_facts::{Fact, Happened, Info};
use niva_names::{InstrumentId, LevelDecisionId, MeasurementId, PersonId, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
use pb::measurement_service_server::MeasurementService;
use tonic::Request;

use crate::{Answer, App, Listed, id_taken, persons};
pub(crate) use judged::refused;
use judged::{granted, subject_fixed};

/// Measurements as tonic sees them.
pub(crate) struct Measurements(pub(crate) Arc<App>);

/// Which measurements are looked for; what is empty does not matter.
pub(crate) struct Filter {
    person_id: Option<PersonId>,
    service: Option<ServiceKey>,
    decided: Option<bool>,
    visited: Option<Interval>,
    /// What the call reaches.
    reached: Scope,
    listed: Listed,
}

/// A measurement with its instrument, held to the transaction's end.
pub(crate) struct Held<'a> {
    pub(crate) measurement: Measurement,
    pub(crate) instrument: Option<&'a Instrument>,
    pub(crate) info: Info,
}

#[tonic::async_trait]
impl MeasurementService for Measurements {
    async fn record_measurement(
        &self,
        request: Request<pb::RecordMeasurementRequest>,
    ) -> Answer<pb::RecordMeasurementResponse> {
        answer!(self.record(request))
    }

    async fn record_score(
        &self,
        request: Request<pb::RecordScoreRequest>,
    ) -> Answer<pb::RecordScoreResponse> {
        answer!(self.score(request))
    }

    async fn correct_measurement(
        &self,
        request: Request<pb::CorrectMeasurementRequest>,
    ) -> Answer<pb::CorrectMeasurementResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_measurement(
        &self,
        request: Request<pb::WithdrawMeasurementRequest>,
    ) -> Answer<pb::WithdrawMeasurementResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_measurement(
        &self,
        request: Request<pb::GetMeasurementRequest>,
    ) -> Answer<pb::GetMeasurementResponse> {
        answer!(self.get(request))
    }

    async fn list_measurements(
        &self,
        request: Request<pb::ListMeasurementsRequest>,
    ) -> Answer<pb::ListMeasurementsResponse> {
        answer!(self.list(request))
    }

    async fn list_measurement_revisions(
        &self,
        request: Request<pb::ListMeasurementRevisionsRequest>,
    ) -> Answer<pb::ListMeasurementRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Measurements {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordMeasurementRequest,
    ) -> Result<pb::RecordMeasurementResponse, OpError> {
        let made = MeasurementId::from(self.0.secrets.id(scope.author(), request, "measurement"));
        let given = wire::told(request.measurement.as_ref(), Some(made), &self.0.city)?;
        let measurement = &self.0.judged(given, None)?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let visit = &measurement.visit;
                    persons::told_of(tx, scope, &visit.person_id).await?;
                    granted(tx, visit).await?;
                    let info = Info::first(visit.measurement_id.as_str(), told);
                    if !store::insert(tx, measurement, &info).await? {
                        return Err(id_taken("measurement", &visit.measurement_id));
                    }
                    let measurement = Some(self.0.keep_measurement(tx, measurement, &info).await?);
                    Ok(pb::RecordMeasurementResponse { measurement })
                })
            })
            .await
    }

    async fn score(
        &self,
        scope: &Scope,
        request: &pb::RecordScoreRequest,
    ) -> Result<pb::RecordScoreResponse, OpError> {
        let (id, item, score) = &wire::score(request)?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let Held { measurement, instrument, info } =
                        self.0.held_measurement(tx, scope, id).await?;
                    let next = info.happened(told)?;
                    let instrument = instrument.ok_or_else(|| refused(&MeasurementRefused::NotScored))?;
                    let scored = measurement.score(instrument, item, *score).map_err(|e| refused(&e))?;
                    let measurement = match scored {
                        Happened::Already(measurement) => {
                            let message = wire::message(&measurement, Some(&info));
                            self.0.measurement_shown(tx, message, None).await
                        }
                        Happened::Now(measurement) => {
                            store::update(tx, &measurement, &next).await?;
                            self.0.keep_measurement(tx, &measurement, &next).await
                        }
                    };
                    Ok(pb::RecordScoreResponse { measurement: Some(measurement?) })
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectMeasurementRequest,
    ) -> Result<pb::CorrectMeasurementResponse, OpError> {
        let id = &wire::told(request.measurement.as_ref(), None, &self.0.city)?.visit.measurement_id;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = self.0.held_measurement(tx, scope, id).await?;
                    let info = held.info.corrected(request.expected_revision, told)?;
                    held.measurement.open().map_err(|e| refused(&e))?;
                    let given = wire::told(request.measurement.as_ref(), None, &self.0.city)?;
                    let instrument = held.instrument.map(|i| &i.id);
                    let measurement = &self.0.judged(given, instrument)?;
                    subject_fixed(&held.measurement.visit, &measurement.visit)?;
                    granted(tx, &measurement.visit).await?;
                    store::update(tx, measurement, &info).await?;
                    let measurement = Some(self.0.keep_measurement(tx, measurement, &info).await?);
                    Ok(pb::CorrectMeasurementResponse { measurement })
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawMeasurementRequest,
    ) -> Result<pb::WithdrawMeasurementResponse, OpError> {
        let id = &read::only_id("measurement_id", &request.measurement_id)?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = self.0.held_measurement(tx, scope, id).await?;
                    let info = held.info.withdrawn(request.expected_revision, told)?;
                    held.measurement.open().map_err(|e| refused(&e))?;
                    store::update(tx, &held.measurement, &info).await?;
                    let measurement = Some(self.0.keep_measurement(tx, &held.measurement, &info).await?);
                    Ok(pb::WithdrawMeasurementResponse { measurement })
                })
            })
            .await
    }

    async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetMeasurementRequest,
    ) -> Result<pb::GetMeasurementResponse, OpError> {
        let (id, at) = &read::id_as_of("measurement_id", &request.measurement_id, request.as_of.as_ref())?;
        let measurement = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    let told: pb::Measurement = self.0.told(tx, scope, id, *at).await?;
                    self.0.measurement_shown(tx, told, *at).await
                })
            })
            .await?;
        Ok(pb::GetMeasurementResponse { measurement: Some(measurement) })
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListMeasurementsRequest,
    ) -> Result<pb::ListMeasurementsResponse, OpError> {
        let (page, filter) = &wire::filter(request, (scope, &self.0.secrets), &self.0.city)?;
        let (next_page_token, measurements) = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    let (ids, token) = page.cut(store::list(tx, filter, page).await?, ToString::to_string);
                    let found = facts::in_order(tx, &ids).await?;
                    Ok::<_, OpError>((token, self.0.measurements_shown(tx, found, None).await?))
                })
            })
            .await?;
        Ok(pb::ListMeasurementsResponse { measurements, next_page_token })
    }

    async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListMeasurementRevisionsRequest,
    ) -> Result<pb::ListMeasurementRevisionsResponse, OpError> {
        let id = &read::only_id("measurement_id", &request.measurement_id)?;
        let page = (request.page_size, request.page_token.as_str());
        let (told, next_page_token) = self.0.revisions(scope, id, page).await?;
        let told = &told;
        let measurements = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    let mut shown = Vec::new();
                    for revision in told {
                        let at = Some(crate::info(revision)?.told.recorded_at);
                        shown.push(self.0.measurement_shown(tx, pb::Measurement::clone(revision), at).await?);
                    }
                    Ok::<_, OpError>(shown)
                })
            })
            .await?;
        Ok(pb::ListMeasurementRevisionsResponse { measurements, next_page_token })
    }
}

impl App {
    /// A measurement that is about to change or be decided, held with its person to the transaction's end.
    pub(crate) async fn held_measurement(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        id: &MeasurementId,
    ) -> Result<Held<'_>, OpError> {
        let unknown = || OpError::not_found("measurement", id);
        let person = store::person(tx, scope, id).await?.ok_or_else(unknown)?;
        persons::standing(tx, scope, &person).await?;
        let message = facts::newest::<pb::Measurement>(tx, id).await?.ok_or_else(unknown)?;
        let measurement = wire::stored(&message, self.decided_by(tx, id).await?)?;
        let loaded = |instrument: &InstrumentId| {
            let found = self.instruments.get(instrument);
            found.ok_or_else(|| {
                OpError::internal(format!(
                    "measurement {id} is scored with {instrument}, which is not loaded"
                ))
            })
        };
        let instrument = measurement.sheet().map(|s| loaded(&s.instrument_id)).transpose()?;
        Ok(Held { instrument, info: crate::info(&message)?, measurement })
    }

    /// The standing decision that stands on a measurement.
    async fn decided_by(&self, tx: &Tx<'_>, id: &MeasurementId) -> Result<Option<LevelDecisionId>, OpError> {
        let made = store::decisions(tx, &[id]).await?.remove(id).unwrap_or_default();
        let made: Vec<pb::LevelDecision> = facts::in_order(tx, &made).await?;
        let standing = made.into_iter().find(|d| d.info().is_some_and(|info| info.stands()));
        Ok(standing.map(|decision| decision.level_decision_id.into()))
    }

    /// Keeps the revision; the measurement as it is shown.
    async fn keep_measurement(
        &self,
        tx: &Tx<'_>,
        measurement: &Measurement,
        info: &Info,
    ) -> Result<pb::Measurement, OpError> {
        let message = wire::message(measurement, Some(info));
        facts::append(tx, std::slice::from_ref(&message)).await?;
        self.measurement_shown(tx, message, None).await
    }
}
