//! Queries: the tables of payment, as whoever has the database alone reads them.

use std::collections::BTreeMap;

use niva_calendar::{Month, NaiveDate};
use niva_models::Catalogue;
use niva_names::{CaseId, CaseNo, PaymentRunId, PersonId, RunNo, ServiceCatalogue, UnitId};
use niva_store::DbError;
use sea_orm::{ConnectionTrait, QueryResult, Statement, TryGetable, Value};

use crate::compared::Line;
use crate::told::{Row, Unit};

/// Facts of their own days alone have indexes of their own.
const OF_DAYS: [&str; 2] = ["kind NOT IN ('occasion', 'visit')", "kind IN ('occasion', 'visit')"];

/// The last run that was approved.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) run_no: RunNo,
    /// The last fact that it knows.
    pub(crate) frozen: i64,
    pub(crate) models_fingerprint: String,
    /// The first and last month of the ledger.
    pub(crate) months: (Month, Month),
}

async fn rows(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbError> {
    let query = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.query_all_raw(query).await?)
}

fn get<T: TryGetable>(row: &QueryResult, column: &str) -> Result<T, DbError> {
    Ok(row.try_get("", column)?)
}

/// `None`: none was approved yet.
pub(crate) async fn last_run(db: &impl ConnectionTrait) -> Result<Option<Run>, DbError> {
    let sql = "SELECT run_no, payment_run_id, opening_month, month, frozen_fact_number, models_fingerprint \
               FROM payment_run WHERE state = 'approved' ORDER BY run_no DESC LIMIT 1";
    let found = rows(db, sql, []).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let id: PaymentRunId = get(row, "payment_run_id")?;
    let month = |column: &'static str| {
        Month::from_index(get(row, column)?).map_err(|e| DbError::row("payment_run", column, id.as_str(), e))
    };
    Ok(Some(Run {
        run_no: get(row, "run_no")?,
        frozen: get(row, "frozen_fact_number")?,
        models_fingerprint: get(row, "models_fingerprint")?,
        months: (month("opening_month")?, month("month")?),
    }))
}

/// The models that a run was calculated with.
pub(crate) async fn models(db: &impl ConnectionTrait, fingerprint: &str) -> Result<Catalogue, DbError> {
    let bad = |problem: String| DbError::row("archived_models", "files", fingerprint, problem);
    let found =
        rows(db, "SELECT files FROM archived_models WHERE fingerprint = $1", [fingerprint.into()]).await?;
    let row = found.first().ok_or_else(|| bad("is missing".to_owned()))?;
    let files: Vec<(String, String)> =
        serde_json::from_str(&get::<String>(row, "files")?).map_err(|e| bad(e.to_string()))?;
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (id, sha256) in files {
        let sql = "SELECT content FROM archived_text WHERE sha256 = $1";
        let found = rows(db, sql, [sha256.as_str().into()]).await?;
        let row = found.first().ok_or_else(|| bad(format!("the text {sha256} is missing")))?;
        texts.insert(id, get(row, "content")?);
    }
    let city = texts.remove("").ok_or_else(|| bad("the city's file is missing".to_owned()))?;
    let city = ServiceCatalogue::parse("the city's services", &city).map_err(|e| bad(e.to_string()))?;
    let models =
        Catalogue::kept(&city.into(), texts.into_iter().collect()).map_err(|e| bad(e.to_string()))?;
    if models.fingerprint == fingerprint {
        Ok(models)
    } else {
        Err(bad(format!("names other texts, those of {}", models.fingerprint)))
    }
}

/// All units as they stood at a fact number.
pub(crate) async fn units(
    db: &impl ConnectionTrait,
    through: i64,
) -> Result<BTreeMap<UnitId, Unit>, DbError> {
    let sql = "SELECT unit_id, doc FROM unit_version WHERE fact_number <= $1 ORDER BY unit_id, fact_number";
    let mut units = BTreeMap::new();
    for row in rows(db, sql, [through.into()]).await? {
        let (id, doc): (UnitId, String) = (get(&row, "unit_id")?, get(&row, "doc")?);
        let unit =
            serde_json::from_str(&doc).map_err(|e| DbError::row("unit_version", "doc", id.as_str(), e))?;
        // The later takes the place of the earlier.
        units.insert(id, unit);
    }
    Ok(units)
}

/// Which record each of some was merged into, by the newest revision of each merge up to a number.
pub(crate) async fn merges(
    db: &impl ConnectionTrait,
    through: i64,
) -> Result<BTreeMap<PersonId, PersonId>, DbError> {
    #[derive(serde::Deserialize)]
    struct Both {
        from: PersonId,
        into: PersonId,
    }
    let sql = "SELECT number, fact_id, withdrawn, content FROM fact \
               WHERE kind = 'person_merge' AND number <= $1 ORDER BY fact_id, revision";
    let mut newest: BTreeMap<String, Option<Both>> = BTreeMap::new();
    for row in rows(db, sql, [through.into()]).await? {
        let (number, content): (i64, Vec<u8>) = (get(&row, "number")?, get(&row, "content")?);
        let both = serde_json::from_slice(&content);
        let both = both.map_err(|e| DbError::row("fact", "content", number.to_string(), e))?;
        newest.insert(get(&row, "fact_id")?, (!get::<bool>(&row, "withdrawn")?).then_some(both));
    }
    Ok(newest.into_values().flatten().map(|Both { from, into }| (from, into)).collect())
}

/// What names some cases among facts; those that are not known are left out.
pub(crate) async fn numbers(
    db: &impl ConnectionTrait,
    keys: &[CaseId],
) -> Result<BTreeMap<CaseId, CaseNo>, DbError> {
    let mut found = BTreeMap::new();
    for key in keys {
        let sql = "SELECT case_no FROM care_case WHERE case_key = $1";
        for row in rows(db, sql, [key.as_str().into()]).await? {
            found.insert(key.clone(), get(&row, "case_no")?);
        }
    }
    Ok(found)
}

/// Up to `limit` cases after a key, in order of key, with the number that names each among facts.
pub(crate) async fn cases(
    db: &impl ConnectionTrait,
    after: &CaseId,
    limit: i64,
) -> Result<Vec<(CaseId, CaseNo)>, DbError> {
    let sql = "SELECT case_key, case_no FROM care_case WHERE case_key > $1 ORDER BY case_key LIMIT $2";
    let found = rows(db, sql, [after.as_str().into(), limit.into()]).await?;
    found.iter().map(|row| Ok((get(row, "case_key")?, get(row, "case_no")?))).collect()
}

/// The facts of some cases up to a number. Some days' payment they may have changed: what has none of these, such as what a second
/// person has not approved yet, says nothing to a case.
pub(crate) async fn facts(
    db: &impl ConnectionTrait,
    cases: &[CaseNo],
    through: i64,
) -> Result<Vec<Row>, DbError> {
    let mut facts = Vec::new();
    if cases.is_empty() {
        return Ok(facts);
    }
    let binds: Vec<String> = (0..cases.len()).map(|n| format!("${}", n + 2)).collect();
    for kinds in OF_DAYS {
        let sql = format!(
            "SELECT number, case_no, (SELECT placement_id FROM placement \
             WHERE placement.placement_no = fact.placement_no) AS placement_id, \
             kind, fact_id, revision, withdrawn, content FROM fact \
             WHERE number <= $1 AND touched_last IS NOT NULL AND {kinds} AND case_no IN ({})",
            binds.join(", ")
        );
        let values = std::iter::once(Value::from(through)).chain(cases.iter().map(|no| (*no).into()));
        for row in rows(db, sql, values).await? {
            facts.push(Row {
                number: get(&row, "number")?,
                case_no: get(&row, "case_no")?,
                placement_id: get(&row, "placement_id")?,
                kind: get(&row, "kind")?,
                fact_id: get(&row, "fact_id")?,
                revision: get::<i32>(&row, "revision")?.into(),
                withdrawn: get(&row, "withdrawn")?,
                content: get(&row, "content")?,
            });
        }
    }
    Ok(facts)
}

/// What approved runs up to one of them paid to the cases after one key and through another (`None`: to all after it).
pub(crate) async fn lines(
    db: &impl ConnectionTrait,
    run_no: RunNo,
    after: &CaseId,
    through: Option<&CaseId>,
) -> Result<Vec<Line>, DbError> {
    let mut values: Vec<Value> = vec![run_no.into(), after.as_str().into()];
    let mut sql = "SELECT line.run_no, line_no, case_key, placement_id, component, first_day, last_day, \
                   model_id, payer_district, provider_id, payee_district, amount \
                   FROM payment_line AS line JOIN payment_run AS run ON run.run_no = line.run_no \
                   WHERE run.state = 'approved' AND run.run_no <= $1 AND case_key > $2"
        .to_owned();
    if let Some(through) = through {
        values.push(through.as_str().into());
        sql.push_str(" AND case_key <= $3");
    }
    let found = rows(db, sql, values).await?;
    found.iter().map(line).collect()
}

fn line(row: &QueryResult) -> Result<Line, DbError> {
    let (run_no, line_no): (RunNo, i64) = (get(row, "run_no")?, get(row, "line_no")?);
    let component: String = get(row, "component")?;
    let component = component
        .parse()
        .map_err(|e| DbError::row("payment_line", "component", format!("{run_no}/{line_no}"), e))?;
    Ok(Line {
        case_key: get(row, "case_key")?,
        placement_id: get(row, "placement_id")?,
        component,
        first: get::<NaiveDate>(row, "first_day")?,
        last: get::<NaiveDate>(row, "last_day")?,
        by: get(row, "model_id")?,
        payer: get(row, "payer_district")?,
        provider_id: get(row, "provider_id")?,
        payee_district: get(row, "payee_district")?,
        amount: get(row, "amount")?,
    })
}
