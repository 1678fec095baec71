//! Units in versions, like cases; a city has few.

use std::collections::BTreeMap;

use niva_payment_domain::UnitFacts;
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::{DbError, Tx};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use crate::store::{STANDS, rows, statement};

/// A unit in one of its revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnitVersion {
    /// The higher is the newer truth.
    pub(crate) revision: i64,
    pub(crate) facts: UnitFacts,
}

/// All units as they stood at a fact number, each with the fact that made the version.
pub(crate) async fn units_as_of(
    db: &impl ConnectionTrait,
    number: i64,
) -> Result<BTreeMap<String, (i64, UnitVersion)>, DbError> {
    let sql = "SELECT unit_id, fact_number, doc FROM unit_version WHERE fact_number <= $1 AND until_fact_number > $1";
    let mut units = BTreeMap::new();
    for row in rows(db, "unit_version", statement(db, sql, [number.into()])).await? {
        let (id, doc): (String, String) = (row.get("unit_id")?, row.get("doc")?);
        let unit = serde_json::from_str(&doc)
            .map_err(|e| DbError::row("unit_version", "doc", &id, e.to_string()))?;
        units.insert(id, (row.get("fact_number")?, unit));
    }
    Ok(units)
}

/// Writes new versions of units, which begin with fact `number`.
pub(crate) async fn write_versions(
    tx: &Tx<'_>,
    number: i64,
    units: &[(&String, &UnitVersion)],
) -> Result<(), DbError> {
    let mut docs = Vec::with_capacity(units.len());
    for (id, unit) in units {
        let close =
            "UPDATE unit_version SET until_fact_number = $1 WHERE until_fact_number = $2 AND unit_id = $3";
        tx.execute_raw(statement(tx, close, [number.into(), STANDS.into(), id.as_str().into()])).await?;
        let doc =
            serde_json::to_string(unit).map_err(|e| DbError::row("unit_version", "doc", id.as_str(), e))?;
        docs.push([Cell::from(id.as_str()), number.into(), STANDS.into(), doc.into()]);
    }
    bulk::insert(tx, "unit_version", ["unit_id", "fact_number", "until_fact_number", "doc"], docs).await?;
    Ok(())
}
