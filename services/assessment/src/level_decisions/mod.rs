//! Level decisions: how much support is paid for, and from when.

mod ground;
pub(crate) mod import;
pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_assessment_domain::{
    Distance, LevelDecision, LevelRefused, NoLevel, default_valid_from, distance, in_force,
};
use niva_base::OpError;
use niva_calendar::Interval;
use niva_facts::{Info, Telling};
use niva_names::{LevelDecisionId, MeasurementId, PersonId, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
use pb::level_decision::Kind;
use pb::level_decision_service_server::LevelDecisionService;
use tonic::Request;

use crate::merges::known as merged;
use crate::{Answer, App, Listed, Told, feed, fixed, id_taken, measurements, persons, reached};
use ground::{decisions, granted, stand, stands};

/// Level decisions as tonic sees them.
pub(crate) struct LevelDecisions(pub(crate) Arc<App>);

/// Which decisions are looked for; what is empty does not matter.
pub(crate) struct Filter {
    person_id: Option<PersonId>,
    service: Option<ServiceKey>,
    kind: Option<&'static str>,
    valid_from: Option<Interval>,
    /// What the call reaches.
    reached: Scope,
    listed: Listed,
}

#[tonic::async_trait]
impl LevelDecisionService for LevelDecisions {
    async fn decide_level(
        &self,
        request: Request<pb::DecideLevelRequest>,
    ) -> Answer<pb::DecideLevelResponse> {
        answer!(self.decide(request))
    }

    async fn record_level_decision(
        &self,
        request: Request<pb::RecordLevelDecisionRequest>,
    ) -> Answer<pb::RecordLevelDecisionResponse> {
        answer!(self.record(request))
    }

    async fn correct_level_decision(
        &self,
        request: Request<pb::CorrectLevelDecisionRequest>,
    ) -> Answer<pb::CorrectLevelDecisionResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_level_decision(
        &self,
        request: Request<pb::WithdrawLevelDecisionRequest>,
    ) -> Answer<pb::WithdrawLevelDecisionResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_level_decision(
        &self,
        request: Request<pb::GetLevelDecisionRequest>,
    ) -> Answer<pb::GetLevelDecisionResponse> {
        answer!(self.get(request))
    }

    async fn get_level_in_force(
        &self,
        request: Request<pb::GetLevelInForceRequest>,
    ) -> Answer<pb::GetLevelInForceResponse> {
        answer!(self.in_force(request))
    }

    async fn list_level_decisions(
        &self,
        request: Request<pb::ListLevelDecisionsRequest>,
    ) -> Answer<pb::ListLevelDecisionsResponse> {
        answer!(self.list(request))
    }

    async fn list_level_decision_revisions(
        &self,
        request: Request<pb::ListLevelDecisionRevisionsRequest>,
    ) -> Answer<pb::ListLevelDecisionRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl LevelDecisions {
    async fn decide(
        &self,
        scope: &Scope,
        request: &pb::DecideLevelRequest,
    ) -> Result<pb::DecideLevelResponse, OpError> {
        let made = LevelDecisionId::from(self.0.secrets.id(scope.author(), request, "level decision"));
        let asked = &wire::decided(request, made)?;
        let valid_from = asked.valid_from.unwrap_or_else(|| default_valid_from(self.0.clock.today()));
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = self.0.held_measurement(tx, scope, &asked.measurement_id).await?;
                    stands(&held.info)?;
                    let visit = &held.measurement.visit;
                    let points = self.0.points_of(
                        &held.measurement,
                        std::slice::from_ref(&visit.person_id),
                        visit.service,
                    )?;
                    let decision = LevelDecision {
                        level_decision_id: asked.level_decision_id.clone(),
                        decision_number: 0,
                        person_id: visit.person_id.clone(),
                        service: visit.service,
                        level: asked.expected,
                        scale_id: None,
                        basis: wire::basis(Kind::Measured, Some((asked.measurement_id.clone(), points)))?,
                        valid_from,
                    };
                    let (decision, events) = self.save_new(tx, decision, told).await?;
                    let measurement = measurements::wire::message(&held.measurement, Some(&held.info));
                    let measurement = Some(self.0.measurement_shown(tx, measurement, None).await?);
                    let (level_decision, feed_position) = (Some(decision), 0);
                    Ok((pb::DecideLevelResponse { level_decision, feed_position, measurement }, events))
                })
            })
            .await
    }

    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordLevelDecisionRequest,
    ) -> Result<pb::RecordLevelDecisionResponse, OpError> {
        let made = LevelDecisionId::from(self.0.secrets.id(scope.author(), request, "level decision"));
        let (given, level) = &wire::told(request.level_decision.as_ref(), Some(made), &self.0.city)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    persons::told_of(tx, scope, &given.person_id).await?;
                    let basis = self.0.level_basis(tx, scope, given).await?;
                    let decision = LevelDecision {
                        level_decision_id: given.level_decision_id.clone(),
                        decision_number: 0,
                        person_id: given.person_id.clone(),
                        service: given.service,
                        level: *level,
                        scale_id: None,
                        basis,
                        valid_from: given.valid_from,
                    };
                    granted(tx, &decision).await?;
                    let (decision, events) = self.save_new(tx, decision, told).await?;
                    let (level_decision, feed_position) = (Some(decision), 0);
                    Ok((pb::RecordLevelDecisionResponse { level_decision, feed_position }, events))
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectLevelDecisionRequest,
    ) -> Result<pb::CorrectLevelDecisionResponse, OpError> {
        let (given, level) = &wire::told(request.level_decision.as_ref(), None, &self.0.city)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (standing, info) = held(tx, scope, &given.level_decision_id).await?;
                    let next = info.corrected(request.expected_revision, told)?;
                    same_subject(&standing, given)?;
                    let corrected = LevelDecision { level: *level, valid_from: given.valid_from, ..standing };
                    let others = decisions(tx, &corrected.person_id, corrected.service).await?;
                    let corrected = corrected.checked(&self.0.catalogue, &others).map_err(|e| refused(&e))?;
                    store::update(tx, &corrected, &next).await?;
                    let (decision, events) = self.tell(tx, &corrected, &next).await?;
                    let (level_decision, feed_position) = (Some(decision), 0);
                    Ok((pb::CorrectLevelDecisionResponse { level_decision, feed_position }, events))
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawLevelDecisionRequest,
    ) -> Result<pb::WithdrawLevelDecisionResponse, OpError> {
        let id = &read::only_id("level_decision_id", &request.level_decision_id)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (decision, info) = held(tx, scope, id).await?;
                    let next = info.withdrawn(request.expected_revision, told)?;
                    store::update(tx, &decision, &next).await?;
                    let (decision, events) = self.tell(tx, &decision, &next).await?;
                    let (level_decision, feed_position) = (Some(decision), 0);
                    Ok((pb::WithdrawLevelDecisionResponse { level_decision, feed_position }, events))
                })
            })
            .await
    }

    async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetLevelDecisionRequest,
    ) -> Result<pb::GetLevelDecisionResponse, OpError> {
        let (id, at) =
            &read::id_as_of("level_decision_id", &request.level_decision_id, request.as_of.as_ref())?;
        let level_decision = self.0.get(scope, id, *at).await?;
        Ok(pb::GetLevelDecisionResponse { level_decision: Some(level_decision) })
    }

    async fn in_force(
        &self,
        scope: &Scope,
        request: &pb::GetLevelInForceRequest,
    ) -> Result<pb::GetLevelInForceResponse, OpError> {
        let wire::InForce { person, service, day, at } = &wire::in_force(request, &self.0.city)?;
        let now = self.0.clock.now();
        let told: Vec<pb::LevelDecision> = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    reached::<pb::Person>(tx, scope, person).await?;
                    let mut told = Vec::new();
                    let records = merged::same_at(tx, person, *at).await?;
                    for id in store::of(tx, &records, *service).await? {
                        told.extend(facts::read(tx, &id, *at, now).await?);
                    }
                    Ok::<_, OpError>(told)
                })
            })
            .await?;
        let standing = stand(&told)?;
        let found = in_force(&standing, *day).map(|decision| decision.level_decision_id.as_str());
        let level_decision = told.into_iter().find(|d| Some(d.level_decision_id.as_str()) == found);
        let unknown = || OpError::not_found("level in force", format!("for {person}, {service} on {day}"));
        Ok(pb::GetLevelInForceResponse { level_decision: Some(level_decision.ok_or_else(unknown)?) })
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListLevelDecisionsRequest,
    ) -> Result<pb::ListLevelDecisionsResponse, OpError> {
        let (page, filter) = &wire::filter(request, (scope, &self.0.secrets), &self.0.city)?;
        let after = page.after.as_deref().and_then(|key| key.parse().ok()).unwrap_or(0);
        let (next_page_token, level_decisions) = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    let rows = store::list(tx, filter, after, page).await?;
                    let (rows, token) = page.cut(rows, |(_, number)| number.to_string());
                    let ids: Vec<_> = rows.into_iter().map(|(id, _)| id).collect();
                    Ok::<_, OpError>((token, facts::in_order(tx, &ids).await?))
                })
            })
            .await?;
        Ok(pb::ListLevelDecisionsResponse { level_decisions, next_page_token })
    }

    async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListLevelDecisionRevisionsRequest,
    ) -> Result<pb::ListLevelDecisionRevisionsResponse, OpError> {
        let id = &read::only_id("level_decision_id", &request.level_decision_id)?;
        let page = (request.page_size, request.page_token.as_str());
        let (level_decisions, next_page_token) = self.0.revisions(scope, id, page).await?;
        Ok(pb::ListLevelDecisionRevisionsResponse { level_decisions, next_page_token })
    }
}

impl LevelDecisions {
    /// Keeps a new decision.
    async fn save_new(
        &self,
        tx: &Tx<'_>,
        decision: LevelDecision,
        told: Telling,
    ) -> Result<Told<pb::LevelDecision>, OpError> {
        let standing = decisions(tx, &decision.person_id, decision.service).await?;
        decision.new_person(&standing).map_err(|e| refused(&e))?;
        let checked = decision.checked(&self.0.catalogue, &standing).map_err(|e| refused(&e))?;
        let decision = LevelDecision { decision_number: store::take_numbers(tx, 1).await?, ..checked };
        let info = Info::first(decision.level_decision_id.as_str(), told);
        if !store::insert(tx, &decision, &info).await? {
            return Err(id_taken("level decision", &decision.level_decision_id));
        }
        self.tell(tx, &decision, &info).await
    }

    /// Keeps the revision, and what the feed is to tell of it.
    async fn tell(
        &self,
        tx: &Tx<'_>,
        decision: &LevelDecision,
        info: &Info,
    ) -> Result<Told<pb::LevelDecision>, OpError> {
        let message = wire::message(decision, self.0.away(decision), Some(info));
        facts::append(tx, std::slice::from_ref(&message)).await?;
        let event = feed::level_decision(&message);
        Ok((message, vec![event]))
    }
}

impl App {
    /// How far the points of a decision are from the neighbouring levels.
    fn away(&self, decision: &LevelDecision) -> Distance {
        decision.basis.measured().map_or_else(Distance::default, |(_, points)| {
            distance(&self.catalogue, decision.service, points, decision.valid_from)
        })
    }
}

/// A decision that is about to change, held with its person to the transaction's end.
async fn held(tx: &Tx<'_>, scope: &Scope, id: &LevelDecisionId) -> Result<(LevelDecision, Info), OpError> {
    let unknown = || OpError::not_found("level_decision", id);
    let person = store::person(tx, scope, id).await?.ok_or_else(unknown)?;
    persons::standing(tx, scope, &person).await?;
    let message = facts::newest::<pb::LevelDecision>(tx, id).await?.ok_or_else(unknown)?;
    Ok((wire::stored(&message)?, crate::info(&message)?))
}

/// Refuses to correct what a decision is about and stands on.
fn same_subject(standing: &LevelDecision, given: &wire::Given) -> Result<(), OpError> {
    fixed("level_decision.person_id", &standing.person_id, &given.person_id)?;
    fixed("level_decision.service", &standing.service, &given.service)?;
    fixed("level_decision.kind", &standing.basis.as_str(), &wire::kind_text(given.kind))?;
    let measurement = standing.basis.measured().map_or("", |(id, _)| id.as_str());
    let given = given.measurement_id.as_ref().map_or("", MeasurementId::as_str);
    fixed("level_decision.measurement_id", &measurement, &given)
}

fn refused(error: &LevelRefused) -> OpError {
    let words = error.to_string();
    match error {
        LevelRefused::NoLevel(error) => OpError::precondition(no_level(error), words),
        LevelRefused::Differs { derived, .. } => OpError::precondition("LEVEL_DIFFERS", words)
            .with("level", derived.level)
            .with("scale_id", &derived.scale_id),
        LevelRefused::Unknown { .. } => OpError::invalid("level_decision.level", "LEVEL_UNKNOWN", words),
        LevelRefused::SameScale { .. } => OpError::precondition("SAME_SCALE", words),
        LevelRefused::MeasuredAlready(_) => OpError::precondition("MEASURED_ALREADY", words),
    }
}

fn no_level(error: &NoLevel) -> &'static str {
    match error {
        NoLevel::NoScale { .. } => "NO_SCALE",
        NoLevel::PointsWithoutLevel { .. } => "POINTS_WITHOUT_LEVEL",
    }
}
