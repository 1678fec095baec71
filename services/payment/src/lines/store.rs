//! Lines: added, never changed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;
use niva_access::{Reach, Scope};
use niva_calendar::{Interval, Month};
use niva_models::{Component, Level};
use niva_money::Ore;
use niva_names::{CaseId, DistrictId, PersonId, PlacementId, ProviderId, RunNo, UnitId};
use niva_payment_domain::ledger::{LineId, Paid, Payable};
use niva_payment_domain::orders::Relation;
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, DbBackend, Value};

use crate::cases::store::about;
use crate::lines::filter::Filter;
use crate::lines::line::Line;
use crate::store::{KEYS, Row, Where, rows, statement};

const COLUMNS: [&str; 25] = [
    "run_no",
    "line_no",
    "case_key",
    "placement_id",
    "component",
    "first_day",
    "last_day",
    "model_id",
    "level",
    "variant",
    "regime",
    "unit",
    "quantity",
    "unit_price",
    "amount",
    "payer_district",
    "provider_id",
    "payee_district",
    "unit_id",
    "settlement",
    "reversal",
    "corrects_run_no",
    "corrects_line_no",
    "cause",
    "stands_on",
];

/// Adds lines.
pub(crate) fn insert<'t>(tx: &'t Tx<'t>, lines: &'t [Line]) -> BoxFuture<'t, Result<(), DbError>> {
    Box::pin(async move {
        bulk::insert(tx, "payment_line", COLUMNS, lines.iter().map(cells)).await?;
        Ok(())
    })
}

fn cells(line: &Line) -> [Cell<'_>; COLUMNS.len()] {
    let p = &line.payable;
    [
        line.id.run_no.0.into(),
        line.id.line_no.into(),
        line.case_key.as_str().into(),
        line.placement_id.as_str().into(),
        p.component.as_str().into(),
        p.days.first.into(),
        p.days.last.into(),
        p.model_id.as_ref().into(),
        p.level.map(|l| i32::from(l.0)).into(),
        p.variant.as_ref().into(),
        p.regime.as_str().into(),
        p.unit.as_str().into(),
        p.quantity.into(),
        p.unit_price.0.into(),
        p.amount.0.into(),
        p.payer.as_str().into(),
        p.provider_id.as_str().into(),
        p.payee_district.as_str().into(),
        p.unit_id.as_str().into(),
        p.settlement.as_str().into(),
        line.reversal.into(),
        line.corrects.map(|id| id.run_no.0).into(),
        line.corrects.map(|id| id.line_no).into(),
        line.cause.as_str().into(),
        line.stands_on.as_str().into(),
    ]
}

fn read(row: &Row) -> Result<Line, DbError> {
    let id = LineId { run_no: row.get("run_no")?, line_no: row.get("line_no")? };
    let bad = |column, problem: &str| {
        DbError::row("payment_line", column, format!("{}/{}", id.run_no, id.line_no), problem)
    };
    let (first, last): (NaiveDate, NaiveDate) = (row.get("first_day")?, row.get("last_day")?);
    let days = Interval::new(first, last).ok_or_else(|| bad("last_day", "is before first_day"))?;
    let level: Option<i32> = row.get("level")?;
    let level = level.map(u8::try_from).transpose().map_err(|_| bad("level", "is no level"))?.map(Level);
    let (run, line): (Option<RunNo>, Option<i64>) =
        (row.get("corrects_run_no")?, row.get("corrects_line_no")?);
    Ok(Line {
        id,
        case_key: row.get("case_key")?,
        placement_id: row.get("placement_id")?,
        payable: Payable {
            month: Month::of(first),
            component: row.name("component")?,
            days,
            model_id: Cow::Owned(row.get("model_id")?),
            level,
            variant: Cow::Owned(row.get("variant")?),
            regime: row.name("regime")?,
            unit: row.name("unit")?,
            quantity: row.get("quantity")?,
            unit_price: Ore(row.get("unit_price")?),
            amount: Ore(row.get("amount")?),
            payer: Cow::Owned(row.get("payer_district")?),
            provider_id: Cow::Owned(row.get("provider_id")?),
            payee_district: Cow::Owned(row.get("payee_district")?),
            unit_id: Cow::Owned(row.get("unit_id")?),
            settlement: row.name("settlement")?,
        },
        reversal: row.get("reversal")?,
        corrects: run.zip(line).map(|(run_no, line_no)| LineId { run_no, line_no }),
        cause: row.get("cause")?,
        stands_on: row.get("stands_on")?,
    })
}

/// What was paid, by case and placement.
pub(crate) type PaidByCase = BTreeMap<CaseId, PaidByPlacement>;

/// What was paid of a case, by placement.
pub(crate) type PaidByPlacement = BTreeMap<PlacementId, Vec<Paid<'static>>>;

/// What these approved runs, each with its month, paid to these cases for days from each one's own on, by case and
/// placement, in the order it was paid. Runs are in order of number and so of month.
pub(crate) async fn paid(
    db: &impl ConnectionTrait,
    runs: &[(RunNo, Month)],
    cases: &[(&CaseId, NaiveDate)],
) -> Result<PaidByCase, DbError> {
    let mut paid = PaidByCase::new();
    for keys in cases.chunks(KEYS) {
        let earliest = keys.iter().map(|(_, from)| Month::of(*from)).min();
        // No run pays for days after its month.
        let since = |month: Month| runs.partition_point(|(_, of)| *of < month);
        let runs_since = earliest.and_then(|month| runs.get(since(month)..)).unwrap_or_default();
        if runs_since.is_empty() {
            continue;
        }
        let first_run =
            |from| runs.get(since(Month::of(from))).map_or(RunNo(i32::MAX), |(run_no, _)| *run_no);
        let sql = paid_to(db.get_database_backend() == DbBackend::Postgres, keys.len(), runs_since.len());
        let wanted = keys.iter().flat_map(|(key, from)| {
            [Value::from(key.as_str()), (*from).into(), Value::from(first_run(*from))]
        });
        let values = wanted.chain(runs_since.iter().map(|(run_no, _)| Value::from(*run_no)));
        for row in rows(db, "payment_line", statement(db, sql, values)).await? {
            let line = read(&row)?;
            let reverses = line.corrects.filter(|_| line.reversal);
            let of_case = paid.entry(line.case_key).or_default();
            let of_placement = of_case.entry(line.placement_id).or_default();
            of_placement.push(Paid {
                id: line.id,
                line: line.payable,
                reverses,
                stands_on: line.stands_on.into(),
            });
        }
    }
    paid.values_mut()
        .flat_map(BTreeMap::values_mut)
        .for_each(|lines| lines.sort_unstable_by_key(|line| line.id));
    Ok(paid)
}

/// The lines of some cases in some runs, looked up case by case and run by run whatever a database believes of the table.
/// Left to itself, SQLite would read every line of a few runs, or make an index of its own of all lines there are; and
/// PostgreSQL, given a list of cases, would read the whole table as long as it has not counted it, such as all through the
/// first run.
fn paid_to(postgres: bool, cases: usize, runs: usize) -> String {
    let columns = COLUMNS.join(", ");
    let casts = if postgres { ["::text", "::date", "::int"] } else { [""; 3] };
    let [text, date, int] = casts;
    let row = |n: usize| format!("(${}{text}, ${}{date}, ${}{int})", 3 * n + 1, 3 * n + 2, 3 * n + 3);
    let wanted = (0..cases).map(row).collect::<Vec<_>>().join(", ");
    let run = |n: usize| format!("(${}{int})", 3 * cases + n + 1);
    let approved = (0..runs).map(run).collect::<Vec<_>>().join(", ");
    if postgres {
        format!(
            "SELECT {columns} FROM (VALUES {wanted}) AS wanted (wanted_key, wanted_day, wanted_run) \
             JOIN (VALUES {approved}) AS approved (approved_no) ON approved_no >= wanted_run CROSS JOIN LATERAL \
             (SELECT * FROM payment_line WHERE run_no = approved_no AND case_key = wanted_key AND first_day >= wanted_day) \
             AS line"
        )
    } else {
        format!(
            "WITH wanted (wanted_key, wanted_day, wanted_run) AS (VALUES {wanted}), approved (approved_no) AS \
             (VALUES {approved}) SELECT {columns} FROM wanted CROSS JOIN approved CROSS JOIN payment_line \
             INDEXED BY payment_line_case WHERE approved_no >= wanted_run AND run_no = approved_no \
             AND case_key = wanted_key AND first_day >= wanted_day"
        )
    }
}

/// One line.
pub(crate) async fn find(db: &impl ConnectionTrait, id: LineId) -> Result<Option<Line>, DbError> {
    let sql = format!("SELECT {} FROM payment_line WHERE run_no = $1 AND line_no = $2", COLUMNS.join(", "));
    let found = rows(db, "payment_line", statement(db, sql, [id.run_no.into(), id.line_no.into()])).await?;
    found.first().map(read).transpose()
}

/// Up to `limit` of a run's lines after a line number, in order, whosever they are: for the run itself.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    run_no: RunNo,
    after: i64,
    limit: u64,
) -> Result<Vec<Line>, DbError> {
    let columns = COLUMNS.join(", ");
    let sql = format!(
        "SELECT {columns} FROM payment_line WHERE run_no = $1 AND line_no > $2 ORDER BY line_no LIMIT $3"
    );
    let values = [run_no.into(), after.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
    rows(db, "payment_line", statement(db, sql, values)).await?.iter().map(read).collect()
}

/// Up to `limit` of a run's lines by which somebody pays somebody, after a line number and in order.
pub(crate) async fn of_relation(
    db: &impl ConnectionTrait,
    run_no: RunNo,
    relation: &Relation,
    after: i64,
    limit: u64,
) -> Result<Vec<Line>, DbError> {
    let mut at = Where::default();
    at.equals("run_no", run_no);
    let after = at.bind(after);
    at.and(format!("line_no > {after}"));
    at.equals("payer_district", relation.payer.as_str());
    at.equals("provider_id", relation.provider_id.as_str());
    at.equals("payee_district", relation.payee_district.as_str());
    at.equals("settlement", relation.settlement.as_str());
    select(db, at, "line_no", limit).await
}

/// All lines of a run that are some records', which are one person's, in order.
pub(crate) async fn of_persons(
    db: &impl ConnectionTrait,
    run_no: RunNo,
    persons: &[PersonId],
) -> Result<Vec<Line>, DbError> {
    let mut at = Where::default();
    at.equals("run_no", run_no);
    about(&mut at, persons, None);
    select(db, at, "+line_no", u64::MAX >> 1).await
}

/// One line, if the call reaches it.
pub(crate) async fn find_within(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: LineId,
) -> Result<Option<Line>, DbError> {
    let mut at = Where::default();
    at.equals("run_no", id.run_no);
    at.equals("line_no", id.line_no);
    reached(&mut at, scope);
    Ok(select(db, at, "line_no", 1).await?.pop())
}

/// Only lines that a call reaches: those that its districts pay, or that are paid to its provider.
fn reached(at: &mut Where, scope: &Scope) {
    match scope.reach() {
        Reach::City => {}
        Reach::Districts(districts) => {
            let places: Vec<String> = districts.iter().map(|district| at.bind(district.as_str())).collect();
            at.and(format!("payer_district IN ({})", places.join(", ")));
        }
        Reach::Provider(provider) => at.equals("provider_id", provider.as_str()),
        Reach::Person(_) | Reach::Author(_) => at.and("1 = 0"),
    }
}

/// Up to `limit` of a run's lines after a line number, in order, of those that the call reaches.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    run_no: RunNo,
    filter: &Filter,
    after: i64,
    limit: u64,
) -> Result<Vec<Line>, DbError> {
    let mut at = Where::default();
    at.equals("run_no", run_no);
    // The lines of few cases are found by the case: SQLite would rather read the whole run in order, but for the sign.
    let few = filter.placement.is_some() || !filter.persons.is_empty();
    let number = if few { "+line_no" } else { "line_no" };
    let after = at.bind(after);
    at.and(format!("{number} > {after}"));
    if let Some((cases, placement_id)) = &filter.placement {
        let cases: Vec<String> = cases.iter().map(|key| at.bind(key.as_str())).collect();
        at.and(format!("case_key IN ({})", cases.join(", ")));
        at.equals("placement_id", placement_id.as_str());
    }
    about(&mut at, &filter.persons, filter.service);
    at.maybe("provider_id", filter.provider.as_ref().map(ProviderId::as_str));
    at.maybe("unit_id", filter.unit.as_ref().map(UnitId::as_str));
    at.maybe("payer_district", filter.district.as_ref().map(DistrictId::as_str));
    at.maybe("component", filter.component.map(Component::as_str));
    at.maybe("reversal", filter.reversal);
    if let Some(month) = filter.month {
        let (first, last) = (at.bind(month.first_day()), at.bind(month.last_day()));
        at.and(format!("first_day BETWEEN {first} AND {last}"));
    }
    if let Some(correction) = filter.correction {
        at.and(if correction { "corrects_line_no IS NOT NULL" } else { "corrects_line_no IS NULL" });
    }
    reached(&mut at, scope);
    select(db, at, number, limit).await
}

async fn select(
    db: &impl ConnectionTrait,
    mut at: Where,
    order: &str,
    limit: u64,
) -> Result<Vec<Line>, DbError> {
    let limit = at.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let (conditions, values) = at.finish();
    let columns = COLUMNS.join(", ");
    let sql = format!("SELECT {columns} FROM payment_line WHERE {conditions} ORDER BY {order} LIMIT {limit}");
    rows(db, "payment_line", statement(db, sql, values)).await?.iter().map(read).collect()
}

/// Number and sum of a run's lines, as the database adds them up.
pub(crate) async fn sum(db: &impl ConnectionTrait, run_no: RunNo) -> Result<(i64, i64), DbError> {
    let sql = "SELECT COUNT(*) AS lines, CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount \
               FROM payment_line WHERE run_no = $1";
    let found = rows(db, "payment_line", statement(db, sql, [run_no.into()])).await?;
    found.first().map_or(Ok((0, 0)), |row| Ok((row.get("lines")?, row.get("amount")?)))
}
