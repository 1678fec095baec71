//! Postings: added, never changed, and chained.

use niva_money::Ore;
use niva_names::RunNo;
use niva_payment_domain::postings::{Account, Group, Posting};
use niva_store::bulk::{self, Cell};
use niva_store::{Database, DbError, Tx};
use sea_orm::ConnectionTrait;

use crate::chain::{End, POSTINGS};
use crate::hash;
use crate::store::{Row, rows, statement};

/// Rows read at a time.
const ROWS: i64 = 1_000;

const COLUMNS: [&str; 9] =
    ["posting_no", "run_no", "account", "cost_centre", "activity", "counterpart", "vat", "amount", "sha256"];

/// A run's lines by what says where they are booked, and their sums.
pub(crate) async fn groups(db: &impl ConnectionTrait, run_no: RunNo) -> Result<Vec<Group>, DbError> {
    let by = "c.service, l.regime, l.component, l.settlement, l.payer_district";
    let sql = format!(
        "SELECT {by}, CAST(SUM(l.amount) AS BIGINT) AS amount FROM payment_line l JOIN care_case c ON c.case_key = l.case_key \
         WHERE l.run_no = $1 GROUP BY {by} ORDER BY {by}"
    );
    let read = |row: &Row| {
        Ok(Group {
            service: row.name("service")?,
            regime: row.name("regime")?,
            component: row.name("component")?,
            settlement: row.name("settlement")?,
            payer: row.get("payer_district")?,
            amount: Ore(row.get("amount")?),
        })
    };
    rows(db, "payment_line", statement(db, sql, [run_no.into()])).await?.iter().map(read).collect()
}

/// A posting as it is kept.
struct Kept {
    posting_no: i64,
    run_no: RunNo,
    posting: Posting,
    sha256: String,
}

impl Kept {
    /// The hash of the row, after that of the row before it.
    fn chained(&self, before: &str) -> String {
        let Account { account, cost_centre, activity, counterpart, vat } = &self.posting.on;
        let numbers =
            [self.posting_no, self.run_no.into(), self.posting.amount.0].map(|number| number.to_string());
        let texts = [before, account, cost_centre, activity, counterpart, vat];
        hash::of(texts.into_iter().chain(numbers.iter().map(String::as_str)))
    }

    fn cells(&self) -> [Cell<'_>; COLUMNS.len()] {
        let Account { account, cost_centre, activity, counterpart, vat } = &self.posting.on;
        [
            self.posting_no.into(),
            self.run_no.0.into(),
            account.into(),
            cost_centre.into(),
            activity.into(),
            counterpart.into(),
            vat.into(),
            self.posting.amount.0.into(),
            self.sha256.as_str().into(),
        ]
    }
}

fn read(row: &Row) -> Result<Kept, DbError> {
    let on = Account {
        account: row.get("account")?,
        cost_centre: row.get("cost_centre")?,
        activity: row.get("activity")?,
        counterpart: row.get("counterpart")?,
        vat: row.get("vat")?,
    };
    Ok(Kept {
        posting_no: row.get("posting_no")?,
        run_no: row.get("run_no")?,
        posting: Posting { on, amount: Ore(row.get("amount")?) },
        sha256: row.get("sha256")?,
    })
}

/// Adds the postings of a run. Whoever approves another waits until the transaction ends.
pub(crate) async fn add(tx: &Tx<'_>, run_no: RunNo, postings: &[Posting]) -> Result<(), DbError> {
    let mut end = POSTINGS.lock(tx).await?;
    let mut kept = Vec::with_capacity(postings.len());
    for posting in postings {
        let (posting_no, posting) = (end.no + 1, posting.clone());
        let mut row = Kept { posting_no, run_no, posting, sha256: String::new() };
        row.sha256 = row.chained(&end.sha256);
        end = End { no: posting_no, sha256: row.sha256.clone() };
        kept.push(row);
    }
    bulk::insert(tx, "payment_posting", COLUMNS, kept.iter().map(Kept::cells)).await?;
    POSTINGS.ends(tx, &end).await
}

/// How a run was booked, in order of account.
pub(crate) async fn of_run(db: &impl ConnectionTrait, run_no: RunNo) -> Result<Vec<Posting>, DbError> {
    let sql =
        format!("SELECT {} FROM payment_posting WHERE run_no = $1 ORDER BY posting_no", COLUMNS.join(", "));
    let found = rows(db, "payment_posting", statement(db, sql, [run_no.into()])).await?;
    found.iter().map(|row| Ok(read(row)?.posting)).collect()
}

/// Reads all postings, and finds what was changed, taken away or added, and runs that are not balanced.
pub(crate) async fn verify(db: &Database) -> Result<Vec<String>, DbError> {
    let (mut findings, conn) = (Vec::new(), db.conn());
    let mut last = End::default();
    loop {
        let sql = format!(
            "SELECT {} FROM payment_posting WHERE posting_no > $1 ORDER BY posting_no LIMIT $2",
            COLUMNS.join(", ")
        );
        let found =
            rows(conn, "payment_posting", statement(conn, sql, [last.no.into(), ROWS.into()])).await?;
        for row in &found {
            let kept = read(row)?;
            if kept.posting_no != last.no + 1 || kept.chained(&last.sha256) != kept.sha256 {
                findings.push(format!(
                    "posting {} is not what was written, or not in its place",
                    kept.posting_no
                ));
            }
            last = End { no: kept.posting_no, sha256: kept.sha256 };
        }
        if found.is_empty() {
            break;
        }
    }
    if POSTINGS.end(conn).await? != last {
        findings.push("the last postings are not those that were made last".to_owned());
    }
    let sql = "SELECT run_no FROM payment_posting GROUP BY run_no HAVING SUM(amount) <> 0 ORDER BY run_no";
    for row in rows(conn, "payment_posting", statement(conn, sql, [])).await? {
        let run_no: RunNo = row.get("run_no")?;
        findings.push(format!("run number {run_no}: its postings are not balanced"));
    }
    Ok(findings)
}
