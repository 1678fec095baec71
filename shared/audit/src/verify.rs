//! Whether the trail is what was written: every record is read, every seal made anew.
//!
//! Found is whatever was changed, deleted, added or put elsewhere among what is sealed, and the end of the chain cut off
//! where the head was left. Who can rewrite the whole database can rewrite chain and head as well: then the seal that the
//! log or an earlier verification told, kept elsewhere, says otherwise. What is not sealed yet, of the last second, is
//! found on SQLite, whose positions have no gaps; on PostgreSQL a position that nobody kept may be a call that was rolled
//! back.

use std::collections::BTreeSet;

use niva_store::{Database, DbError};

use crate::chain::{Kept, Seal};
use crate::store;

/// Seals, and unsealed records, that are read at a time.
const PART: u64 = 500;

/// What a verification has seen.
#[derive(Debug, Default)]
pub struct Verified {
    /// What is not as it was written, in words.
    pub findings: Vec<String>,
    /// Records, sealed or not.
    pub records: i64,
    /// Of them, those that are not sealed yet.
    pub unsealed: i64,
    /// The newest seal: `17:3f…`.
    pub newest_seal: Option<String>,
}

/// Verifies the trail of a database. `expected`: a seal that was told before, such as `17:3f…`.
///
/// # Errors
/// The database's.
pub async fn verify(db: &Database, expected: Option<&str>) -> Result<Verified, DbError> {
    let (mut verified, mut before): (Verified, Option<Seal>) = Default::default();
    let mut met = expected.is_none();
    loop {
        let after = before.as_ref().map_or(0, |before| before.seal_no);
        let seals = store::seals(db.conn(), after, PART).await?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            verified.seal(db, before.as_ref(), &seal).await?;
            met = met || expected == Some(name(&seal).as_str());
            before = Some(seal);
        }
    }
    verified.end(db, before.as_ref()).await?;
    if let Some(expected) = expected.filter(|_| !met) {
        verified.find(format!("audit: there is no seal {expected}: the chain is not the one that was told"));
    }
    verified.newest_seal = before.as_ref().map(name);
    Ok(verified)
}

fn name(seal: &Seal) -> String {
    format!("{}:{}", seal.seal_no, seal.sha256)
}

impl Verified {
    fn find(&mut self, words: String) {
        self.findings.push(words);
    }

    async fn seal(&mut self, db: &Database, before: Option<&Seal>, seal: &Seal) -> Result<(), DbError> {
        let (number, after) = (seal.seal_no, before.map_or(0, |before| before.last_position));
        let next = before.map_or(0, |before| before.seal_no) + 1;
        if number != next {
            self.find(format!("audit: seal {next} is not there, and {number} is the next"));
        }
        let records = store::records(db.conn(), after, seal.last_position, u64::MAX >> 1).await?;
        let found = i64::try_from(records.len()).unwrap_or(i64::MAX);
        let range = format!("records {} to {}", after + 1, seal.last_position);
        if found != seal.records {
            let sealed = seal.records;
            self.find(format!("audit: {range}: {found} are there, and {sealed} were sealed (seal {number})"));
        } else if seal.hash(before, &records) != seal.sha256 {
            self.find(format!("audit: {range} are not what was sealed (seal {number})"));
        }
        self.records += found;
        self.about(db, after, seal.last_position, &records).await
    }

    /// What a record is found by is what it names.
    async fn about(&mut self, db: &Database, after: i64, last: i64, records: &[Kept]) -> Result<(), DbError> {
        let named: BTreeSet<(String, String, i64)> = records
            .iter()
            .flat_map(|Kept { position, record }| {
                let of = |kind: &'static str| move |id: &String| (kind.to_owned(), id.clone(), *position);
                let persons = record.about.persons.iter().map(of("person"));
                persons.chain(record.about.placements.iter().map(of("placement")))
            })
            .collect();
        let found = store::about(db.conn(), after, last).await?;
        for (_, _, position) in named.symmetric_difference(&found).take(1) {
            self.find(format!("audit: record {position} is not found by whom it names, or by others too"));
        }
        Ok(())
    }

    /// What comes after the newest seal, and whether it is the newest.
    async fn end(&mut self, db: &Database, newest: Option<&Seal>) -> Result<(), DbError> {
        let head = store::head(db.conn()).await?;
        let known = newest.map(|seal| (seal.seal_no, seal.sha256.clone()));
        // Another may have been made meanwhile.
        let behind = matches!((&head, &known), (Some(head), Some(known)) if head.0 < known.0);
        if head != known && !behind {
            let told = head.map_or_else(|| "none".to_owned(), |(number, _)| number.to_string());
            let found = known.map_or_else(|| "none".to_owned(), |(number, _)| number.to_string());
            self.find(format!("audit: the newest seal is {told}, and {found} is there: the end is cut off"));
        }
        let mut after = newest.map_or(0, |seal| seal.last_position);
        loop {
            let records = store::records(db.conn(), after, i64::MAX, PART).await?;
            let Some(last) = records.last().map(|last| last.position) else { break };
            let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
            if !db.is_postgres() && last - after != count {
                self.find(format!("audit: of records {} to {last} some are not there", after + 1));
            }
            self.about(db, after, last, &records).await?;
            self.records += count;
            self.unsealed += count;
            after = last;
        }
        if !db.is_postgres() {
            let drawn = store::drawn(db.conn()).await?;
            if drawn > after {
                self.find(format!("audit: records {} to {drawn} are not there", after + 1));
            }
        }
        Ok(())
    }
}
