//! Level decisions of an import.

use std::collections::{BTreeMap, BTreeSet};

use niva_assessment_domain::{LevelDecision, derive_level};
use niva_base::OpError;
use niva_facts::{Fact, Telling};
use niva_imports::{Effects, Numbered, Upsert, upsert};
use niva_names::{LevelDecisionId, MeasurementId, PersonId, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, facts, persons as same};
use pb::level_decision::Kind;

use super::ground::{decisions, measurement_unknown, no_grant};
use super::wire::Given;
use super::{refused, same_subject, store, wire};
use crate::grants::store as grants;
use crate::import::{People, Records, noted};
use crate::measurements::import::Corrected;
use crate::measurements::store as measurements;
use crate::measurements::wire::stored as measurement;
use crate::{App, feed};

/// What the database has of what the records name.
struct Known {
    people: People,
    /// Decisions by id.
    decisions: BTreeMap<LevelDecisionId, pb::LevelDecision>,
    measurements: BTreeMap<MeasurementId, pb::Measurement>,
    /// A standing measured decision by measurement.
    decided: BTreeMap<MeasurementId, LevelDecisionId>,
    /// The other ids of people who have several.
    others: BTreeMap<PersonId, Vec<PersonId>>,
    /// Who has a grant of what.
    granted: BTreeSet<(PersonId, ServiceKey)>,
}

pub(crate) async fn apply(
    app: &App,
    tx: &Tx<'_>,
    told: &Telling,
    records: Records<'_, pb::LevelDecision>,
    effects: &mut Effects,
) -> Result<(), OpError> {
    let known = &known(tx, &records).await?;
    let (mut given, mut given_by) = (Vec::new(), BTreeMap::new());
    for Numbered { number, entry } in records {
        let read = effects
            .read(number, |v| v.nested("level_decision", |v| wire::given(v, entry, None, Some(&app.city))));
        let person = known.people.find(effects, number, "level_decision", &entry.person_id.trim().into());
        let Some((read, _)) = read.zip(person) else { continue };
        if read.measurement_id.as_ref().is_some_and(|id| effects.is_withheld("measurement", id.as_str())) {
            continue;
        }
        let withheld = effects.is_withheld("grant of", read.person_id.as_str());
        let decision = decided(app, tx, known, &read, withheld).await;
        if let Some(decision) = noted(effects, number, "level_decision.measurement_id", decision)? {
            given.push(Numbered { number, entry: wire::message(&decision, app.away(&decision), None) });
            given_by.insert(number, read);
        }
    }
    let mut changed = Vec::new();
    for Numbered { number, entry } in upsert(tx, told, given, effects).await? {
        if let Upsert::Corrected { before, .. } = &entry {
            let fixed =
                given_by.get(&number).map_or(Ok(()), |given| same_subject(&wire::stored(before)?, given));
            if noted(effects, number, "level_decision", fixed)?.is_none() {
                continue;
            }
        }
        if let Upsert::Created(message) = &entry
            && !known.people.may_have(effects, number, "level_decision", &message.person_id.as_str().into())
        {
            continue;
        }
        changed.push(entry);
    }
    save(tx, changed, effects).await
}

/// The decisions that stand on measurements whose points were corrected follow them.
pub(crate) async fn follow(
    app: &App,
    tx: &Tx<'_>,
    told: &Telling,
    corrected: &Corrected,
    effects: &mut Effects,
) -> Result<(), OpError> {
    let ids: Vec<_> = corrected.keys().collect();
    let made = measurements::decisions(tx, &ids).await?;
    let mut changed = Vec::new();
    for (measurement, (number, points)) in corrected {
        let made = made.get(measurement).cloned().unwrap_or_default();
        for before in facts::in_order::<pb::LevelDecision>(tx, &made).await? {
            let info = crate::info(&before)?;
            if !info.stands() {
                continue;
            }
            let decision =
                wire::stored(&before)?.with_points(&app.catalogue, *points).map_err(|e| refused(&e));
            if let Some(decision) = noted(effects, *number, "measurement.total", decision)? {
                let info = info.corrected(info.revision, told.clone())?;
                let after = wire::message(&decision, app.away(&decision), Some(&info));
                changed.push(Upsert::Corrected { before, after });
            }
        }
    }
    save(tx, changed, effects).await
}

async fn save(
    tx: &Tx<'_>,
    changed: Vec<Upsert<pb::LevelDecision>>,
    effects: &mut Effects,
) -> Result<(), OpError> {
    let created = changed.iter().filter(|entry| matches!(entry, Upsert::Created(_))).count();
    let mut number = if created == 0 { 0 } else { store::take_numbers(tx, created).await? };
    let (mut kept, mut new) = (Vec::new(), Vec::new());
    for entry in changed {
        let message = match entry {
            Upsert::Created(mut message) => {
                message.decision_number = number;
                number += 1;
                new.push((wire::stored(&message)?, crate::info(&message)?));
                message
            }
            Upsert::Corrected { after, .. } => {
                store::update(tx, &wire::stored(&after)?, &crate::info(&after)?).await?;
                after
            }
        };
        effects.tell(feed::level_decision(&message));
        kept.push(message);
    }
    store::insert_all(tx, &new).await?;
    facts::append(tx, &kept).await
}

/// The decision that a record says, if it may stand.
async fn decided(
    app: &App,
    tx: &Tx<'_>,
    known: &Known,
    given: &Given,
    granted: bool,
) -> Result<LevelDecision, OpError> {
    let person = (given.person_id.clone(), given.service);
    if !granted && !known.granted.contains(&person) {
        return Err(no_grant(&given.person_id, given.service));
    }
    let before = known.decisions.get(&given.level_decision_id);
    let points = given.measurement_id.as_ref().map(|id| points(app, known, given, id)).transpose()?;
    let level = match (given.level, points) {
        (Some(level), _) => level,
        (None, Some(points)) => {
            let derived = derive_level(&app.catalogue, given.service, points.into(), given.valid_from);
            derived.map_err(|e| refused(&e.into()))?.level
        }
        (None, None) => {
            let words = "is required; give a value";
            return Err(OpError::invalid("level_decision.level", "FIELD_REQUIRED", words));
        }
    };
    let standing = match given.kind {
        Kind::Conversion => decisions(tx, &given.person_id, given.service).await?,
        _ => Vec::new(),
    };
    let decision = LevelDecision {
        basis: wire::basis(given.kind, given.measurement_id.clone().zip(points))?,
        level_decision_id: given.level_decision_id.clone(),
        // Taken when it is known to be new.
        decision_number: before.map_or(0, |known| known.decision_number),
        person_id: given.person_id.clone(),
        service: given.service,
        level,
        scale_id: None,
        valid_from: given.valid_from,
    };
    decision.checked(&app.catalogue, &standing).map_err(|e| refused(&e))
}

/// The points of the measurement that a decision names.
fn points(app: &App, known: &Known, given: &Given, id: &MeasurementId) -> Result<u16, OpError> {
    let found = known.measurements.get(id).filter(|m| m.info().is_some_and(|info| info.stands()));
    let decided = known.decided.get(id).filter(|by| **by != given.level_decision_id);
    let decided = decided.filter(|_| given.kind == Kind::Measured);
    let told = found.ok_or_else(|| measurement_unknown(id))?;
    let mut records = known.others.get(&given.person_id).cloned().unwrap_or_default();
    records.push(given.person_id.clone());
    app.points_of(&measurement(told, decided.cloned())?, &records, given.service)
}

async fn known(tx: &Tx<'_>, records: &Records<'_, pb::LevelDecision>) -> Result<Known, OpError> {
    let people = People::load(tx, records.iter().map(|r| r.entry.person_id.trim().into())).await?;
    let persons: Vec<_> = people.ids().collect();
    let granted = grants::last_days(tx, &persons).await?.into_keys().collect();
    let others = same::others_of(tx, persons.iter().copied()).await?;
    let ids: Vec<_> =
        records.iter().map(|r| LevelDecisionId::from(r.entry.level_decision_id.trim())).collect();
    let named: Vec<_> = records.iter().map(|r| MeasurementId::from(r.entry.measurement_id.trim())).collect();
    let (ids, named): (Vec<_>, Vec<_>) = (ids.iter().collect(), named.iter().collect());
    let made = measurements::decisions(tx, &named).await?;
    let of: Vec<_> = made.values().flatten().collect();
    let standing: BTreeMap<LevelDecisionId, pb::LevelDecision> = facts::newest_of(tx, &of).await?;
    let measured = standing
        .into_iter()
        .filter(|(_, d)| d.kind() == Kind::Measured && d.info().is_some_and(|info| info.stands()));
    Ok(Known {
        decisions: facts::newest_of(tx, &ids).await?,
        measurements: facts::newest_of(tx, &named).await?,
        decided: measured.map(|(id, d)| (d.measurement_id.into(), id)).collect(),
        people,
        others,
        granted,
    })
}
