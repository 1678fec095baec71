//! What a decision stands on, and beside: measurements, grants, and other decisions.

use niva_access::Scope;
use niva_assessment_domain::{LevelBasis, LevelDecision};
use niva_base::OpError;
use niva_facts::Info;
use niva_names::{MeasurementId, PersonId, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, persons as same};
use pb::level_decision::Kind;

use super::{store, wire};
use crate::App;
use crate::grants::store as grants;

impl App {
    /// What a decision of a kind stands on.
    pub(super) async fn level_basis(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        given: &wire::Given,
    ) -> Result<LevelBasis, OpError> {
        let Some(id) = &given.measurement_id else { return wire::basis(given.kind, None) };
        let unknown = |error: OpError| match error {
            OpError::NotFound { .. } => measurement_unknown(id),
            error => error,
        };
        let held = self.held_measurement(tx, scope, id).await.map_err(unknown)?;
        stands(&held.info)?;
        let mut measurement = held.measurement;
        // What is decided already may be converted.
        measurement.decided_by = measurement.decided_by.filter(|_| given.kind == Kind::Measured);
        let records = same::same(tx, &given.person_id).await?;
        let points = self.points_of(&measurement, &records, given.service)?;
        wire::basis(given.kind, Some((id.clone(), points)))
    }
}

/// The decisions that stand for a person and a service, by whichever record.
pub(super) async fn decisions(
    tx: &Tx<'_>,
    person: &PersonId,
    service: ServiceKey,
) -> Result<Vec<LevelDecision>, OpError> {
    let records = same::same(tx, person).await?;
    stand(&niva_store::facts::in_order(tx, &store::of(tx, &records, service).await?).await?)
}

pub(super) fn stand(told: &[pb::LevelDecision]) -> Result<Vec<LevelDecision>, OpError> {
    let stands = |d: &&pb::LevelDecision| crate::info(*d).is_ok_and(|info| info.stands());
    told.iter().filter(stands).map(wire::stored).collect()
}

/// Refuses a decision of a service that the person has no grant of.
pub(super) async fn granted(tx: &Tx<'_>, decision: &LevelDecision) -> Result<(), OpError> {
    let (person, service) = (&decision.person_id, decision.service);
    if grants::last_days(tx, &[person]).await?.contains_key(&(person.clone(), service)) {
        return Ok(());
    }
    Err(no_grant(person, service))
}

pub(super) fn no_grant(person: &PersonId, service: ServiceKey) -> OpError {
    let words = format!("person {person} has no grant of {service}: record it first");
    OpError::precondition("NO_GRANT", words)
}

pub(super) fn stands(info: &Info) -> Result<(), OpError> {
    if info.stands() { Ok(()) } else { Err(niva_facts::Refused::Withdrawn.into()) }
}

pub(super) fn measurement_unknown(id: &MeasurementId) -> OpError {
    let words = format!("there is no measurement {id}: record it first, or name another");
    OpError::precondition("MEASUREMENT_UNKNOWN", words).with("measurement_id", id)
}
