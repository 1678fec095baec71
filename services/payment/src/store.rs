//! What the stores of all resources have in common.

use niva_store::DbError;
pub(crate) use sea_orm::ConnectionTrait as Connection;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TryGetable, Value};

/// Keys in one query: far below the 32 766 binds that SQLite takes.
pub(crate) const KEYS: usize = 1_000;

/// `until_fact_number` of a version that stands.
pub(crate) const STANDS: i64 = i64::MAX;

/// Facts of their own days alone, as the indexes of facts name them ([`niva_payment_domain::FactKind::is_of_days`]); all others; and
/// those that payment is told itself.
pub(crate) const OF_DAYS: &str = "kind IN ('occasion', 'visit')";
pub(crate) const NOT_OF_DAYS: &str = "kind NOT IN ('occasion', 'visit')";
pub(crate) const OWN: &str =
    "kind NOT IN ('grant', 'level_decision', 'placement', 'placement_of_another', 'unit')";

pub(crate) fn statement(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    let backend: DbBackend = db.get_database_backend();
    Statement::from_sql_and_values(backend, sql, values)
}

/// `$from, $from+1, …`: `count` of them.
pub(crate) fn binds(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// A row of a query, and which table it speaks of.
pub(crate) struct Row {
    pub(crate) table: &'static str,
    pub(crate) row: sea_orm::QueryResult,
}

impl Row {
    pub(crate) fn get<T: TryGetable>(&self, column: &str) -> Result<T, DbError> {
        Ok(self.row.try_get("", column)?)
    }

    /// A name of ours in a text column.
    pub(crate) fn name<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        column: &'static str,
    ) -> Result<T, DbError> {
        let text: String = self.get(column)?;
        text.parse().map_err(|e: T::Err| DbError::row(self.table, column, &text, e.to_string()))
    }
}

/// The conditions of a query, all of which must hold, and their values.
#[derive(Debug, Default)]
pub(crate) struct Where {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Where {
    /// A value's place in the query: `$3`.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// A condition as it is written.
    pub(crate) fn and(&mut self, condition: impl Into<String>) {
        self.conditions.push(condition.into());
    }

    /// A column that has a value.
    pub(crate) fn equals(&mut self, column: &str, value: impl Into<Value>) {
        let place = self.bind(value);
        self.and(format!("{column} = {place}"));
    }

    /// [`Where::equals`], where one is asked for.
    pub(crate) fn maybe(&mut self, column: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.equals(column, value);
        }
    }

    /// The text of the conditions, which are not none, and the values.
    pub(crate) fn finish(self) -> (String, Vec<Value>) {
        (self.conditions.join(" AND "), self.values)
    }
}

pub(crate) async fn rows(
    db: &impl ConnectionTrait,
    table: &'static str,
    query: Statement,
) -> Result<Vec<Row>, DbError> {
    let found = db.query_all_raw(query).await?;
    Ok(found.into_iter().map(|row| Row { table, row }).collect())
}
