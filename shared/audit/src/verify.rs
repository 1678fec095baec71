//! Whether the trail is what was written: every record is read, every seal made anew.
//!
//! Found is whatever was changed, deleted, added or put elsewhere among what is sealed, and the end of the chain cut off
//! where the head was left. Who can rewrite the whole database can rewrite chain and head as well: then the seal that the
//! log or an earlier verification told, kept elsewhere, says otherwise. What is not sealed yet, of the last second, is
//! found on SQLite, whose positions have no gaps; on PostgreSQL a position that nobody kept may be a call that was rolled
//! back.
//!
//! What was removed is found missing unless a checkpoint stands where it stood, which the chain that goes on tells of, and
//! unless it was old enough and nothing that a legal hold kept.

mod removed;

use std::collections::BTreeSet;

use niva_store::{Database, DbError};

use self::removed::Removals;
use crate::chain::{Checkpoint, Kept, Seal};
use crate::store;
use crate::store::removal;

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
    loop {
        let removed = removal::newest(db.conn()).await?;
        let verified = once(db, expected).await?;
        // What is removed meanwhile looks like what is missing.
        if verified.findings.is_empty() || removal::newest(db.conn()).await? == removed {
            return Ok(verified);
        }
    }
}

async fn once(db: &Database, expected: Option<&str>) -> Result<Verified, DbError> {
    let mut removals = Removals::read(db).await?;
    let (mut verified, mut before): (Verified, Option<Seal>) = Default::default();
    let mut met = expected.is_none();
    let mut read = 0;
    loop {
        let seals = store::seals(db.conn(), read, PART).await?;
        let last = seals.last().map(|seal| seal.seal_no);
        for seal in seals.into_iter().map(Some).chain(last.is_none().then_some(None)) {
            while let Some(gone) = removals.next(before.as_ref()) {
                before = Some(verified.gone(db, before.as_ref(), &gone).await?);
                met = met || expected == before.as_ref().map(name).as_deref();
            }
            let Some(seal) = seal else { break };
            verified.seal(db, before.as_ref(), &seal, &mut removals).await?;
            met = met || expected == Some(name(&seal).as_str());
            before = Some(seal);
        }
        let Some(last) = last else { break };
        read = last;
    }
    verified.end(db, before.as_ref(), &mut removals).await?;
    verified.findings.extend(removals.findings());
    if let Some(expected) = expected.filter(|_| !met) {
        let gone = expected.split(':').next().and_then(|number| number.parse().ok());
        verified.find(match gone.and_then(|number| removals.covering(number)) {
            Some(checkpoint) => format!(
                "audit: seal {expected} was removed by checkpoint {checkpoint}: give one that was told later"
            ),
            None => format!("audit: there is no seal {expected}: the chain is not the one that was told"),
        });
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

    /// A stretch that was removed stands where it should, and nothing of it is left; the seal from which the chain goes on.
    async fn gone(
        &mut self,
        db: &Database,
        before: Option<&Seal>,
        gone: &Checkpoint,
    ) -> Result<Seal, DbError> {
        let number = gone.checkpoint_no;
        let here = before.map_or((0, ""), |before| (before.last_position, before.sha256.as_str()));
        if here != (gone.after_position, gone.before_sha256.as_str()) {
            self.find(format!("audit: checkpoint {number} does not go on where the chain is"));
        }
        let (after, last) = (gone.after_position, gone.last_position);
        let left = store::records(db.conn(), after, last, 1).await?;
        if !left.is_empty() || !store::about(db.conn(), after, last).await?.is_empty() {
            let first = after + 1;
            self.find(format!(
                "audit: of records {first} to {last} some are there, though checkpoint {number} removed them"
            ));
        }
        Ok(gone.end())
    }

    async fn seal(
        &mut self,
        db: &Database,
        before: Option<&Seal>,
        seal: &Seal,
        removals: &mut Removals,
    ) -> Result<(), DbError> {
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
        removals.told(&records);
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
    async fn end(
        &mut self,
        db: &Database,
        newest: Option<&Seal>,
        removals: &mut Removals,
    ) -> Result<(), DbError> {
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
            removals.told(&records);
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
