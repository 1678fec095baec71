//! Units in versions, like cases; a city has few.

use std::collections::BTreeMap;

use niva_names::UnitId;
use niva_payment_domain::UnitFacts;
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::{DbError, Tx};
use sea_orm::ConnectionTrait;

use crate::store::{STANDS, rows, statement};

/// All units as they stood at a fact number.
pub(crate) async fn units_as_of(
    db: &impl ConnectionTrait,
    number: i64,
) -> Result<BTreeMap<UnitId, UnitFacts>, DbError> {
    let sql = "SELECT unit_id, doc FROM unit_version WHERE fact_number <= $1 AND until_fact_number > $1";
    let mut units = BTreeMap::new();
    for row in rows(db, "unit_version", statement(db, sql, [number.into()])).await? {
        let (id, doc): (UnitId, String) = (row.get("unit_id")?, row.get("doc")?);
        let unit = serde_json::from_str(&doc)
            .map_err(|e| DbError::row("unit_version", "doc", id.as_str(), e.to_string()))?;
        units.insert(id, unit);
    }
    Ok(units)
}

/// Writes new versions of units, which begin with fact `number`.
pub(crate) async fn write_versions(tx: &Tx<'_>, number: i64, units: &[&UnitFacts]) -> Result<(), DbError> {
    let mut docs = Vec::with_capacity(units.len());
    for unit in units {
        let id = unit.unit_id.as_str();
        let close =
            "UPDATE unit_version SET until_fact_number = $1 WHERE until_fact_number = $2 AND unit_id = $3";
        tx.execute_raw(statement(tx, close, [number.into(), STANDS.into(), id.into()])).await?;
        let doc = serde_json::to_string(unit).map_err(|e| DbError::row("unit_version", "doc", id, e))?;
        docs.push([Cell::from(id), number.into(), STANDS.into(), doc.into()]);
    }
    bulk::insert(tx, "unit_version", ["unit_id", "fact_number", "until_fact_number", "doc"], docs).await?;
    Ok(())
}
