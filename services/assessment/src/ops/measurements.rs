//! Measurements and the levels that are decided from them.

use niva_assessment_domain::{
    Change, DecideRefused, Instrument, LevelBasis, LevelDecision, Measurement, NoLevel, Open, ScoreRefused,
    StartRefused, Visit, default_valid_from,
};
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::wire::read;
use niva_kit::{OpError, Tx, Violations};
use niva_proto::assessment::v1 as pb;

use super::{Call, MAX_PAGE, in_district, level_event, person_unknown};
use crate::decision_id::decision_id;
use crate::store::{decisions, grants, measurements, persons};
use crate::{App, wire};

impl App {
    pub(crate) async fn start_measurement(
        &self,
        caller: &Caller,
        request: &pb::StartMeasurementRequest,
    ) -> Result<pb::StartMeasurementResponse, OpError> {
        let new = wire::new_measurement(request)?;
        let visit = &Visit {
            measurement_id: self.ids.of(&request.request_id, "measurement"),
            person_id: new.person_id,
            service: new.service,
            visit_date: new.visit_date,
        };
        let (follow_up, today) = (new.follow_up_date, self.clock.today());
        let call = Call { method: "StartMeasurement", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let service = visit.service;
                let no_instrument = || {
                    let words = format!("there is no instrument for {service}: its levels are not measured");
                    OpError::precondition("NO_INSTRUMENT", words)
                };
                let instrument = self.instruments.newest(service).ok_or_else(no_instrument)?;
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
                if !measurements::insert(tx, &measurement).await? {
                    return Err(super::taken("measurement", &visit.measurement_id));
                }
                let measurement = Some(self.answers().measurement(&measurement));
                Ok((pb::StartMeasurementResponse { measurement }, Vec::new()))
            })
        })
        .await
    }

    pub(crate) async fn record_score(
        &self,
        caller: &Caller,
        request: &pb::RecordScoreRequest,
    ) -> Result<pb::RecordScoreResponse, OpError> {
        let mut v = Violations::new();
        let id = read::id(&mut v, "measurement_id", &request.measurement_id);
        let item = read::id(&mut v, "item_key", &request.item_key);
        let (id, item) = &v.finish_with(id.zip(item))?;
        let call = Call { method: "RecordScore", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let (measurement, instrument) = self.held(tx, caller, id).await?;
                let scored = measurement
                    .score(instrument, item, request.score.into())
                    .map_err(|e| score_refused(&e))?;
                let measurement = match scored {
                    Change::Already(measurement) => measurement,
                    Change::Now(measurement) => {
                        let score = measurement.sheet().and_then(|s| s.scores.get(item)).copied();
                        measurements::put_score(tx, id, item, score.unwrap_or_default()).await?;
                        measurement
                    }
                };
                let measurement = Some(self.answers().measurement(&measurement));
                Ok((pb::RecordScoreResponse { measurement }, Vec::new()))
            })
        })
        .await
    }

    pub(crate) async fn decide_level(
        &self,
        caller: &Caller,
        request: &pb::DecideLevelRequest,
    ) -> Result<pb::DecideLevelResponse, OpError> {
        let mut v = Violations::new();
        let id = read::id(&mut v, "measurement_id", &request.measurement_id);
        let valid_from = read::optional_date(&mut v, "valid_from", request.valid_from);
        let (id, valid_from) = &v.finish_with(id.zip(valid_from))?;
        let valid_from = valid_from.unwrap_or_else(|| default_valid_from(self.clock.today()));
        let now = self.clock.now();
        let call = Call { method: "DecideLevel", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let (measurement, instrument) = self.held(tx, caller, id).await?;
                let (decided, derived) = measurement
                    .decide(instrument, self.allow_example_instruments, &self.catalogue, valid_from)
                    .map_err(decide_refused)?;
                measurements::set_decided(tx, id).await?;
                let decision = LevelDecision {
                    level_decision_id: decision_id(id),
                    decision_number: decisions::take_numbers(tx, 1).await?,
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
                decisions::insert_all(tx, std::slice::from_ref(&decision)).await?;
                let decision = wire::level_decision(&decision);
                let event = level_event(&decision);
                let measurement = Some(self.answers().measurement(&Measurement::Decided(decided)));
                Ok((pb::DecideLevelResponse { level_decision: Some(decision), measurement }, vec![event]))
            })
        })
        .await
    }

    pub(crate) async fn get_measurement(
        &self,
        caller: &Caller,
        request: &pb::GetMeasurementRequest,
    ) -> Result<pb::GetMeasurementResponse, OpError> {
        let id = &read::only_id("measurement_id", &request.measurement_id)?;
        let measurement = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let found = measurements::find(tx, id).await?;
                    visible(tx, caller, found.ok_or_else(|| OpError::not_found("measurement", id))?).await
                })
            })
            .await?;
        Ok(pb::GetMeasurementResponse { measurement: Some(self.answers().measurement(&measurement)) })
    }

    pub(crate) async fn list_measurements(
        &self,
        caller: &Caller,
        request: &pb::ListMeasurementsRequest,
    ) -> Result<pb::ListMeasurementsResponse, OpError> {
        let filter = filter_hash(&["measurements", &request.person_id]);
        let page = &PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let rows: Vec<Measurement> = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    Ok::<_, OpError>(
                        measurements::list(tx, &request.person_id, &caller.districts, page).await?,
                    )
                })
            })
            .await?;
        let (rows, next_page_token) = page.cut(rows, |m| m.visit().measurement_id.clone());
        let measurements = rows.iter().map(|m| self.answers().measurement(m)).collect();
        Ok(pb::ListMeasurementsResponse { measurements, next_page_token })
    }

    pub(crate) async fn list_level_decisions(
        &self,
        caller: &Caller,
        request: &pb::ListLevelDecisionsRequest,
    ) -> Result<pb::ListLevelDecisionsResponse, OpError> {
        let filter = filter_hash(&["level decisions", &request.person_id]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let after = page.after.as_deref().and_then(|key| key.parse().ok()).unwrap_or(0);
        let rows =
            decisions::list(self.db.conn(), &request.person_id, &caller.districts, after, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |d| d.decision_number.to_string());
        let level_decisions = rows.iter().map(wire::level_decision).collect();
        Ok(pb::ListLevelDecisionsResponse { level_decisions, next_page_token })
    }

    pub(crate) async fn list_instruments(
        &self,
        _: &Caller,
        request: &pb::ListInstrumentsRequest,
    ) -> Result<pb::ListInstrumentsResponse, OpError> {
        let filter = filter_hash(&["instruments"]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let after = page.after.as_deref().unwrap_or_default();
        let all = self.instruments.all().iter().filter(|i| i.id.as_str() > after).collect();
        let (rows, next_page_token) = page.cut(all, |i| i.id.clone());
        Ok(pb::ListInstrumentsResponse {
            instruments: rows.into_iter().map(wire::instrument).collect(),
            next_page_token,
        })
    }

    /// A measurement that is about to change, held to the end of the transaction, with its instrument.
    async fn held(
        &self,
        tx: &Tx<'_>,
        caller: &Caller,
        id: &str,
    ) -> Result<(Measurement, &Instrument), OpError> {
        let found = measurements::lock(tx, id).await?.ok_or_else(|| OpError::not_found("measurement", id))?;
        let measurement = visible(tx, caller, found).await?;
        let Some(sheet) = measurement.sheet() else {
            return Err(OpError::precondition("MEASUREMENT_DECIDED", ScoreRefused::Decided.to_string()));
        };
        let instrument = self.instruments.get(&sheet.instrument_id).ok_or_else(|| {
            OpError::internal(format!(
                "measurement {id} is scored with {}, which is not loaded",
                sheet.instrument_id
            ))
        })?;
        Ok((measurement, instrument))
    }
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

pub(super) fn no_level(error: &NoLevel) -> &'static str {
    match error {
        NoLevel::NoScale { .. } => "NO_SCALE",
        NoLevel::PointsWithoutLevel { .. } => "POINTS_WITHOUT_LEVEL",
    }
}
