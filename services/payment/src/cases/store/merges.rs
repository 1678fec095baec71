//! Merges: facts of a person in all services, of which there are few.

use std::collections::{BTreeMap, BTreeSet};

use niva_names::{CaseId, CaseNo, PersonId, RunNo};
use niva_store::DbError;
use sea_orm::ConnectionTrait;

use super::about;
use crate::cases::CaseKey;
use crate::cases::records::Records;
use crate::content;
use crate::store::{Where, binds, rows, statement};

/// All that was told of merges up to a number.
pub(crate) async fn as_of(db: &impl ConnectionTrait, through: i64) -> Result<Records, DbError> {
    let sql = "SELECT number, fact_id, revision, withdrawn, content FROM fact \
               WHERE kind = 'person_merge' AND number <= $1 ORDER BY number";
    let mut records = Records::default();
    for row in rows(db, "fact", statement(db, sql, [through.into()])).await? {
        let number: i64 = row.get("number")?;
        let (id, revision): (String, i32) = (row.get("fact_id")?, row.get("revision")?);
        let info = (id.as_str().into(), i64::from(revision), !row.get::<bool>("withdrawn")?);
        let merge = content::merge(info, &row.get::<Vec<u8>>("content")?);
        records.tell(number, merge.map_err(|e| DbError::row("fact", "content", number.to_string(), e))?);
    }
    Ok(records)
}

/// The cases of some people, in every service, with the numbers that name them among facts.
pub(crate) async fn cases_of(
    db: &impl ConnectionTrait,
    persons: &BTreeSet<PersonId>,
) -> Result<Vec<(CaseId, CaseNo)>, DbError> {
    let mut found = Vec::new();
    for person in persons {
        let mut at = Where::default();
        about(&mut at, std::slice::from_ref(person), None);
        let (conditions, values) = at.finish();
        let sql = format!("SELECT case_key, case_no FROM care_case WHERE {conditions}");
        for row in rows(db, "care_case", statement(db, sql, values)).await? {
            found.push((row.get("case_key")?, row.get("case_no")?));
        }
    }
    Ok(found)
}

/// Something that somebody told after one number and up to another, and that a run pays in the case of another record of the person:
/// a merge, or what was told of another record. In words: `person merge M-1`.
pub(crate) async fn paid_beside(
    db: &impl ConnectionTrait,
    author: &str,
    between: (i64, i64),
    run_no: RunNo,
) -> Result<Option<String>, DbError> {
    let records = as_of(db, between.1).await?;
    let several: BTreeMap<CaseNo, CaseId> =
        cases_of(db, records.persons()).await?.into_iter().map(|(key, case_no)| (case_no, key)).collect();
    let sql = "SELECT kind, fact_id, case_no FROM fact f JOIN author a ON a.author_no = f.author_no \
               WHERE a.subject = $1 AND number > $2 AND number <= $3 \
               AND (kind = 'person_merge' OR touched_last IS NOT NULL) ORDER BY number";
    let told = if records.persons().is_empty() {
        Vec::new()
    } else {
        rows(db, "fact", statement(db, sql, [author.into(), between.0.into(), between.1.into()])).await?
    };
    for row in told {
        let (kind, id): (String, String) = (row.get("kind")?, row.get("fact_id")?);
        let of = |key: &&CaseId| match (kind.as_str(), CaseKey::try_from(*key)) {
            (_, Err(_)) => false,
            ("person_merge", Ok(key)) => records.is_of(&key.person_id, &id.as_str().into()),
            (_, Ok(key)) => row.get::<CaseNo>("case_no").is_ok_and(|case_no| {
                several
                    .get(&case_no)
                    .is_some_and(|told| records.beside(&key).iter().any(|k| CaseId::from(k) == *told))
            }),
        };
        let paid: Vec<&CaseId> = several.values().filter(of).collect();
        if !paid.is_empty() {
            let sql = format!(
                "SELECT line_no FROM payment_line WHERE run_no = $1 AND case_key IN ({}) LIMIT 1",
                binds(2, paid.len())
            );
            let values = std::iter::once(run_no.into()).chain(paid.iter().map(|key| key.as_str().into()));
            if !rows(db, "payment_line", statement(db, sql, values)).await?.is_empty() {
                return Ok(Some(format!("{} {id}", kind.replace('_', " "))));
            }
        }
    }
    Ok(None)
}
