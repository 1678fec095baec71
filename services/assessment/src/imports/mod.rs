//! Imports: all records in one transaction, or none and every error at once.

mod check;
mod wire;

use std::sync::Arc;

use niva_assessment_domain::{
    Basis, Decided, Derived, Grant, LevelBasis, LevelDecision, Measurement, Person, Visit,
};
use niva_kit::auth::{Caller, caller};
use niva_kit::import::{Findings, Import};
use niva_kit::request::Call;
use niva_kit::rpc::answer;
use niva_kit::{OpError, Tx};
use niva_models::Level;
use niva_proto::assessment::v1 as pb;

use pb::import_service_server::ImportService;
use tonic::{Request, Streaming};

use crate::grants::store as grants;
use crate::level_decisions::{self, decision_id, store as decisions};
use crate::measurements::store as measurements;
use crate::persons::store as persons;
use crate::{Answer, App, Told, feed};

/// Imports as tonic sees them.
pub(crate) struct Imports(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ImportService for Imports {
    async fn import_assessment(
        &self,
        request: Request<Streaming<pb::ImportAssessmentRequest>>,
    ) -> Answer<pb::ImportAssessmentResponse> {
        let caller = caller(&request)?.clone();
        let import = Import::gather(request.into_inner()).await?;
        answer(self.import(&caller, import).await)
    }
}

/// A measurement that is right, and what its level stands on.
struct Measured {
    visit: Visit,
    basis: Basis,
    level: Level,
    derived: Option<Derived>,
    valid_from: niva_calendar::NaiveDate,
}

/// Records that are right, in their order.
#[derive(Default)]
struct Accepted {
    persons: Vec<Person>,
    grants: Vec<Grant>,
    measurements: Vec<Measured>,
}

impl Imports {
    async fn import(
        &self,
        caller: &Caller,
        import: Import<pb::ImportAssessmentRequest>,
    ) -> Result<pb::ImportAssessmentResponse, OpError> {
        let (request_id, request) = (import.request_id(), import.content());
        let call = Call { method: "ImportAssessment", caller, request_id, request };
        let records = import.records();
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    let mut findings = Findings::default();
                    let accepted = self.check(tx, caller, records, &mut findings).await?;
                    findings.finish(records)?;
                    self.save(tx, accepted).await
                })
            })
            .await
    }

    async fn save(
        &self,
        tx: &Tx<'_>,
        accepted: Accepted,
    ) -> Result<Told<pb::ImportAssessmentResponse>, OpError> {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let answer = pb::ImportAssessmentResponse {
            persons: count(accepted.persons.len()),
            grants: count(accepted.grants.len()),
            measurements: count(accepted.measurements.len()),
        };
        let mut events: Vec<_> =
            accepted.grants.iter().map(|g| feed::grant_event(&crate::grants::wire::grant(g))).collect();
        persons::insert_all(tx, &accepted.persons).await?;
        grants::insert_all(tx, &accepted.grants).await?;
        let (measured, pending): (Vec<Measurement>, Vec<LevelDecision>) =
            accepted.measurements.into_iter().map(|m| self.decided(m)).unzip();
        measurements::insert_all(tx, &measured).await?;
        if !pending.is_empty() {
            let first = decisions::take_numbers(tx, pending.len()).await?;
            let numbered: Vec<_> =
                (first..).zip(pending).map(|(n, d)| LevelDecision { decision_number: n, ..d }).collect();
            decisions::insert_all(tx, &numbered).await?;
            events.extend(
                numbered.iter().map(|d| feed::level_event(&level_decisions::wire::level_decision(d))),
            );
        }
        Ok((answer, events))
    }

    /// The measurement and its decision, which has no number yet.
    fn decided(&self, measured: Measured) -> (Measurement, LevelDecision) {
        let Measured { visit, basis, level, derived, valid_from } = measured;
        let decision = LevelDecision {
            level_decision_id: decision_id(&visit.measurement_id),
            decision_number: 0,
            person_id: visit.person_id.clone(),
            service: visit.service,
            level,
            basis: derived.map_or(LevelBasis::Stated, |d| LevelBasis::Measured {
                points: d.points,
                scale_model_id: d.scale_model_id,
            }),
            measurement_id: visit.measurement_id.clone(),
            valid_from,
            decide_time: self.0.clock.now(),
        };
        (Measurement::Decided(Decided { visit, basis }), decision)
    }
}
