//! Measurements: the resources that a person needs, scored item by item. Nobody else acts on them: their level is told as
//! a decision.

pub(crate) mod import;
pub(crate) mod store;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use niva_access::Caller;
use niva_assessment_domain::{
    Basis, Change, Instrument, Measurement, MeasurementRefused, Visit, default_valid_from,
};
use niva_base::{OpError, Violations, civil_day};
use niva_calendar::Interval;
use niva_facts::{Fact, Info};
use niva_models::Service;
use niva_proto::assessment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
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
        let measurement = &self.0.judged(given, None)?;
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
                    let measurement = Some(self.0.keep_measurement(tx, measurement, &info).await?);
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
                        Change::Already(measurement) => {
                            let message = wire::message(&measurement, Some(&info));
                            self.0.measurement_shown(tx, message, None).await
                        }
                        Change::Now(measurement) => {
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
                    let instrument = held.instrument.map(|i| i.id.as_str());
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
                    let measurement = Some(self.0.keep_measurement(tx, &held.measurement, &info).await?);
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
        let id = &read::only_id("measurement_id", &request.measurement_id)?;
        let at = crate::wire::as_of(request.as_of)?;
        let measurement: pb::Measurement = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    let told: pb::Measurement = self.0.find(tx, id, at).await?;
                    persons::seen(tx, caller, &told.person_id).await?;
                    self.0.measurement_shown(tx, told, at).await
                })
            })
            .await?;
        Ok(pb::GetMeasurementResponse { measurement: Some(measurement) })
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
                    let found = crate::store::newest(tx, &ids).await?;
                    Ok::<_, OpError>((token, self.0.measurements_shown(tx, found, None).await?))
                })
            })
            .await?;
        Ok(pb::ListMeasurementsResponse { measurements, next_page_token })
    }

    async fn revisions(
        &self,
        caller: &Caller,
        request: &pb::ListMeasurementRevisionsRequest,
    ) -> Result<pb::ListMeasurementRevisionsResponse, OpError> {
        let id = &read::only_id("measurement_id", &request.measurement_id)?;
        let page = &crate::revision_page::<pb::Measurement>(id, request.page_size, &request.page_token)?;
        let told: Vec<pb::Measurement> = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    let newest: pb::Measurement = self.0.find(tx, id, None).await?;
                    persons::seen(tx, caller, &newest.person_id).await?;
                    let mut told = Vec::new();
                    for revision in facts::revisions::<pb::Measurement>(tx, id, page).await? {
                        let at = Some(crate::info(&revision)?.told.recorded_at);
                        told.push(self.0.measurement_shown(tx, revision, at).await?);
                    }
                    Ok::<_, OpError>(told)
                })
            })
            .await?;
        let (measurements, next_page_token) = page.cut(told, crate::revision_key);
        Ok(pb::ListMeasurementRevisionsResponse { measurements, next_page_token })
    }
}

impl App {
    /// What a caller says of a measurement, if its instrument (the newest, if none is named) allows it and its days fit
    /// together.
    fn judged(&self, given: wire::Given, instrument: Option<&str>) -> Result<Measurement, OpError> {
        let service = given.visit.service;
        let newest = || self.instruments.newest(service);
        let instrument = instrument.and_then(|id| self.instruments.get(id)).or_else(newest);
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
        measurement.check(self.clock.today()).map_err(|errors| days_refused(&errors))?;
        Ok(measurement)
    }

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
        let measurement = wire::stored(&message, self.decided_by(tx, id).await?)?;
        let loaded = |instrument: &String| {
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

    /// The points of a measurement that a level may be decided from: of this person and service, with every item
    /// scored, and with no other decision of its own.
    pub(crate) fn points_of(
        &self,
        measurement: &Measurement,
        person_id: &str,
        service: Service,
    ) -> Result<u16, OpError> {
        let visit = &measurement.visit;
        if visit.person_id != person_id || visit.service != service {
            let words = format!(
                "measurement {} is of person {} for {}: name another",
                visit.measurement_id, visit.person_id, visit.service
            );
            return Err(OpError::precondition("MEASUREMENT_OF_OTHER", words));
        }
        measurement.open().map_err(|e| refused(&e))?;
        let instrument = measurement.sheet().and_then(|s| self.instruments.get(&s.instrument_id));
        let points = measurement.complete(instrument, self.allow_example_instruments);
        points.map_err(|e| refused(&e))
    }

    /// The standing decision that stands on a measurement.
    async fn decided_by(&self, tx: &Tx<'_>, id: &str) -> Result<Option<String>, OpError> {
        let made = store::decisions(tx, &[id]).await?.remove(id).unwrap_or_default();
        let made: Vec<pb::LevelDecision> = crate::store::newest(tx, &made).await?;
        let standing = made.into_iter().find(|d| d.info().is_some_and(|info| info.stands()));
        Ok(standing.map(|decision| decision.level_decision_id))
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

    /// [`App::measurements_shown`] of one.
    pub(crate) async fn measurement_shown(
        &self,
        tx: &Tx<'_>,
        message: pb::Measurement,
        at: Option<DateTime<Utc>>,
    ) -> Result<pb::Measurement, OpError> {
        let shown = self.measurements_shown(tx, vec![message], at).await?.pop();
        shown.ok_or_else(|| OpError::internal("a measurement vanished"))
    }

    /// Stored measurements with all that is derived from them, as known now or at a recorded time.
    async fn measurements_shown(
        &self,
        tx: &Tx<'_>,
        messages: Vec<pb::Measurement>,
        at: Option<DateTime<Utc>>,
    ) -> Result<Vec<pb::Measurement>, OpError> {
        let ids: Vec<_> = messages.iter().map(|m| m.measurement_id.as_str()).collect();
        let made = store::decisions(tx, &ids).await?;
        let mut decisions: BTreeMap<String, pb::LevelDecision> = BTreeMap::new();
        match at {
            None => {
                let ids: Vec<_> = made.values().flatten().map(String::as_str).collect();
                decisions = facts::newest_of(tx, &ids).await?;
            }
            Some(at) => {
                for id in made.values().flatten() {
                    decisions.extend(facts::as_of(tx, id, at).await?.map(|decision| (id.clone(), decision)));
                }
            }
        }
        decisions.retain(|_, decision| decision.info().is_some_and(|info| info.stands()));
        let shown = wire::Shown {
            catalogue: &self.catalogue,
            instruments: &self.instruments,
            default_effect: default_valid_from(civil_day(at.unwrap_or_else(|| self.clock.now()))),
        };
        let show = |message: pb::Measurement| {
            let made = made.get(&message.measurement_id).into_iter().flatten();
            let decided = made.filter_map(|id| decisions.get(id)).next();
            shown.measurement(message, decided)
        };
        messages.into_iter().map(show).collect()
    }
}

/// Refuses to measure for a service that the person has no grant of on the visit or later.
async fn granted(tx: &Tx<'_>, visit: &Visit) -> Result<(), OpError> {
    let (person, service) = (&visit.person_id, visit.service);
    let last_days = grants::last_days(tx, &[person.as_str()]).await?;
    if last_days.get(&(person.clone(), service)).is_some_and(|last| *last >= visit.visit_date) {
        return Ok(());
    }
    Err(no_grant(visit))
}

fn no_grant(Visit { person_id, service, visit_date, .. }: &Visit) -> OpError {
    let words = format!(
        "person {person_id} has no grant of {service} on or after the visit on {visit_date}: record it first"
    );
    OpError::precondition("NO_GRANT", words)
}

/// Refuses to correct what a measurement is of.
fn subject_fixed(standing: &Visit, given: &Visit) -> Result<(), OpError> {
    fixed("measurement.person_id", &standing.person_id, &given.person_id)?;
    fixed("measurement.service", &standing.service, &given.service)
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
