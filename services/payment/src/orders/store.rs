//! Orders and their steps: added, never changed.

mod found;

use std::collections::BTreeMap;

use niva_calendar::Month;
use niva_facts::Author;
use niva_money::Ore;
use niva_names::{OrderNo, PaymentRunId};
use niva_payment_domain::orders::{Due, PaidTo, Relation, Step};
use niva_payment_domain::{Account, AccountKind};
use niva_store::bulk::{self, Cell};
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, Value};

pub(crate) use self::found::{Filter, changed, credits, dues, last_accounts, of_run, open};
use super::row::{Columns, Kept, Made, Said, Taken};
use crate::store::{KEYS, Row, binds, rows, statement};

/// Where both chains end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) order_no: OrderNo,
    pub(crate) order_sha256: String,
    pub(crate) step_no: i64,
    pub(crate) step_sha256: String,
}

const HEAD: &str = "order_no, order_sha256, step_no, step_sha256";

fn read_head(row: &Row) -> Result<Head, DbError> {
    Ok(Head {
        order_no: row.get("order_no")?,
        order_sha256: row.get("order_sha256")?,
        step_no: row.get("step_no")?,
        step_sha256: row.get("step_sha256")?,
    })
}

fn only(rows: &[Row]) -> Result<&Row, DbError> {
    rows.first().ok_or_else(|| DbError::row("payment_order_head", "id", "1", "the row is missing"))
}

/// Where the chains end.
pub(crate) async fn head(db: &impl ConnectionTrait) -> Result<Head, DbError> {
    let select = statement(db, format!("SELECT {HEAD} FROM payment_order_head WHERE id = 1"), []);
    read_head(only(&rows(db, "payment_order_head", select).await?)?)
}

/// Where the chains end; nobody else adds to them until the transaction ends.
pub(crate) async fn lock(tx: &Tx<'_>) -> Result<Head, DbError> {
    let sql = format!("UPDATE payment_order_head SET id = id WHERE id = 1 RETURNING {HEAD}");
    read_head(only(&rows(tx, "payment_order_head", statement(tx, sql, [])).await?)?)
}

/// Adds orders and steps, and says where the chains end then.
pub(crate) async fn add(tx: &Tx<'_>, made: &[Made], taken: &[Taken], head: &Head) -> Result<(), DbError> {
    let columns = [
        "order_no",
        "run_no",
        "payer_district",
        "provider_id",
        "payee_district",
        "settlement",
        "amount",
        "lines",
        "made_at",
        "sha256",
    ];
    bulk::insert(tx, "payment_order", columns, made.iter().map(made_cells)).await?;
    bulk::insert(tx, "payment_order_step", STEP, taken.iter().map(step_cells)).await?;
    let sql = "UPDATE payment_order_head SET order_no = $1, order_sha256 = $2, step_no = $3, step_sha256 = $4 WHERE id = 1";
    let values = [
        head.order_no.into(),
        head.order_sha256.as_str().into(),
        head.step_no.into(),
        head.step_sha256.as_str().into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

fn made_cells(made: &Made) -> [Cell<'_>; 10] {
    let Relation { payer, provider_id, payee_district, settlement } = &made.due.relation;
    [
        made.no.0.into(),
        made.run_no.0.into(),
        payer.as_str().into(),
        provider_id.as_str().into(),
        payee_district.as_str().into(),
        settlement.as_str().into(),
        made.due.amount.0.into(),
        made.due.lines.into(),
        made.made_at.into(),
        made.sha256.as_str().into(),
    ]
}

const STEP: [&str; 21] = [
    "step_no",
    "order_no",
    "kind",
    "state",
    "issue",
    "amount",
    "other_order_no",
    "word",
    "payee_id",
    "payee_revision",
    "payee_name",
    "account_kind",
    "account",
    "supplier_number",
    "account_changed",
    "reason",
    "reference",
    "subject",
    "role",
    "recorded_at",
    "sha256",
];

fn step_cells(taken: &Taken) -> [Cell<'_>; STEP.len()] {
    let Columns { issue, amount, other, word, to } = taken.columns();
    let text = |of: fn(&PaidTo) -> &str| Cell::from(to.map_or("", of));
    [
        taken.position.into(),
        taken.order_no.0.into(),
        taken.step.name().into(),
        taken.state.as_str().into(),
        issue.into(),
        amount.into(),
        other.0.into(),
        word.into(),
        text(|to| to.payee_id.as_str()),
        to.map_or(0, |to| to.revision).into(),
        text(|to| &to.name),
        text(|to| to.account.kind.as_str()),
        text(|to| &to.account.number),
        text(|to| &to.supplier_number),
        to.is_some_and(|to| to.changed).into(),
        taken.said.reason.as_str().into(),
        taken.said.reference.as_str().into(),
        taken.author.subject.as_str().into(),
        taken.author.role.as_str().into(),
        taken.recorded_at.into(),
        taken.sha256.as_str().into(),
    ]
}

fn read_step(row: &Row) -> Result<Taken, DbError> {
    let position: i64 = row.get("step_no")?;
    Ok(Taken {
        position,
        order_no: row.get("order_no")?,
        step: step(row, position)?,
        state: row.name("state")?,
        said: Said { reason: row.get("reason")?, reference: row.get("reference")? },
        author: Author { subject: row.get("subject")?, role: row.get("role")? },
        recorded_at: row.get("recorded_at")?,
        sha256: row.get("sha256")?,
    })
}

fn step(row: &Row, position: i64) -> Result<Step, DbError> {
    let kind: String = row.get("kind")?;
    let amount = Ore(row.get("amount")?);
    Ok(match kind.as_str() {
        "held" => Step::Held(row.name("word")?),
        "waiting" => Step::Waiting,
        "netted" => Step::Netted { against: row.get("other_order_no")?, amount },
        "issued" => Step::Issued { issue: row.get("issue")?, netted: amount, to: paid_to(row)? },
        "booked" => Step::Booked,
        "sent" => Step::Sent,
        "paid" => Step::Paid,
        "rejected" => Step::Rejected,
        "voided" => Step::Voided,
        "planned" => Step::Planned(row.name("word")?),
        "invoiced" => Step::Invoiced,
        "repaid" => Step::Repaid(amount),
        "write_off_proposed" => Step::WriteOffProposed,
        "written_off" => Step::WrittenOff(amount),
        other => {
            let problem = format!("{other} is no step of an order");
            return Err(DbError::row("payment_order_step", "kind", position.to_string(), problem));
        }
    })
}

fn paid_to(row: &Row) -> Result<Option<PaidTo>, DbError> {
    let number: String = row.get("account")?;
    if number.is_empty() {
        return Ok(None);
    }
    let kind: AccountKind = row.name("account_kind")?;
    Ok(Some(PaidTo {
        payee_id: row.get("payee_id")?,
        revision: row.get("payee_revision")?,
        name: row.get("payee_name")?,
        account: Account { kind, number },
        supplier_number: row.get("supplier_number")?,
        changed: row.get("account_changed")?,
    }))
}

const ORDER: &str = "SELECT o.order_no, o.run_no, o.payer_district, o.provider_id, o.payee_district, o.settlement, o.amount, \
                     o.lines, o.made_at, o.sha256, r.payment_run_id, r.month FROM payment_order o \
                     JOIN payment_run r ON r.run_no = o.run_no";

fn read_made(row: &Row) -> Result<(Made, PaymentRunId, Month), DbError> {
    let no: OrderNo = row.get("order_no")?;
    let month = Month::from_index(row.get("month")?)
        .map_err(|error| DbError::row("payment_run", "month", no.to_string(), error.to_string()))?;
    let made = Made {
        no,
        run_no: row.get("run_no")?,
        due: Due { relation: relation(row)?, amount: Ore(row.get("amount")?), lines: row.get("lines")? },
        made_at: row.get("made_at")?,
        sha256: row.get("sha256")?,
    };
    Ok((made, row.get("payment_run_id")?, month))
}

fn relation(row: &Row) -> Result<Relation, DbError> {
    Ok(Relation {
        payer: row.get("payer_district")?,
        provider_id: row.get("provider_id")?,
        payee_district: row.get("payee_district")?,
        settlement: row.name("settlement")?,
    })
}

/// Up to `limit` orders after a number, as they were made.
pub(crate) async fn made_after(
    db: &impl ConnectionTrait,
    after: OrderNo,
    limit: i64,
) -> Result<Vec<Made>, DbError> {
    let sql = format!("{ORDER} WHERE o.order_no > $1 ORDER BY o.order_no LIMIT $2");
    let found = rows(db, "payment_order", statement(db, sql, [after.into(), limit.into()])).await?;
    found.iter().map(|row| Ok(read_made(row)?.0)).collect()
}

/// Up to `limit` steps after a position, in order.
pub(crate) async fn steps_after(
    db: &impl ConnectionTrait,
    after: i64,
    limit: i64,
) -> Result<Vec<Taken>, DbError> {
    let sql = format!(
        "SELECT {} FROM payment_order_step WHERE step_no > $1 ORDER BY step_no LIMIT $2",
        STEP.join(", ")
    );
    let found = rows(db, "payment_order_step", statement(db, sql, [after.into(), limit.into()])).await?;
    found.iter().map(read_step).collect()
}

/// Some orders as they were made, by number, and all of their steps up to a position, in order.
pub(crate) async fn told(
    db: &impl ConnectionTrait,
    orders: &[OrderNo],
    through: i64,
) -> Result<(BTreeMap<OrderNo, Kept>, Vec<Taken>), DbError> {
    let (mut made, mut steps) = (BTreeMap::new(), Vec::new());
    for orders in orders.chunks(KEYS) {
        let numbers = || orders.iter().map(|no| Value::from(*no));
        let sql = format!("{ORDER} WHERE o.order_no IN ({})", binds(1, orders.len()));
        for row in rows(db, "payment_order", statement(db, sql, numbers())).await? {
            let (order, run_id, month) = read_made(&row)?;
            made.insert(order.no, Kept::made(&order, run_id, month));
        }
        let sql = format!(
            "SELECT {} FROM payment_order_step WHERE step_no <= $1 AND order_no IN ({})",
            STEP.join(", "),
            binds(2, orders.len())
        );
        let values = std::iter::once(through.into()).chain(numbers());
        for row in rows(db, "payment_order_step", statement(db, sql, values)).await? {
            steps.push(read_step(&row)?);
        }
    }
    steps.sort_unstable_by_key(|taken| taken.position);
    Ok((made, steps))
}

/// Some orders as they stand, by number.
pub(crate) async fn kept(
    db: &impl ConnectionTrait,
    orders: &[OrderNo],
) -> Result<BTreeMap<OrderNo, Kept>, DbError> {
    let (mut kept, steps) = told(db, orders, i64::MAX).await?;
    for taken in &steps {
        if let Some(order) = kept.get_mut(&taken.order_no) {
            order.then(taken).map_err(|wrong| {
                DbError::row("payment_order_step", "kind", taken.position.to_string(), wrong.to_string())
            })?;
        }
    }
    Ok(kept)
}
