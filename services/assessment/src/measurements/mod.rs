//! Measurements: the resources that a person needs, scored item by item. Nobody else acts on them: their level is told as
//! a decision.

pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_assessment_domain::{
    Basis, Change, Instrument, Measurement, MeasurementRefused, Visit, default_valid_from,
};
use niva_calendar::{Interval, NaiveDate};
use niva_facts::{Info, Telling};
use niva_kit::auth::Caller;
use niva_kit::wire::read;
use niva_kit::{OpError, Tx, Violations, civil_day, facts};
use niva_models::Service;
use niva_proto::assessment::v1 as pb;
use pb::measurement_service_server::MeasurementService;
use tonic::Request;

use crate::grants::store as grants;
use crate::{Answer, App, Listed, fixed, id_taken, persons};

/// Measurements as tonic sees them.
pub(crate) struct Measurements(pub(crate) Arc<App>);

/// Which measurements are looked for; what is empty does not matter.
pub(crate) struct Filter {
    person_id: String,
    service: Option<Service>,
    decided: Option<bool>,
    visited: Option<Interval>,
    /// Districts that the caller sees; empty: all.
    seen: Vec<String>,
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
        caller: &Caller,
        request: &pb::RecordMeasurementRequest,
    ) -> Result<pb::RecordMeasurementResponse, OpError> {
        let made = self.0.ids.of(&request.request_id, "measurement");
        let given = wire::told(request.measurement.as_ref(), Some(made))?;
        let instrument = self.0.instruments.newest(given.visit.service);
        let measurement = &self.judged(given, instrument)?;
        self.0
            .change_untold(caller, request, |tx, told| {
                Box::pin(async move {
                    let visit = &measurement.visit;
                    persons::visible(caller, &persons::standing(tx, &visit.person_id).await?)?;
                    granted(tx, visit).await?;
                    let info = Info::first(visit.measurement_id.as_str(), told);
                    if !store::insert(tx, measurement, &info).await? {
                        return Err(id_taken("measurement", &visit.measurement_id));
                    }
                    let measurement = Some(self.0.keep_measurement(tx, measurement, None, &info).await?);
                    Ok(pb::RecordMeasurementResponse { measurement })
                })
            })
            .await
    }

    async fn score(
        &self,
        caller: &Caller,
        request: &pb::RecordScoreRequest,
    ) -> Result<pb::RecordScoreResponse, OpError> {
        let (id, item, score) = &wire::score(request)?;
        self.0
            .change_untold(caller, request, |tx, told| {
                Box::pin(async move {
                    let Held { measurement, instrument, info } =
                        self.0.held_measurement(tx, caller, id).await?;
                    let next = info.happened(told)?;
                    let instrument = instrument.ok_or_else(|| refused(&MeasurementRefused::NotScored))?;
                    let scored = measurement.score(instrument, item, *score).map_err(|e| refused(&e))?;
                    let measurement = match scored {
                        Change::Already(measurement) => self.shown(wire::message(&measurement, None, &info)),
                        Change::Now(measurement) => {
                            store::update(tx, &measurement, &next).await?;
                            self.0.keep_measurement(tx, &measurement, None, &next).await
                        }
                    };
                    Ok(pb::RecordScoreResponse { measurement: Some(measurement?) })
                })
            })
            .await
    }

    async fn correct(
        &self,
        caller: &Caller,
        request: &pb::CorrectMeasurementRequest,
    ) -> Result<pb::CorrectMeasurementResponse, OpError> {
        let id = &wire::told(request.measurement.as_ref(), None)?.visit.measurement_id;
        self.0
            .change_untold(caller, request, |tx, told| {
                Box::pin(async move {
                    let held = self.0.held_measurement(tx, caller, id).await?;
                    let info = held.info.corrected(request.expected_revision, told)?;
                    held.measurement.open().map_err(|e| refused(&e))?;
                    let given = wire::told(request.measurement.as_ref(), None)?;
                    let newest = || self.0.instruments.newest(given.visit.service);
                    let measurement = &self.judged(given, held.instrument.or_else(newest))?;
                    let (standing, visit) = (&held.measurement.visit, &measurement.visit);
                    fixed("measurement.person_id", &standing.person_id, &visit.person_id)?;
                    fixed("measurement.service", &standing.service, &visit.service)?;
                    granted(tx, visit).await?;
                    store::update(tx, measurement, &info).await?;
                    let measurement = Some(self.0.keep_measurement(tx, measurement, None, &info).await?);
                    Ok(pb::CorrectMeasurementResponse { measurement })
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        caller: &Caller,
        request: &pb::WithdrawMeasurementRequest,
    ) -> Result<pb::WithdrawMeasurementResponse, OpError> {
        let id = &read::only_id("measurement_id", &request.measurement_id)?;
        self.0
            .change_untold(caller, request, |tx, told| {
                Box::pin(async move {
                    let held = self.0.held_measurement(tx, caller, id).await?;
                    let info = held.info.withdrawn(request.expected_revision, told)?;
                    held.measurement.open().map_err(|e| refused(&e))?;
                    store::update(tx, &held.measurement, &info).await?;
                    let measurement =
                        Some(self.0.keep_measurement(tx, &held.measurement, None, &info).await?);
                    Ok(pb::WithdrawMeasurementResponse { measurement })
                })
            })
            .await
    }

    async fn get(
        &self,
        caller: &Caller,
        request: &pb::GetMeasurementRequest,
    ) -> Result<pb::GetMeasurementResponse, OpError> {
        let id = read::only_id("measurement_id", &request.measurement_id)?;
        let measurement: pb::Measurement = self.0.read(&id, request.as_of).await?;
        persons::seen(self.0.db.conn(), caller, &measurement.person_id).await?;
        let at = crate::wire::as_of(request.as_of)?.unwrap_or_else(|| self.0.clock.now());
        let measurement = Some(self.0.measurement_shown(measurement, civil_day(at))?);
        Ok(pb::GetMeasurementResponse { measurement })
    }

    async fn list(
        &self,
        caller: &Caller,
        request: &pb::ListMeasurementsRequest,
    ) -> Result<pb::ListMeasurementsResponse, OpError> {
        let (page, filter) = &wire::filter(request, &caller.districts)?;
        let (next_page_token, measurements) = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    let (ids, token) = page.cut(store::list(tx, filter, page).await?, Clone::clone);
                    Ok::<_, OpError>((token, crate::store::newest(tx, &ids).await?))
                })
            })
            .await?;
        let measurements = measurements.into_iter().map(|m| self.shown(m)).collect::<Result<_, _>>()?;
        Ok(pb::ListMeasurementsResponse { measurements, next_page_token })
    }

    async fn revisions(
        &self,
        caller: &Caller,
        request: &pb::ListMeasurementRevisionsRequest,
    ) -> Result<pb::ListMeasurementRevisionsResponse, OpError> {
        let id = read::only_id("measurement_id", &request.measurement_id)?;
        let newest = self.0.read::<pb::Measurement>(&id, None).await?;
        persons::seen(self.0.db.conn(), caller, &newest.person_id).await?;
        let (measurements, next_page_token) =
            self.0.revisions::<pb::Measurement>(&id, request.page_size, &request.page_token).await?;
        let told = |m: pb::Measurement| {
            let day = civil_day(crate::info(&m)?.told.recorded_at);
            self.0.measurement_shown(m, day)
        };
        let measurements = measurements.into_iter().map(told).collect::<Result<_, _>>()?;
        Ok(pb::ListMeasurementRevisionsResponse { measurements, next_page_token })
    }

    fn shown(&self, measurement: pb::Measurement) -> Result<pb::Measurement, OpError> {
        self.0.measurement_shown(measurement, self.0.clock.today())
    }

    /// What a caller says of a measurement, if its instrument allows it and its days fit together.
    fn judged(&self, given: wire::Given, instrument: Option<&Instrument>) -> Result<Measurement, OpError> {
        let service = given.visit.service;
        let basis = match given.points {
            wire::Points::Total(total) => Basis::Total(total),
            wire::Points::Scored { follow_up_date, scores } => {
                let no_instrument = || {
                    let words = format!("there is no instrument for {service}: its levels are not measured");
                    OpError::precondition("NO_INSTRUMENT", words)
                };
                let instrument = instrument.ok_or_else(no_instrument)?;
                Basis::Scored(wire::sheet(instrument, follow_up_date, &scores)?)
            }
        };
        let measurement = Measurement { visit: given.visit, basis, decided_by: None };
        measurement.check(self.0.clock.today()).map_err(|errors| days_refused(&errors))?;
        Ok(measurement)
    }
}

impl App {
    /// A measurement that is about to change or be decided, held with its person to the transaction's end.
    pub(crate) async fn held_measurement(
        &self,
        tx: &Tx<'_>,
        caller: &Caller,
        id: &str,
    ) -> Result<Held<'_>, OpError> {
        let unknown = || OpError::not_found("measurement", id);
        let person = store::person(tx, id).await?.ok_or_else(unknown)?;
        persons::visible(caller, &persons::standing(tx, &person).await?)?;
        let message = facts::newest::<pb::Measurement>(tx, id).await?.ok_or_else(unknown)?;
        let measurement = wire::stored(&message, store::decided_by(tx, id).await?)?;
        let loaded = |instrument: &String| {
            let found = self.instruments.get(instrument);
            found.ok_or_else(|| {
                OpError::internal(format!("measurement {id} is scored with {instrument}, which is not loaded"))
            })
        };
        let instrument = measurement.sheet().map(|s| loaded(&s.instrument_id)).transpose()?;
        Ok(Held { instrument, info: crate::info(&message)?, measurement })
    }

    /// Notes that a level was decided from a measurement, from when it takes effect, or that it no longer is.
    pub(crate) async fn measurement_decided(
        &self,
        tx: &Tx<'_>,
        held: &Held<'_>,
        by: Option<(&str, NaiveDate)>,
        told: Telling,
    ) -> Result<pb::Measurement, OpError> {
        let still = || held.measurement.decided_by.clone();
        let decided_by = by.map(|(decision, _)| decision.to_owned()).or_else(still);
        let measurement = Measurement { decided_by, ..held.measurement.clone() };
        let info = held.info.happened(told)?;
        store::update(tx, &measurement, &info).await?;
        self.keep_measurement(tx, &measurement, by.map(|(_, effect)| effect), &info).await
    }

    /// Keeps the revision; the measurement as it is shown.
    async fn keep_measurement(
        &self,
        tx: &Tx<'_>,
        measurement: &Measurement,
        effect: Option<NaiveDate>,
        info: &Info,
    ) -> Result<pb::Measurement, OpError> {
        let message = wire::message(measurement, effect, info);
        facts::append(tx, std::slice::from_ref(&message)).await?;
        self.measurement_shown(message, self.clock.today())
    }

    /// A stored measurement with all that is derived from it, as seen on a day.
    fn measurement_shown(&self, message: pb::Measurement, day: NaiveDate) -> Result<pb::Measurement, OpError> {
        let (catalogue, instruments) = (&*self.catalogue, &self.instruments);
        wire::Shown { catalogue, instruments, effect: default_valid_from(day) }.measurement(message)
    }
}

/// Refuses to measure for a service that the person has no grant of on the visit or later.
async fn granted(tx: &Tx<'_>, visit: &Visit) -> Result<(), OpError> {
    let (person, service) = (&visit.person_id, visit.service);
    let last_days = grants::last_days(tx, &[person.as_str()]).await?;
    if last_days.get(&(person.clone(), service)).is_some_and(|last| *last >= visit.visit_date) {
        return Ok(());
    }
    let words = format!("person {person} has no grant of {service} on or after the visit: record it first");
    Err(OpError::precondition("NO_GRANT", words))
}

fn days_refused(errors: &[MeasurementRefused]) -> OpError {
    let mut v = Violations::new();
    for error in errors {
        let (field, reason) = match error {
            MeasurementRefused::VisitInFuture { .. } => ("visit_date", "VISIT_IN_FUTURE"),
            _ => ("follow_up_date", "FOLLOW_UP_AFTER_VISIT"),
        };
        v.add(&format!("measurement.{field}"), reason, error.to_string());
    }
    v.finish().err().unwrap_or_else(|| OpError::internal("a measurement was refused without a reason"))
}

/// Why a measurement is not changed, or no level is decided from it.
pub(crate) fn refused(error: &MeasurementRefused) -> OpError {
    let words = error.to_string();
    match error {
        MeasurementRefused::VisitInFuture { .. } | MeasurementRefused::FollowUpAfterVisit { .. } => {
            days_refused(std::slice::from_ref(error))
        }
        MeasurementRefused::Decided(decision) => {
            OpError::precondition("MEASUREMENT_DECIDED", words).with("level_decision_id", decision)
        }
        MeasurementRefused::NotScored => OpError::precondition("NOT_SCORED", words),
        MeasurementRefused::ItemUnknown { .. } | MeasurementRefused::ScoreNotAllowed { .. } => {
            let (field, reason) = wire::score_field(error);
            OpError::invalid(format!("score.{field}"), reason, words)
        }
        MeasurementRefused::ItemsMissing(items) => {
            OpError::precondition("ITEMS_MISSING", words).with("items", items.join(","))
        }
        MeasurementRefused::ExampleInstrument(_) => OpError::precondition("EXAMPLE_INSTRUMENT", words),
    }
}
