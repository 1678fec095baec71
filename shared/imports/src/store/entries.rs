//! The entries that are set aside, and what is wrong with them.

use niva_names::ImportId;
use niva_proto::common::v1 as pb;
use niva_store::bulk::{self, Cell};
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::statement;
use crate::effects::Effects;

/// An entry as it is set aside.
#[derive(Debug)]
pub(crate) struct Aside {
    pub(crate) rank: i32,
    pub(crate) number: i64,
    pub(crate) origin: String,
    pub(crate) content: Vec<u8>,
}

pub(crate) async fn set_aside(tx: &Tx<'_>, import_id: &ImportId, entries: &[Aside]) -> Result<(), DbError> {
    let rows = entries.iter().map(|entry| {
        [
            Cell::from(import_id.as_str()),
            entry.rank.into(),
            entry.number.into(),
            entry.origin.as_str().into(),
            entry.content.as_slice().into(),
        ]
    });
    let columns = ["import_id", "rank", "number", "origin", "content"];
    bulk::insert(tx, "import_entry", columns, rows.collect::<Vec<_>>()).await?;
    Ok(())
}

/// A part of an import after a place (rank, number), in order: up to `limit` entries, and no more after some bytes.
pub(crate) async fn entries(
    db: &impl ConnectionTrait,
    import_id: &ImportId,
    after: (i32, i64),
    (limit, bytes): (usize, usize),
) -> Result<Vec<Aside>, DbError> {
    let place = |sql: &'static str, values: [Value; 5]| statement(db, sql, values);
    let number = |of: usize| Value::from(i64::try_from(of).unwrap_or(i64::MAX));
    let from: [Value; 3] = [import_id.as_str().into(), after.0.into(), after.1.into()];
    // The last that fits, by the lengths alone: contents that do not fit are not read.
    let sql = "SELECT rank, number FROM (SELECT rank, number, \
               SUM(size) OVER (ORDER BY rank, number) - size AS before FROM \
               (SELECT rank, number, LENGTH(content) AS size FROM import_entry WHERE import_id = $1 \
               AND (rank, number) > ($2, $3) ORDER BY rank, number LIMIT $4) AS next) AS part \
               WHERE before < $5 ORDER BY rank DESC, number DESC LIMIT 1";
    let [id, rank, after] = from.clone();
    let last = db.query_one_raw(place(sql, [id, rank, after, number(limit), number(bytes)])).await?;
    let Some(last) = last else { return Ok(Vec::new()) };
    let last: (i32, i64) = (last.try_get("", "rank")?, last.try_get("", "number")?);
    let sql = "SELECT rank, number, origin, content FROM import_entry WHERE import_id = $1 \
               AND (rank, number) > ($2, $3) AND (rank, number) <= ($4, $5) ORDER BY rank, number";
    let [id, rank, after] = from;
    let rows = db.query_all_raw(place(sql, [id, rank, after, last.0.into(), last.1.into()])).await?;
    let read = |row: &QueryResult| {
        Ok(Aside {
            rank: row.try_get("", "rank")?,
            number: row.try_get("", "number")?,
            origin: row.try_get("", "origin")?,
            content: row.try_get("", "content")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Nothing is set aside any more.
pub(crate) async fn drop_entries(tx: &Tx<'_>, import_id: &ImportId) -> Result<(), DbError> {
    tx.execute_raw(statement(
        tx,
        "DELETE FROM import_entry WHERE import_id = $1",
        [import_id.as_str().into()],
    ))
    .await?;
    Ok(())
}

/// Keeps what is wrong, with where each entry came from.
pub(crate) async fn refuse(tx: &Tx<'_>, import_id: &ImportId, effects: &Effects) -> Result<(), DbError> {
    let mut refusals: Vec<_> = effects.refusals.iter().collect();
    refusals.sort_by_key(|refusal| refusal.number);
    let rows = (0_i64..).zip(refusals).map(|(place, refusal)| {
        let violation = &refusal.violation;
        [
            Cell::from(import_id.as_str()),
            place.into(),
            refusal.number.into(),
            refusal.origin.as_str().into(),
            violation.field.as_str().into(),
            violation.reason.into(),
            violation.description.as_str().into(),
        ]
    });
    let columns = ["import_id", "place", "number", "origin", "field", "reason", "description"];
    bulk::insert(tx, "import_error", columns, rows.collect::<Vec<_>>()).await?;
    Ok(())
}

pub(crate) async fn errors(
    db: &impl ConnectionTrait,
    import_id: &ImportId,
    page: &PageRequest,
) -> Result<Vec<(i64, pb::ImportError)>, DbError> {
    let after: i64 = page.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(-1);
    let sql = "SELECT place, number, origin, field, reason, description FROM import_error \
               WHERE import_id = $1 AND place > $2 ORDER BY place LIMIT $3";
    let limit = i64::try_from(page.limit()).unwrap_or(i64::MAX);
    let rows =
        db.query_all_raw(statement(db, sql, [import_id.as_str().into(), after.into(), limit.into()])).await?;
    let read = |row: &QueryResult| {
        let error = pb::ImportError {
            record: row.try_get("", "number")?,
            origin: row.try_get("", "origin")?,
            field: row.try_get("", "field")?,
            reason: row.try_get("", "reason")?,
            description: row.try_get("", "description")?,
        };
        Ok((row.try_get("", "place")?, error))
    };
    rows.iter().map(read).collect()
}
