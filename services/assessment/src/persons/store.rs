//! Persons as they now stand.

use niva_names::{DistrictId, PersonId};
use std::collections::BTreeSet;

use niva_access::{Reach, Scope};
use niva_assessment_domain::Person;
use niva_base::OpError;
use niva_facts::{Fact, Info};
use niva_proto::assessment::v1 as pb;
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx, persons as same};
use prost::Message;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Statement,
};

use crate::persons::Filter;
use crate::store;
use entity::{ActiveModel, Column, Entity};

/// Inserts a person unless the id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, person: &Person, info: &Info) -> Result<bool, OpError> {
    if !store::insert_new::<ActiveModel, _>(tx, row(person, info)).await? {
        return Ok(false);
    }
    store::insert_all(tx, residences(person)).await?;
    Ok(true)
}

/// Inserts persons whose ids were found free in this transaction.
pub(crate) async fn insert_all(tx: &Tx<'_>, persons: &[(Person, Info)]) -> Result<(), OpError> {
    let rows: Vec<_> = persons.iter().map(|(p, info)| ActiveModel::from(row(p, info))).collect();
    store::insert_all(tx, rows).await?;
    let rows: Vec<_> = persons.iter().flat_map(|(p, _)| residences(p)).collect();
    store::insert_all(tx, rows).await
}

/// Writes a person over what [`lock`] held.
pub(crate) async fn update(tx: &Tx<'_>, person: &Person, info: &Info) -> Result<(), OpError> {
    store::update(tx, row(person, info)).await?;
    let before = residence::Column::PersonId.eq(person.person_id.as_str());
    residence::Entity::delete_many().filter(before).exec(tx).await.map_err(DbError::from)?;
    store::insert_all(tx, residences(person)).await
}

/// Holds a person to the transaction's end, so that what is told of one person is told one after the other; whether the
/// call reaches such a person.
pub(crate) async fn lock(tx: &Tx<'_>, scope: &Scope, id: &PersonId) -> Result<bool, DbError> {
    let found = Entity::find_by_id(id.clone()).filter(reached(Column::PersonId, scope));
    Ok(found.lock_exclusive().one(tx).await?.is_some())
}

/// A fact of a person: where its row is, and what in it says whose it is.
pub(crate) trait OfPerson: Fact + Message + Default {
    /// Its table.
    type Entity: EntityTrait;
    /// The person.
    const PERSON: <Self::Entity as EntityTrait>::Column;

    /// The row.
    fn row(id: &Self::Id) -> Select<Self::Entity>;
}

impl OfPerson for pb::Person {
    type Entity = Entity;
    const PERSON: Column = Column::PersonId;

    fn row(id: &PersonId) -> Select<Entity> {
        Entity::find_by_id(id.clone())
    }
}

/// Whether there is such a fact, and the call reaches whose it is.
pub(crate) async fn is_reached<M: OfPerson>(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: &M::Id,
) -> Result<bool, DbError> {
    Ok(M::row(id).filter(reached(M::PERSON, scope)).one(db).await?.is_some())
}

/// A page of ids, in order.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<PersonId>, DbError> {
    let mut query = Entity::find().select_only().column(Column::PersonId).order_by_asc(Column::PersonId);
    query = query.filter(store::listed(&filter.listed, Column::State, Column::RecordedAt));
    query = query.filter(reached(Column::PersonId, &filter.reached));
    if !filter.listed.withdrawn {
        let merged = Query::select()
            .column("person_id")
            .from("same_person")
            .and_where(Expr::col("stays").eq(true))
            .to_owned();
        query = query.filter(Column::PersonId.not_in_subquery(merged));
    }
    if let Some((district, day)) = &filter.lives {
        let lives = Condition::all()
            .add(residence::Column::District.eq(district.as_str()))
            .add(residence::Column::FirstDay.lte(*day).or(residence::Column::FirstDay.is_null()))
            .add(residence::Column::LastDay.gte(*day).or(residence::Column::LastDay.is_null()));
        query = query.filter(Column::PersonId.in_subquery(people(lives)));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::PersonId.gt(after.as_str()));
    }
    Ok(query.limit(page.limit()).into_tuple().all(db).await?)
}

/// Ids of people with such a residence, as a subquery.
fn people(residence: Condition) -> SelectStatement {
    Query::select()
        .column(residence::Column::PersonId)
        .from(residence::Entity)
        .cond_where(residence)
        .to_owned()
}

/// What of people a call reaches: all of the city; who lives, lived or will live in its districts, or has had a grant of
/// them, by any record of the person; a person's own; of a provider's, nothing.
pub(crate) fn reached(column: impl ColumnTrait, scope: &Scope) -> Condition {
    let all = Condition::all();
    match scope.reach() {
        Reach::City => all,
        Reach::Districts(districts) => {
            let lives = residence::Column::District.is_in(districts.iter().map(DistrictId::as_str));
            let person = || Expr::col(column.as_column_ref());
            let theirs = |person: Expr| {
                let lives = people(Condition::all().add(lives));
                person.clone().in_subquery(lives).or(person.in_subquery(granted_by(districts)))
            };
            let others = same::others_in(theirs.clone());
            Condition::any().add(theirs(person())).add(person().in_subquery(others))
        }
        Reach::Person(id) => all.add(same::is(Expr::col(column.as_column_ref()), id)),
        Reach::Provider(_) | Reach::Author(_) => all.add(Expr::cust("1 = 0")),
    }
}

/// People with a grant of one of some boards, as a subquery; withdrawn ones count no more.
fn granted_by(districts: &BTreeSet<DistrictId>) -> SelectStatement {
    Query::select()
        .column("person_id")
        .from("grant")
        .and_where(Expr::col("district").is_in(districts.iter().map(DistrictId::as_str)))
        .and_where(Expr::col("state").eq("stands"))
        .to_owned()
}

/// Ids of a person's facts of a kind, withdrawn ones too, in order.
pub(crate) async fn ids<M: OfPerson>(tx: &Tx<'_>, person: &PersonId) -> Result<Vec<M::Id>, DbError> {
    let kind = M::KIND;
    let sql = format!("SELECT {kind}_id AS id FROM \"{kind}\" WHERE person_id = $1 ORDER BY 1");
    let select = Statement::from_sql_and_values(tx.get_database_backend(), sql, [person.as_str().into()]);
    tx.query_all_raw(select).await?.iter().map(|row| Ok(row.try_get::<String>("", "id")?.into())).collect()
}

/// Something that is told of the person and stands, in words: `grant g1`.
pub(crate) async fn told_of(tx: &Tx<'_>, id: &PersonId) -> Result<Option<String>, DbError> {
    for (kind, table, key) in [
        ("application", "application", "application_id"),
        ("grant", "\"grant\"", "grant_id"),
        ("identity of", "identity", "person_id"),
        ("merge", "person_merge", "person_merge_id"),
    ] {
        let person = if table == "person_merge" { "into_person_id" } else { "person_id" };
        let sql = format!(
            "SELECT {key} AS id FROM {table} WHERE {person} = $1 AND state = 'stands' ORDER BY 1 LIMIT 1"
        );
        let select = Statement::from_sql_and_values(tx.get_database_backend(), sql, [id.as_str().into()]);
        if let Some(row) = tx.query_one_raw(select).await? {
            return Ok(Some(format!("{kind} {}", row.try_get::<String>("", "id")?)));
        }
    }
    Ok(None)
}

fn row(person: &Person, info: &Info) -> entity::Model {
    entity::Model {
        person_id: person.person_id.clone(),
        revision: info.revision,
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    }
}

fn residences(person: &Person) -> Vec<residence::ActiveModel> {
    let last_days = person.residences.keys().skip(1).map(|next| next.and_then(|day| day.pred_opt()));
    let periods = person.residences.iter().zip(last_days.chain([None])).zip(0..);
    let row =
        |(((first, district), last_day), number): (((&_, &Option<DistrictId>), _), _)| residence::Model {
            person_id: person.person_id.clone(),
            number,
            first_day: *first,
            last_day,
            district: district.clone(),
        };
    periods.map(row).map(residence::ActiveModel::from).collect()
}

/// People; where they live is in `residence`.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use niva_names::PersonId;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: PersonId,
        pub revision: i64,
        pub state: String,
        pub recorded_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Where people live, in order of first day.
mod residence {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use niva_names::{DistrictId, PersonId};
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "residence")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: PersonId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        /// Absent: as far back as is known.
        pub first_day: Option<Date>,
        /// Absent: until further.
        pub last_day: Option<Date>,
        /// Absent: outside the city.
        pub district: Option<DistrictId>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
