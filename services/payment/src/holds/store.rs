//! Holds of runs: added, never changed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use niva_calendar::Interval;
use niva_names::{CaseId, DistrictId, PlacementId, RunNo, UnitId};
use niva_payment_domain::{Hold, HoldReason};
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::{DbError, Tx};
use sea_orm::ConnectionTrait;

use super::filter::Filter;
use crate::cases::store::about;
use crate::store::{Row, Where, rows, statement};

const COLUMNS: [&str; 10] = [
    "run_no",
    "hold_no",
    "case_key",
    "placement_id",
    "unit_id",
    "payer_district",
    "component",
    "first_day",
    "last_day",
    "reason",
];

/// A hold with its place in the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HoldRow {
    pub(crate) run_no: RunNo,
    pub(crate) hold_no: i64,
    pub(crate) case_key: CaseId,
    pub(crate) placement_id: PlacementId,
    pub(crate) unit_id: UnitId,
    /// The board that would pay; empty where no grant says which.
    pub(crate) payer: DistrictId,
    pub(crate) hold: Hold,
}

/// Adds holds.
pub(crate) fn insert<'t>(tx: &'t Tx<'t>, holds: &'t [HoldRow]) -> BoxFuture<'t, Result<(), DbError>> {
    Box::pin(async move {
        bulk::insert(tx, "payment_hold", COLUMNS, holds.iter().map(cells)).await?;
        Ok(())
    })
}

fn cells(h: &HoldRow) -> [Cell<'_>; COLUMNS.len()] {
    [
        Cell::from(h.run_no.0),
        h.hold_no.into(),
        h.case_key.as_str().into(),
        h.placement_id.as_str().into(),
        h.unit_id.as_str().into(),
        h.payer.as_str().into(),
        h.hold.component.as_str().into(),
        h.hold.days.first.into(),
        h.hold.days.last.into(),
        h.hold.reason.as_str().into(),
    ]
}

fn read(row: &Row) -> Result<HoldRow, DbError> {
    let (run_no, hold_no): (RunNo, i64) = (row.get("run_no")?, row.get("hold_no")?);
    let days = days(row, (run_no, hold_no))?;
    Ok(HoldRow {
        run_no,
        hold_no,
        case_key: row.get("case_key")?,
        placement_id: row.get("placement_id")?,
        unit_id: row.get("unit_id")?,
        payer: row.get("payer_district")?,
        hold: Hold { component: row.name("component")?, days, reason: row.name("reason")? },
    })
}

fn days(row: &Row, (run_no, hold_no): (RunNo, i64)) -> Result<Interval, DbError> {
    let (first, last): (NaiveDate, NaiveDate) = (row.get("first_day")?, row.get("last_day")?);
    Interval::new(first, last).ok_or_else(|| {
        DbError::row("payment_hold", "last_day", format!("{run_no}/{hold_no}"), "is before first_day")
    })
}

/// Up to `limit` of a run's holds after a hold number, in order.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    run_no: RunNo,
    filter: &Filter,
    after: i64,
    limit: u64,
) -> Result<Vec<HoldRow>, DbError> {
    let mut at = Where::default();
    at.equals("run_no", run_no);
    let after = at.bind(after);
    at.and(format!("hold_no > {after}"));
    about(&mut at, &filter.persons, filter.service);
    at.maybe("placement_id", filter.placement.as_ref().map(PlacementId::as_str));
    at.maybe("unit_id", filter.unit.as_ref().map(UnitId::as_str));
    at.maybe("payer_district", filter.district.as_ref().map(DistrictId::as_str));
    at.maybe("reason", filter.reason.map(HoldReason::as_str));
    let limit = at.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let (conditions, values) = at.finish();
    let columns = COLUMNS.join(", ");
    let sql = format!("SELECT {columns} FROM payment_hold WHERE {conditions} ORDER BY hold_no LIMIT {limit}");
    rows(db, "payment_hold", statement(db, sql, values)).await?.iter().map(read).collect()
}

/// The days that were held of cases in a run, after one key and up to another.
pub(crate) async fn of_cases(
    db: &impl ConnectionTrait,
    run_no: RunNo,
    between: (&CaseId, &CaseId),
) -> Result<BTreeMap<CaseId, Vec<Interval>>, DbError> {
    let sql = "SELECT case_key, hold_no, first_day, last_day FROM payment_hold \
               WHERE run_no = $1 AND case_key > $2 AND case_key <= $3";
    let select = statement(db, sql, [run_no.into(), between.0.as_str().into(), between.1.as_str().into()]);
    let mut found: BTreeMap<CaseId, Vec<Interval>> = BTreeMap::new();
    for row in rows(db, "payment_hold", select).await? {
        let hold_no: i64 = row.get("hold_no")?;
        found.entry(row.get("case_key")?).or_default().push(days(&row, (run_no, hold_no))?);
    }
    Ok(found)
}
