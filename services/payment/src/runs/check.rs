//! Whether the ledger's rows are what a run wrote: its lines and holds added up anew from the database, number by number.

use niva_store::DbError;

use super::store::facts_between;
use super::stored::StoredRun;
use super::tally::Tally;
use crate::cases::CaseKey;
use crate::hash::Hash;
use crate::holds::filter::Filter;
use crate::holds::store as holds;
use crate::lines::store as lines;
use crate::store::Connection;

/// Rows read at a time.
const ROWS: u64 = 5_000;
/// Numbers of facts read at a time.
const NUMBERS: i64 = 5_000;

/// Why a run's rows are not what it wrote.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAsWritten {
    /// A row was changed, taken away, added or put in another's place.
    #[error("{0}")]
    Altered(String),
    /// The database's.
    #[error(transparent)]
    Database(DbError),
}

impl From<DbError> for NotAsWritten {
    /// A row that cannot be read was not written so.
    fn from(error: DbError) -> Self {
        match error {
            DbError::Row { .. } => Self::Altered(error.to_string()),
            other => Self::Database(other),
        }
    }
}

/// What a run's rows are, in one hash each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    lines: String,
    holds: String,
    facts: String,
}

/// Reads a run's lines, holds and facts from the database, and finds them as the run counted them.
pub(crate) async fn content(db: &impl Connection, run: &StoredRun) -> Result<Content, NotAsWritten> {
    let tally = recounted(db, run).await?;
    if let Some(what) = tally.differs(&run.tally) {
        return Err(altered(format!("run {}: {what} are not what the run counted", run.run.id)));
    }
    let known = known_before(db, run).await?;
    Ok(Content {
        lines: tally.lines_sha256(),
        holds: held(db, run).await?,
        facts: facts(db, (known, run.frozen)).await?,
    })
}

fn altered(what: String) -> NotAsWritten {
    NotAsWritten::Altered(what)
}

async fn recounted(db: &impl Connection, run: &StoredRun) -> Result<Tally, NotAsWritten> {
    let (mut tally, mut last) = (Tally::default(), 0);
    loop {
        let found = lines::page(db, run.run_no, last, ROWS).await?;
        for line in &found {
            last += 1;
            if line.id.line_no != last {
                return Err(altered(format!("run {}: line {last} is missing", run.run.id)));
            }
            let key = CaseKey::try_from(&line.case_key).map_err(|_| {
                altered(format!("run {}: line {last} is of no case: {}", run.run.id, line.case_key))
            })?;
            tally.add(line, &key, run.run.month).map_err(|e| altered(e.to_string()))?;
        }
        if found.is_empty() {
            return Ok(tally);
        }
    }
}

async fn held(db: &impl Connection, run: &StoredRun) -> Result<String, NotAsWritten> {
    let (mut hash, mut last) = (Hash::default(), 0);
    loop {
        let found = holds::list(db, run.run_no, &Filter::default(), last, ROWS).await?;
        for row in &found {
            last += 1;
            if row.hold_no != last {
                return Err(altered(format!("run {}: hold {last} is missing", run.run.id)));
            }
            let (days, component) = (row.hold.days, row.hold.component.as_str());
            let days = [days.first.to_string(), days.last.to_string()];
            for text in
                [row.case_key.as_str(), row.placement_id.as_str(), row.unit_id.as_str(), row.payer.as_str()]
            {
                hash.text(text);
            }
            for text in [&days[0], &days[1]] {
                hash.text(text);
            }
            hash.text(component);
            hash.text(row.hold.reason.as_str());
        }
        if found.is_empty() {
            break;
        }
    }
    if last != run.tally.holds {
        let what = format!("{last} holds are there, the run counted {}", run.tally.holds);
        return Err(altered(format!("run {}: {what}", run.run.id)));
    }
    Ok(hash.end())
}

/// The last fact that the approved run before this one knows.
async fn known_before(db: &impl Connection, run: &StoredRun) -> Result<i64, NotAsWritten> {
    let Some(baseline) = run.baseline else { return Ok(0) };
    let before = super::store::by_number(db, baseline).await?;
    let missing = || altered(format!("run {}: the approved run before it is missing", run.run.id));
    Ok(before.ok_or_else(missing)?.frozen)
}

/// What was told between two approved runs.
async fn facts(db: &impl Connection, between: (i64, i64)) -> Result<String, NotAsWritten> {
    let (mut hash, mut after) = (Hash::default(), between.0);
    while after < between.1 {
        let through = between.1.min(after.saturating_add(NUMBERS));
        for words in facts_between(db, (after, through)).await? {
            words.iter().for_each(|text| hash.text(text));
        }
        after = through;
    }
    Ok(hash.end())
}

/// The hash of a run that is approved: over everything that it is, what its rows are, and the hash of the approved run
/// before it. Whoever changes one changes all that follow.
pub(crate) fn run_sha256(run: &StoredRun, content: &Content, before: &str) -> String {
    let mut hash = Hash::default();
    let StoredRun { run_no, run: made, create_time, frozen, baseline, models_fingerprint, .. } = run;
    let (tally, engine_version) = (&run.tally, run.engine_version);
    let (approver, approve_time) = match &made.state {
        niva_payment_domain::RunState::Approved { approver, time } => {
            (approver.as_str(), time.timestamp_micros())
        }
        _ => ("", 0),
    };
    for text in [before, made.id.as_str(), &made.maker, approver, models_fingerprint] {
        hash.text(text);
    }
    let numbers = [
        i64::from(*run_no),
        i64::from(made.month.index()),
        i64::from(made.opening.index()),
        create_time.timestamp_micros(),
        approve_time,
        *frozen,
        baseline.map_or(0, i64::from),
        run.placements_total,
        i64::from(engine_version),
        tally.repriced.lines,
        tally.repriced.amount.0,
        tally.all.lines,
        tally.all.amount.0,
    ];
    numbers.iter().for_each(|number| hash.text(&number.to_string()));
    for (feed, position) in &run.feeds {
        hash.text(feed);
        hash.text(&position.to_string());
    }
    for text in [&content.lines, &content.holds, &content.facts] {
        hash.text(text);
    }
    hash.end()
}
