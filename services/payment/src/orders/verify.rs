//! Whether orders and their steps are what was written: both chains, what the rules make of the steps, and that orders are of the
//! lines of approved runs, all of them.

use std::collections::BTreeMap;

use niva_names::{OrderNo, RunNo};
use niva_payment_domain::orders::Relation;
use niva_store::{Database, DbError};

use super::store;
use crate::runs::store as runs;

/// Rows read at a time.
const ROWS: i64 = 1_000;

/// Reads all orders and steps, and finds what was changed, taken away, added or put in another's place.
pub(crate) async fn verify(db: &Database) -> Result<Vec<String>, DbError> {
    let (mut findings, conn) = (Vec::new(), db.conn());
    let head = store::head(conn).await?;
    let last = made(db, &mut findings).await?;
    if last != (head.order_no, head.order_sha256) {
        findings.push("the last orders are not those that were made last".to_owned());
    }
    let last = steps(db, &mut findings).await?;
    if last != (head.step_no, head.step_sha256) {
        findings.push("the last steps of orders are not those that were taken last".to_owned());
    }
    if !findings.is_empty() {
        return Ok(findings);
    }
    for (run_no, _) in runs::approved_until(conn, RunNo(i32::MAX)).await? {
        findings.extend(of_run(db, run_no).await?);
    }
    Ok(findings)
}

/// The chain of orders: where it ends, and what each order becomes by its steps.
async fn made(db: &Database, findings: &mut Vec<String>) -> Result<(OrderNo, String), DbError> {
    let (mut last, mut before) = (OrderNo::NONE, String::new());
    loop {
        let found = store::made_after(db.conn(), last, ROWS).await?;
        for order in &found {
            if order.no != last.next() || order.chained(&before) != order.sha256 {
                findings.push(format!("order {}: it is not what was made, or not in its place", order.no));
            }
            (last, before) = (order.no, order.sha256.clone());
        }
        let numbers: Vec<OrderNo> = found.iter().map(|order| order.no).collect();
        let (mut orders, steps) = store::told(db.conn(), &numbers, i64::MAX).await?;
        for taken in &steps {
            let wrong = orders.get_mut(&taken.order_no).and_then(|kept| kept.then(taken).err());
            findings.extend(wrong.map(|wrong| wrong.to_string()));
        }
        let without = orders.values().filter(|kept| kept.position == 0);
        findings.extend(without.map(|kept| format!("order {}: it has no steps", kept.order.no)));
        if found.is_empty() {
            return Ok((last, before));
        }
    }
}

/// The chain of steps: where it ends.
async fn steps(db: &Database, findings: &mut Vec<String>) -> Result<(i64, String), DbError> {
    let (mut last, mut before) = (0, String::new());
    loop {
        let found = store::steps_after(db.conn(), last, ROWS).await?;
        for taken in &found {
            if taken.position != last + 1 || taken.chained(&before) != taken.sha256 {
                let position = taken.position;
                findings
                    .push(format!("step {position} of orders is not what was written, or not in its place"));
            }
            (last, before) = (taken.position, taken.sha256.clone());
        }
        if found.is_empty() {
            return Ok((last, before));
        }
    }
}

/// The orders of an approved run are of all of its lines, and of no others.
async fn of_run(db: &Database, run_no: RunNo) -> Result<Vec<String>, DbError> {
    let orders = store::of_run(db.conn(), run_no).await?;
    let dues = store::dues(db.conn(), run_no).await?;
    let numbers: Vec<OrderNo> = orders.values().copied().collect();
    let mut kept = store::kept(db.conn(), &numbers).await?;
    let mut of: BTreeMap<Relation, _> =
        orders.into_iter().filter_map(|(relation, no)| Some((relation, kept.remove(&no)?.order))).collect();
    let mut findings = Vec::new();
    for due in dues {
        let order = of.remove(&due.relation);
        if order.as_ref().is_none_or(|order| order.due != due) {
            let words = format!(
                "run number {run_no}: {} pays {}{} {} by {} lines, and no order says so",
                due.relation.payer,
                due.relation.provider_id,
                due.relation.payee_district,
                due.amount,
                due.lines
            );
            findings.push(words);
        }
    }
    findings.extend(of.into_values().map(|order| format!("order {}: it is of no lines", order.no)));
    Ok(findings)
}
