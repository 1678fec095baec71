//! Chains of rows: each has the hash of all before it, and where a chain ends is kept apart, so that its last rows cannot be taken away
//! unseen.

use niva_store::{DbError, Tx};

use crate::store::{Connection, Row, rows, statement};

/// A chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain(&'static str);

/// Of how runs were booked.
pub(crate) const POSTINGS: Chain = Chain("postings");
/// Of files that were made.
pub(crate) const FILES: Chain = Chain("files");

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct End {
    /// The number of its last row; 0 before the first.
    pub(crate) no: i64,
    /// The hash of that.
    pub(crate) sha256: String,
}

impl Chain {
    /// Where it ends; nobody else adds to it until the transaction ends.
    pub(crate) async fn lock(self, tx: &Tx<'_>) -> Result<End, DbError> {
        let sql = "UPDATE ledger_chain SET chain = chain WHERE chain = $1 RETURNING last_no, sha256";
        self.read(&rows(tx, "ledger_chain", statement(tx, sql, [self.0.into()])).await?)
    }

    /// Where it ends.
    pub(crate) async fn end(self, db: &impl Connection) -> Result<End, DbError> {
        let sql = "SELECT last_no, sha256 FROM ledger_chain WHERE chain = $1";
        self.read(&rows(db, "ledger_chain", statement(db, sql, [self.0.into()])).await?)
    }

    /// It ends elsewhere now.
    pub(crate) async fn ends(self, tx: &Tx<'_>, end: &End) -> Result<(), DbError> {
        let sql = "UPDATE ledger_chain SET last_no = $1, sha256 = $2 WHERE chain = $3";
        let values = [end.no.into(), end.sha256.as_str().into(), self.0.into()];
        tx.execute_raw(statement(tx, sql, values)).await?;
        Ok(())
    }

    fn read(self, rows: &[Row]) -> Result<End, DbError> {
        let missing = || DbError::row("ledger_chain", "chain", self.0, "the row is missing");
        let row = rows.first().ok_or_else(missing)?;
        Ok(End { no: row.get("last_no")?, sha256: row.get("sha256")? })
    }
}
