//! Measurements: the resources that a person needs, scored item by item.

pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_assessment_domain::{Change, Instrument, Measurement, Open, ScoreRefused, StartRefused, Visit};
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::request::Call;
use niva_kit::wire::read;
use niva_kit::{OpError, Tx, Violations};
use niva_proto::assessment::v1 as pb;
use pb::measurement_service_server::MeasurementService;
use tonic::Request;

use crate::grants::store as grants;
use crate::persons::store as persons;
use crate::{Answer, App, MAX_PAGE, id_taken, in_district, person_unknown};

/// Measurements as tonic sees them.
pub(crate) struct Measurements(pub(crate) Arc<App>);

#[tonic::async_trait]
impl MeasurementService for Measurements {
    async fn start_measurement(
        &self,
        request: Request<pb::StartMeasurementRequest>,
    ) -> Answer<pb::StartMeasurementResponse> {
        answer!(self.start(request))
    }

    async fn record_score(
        &self,
        request: Request<pb::RecordScoreRequest>,
    ) -> Answer<pb::RecordScoreResponse> {
        answer!(self.score(request))
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
}

impl Measurements {
    async fn start(
        &self,
        caller: &Caller,
        request: &pb::StartMeasurementRequest,
    ) -> Result<pb::StartMeasurementResponse, OpError> {
        let new = wire::new_measurement(request, &self.0.city)?;
        let visit = &Visit {
            measurement_id: self.0.ids.of(&request.request_id, "measurement"),
            person_id: new.person_id,
            service: new.service,
            visit_date: new.visit_date,
        };
        let (follow_up, today) = (new.follow_up_date, self.0.clock.today());
        let call = Call { method: "StartMeasurement", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    let service = visit.service;
                    let no_instrument = || {
                        let words =
                            format!("there is no instrument for {service}: its levels are not measured");
                        OpError::precondition("NO_INSTRUMENT", words)
                    };
                    let instrument = self.0.instruments.newest(service).ok_or_else(no_instrument)?;
                    let open = Open::start(visit.clone(), instrument, follow_up, today)
                        .map_err(|e| start_refused(&e))?;
                    let person = &visit.person_id;
                    let found = persons::find(tx, person).await?.ok_or_else(|| person_unknown(person))?;
                    in_district(caller, &found.district)?;
                    let last_days = grants::last_days(tx, &[person.as_str()]).await?;
                    if last_days.get(&(person.clone(), service)).is_none_or(|last| *last < visit.visit_date) {
                        let words = format!(
                            "person {person} has no grant of {service} on or after the visit: record it first"
                        );
                        return Err(OpError::precondition("NO_GRANT", words));
                    }
                    let measurement = Measurement::Open(open);
                    if !store::insert(tx, &measurement).await? {
                        return Err(id_taken("measurement", &visit.measurement_id));
                    }
                    let measurement = Some(self.0.measurement_told(&measurement));
                    Ok((pb::StartMeasurementResponse { measurement }, Vec::new()))
                })
            })
            .await
    }

    async fn score(
        &self,
        caller: &Caller,
        request: &pb::RecordScoreRequest,
    ) -> Result<pb::RecordScoreResponse, OpError> {
        let (id, item) = &wire::new_score(request)?;
        let call = Call { method: "RecordScore", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    let (measurement, instrument) = held(&self.0, tx, caller, id).await?;
                    let scored = measurement
                        .score(instrument, item, request.score.into())
                        .map_err(|e| score_refused(&e))?;
                    let measurement = match scored {
                        Change::Already(measurement) => measurement,
                        Change::Now(measurement) => {
                            let score = measurement.sheet().and_then(|s| s.scores.get(item)).copied();
                            store::put_score(tx, id, item, score.unwrap_or_default()).await?;
                            measurement
                        }
                    };
                    let measurement = Some(self.0.measurement_told(&measurement));
                    Ok((pb::RecordScoreResponse { measurement }, Vec::new()))
                })
            })
            .await
    }

    async fn get(
        &self,
        caller: &Caller,
        request: &pb::GetMeasurementRequest,
    ) -> Result<pb::GetMeasurementResponse, OpError> {
        let id = &read::only_id("measurement_id", &request.measurement_id)?;
        let measurement = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    let found = store::find(tx, id).await?;
                    visible(tx, caller, found.ok_or_else(|| OpError::not_found("measurement", id))?).await
                })
            })
            .await?;
        Ok(pb::GetMeasurementResponse { measurement: Some(self.0.measurement_told(&measurement)) })
    }

    async fn list(
        &self,
        caller: &Caller,
        request: &pb::ListMeasurementsRequest,
    ) -> Result<pb::ListMeasurementsResponse, OpError> {
        let filter = filter_hash(&["measurements", &request.person_id]);
        let page = &PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let rows: Vec<Measurement> = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    Ok::<_, OpError>(store::list(tx, &request.person_id, &caller.districts, page).await?)
                })
            })
            .await?;
        let (rows, next_page_token) = page.cut(rows, |m| m.visit().measurement_id.clone());
        let measurements = rows.iter().map(|m| self.0.measurement_told(m)).collect();
        Ok(pb::ListMeasurementsResponse { measurements, next_page_token })
    }
}

impl App {
    /// A measurement as it is told, with what its points give.
    pub(crate) fn measurement_told(&self, measurement: &Measurement) -> pb::Measurement {
        wire::Answers { catalogue: &self.catalogue, instruments: &self.instruments }.measurement(measurement)
    }
}

/// A measurement that is about to change, held to the end of the transaction, with its instrument.
pub(crate) async fn held<'a>(
    app: &'a App,
    tx: &Tx<'_>,
    caller: &Caller,
    id: &str,
) -> Result<(Measurement, &'a Instrument), OpError> {
    let found = store::lock(tx, id).await?.ok_or_else(|| OpError::not_found("measurement", id))?;
    let measurement = visible(tx, caller, found).await?;
    let Some(sheet) = measurement.sheet() else {
        return Err(OpError::precondition("MEASUREMENT_DECIDED", ScoreRefused::Decided.to_string()));
    };
    let instrument = app.instruments.get(&sheet.instrument_id).ok_or_else(|| {
        OpError::internal(format!(
            "measurement {id} is scored with {}, which is not loaded",
            sheet.instrument_id
        ))
    })?;
    Ok((measurement, instrument))
}

/// The measurement, if the caller may see its person's district.
async fn visible(tx: &Tx<'_>, caller: &Caller, measurement: Measurement) -> Result<Measurement, OpError> {
    if !caller.districts.is_empty() {
        let id = &measurement.visit().person_id;
        let person = persons::find(tx, id).await?.ok_or_else(|| OpError::not_found("person", id))?;
        in_district(caller, &person.district)?;
    }
    Ok(measurement)
}

fn start_refused(errors: &[StartRefused]) -> OpError {
    let mut v = Violations::new();
    for error in errors {
        let (field, reason) = match error {
            StartRefused::VisitInFuture { .. } => ("visit_date", "VISIT_IN_FUTURE"),
            StartRefused::FollowUpAfterVisit { .. } => ("follow_up_date", "FOLLOW_UP_AFTER_VISIT"),
        };
        v.add(field, reason, error.to_string());
    }
    v.finish().err().unwrap_or_else(|| OpError::internal("a start was refused without a reason"))
}

fn score_refused(error: &ScoreRefused) -> OpError {
    let words = error.to_string();
    match error {
        ScoreRefused::Decided => OpError::precondition("MEASUREMENT_DECIDED", words),
        ScoreRefused::ItemUnknown { .. } => OpError::invalid("item_key", "ITEM_UNKNOWN", words),
        ScoreRefused::ScoreNotAllowed { .. } => OpError::invalid("score", "SCORE_NOT_ALLOWED", words),
    }
}
