//! A second reader of payment's ledger, deliberately simple: it takes what was told from the rows, walks the days one by
//! one, finds by itself what held on each and what is owed for it, and adds up what was paid.
//!
//! It shares nothing with the engine, the cases and the runs but the models' data (which model is in force on a day, and
//! what it prices), the calendar and the contract's messages. Whatever the two see differently is a finding.

mod compared;
mod held;
mod owed;
mod store;
mod told;

use std::collections::BTreeMap;

use niva_names::{CaseId, CaseNo, PersonId, PlacementId, ServiceKey};
use niva_store::{Database, DbError};

use compared::{Line, compare};
use owed::{Ground, Owed, owed};
use store::Run;
use told::{Case, Placement};

/// Cases read at a time: memory for their facts and lines, however large the city.
const CASES: usize = 400;
/// Findings after which nobody needs more.
const MOST: usize = 1_000;

/// Recounts what approved runs have paid: for each placement, component, payer, payee, and model, agreement or special
/// compensation, every day of the ledger through the month of the last approved run must be paid what it is owed by the
/// facts and models which that run knew. Answers what differs, in words, and nothing where no run is approved.
///
/// # Errors
/// The database's. A row that cannot be read is a finding, and ends the recount.
pub async fn recount(db: &Database) -> Result<Vec<String>, DbError> {
    let mut found = Vec::new();
    match all(db, &mut found).await {
        Err(error @ DbError::Row { .. }) => found.push(error.to_string()),
        other => other?,
    }
    Ok(found)
}

async fn all(db: &Database, found: &mut Vec<String>) -> Result<(), DbError> {
    let conn = db.conn();
    let Some(run) = store::last_run(conn).await? else { return Ok(()) };
    let ground = Ground {
        models: store::models(conn, &run.models_fingerprint).await?,
        units: store::units(conn, run.frozen).await?,
        days: (run.months.0.first_day(), run.months.1.last_day()),
    };
    let people = People(store::merges(conn, run.frozen).await?);
    let mut after = CaseId::none().clone();
    loop {
        let part = Part::read(db, &run, &people, &after).await?;
        part.compare(&ground, found)?;
        if found.len() >= MOST {
            found.push("there may be more: the recount ended here".to_owned());
            return Ok(());
        }
        match part.through {
            Some(through) => after = through,
            None => return Ok(()),
        }
    }
}

/// Which record each that was merged was merged into.
#[derive(Debug)]
struct People(BTreeMap<PersonId, PersonId>);

impl People {
    /// The record that stays of a person; a way that never ends has no such record.
    fn stays<'p>(&'p self, person: &'p PersonId) -> Option<&'p PersonId> {
        let mut at = person;
        for _ in 0..=self.0.len() {
            match self.0.get(at) {
                Some(into) => at = into,
                None => return Some(at),
            }
        }
        None
    }

    /// The records that went into this one.
    fn gone(&self, person: &PersonId) -> Vec<&PersonId> {
        self.0.keys().filter(|gone| self.stays(gone) == Some(person)).collect()
    }
}

/// Some cases in order of key, and what was paid to them.
#[derive(Debug)]
struct Part {
    cases: BTreeMap<CaseId, Case>,
    /// Also of cases that nothing is known of.
    lines: Vec<Line>,
    /// The last key; `None`: there are no more.
    through: Option<CaseId>,
}

impl Part {
    async fn read(db: &Database, run: &Run, people: &People, after: &CaseId) -> Result<Self, DbError> {
        let conn = db.conn();
        let known = store::cases(conn, after, i64::try_from(CASES).unwrap_or(i64::MAX)).await?;
        let through = known.last().filter(|_| known.len() == CASES).map(|(key, _)| key.clone());
        let paid_in = paid_in(db, people, &known).await?;
        let numbers: Vec<CaseNo> = paid_in.keys().copied().collect();
        let mut cases: BTreeMap<CaseId, Case> =
            known.into_iter().map(|(key, _)| (key, Case::default())).collect();
        for row in store::facts(conn, &numbers, run.frozen).await? {
            if let Some(case) = paid_in.get(&row.case_no).and_then(|key| cases.get_mut(key)) {
                case.tell(&row).map_err(|e| DbError::row("fact", "content", row.number.to_string(), e.0))?;
            }
        }
        let lines = store::lines(conn, run.run_no, after, through.as_ref()).await?;
        Ok(Self { cases, lines, through })
    }

    /// Adds what differs.
    fn compare(&self, ground: &Ground, found: &mut Vec<String>) -> Result<(), DbError> {
        let mut paid: BTreeMap<(&CaseId, &PlacementId), Vec<&Line>> = BTreeMap::new();
        for line in &self.lines {
            paid.entry((&line.case_key, &line.placement_id)).or_default().push(line);
        }
        for (key, case) in &self.cases {
            let service = service(key)?;
            for (id, placement) in &case.placements {
                let lines = paid.remove(&(key, id)).unwrap_or_default();
                found.extend(of_placement(ground, service, case, (id, placement), &lines));
            }
        }
        // Of placements that are not known nothing is owed.
        for ((_, id), lines) in paid {
            found.extend(compare(id, &Owed::new(), &lines));
        }
        Ok(())
    }
}

/// In which of some cases what was told of a case is paid: in that of the record that stays of its person.
async fn paid_in(
    db: &Database,
    people: &People,
    known: &[(CaseId, CaseNo)],
) -> Result<BTreeMap<CaseNo, CaseId>, DbError> {
    let mut paid = BTreeMap::new();
    for (key, number) in known {
        let (person, service) = parts(key)?;
        if people.stays(&person) != Some(&person) {
            continue;
        }
        paid.insert(*number, key.clone());
        let gone = people.gone(&person).into_iter();
        let gone: Vec<CaseId> = gone.map(|gone| format!("{gone}|{service}").into()).collect();
        paid.extend(
            store::numbers(db.conn(), &gone).await?.into_values().map(|number| (number, key.clone())),
        );
    }
    Ok(paid)
}

fn of_placement(
    ground: &Ground,
    service: ServiceKey,
    case: &Case,
    (id, placement): (&PlacementId, &Placement),
    lines: &[&Line],
) -> Vec<String> {
    compare(id, &owed(ground, service, case, placement), lines)
}

fn service(case_key: &CaseId) -> Result<ServiceKey, DbError> {
    Ok(parts(case_key)?.1)
}

/// A case's key is `person|service`.
fn parts(case_key: &CaseId) -> Result<(PersonId, ServiceKey), DbError> {
    let parts = case_key.as_str().rsplit_once('|');
    let parts = parts.and_then(|(person, service)| Some((person.into(), service.parse().ok()?)));
    parts
        .ok_or_else(|| DbError::row("care_case", "case_key", case_key.as_str(), "is no case: person|service"))
}
