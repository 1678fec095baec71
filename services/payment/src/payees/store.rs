//! Payees: what stands now of each. What was told is in `fact_revision`.

use chrono::{DateTime, NaiveDate, Utc};
use niva_calendar::Interval;
use niva_facts::Info;
use niva_names::{PayeeId, ProviderId};
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx};
use sea_orm::ConnectionTrait;

use crate::payees::wire::Said;
use crate::store::{Where, rows, statement};

/// Writes what stands of a payee, over what stood.
pub(crate) async fn keep(tx: &Tx<'_>, said: &Said, info: &Info) -> Result<(), DbError> {
    let sql = "INSERT INTO payee (payee_id, provider_id, first_day, last_day, state, recorded_at) VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (payee_id) DO UPDATE SET first_day = excluded.first_day, last_day = excluded.last_day, \
               state = excluded.state, recorded_at = excluded.recorded_at";
    let Interval { first, last } = said.days;
    let values = [
        said.message.payee_id.as_str().into(),
        said.provider_id.as_str().into(),
        first.into(),
        last.into(),
        info.state.as_str().into(),
        info.told.recorded_at.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Another payee of the provider that stands and has one of these days.
pub(crate) async fn overlapping(tx: &Tx<'_>, said: &Said) -> Result<Option<PayeeId>, DbError> {
    let sql = "SELECT payee_id FROM payee WHERE provider_id = $1 AND payee_id <> $2 AND state = 'stands' \
               AND last_day >= $3 AND first_day <= $4 ORDER BY payee_id LIMIT 1";
    let Interval { first, last } = said.days;
    let values =
        [said.provider_id.as_str().into(), said.message.payee_id.as_str().into(), first.into(), last.into()];
    let found = rows(tx, "payee", statement(tx, sql, values)).await?;
    found.first().map(|row| row.get("payee_id")).transpose()
}

/// Which payees are asked for: all that is given must hold.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) provider: Option<&'a ProviderId>,
    /// With one of these days.
    pub(crate) days: Option<Interval>,
    pub(crate) recorded_since: Option<DateTime<Utc>>,
    pub(crate) withdrawn_too: bool,
}

/// A page of ids, in order.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter<'_>,
    bound: Option<&ProviderId>,
    page: &PageRequest,
) -> Result<Vec<PayeeId>, DbError> {
    let mut at = Where::default();
    let after = at.bind(page.after.as_deref().unwrap_or_default());
    at.and(format!("payee_id > {after}"));
    at.maybe("provider_id", filter.provider.map(ProviderId::as_str));
    at.maybe("provider_id", bound.map(ProviderId::as_str));
    if let Some(Interval { first, last }) = filter.days {
        let (first, last) = (at.bind(first), at.bind(last));
        at.and(format!("last_day >= {first} AND first_day <= {last}"));
    }
    if let Some(since) = filter.recorded_since {
        let since = at.bind(since);
        at.and(format!("recorded_at >= {since}"));
    }
    if !filter.withdrawn_too {
        at.and("state = 'stands'");
    }
    let limit = at.bind(i64::try_from(page.limit()).unwrap_or(i64::MAX));
    let (conditions, values) = at.finish();
    let sql = format!("SELECT payee_id FROM payee WHERE {conditions} ORDER BY payee_id LIMIT {limit}");
    let found = rows(db, "payee", statement(db, sql, values)).await?;
    found.iter().map(|row| row.get("payee_id")).collect()
}

/// The payees that stand on a day: at most one of each provider.
pub(crate) async fn on(db: &impl ConnectionTrait, day: NaiveDate) -> Result<Vec<PayeeId>, DbError> {
    let sql = "SELECT payee_id FROM payee WHERE state = 'stands' AND first_day <= $1 AND last_day >= $1";
    let found = rows(db, "payee", statement(db, sql, [day.into()])).await?;
    found.iter().map(|row| row.get("payee_id")).collect()
}
