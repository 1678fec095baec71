//! Grants as they now stand.

use std::collections::BTreeMap;

use niva_access::Scope;
use niva_assessment_domain::Grant;
use niva_base::OpError;
use niva_calendar::NaiveDate;
use niva_facts::Info;
use niva_names::{ApplicationId, GrantId, PersonId, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Statement,
};

use crate::grants::Filter;
use crate::persons::store as persons;
use crate::store;
use entity::{ActiveModel, Column, Entity, Model};

/// Inserts a grant unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, grant: &Grant, info: &Info) -> Result<bool, DbError> {
    store::insert_new::<ActiveModel, _>(tx, row(grant, info)).await
}

/// Inserts grants whose ids were found free in this transaction.
pub(crate) async fn insert_all(tx: &Tx<'_>, grants: &[(Grant, Info)]) -> Result<(), OpError> {
    let rows: Vec<_> = grants.iter().map(|(grant, info)| ActiveModel::from(row(grant, info))).collect();
    store::insert_all(tx, rows).await
}

/// Writes a grant over the one with its id.
pub(crate) async fn update(tx: &Tx<'_>, grant: &Grant, info: &Info) -> Result<(), OpError> {
    store::update(tx, row(grant, info)).await
}

impl persons::OfPerson for pb::Grant {
    type Entity = Entity;
    const PERSON: Column = Column::PersonId;

    fn row(id: &GrantId) -> Select<Entity> {
        Entity::find_by_id(id.clone())
    }
}

/// Of whom a grant is; what the call does not reach is not there.
pub(crate) async fn person(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: &GrantId,
) -> Result<Option<PersonId>, DbError> {
    let found = Entity::find_by_id(id.clone()).filter(persons::reached(Column::PersonId, scope));
    Ok(found.one(db).await?.map(|found| found.person_id))
}

/// Those of some grants that stand and have a day in common with another standing grant of the same person and service;
/// each with the first such other. `same`: by whichever record of the person; else by the same one.
pub(crate) async fn overlapping(
    db: &impl ConnectionTrait,
    ids: &[&GrantId],
    same: bool,
) -> Result<Vec<(GrantId, GrantId)>, DbError> {
    let mut found = overlapping_of(db, ids, "JOIN \"grant\" o ON o.person_id = g.person_id").await?;
    if same {
        // By itself, so that each is found by an index.
        let others =
            "JOIN same_person s ON s.person_id = g.person_id JOIN \"grant\" o ON o.person_id = s.other_id";
        found.extend(overlapping_of(db, ids, others).await?);
    }
    Ok(found)
}

/// [`overlapping`], where `others` says whose the other grants are.
async fn overlapping_of(
    db: &impl ConnectionTrait,
    ids: &[&GrantId],
    others: &str,
) -> Result<Vec<(GrantId, GrantId)>, DbError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(store::CHUNK) {
        let binds: Vec<String> = (1..=chunk.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT g.grant_id, MIN(o.grant_id) AS other FROM \"grant\" g {others} \
             AND o.service = g.service AND o.grant_id <> g.grant_id \
             AND o.state = 'stands' AND (g.last_day IS NULL OR o.first_day <= g.last_day) \
             AND (o.last_day IS NULL OR o.last_day >= g.first_day) \
             WHERE g.state = 'stands' AND g.grant_id IN ({}) GROUP BY g.grant_id",
            binds.join(", ")
        );
        let values = chunk.iter().map(|id| id.as_str().into());
        let select = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        for row in db.query_all_raw(select).await? {
            found.push((row.try_get("", "grant_id")?, row.try_get("", "other")?));
        }
    }
    Ok(found)
}

/// A standing grant that names an application.
pub(crate) async fn naming(tx: &Tx<'_>, application_id: &ApplicationId) -> Result<Option<GrantId>, DbError> {
    let naming = Entity::find()
        .filter(Column::ApplicationId.eq(application_id.as_str()))
        .filter(Column::State.eq("stands"))
        .order_by_asc(Column::GrantId);
    Ok(naming.one(tx).await?.map(|grant| grant.grant_id))
}

/// The last day on which each of some people has a grant of each service, by whichever record.
pub(crate) async fn last_days(
    db: &impl ConnectionTrait,
    persons: &[&PersonId],
) -> Result<BTreeMap<(PersonId, ServiceKey), NaiveDate>, DbError> {
    let others = niva_store::persons::others_of(db, persons.iter().copied()).await?;
    let mut asked: BTreeMap<&PersonId, Vec<&PersonId>> = BTreeMap::new();
    for person in persons {
        for id in others.get(*person).into_iter().flatten().chain([*person]) {
            asked.entry(id).or_default().push(person);
        }
    }
    let mut found = BTreeMap::new();
    let records: Vec<&PersonId> = asked.keys().copied().collect();
    for chunk in records.chunks(store::CHUNK) {
        let query = Entity::find().filter(Column::State.eq("stands"));
        for grant in query.filter(Column::PersonId.is_in(chunk.iter().map(|id| id.as_str()))).all(db).await? {
            let service = grant.service.parse().map_err(|e: niva_names::NoServiceKey| {
                DbError::row("grant", "service", grant.grant_id, e.to_string())
            })?;
            let last_day = grant.last_day.unwrap_or(NaiveDate::MAX);
            for person in asked.get(&grant.person_id).into_iter().flatten() {
                let last = found.entry(((*person).clone(), service)).or_insert(last_day);
                *last = last_day.max(*last);
            }
        }
    }
    Ok(found)
}

/// The last day on which a person has a grant of any service.
pub(crate) async fn last_day(
    db: &impl ConnectionTrait,
    person: &PersonId,
) -> Result<Option<NaiveDate>, DbError> {
    Ok(last_days(db, &[person]).await?.into_values().max())
}

/// A page of ids, in order.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<GrantId>, DbError> {
    let person = store::same(db, filter.person_id.as_ref()).await?;
    let valid = filter.day.map(|day| {
        let ends = Condition::any().add(Column::LastDay.gte(day)).add(Column::LastDay.is_null());
        Condition::all().add(Column::FirstDay.lte(day)).add(ends)
    });
    let condition = Condition::all()
        .add(store::listed(&filter.listed, Column::State, Column::RecordedAt))
        .add_option(person.map(|ids| Column::PersonId.is_in(ids)))
        .add_option(filter.service.map(|service| Column::Service.eq(service.as_str())))
        .add_option(filter.district.as_ref().map(|board| Column::District.eq(board.as_str())))
        .add(persons::reached(Column::PersonId, &filter.reached))
        .add_option(valid)
        .add_option(page.after.as_ref().map(|after| Column::GrantId.gt(after.as_str())));
    let query = Entity::find().select_only().column(Column::GrantId).filter(condition);
    Ok(query.order_by_asc(Column::GrantId).limit(page.limit()).into_tuple().all(db).await?)
}

fn row(grant: &Grant, info: &Info) -> Model {
    Model {
        grant_id: grant.grant_id.clone(),
        person_id: grant.person_id.clone(),
        service: grant.service.as_str().to_owned(),
        district: grant.district.clone(),
        first_day: grant.valid.first,
        last_day: grant.valid.end(),
        application_id: grant.application_id.clone(),
        revision: info.revision,
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    }
}

/// Grants.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use niva_names::{ApplicationId, DistrictId, GrantId, PersonId};
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "grant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub grant_id: GrantId,
        pub person_id: PersonId,
        pub service: String,
        pub district: DistrictId,
        pub first_day: Date,
        /// Absent: without end.
        pub last_day: Option<Date>,
        pub application_id: Option<ApplicationId>,
        pub revision: i64,
        pub state: String,
        pub recorded_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
