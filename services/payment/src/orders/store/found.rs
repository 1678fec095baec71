//! Which orders there are: by what has happened to them last, by run, by payee.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use niva_money::Ore;
use niva_names::{DistrictId, OrderNo, PaymentRunId, ProviderId, RunNo};
use niva_payment_domain::Account;
use niva_payment_domain::orders::{Due, OrderState, Relation};
use niva_store::DbError;
use sea_orm::ConnectionTrait;

use super::{ORDER, relation};
use crate::store::{Row, Where, rows, statement};

/// No step of the order comes after this one.
const LAST: &str = "NOT EXISTS (SELECT 1 FROM payment_order_step later WHERE later.order_no = s.order_no \
                    AND later.step_no > s.step_no)";

/// Orders that are held, and credits of which something is left.
pub(crate) async fn open(db: &impl ConnectionTrait) -> Result<Vec<OrderNo>, DbError> {
    let sql = format!(
        "SELECT order_no FROM payment_order_step s WHERE s.state IN ('held', 'waiting') AND {LAST} ORDER BY order_no"
    );
    let found = rows(db, "payment_order_step", statement(db, sql, [])).await?;
    found.iter().map(|row| row.get("order_no")).collect()
}

/// Which orders are asked for: all that is given must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) run: Option<PaymentRunId>,
    pub(crate) provider: Option<ProviderId>,
    pub(crate) payer: Option<DistrictId>,
    pub(crate) state: Option<OrderState>,
    /// To which nothing has happened since.
    pub(crate) unchanged_since: Option<DateTime<Utc>>,
}

/// Up to `limit` orders to which something has happened after a position, by the position of their last step.
pub(crate) async fn changed(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: i64,
    limit: u64,
) -> Result<Vec<OrderNo>, DbError> {
    let mut at = Where::default();
    let after = at.bind(after);
    at.and(format!("s.step_no > {after}"));
    at.and(LAST);
    if let Some(run) = &filter.run {
        let run = at.bind(run.as_str());
        at.and(format!("o.run_no = (SELECT run_no FROM payment_run WHERE payment_run_id = {run})"));
    }
    at.maybe("o.provider_id", filter.provider.as_ref().map(ProviderId::as_str));
    at.maybe("o.payer_district", filter.payer.as_ref().map(DistrictId::as_str));
    at.maybe("s.state", filter.state.map(OrderState::as_str));
    if let Some(since) = filter.unchanged_since {
        let since = at.bind(since);
        at.and(format!("s.recorded_at < {since}"));
    }
    let limit = at.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let (conditions, values) = at.finish();
    let sql = format!(
        "SELECT s.order_no AS order_no FROM payment_order_step s JOIN payment_order o ON o.order_no = s.order_no \
         WHERE {conditions} ORDER BY s.step_no LIMIT {limit}"
    );
    let found = rows(db, "payment_order_step", statement(db, sql, values)).await?;
    found.iter().map(|row| row.get("order_no")).collect()
}

/// Up to `limit` credits after a number, of a provider and a board where these are given.
pub(crate) async fn credits(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: OrderNo,
    limit: u64,
) -> Result<Vec<OrderNo>, DbError> {
    let mut at = Where::default();
    let after = at.bind(after);
    at.and(format!("order_no > {after} AND amount < 0 AND settlement = 'outgoing'"));
    at.maybe("provider_id", filter.provider.as_ref().map(ProviderId::as_str));
    at.maybe("payer_district", filter.payer.as_ref().map(DistrictId::as_str));
    let limit = at.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let (conditions, values) = at.finish();
    let sql =
        format!("SELECT order_no FROM payment_order WHERE {conditions} ORDER BY order_no LIMIT {limit}");
    let found = rows(db, "payment_order", statement(db, sql, values)).await?;
    found.iter().map(|row| row.get("order_no")).collect()
}

/// What a run's lines come to, in order of who pays whom.
pub(crate) async fn dues(db: &impl ConnectionTrait, run_no: RunNo) -> Result<Vec<Due>, DbError> {
    let by = "payer_district, provider_id, payee_district, settlement";
    let sql = format!(
        "SELECT {by}, COUNT(*) AS lines, CAST(SUM(amount) AS BIGINT) AS amount FROM payment_line WHERE run_no = $1 GROUP BY {by}"
    );
    let found = rows(db, "payment_line", statement(db, sql, [run_no.into()])).await?;
    let read = |row: &Row| {
        Ok::<_, DbError>(Due {
            relation: relation(row)?,
            amount: Ore(row.get("amount")?),
            lines: row.get("lines")?,
        })
    };
    let mut dues = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    dues.sort_unstable_by(|one, other| one.relation.cmp(&other.relation));
    Ok(dues)
}

/// The orders of a run, by who pays whom.
pub(crate) async fn of_run(
    db: &impl ConnectionTrait,
    run_no: RunNo,
) -> Result<BTreeMap<Relation, OrderNo>, DbError> {
    let sql = format!("{ORDER} WHERE o.run_no = $1");
    let found = rows(db, "payment_order", statement(db, sql, [run_no.into()])).await?;
    found.iter().map(|row| Ok((relation(row)?, row.get("order_no")?))).collect()
}

/// The account to which each provider was paid last.
pub(crate) async fn last_accounts(
    db: &impl ConnectionTrait,
) -> Result<BTreeMap<ProviderId, Account>, DbError> {
    let sql = "SELECT o.provider_id AS provider_id, s.account_kind AS account_kind, s.account AS account \
               FROM payment_order_step s JOIN payment_order o ON o.order_no = s.order_no WHERE s.step_no IN \
               (SELECT MAX(step_no) FROM payment_order_step JOIN payment_order ON payment_order.order_no = payment_order_step.order_no \
               WHERE account <> '' GROUP BY provider_id)";
    let found = rows(db, "payment_order_step", statement(db, sql, [])).await?;
    let read = |row: &Row| {
        let account = Account { kind: row.name("account_kind")?, number: row.get("account")? };
        Ok((row.get("provider_id")?, account))
    };
    found.iter().map(read).collect()
}
