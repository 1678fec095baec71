//! Which facts a person has.

use niva_names::PersonId;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, Statement};

use crate::persons::store::OfPerson;

/// Ids of a person's facts of a kind, withdrawn ones too, in order.
pub(super) async fn ids<M: OfPerson>(tx: &Tx<'_>, person: &PersonId) -> Result<Vec<M::Id>, DbError> {
    let kind = M::KIND;
    let sql = format!("SELECT {kind}_id AS id FROM \"{kind}\" WHERE person_id = $1 ORDER BY 1");
    let select = Statement::from_sql_and_values(tx.get_database_backend(), sql, [person.as_str().into()]);
    tx.query_all_raw(select).await?.iter().map(|row| Ok(row.try_get::<String>("", "id")?.into())).collect()
}
