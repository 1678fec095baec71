//! Measurements of an import.

use std::collections::BTreeMap;

use niva_base::OpError;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered, Upsert, upsert};
use niva_names::{InstrumentId, MeasurementId};
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, facts};

use super::judged::{no_grant, subject_fixed};
use super::{store, wire};
use crate::App;
use crate::grants::store as grants;
use crate::import::{People, Records, noted};

/// Those whose points were corrected, which decisions stand on: by id, with the number of the record and the points.
pub(crate) type Corrected = BTreeMap<MeasurementId, (i64, u16)>;

pub(crate) async fn apply(
    app: &App,
    tx: &Tx<'_>,
    told: &Telling,
    records: Records<'_, pb::Measurement>,
    effects: &mut Effects,
) -> Result<Corrected, OpError> {
    let people = People::load(tx, records.iter().map(|r| r.entry.person_id.trim().into())).await?;
    let persons: Vec<_> = people.ids().collect();
    let last_days = grants::last_days(tx, &persons).await?;
    let ids: Vec<_> = records.iter().map(|r| MeasurementId::from(r.entry.measurement_id.trim())).collect();
    let known: BTreeMap<MeasurementId, pb::Measurement> =
        facts::newest_of(tx, &ids.iter().collect::<Vec<_>>()).await?;
    let mut given = Vec::new();
    for Numbered { number, entry } in records {
        let read = effects
            .read(number, |v| v.nested("measurement", |v| wire::given(v, entry, None, Some(&app.city))));
        let person = people.find(effects, number, "measurement", &entry.person_id.trim().into());
        let before = known
            .get(entry.measurement_id.trim())
            .map(|known| InstrumentId::from(known.instrument_id.as_str()));
        let judged = read.zip(person).map(|(given, _)| {
            let visit = given.visit.clone();
            let measurement = app.judged(given, before.as_ref())?;
            let last_day = last_days.get(&(visit.person_id.clone(), visit.service));
            let granted = last_day.is_some_and(|last| *last >= visit.visit_date);
            if granted || effects.is_withheld("grant of", visit.person_id.as_str()) {
                return Ok(measurement);
            }
            Err(no_grant(&visit))
        });
        match noted(effects, number, "measurement.service", judged.transpose())?.flatten() {
            Some(measurement) => {
                given.push(Numbered { number, entry: wire::message(&measurement, None) });
            }
            None => effects.withhold("measurement", entry.measurement_id.trim()),
        }
    }
    let (mut kept, mut new, mut corrected) = (Vec::new(), Vec::new(), Corrected::new());
    for Numbered { number, entry } in upsert(tx, told, given, effects).await? {
        match entry {
            Upsert::Created(message) => {
                if !people.may_have(effects, number, "measurement", &message.person_id.as_str().into()) {
                    continue;
                }
                new.push((wire::stored(&message, None)?, crate::info(&message)?));
                kept.push(message);
            }
            Upsert::Corrected { before, after } => {
                let (standing, measurement) = (wire::stored(&before, None)?, wire::stored(&after, None)?);
                let fixed = subject_fixed(&standing.visit, &measurement.visit);
                if noted(effects, number, "measurement", fixed)?.is_some() {
                    store::update(tx, &measurement, &crate::info(&after)?).await?;
                    if standing.points() != measurement.points() {
                        corrected.insert(after.measurement_id.clone().into(), (number, measurement.points()));
                    }
                    kept.push(after);
                }
            }
        }
    }
    store::insert_all(tx, &new).await?;
    facts::append(tx, &kept).await?;
    Ok(corrected)
}
