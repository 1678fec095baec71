//! Files: added, never changed, and chained. Their bytes stand in parts.

use std::collections::BTreeSet;

use niva_facts::Author;
use niva_money::Ore;
use niva_names::{OrderNo, PaymentFileNo, RunNo};
use niva_store::bulk::{self, Cell};
use niva_store::{Database, DbError, Tx};
use sea_orm::{ConnectionTrait, Value};

use super::row::{Digest, Kept};
use crate::chain::{End, FILES};
use crate::store::{KEYS, Row, Where, binds, rows, statement};

/// Rows read at a time.
const ROWS: u64 = 1_000;
/// Bytes from which on a part is written: far below what an answer may have.
const PART: usize = 256 << 10;

/// The bytes of a file that is being made: written part by part, so that a file of any length takes no memory.
pub(super) struct Content<'t, 'a> {
    tx: &'t Tx<'a>,
    no: PaymentFileNo,
    part_no: i32,
    digest: Digest,
    /// What is not written yet.
    pub(super) buffer: Vec<u8>,
}

impl<'t, 'a> Content<'t, 'a> {
    pub(super) fn new(tx: &'t Tx<'a>, no: PaymentFileNo) -> Self {
        Self { tx, no, part_no: 0, digest: Digest::default(), buffer: Vec::new() }
    }

    /// Writes what has come together, where it is enough.
    pub(super) async fn write_full(&mut self) -> Result<(), DbError> {
        if self.buffer.len() < PART { Ok(()) } else { self.write().await }
    }

    async fn write(&mut self) -> Result<(), DbError> {
        self.digest.take(&self.buffer);
        let row = [self.no.0.into(), self.part_no.into(), Cell::from(self.buffer.as_slice())];
        bulk::insert(self.tx, "payment_file_part", ["file_no", "part_no", "bytes"], [row]).await?;
        self.buffer.clear();
        self.part_no += 1;
        Ok(())
    }

    /// Writes the rest; the size and the hash of all.
    pub(super) async fn end(mut self) -> Result<(i64, String), DbError> {
        if !self.buffer.is_empty() {
            self.write().await?;
        }
        Ok(self.digest.end())
    }
}

/// A part of a file, from 0 on; `None` after the last.
pub(super) async fn part(
    db: &impl ConnectionTrait,
    no: PaymentFileNo,
    part_no: i32,
) -> Result<Option<Vec<u8>>, DbError> {
    let sql = "SELECT bytes FROM payment_file_part WHERE file_no = $1 AND part_no = $2";
    let found = rows(db, "payment_file_part", statement(db, sql, [no.into(), part_no.into()])).await?;
    found.first().map(|row| row.get("bytes")).transpose()
}

const COLUMNS: [&str; 13] = [
    "file_no",
    "run_no",
    "format",
    "file_name",
    "pay_on",
    "records",
    "amount",
    "size",
    "content_sha256",
    "subject",
    "role",
    "made_at",
    "sha256",
];

/// Adds a file, at the end of the chain, with the orders that a bank pays by it.
pub(super) async fn add(tx: &Tx<'_>, kept: &Kept, pays: &[(OrderNo, i32)]) -> Result<(), DbError> {
    let row = [
        kept.no.0.into(),
        kept.run_no.0.into(),
        kept.format.as_str().into(),
        kept.file_name.as_str().into(),
        kept.pay_on.into(),
        kept.records.into(),
        kept.amount.0.into(),
        kept.size.into(),
        kept.content_sha256.as_str().into(),
        kept.author.subject.as_str().into(),
        kept.author.role.as_str().into(),
        kept.made_at.into(),
        Cell::from(kept.sha256.as_str()),
    ];
    bulk::insert(tx, "payment_file", COLUMNS, [row]).await?;
    let columns = ["order_no", "issue", "file_no"];
    let pays = pays.iter().map(|(order, issue)| [Cell::from(order.0), (*issue).into(), kept.no.0.into()]);
    bulk::insert(tx, "payment_file_order", columns, pays.collect::<Vec<_>>()).await?;
    FILES.ends(tx, &End { no: kept.no.into(), sha256: kept.sha256.clone() }).await
}

/// Which of some orders a bank is to pay by a file already, as they were issued.
pub(super) async fn paid_by_file(
    db: &impl ConnectionTrait,
    orders: &[OrderNo],
) -> Result<BTreeSet<(OrderNo, i32)>, DbError> {
    let mut found = BTreeSet::new();
    for orders in orders.chunks(KEYS) {
        let sql = format!(
            "SELECT order_no, issue FROM payment_file_order WHERE order_no IN ({})",
            binds(1, orders.len())
        );
        let numbers = orders.iter().map(|no| Value::from(*no));
        for row in rows(db, "payment_file_order", statement(db, sql, numbers)).await? {
            found.insert((row.get("order_no")?, row.get("issue")?));
        }
    }
    Ok(found)
}

/// A file.
pub(super) async fn find(db: &impl ConnectionTrait, no: PaymentFileNo) -> Result<Option<Kept>, DbError> {
    let mut at = Where::default();
    at.equals("file_no", no);
    Ok(found(db, at, 1).await?.pop())
}

/// Up to `limit` files after a number, of a run where one is given.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    run: Option<RunNo>,
    after: PaymentFileNo,
    limit: u64,
) -> Result<Vec<Kept>, DbError> {
    let mut at = Where::default();
    let after = at.bind(after);
    at.and(format!("file_no > {after}"));
    at.maybe("e.run_no", run);
    found(db, at, limit).await
}

async fn found(db: &impl ConnectionTrait, mut at: Where, limit: u64) -> Result<Vec<Kept>, DbError> {
    let limit = at.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let (conditions, values) = at.finish();
    let columns = COLUMNS.map(|column| format!("e.{column}")).join(", ");
    let sql = format!(
        "SELECT {columns}, r.payment_run_id FROM payment_file e JOIN payment_run r ON r.run_no = e.run_no \
         WHERE {conditions} ORDER BY e.file_no LIMIT {limit}"
    );
    rows(db, "payment_file", statement(db, sql, values)).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Kept, DbError> {
    Ok(Kept {
        no: row.get("file_no")?,
        run_no: row.get("run_no")?,
        run_id: row.get("payment_run_id")?,
        format: row.get("format")?,
        file_name: row.get("file_name")?,
        pay_on: row.get("pay_on")?,
        records: row.get("records")?,
        amount: Ore(row.get("amount")?),
        size: row.get("size")?,
        content_sha256: row.get("content_sha256")?,
        author: Author { subject: row.get("subject")?, role: row.get("role")? },
        made_at: row.get("made_at")?,
        sha256: row.get("sha256")?,
    })
}

/// Reads all files, and finds what was changed, taken away or added.
pub(crate) async fn verify(db: &Database) -> Result<Vec<String>, DbError> {
    let (mut findings, conn) = (Vec::new(), db.conn());
    let mut last = End::default();
    loop {
        let after = PaymentFileNo(i32::try_from(last.no).unwrap_or(i32::MAX));
        let found = list(conn, None, after, ROWS).await?;
        for kept in &found {
            if i64::from(kept.no) != last.no + 1 || kept.chained(&last.sha256) != kept.sha256 {
                findings.push(format!("file PF-{} is not what was written, or not in its place", kept.no));
            }
            let (mut digest, mut part_no) = (Digest::default(), 0);
            while let Some(bytes) = part(conn, kept.no, part_no).await? {
                digest.take(&bytes);
                part_no += 1;
            }
            if !digest.is_of(kept) {
                findings.push(format!("file PF-{}: its bytes are not those that were made", kept.no));
            }
            last = End { no: kept.no.into(), sha256: kept.sha256.clone() };
        }
        if found.is_empty() {
            break;
        }
    }
    if FILES.end(conn).await? != last {
        findings.push("the last files are not those that were made last".to_owned());
    }
    Ok(findings)
}
