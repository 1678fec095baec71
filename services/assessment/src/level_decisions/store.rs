//! Level decisions as they now stand.

use niva_access::Scope;
use niva_assessment_domain::LevelDecision;
use niva_base::OpError;
use niva_facts::Info;
use niva_names::{LevelDecisionId, PersonId, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Statement,
};

use crate::level_decisions::Filter;
use crate::persons::store as persons;
use crate::store;
use entity::{ActiveModel, Column, Entity, Model};

/// Takes the next `count` decision numbers and answers the first of them. Others who decide wait from here to the end of
/// this transaction: take them late.
pub(crate) async fn take_numbers(tx: &Tx<'_>, count: usize) -> Result<i64, OpError> {
    let count = i64::try_from(count).map_err(OpError::internal)?;
    let update = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "UPDATE decision_counter SET newest = newest + $1 WHERE counter = 1 RETURNING newest",
        [count.into()],
    );
    let row = tx.query_one_raw(update).await.map_err(DbError::from)?;
    let row = row.ok_or_else(|| OpError::internal("decision_counter has no row"))?;
    Ok(row.try_get::<i64>("", "newest").map_err(DbError::from)? - count + 1)
}

/// Inserts a decision unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, decision: &LevelDecision, info: &Info) -> Result<bool, DbError> {
    store::insert_new::<ActiveModel, _>(tx, row(decision, info)).await
}

/// Inserts decisions whose ids were found free in this transaction.
pub(crate) async fn insert_all(tx: &Tx<'_>, decisions: &[(LevelDecision, Info)]) -> Result<(), OpError> {
    let rows: Vec<_> = decisions.iter().map(|(d, info)| ActiveModel::from(row(d, info))).collect();
    store::insert_all(tx, rows).await
}

/// Writes a decision over the one with its id.
pub(crate) async fn update(tx: &Tx<'_>, decision: &LevelDecision, info: &Info) -> Result<(), OpError> {
    store::update(tx, row(decision, info)).await
}

impl persons::OfPerson for pb::LevelDecision {
    type Entity = Entity;
    const PERSON: Column = Column::PersonId;

    fn row(id: &LevelDecisionId) -> Select<Entity> {
        Entity::find_by_id(id.clone())
    }
}

/// Of whom a decision is; what the call does not reach is not there.
pub(super) async fn person(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: &LevelDecisionId,
) -> Result<Option<PersonId>, DbError> {
    let found = Entity::find_by_id(id.clone()).filter(persons::reached(Column::PersonId, scope));
    Ok(found.one(db).await?.map(|found| found.person_id))
}

/// Ids of all decisions of a service that were told of some records of a person, withdrawn ones too.
pub(crate) async fn of(
    db: &impl ConnectionTrait,
    records: &[PersonId],
    service: ServiceKey,
) -> Result<Vec<LevelDecisionId>, DbError> {
    let query = Entity::find().select_only().column(Column::LevelDecisionId);
    let records = Column::PersonId.is_in(records.iter().map(PersonId::as_str));
    let query = query.filter(records).filter(Column::Service.eq(service.as_str()));
    Ok(query.order_by_asc(Column::DecisionNumber).into_tuple().all(db).await?)
}

/// A page of ids, in order of number, after a number.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: i64,
    page: &PageRequest,
) -> Result<Vec<(LevelDecisionId, i64)>, DbError> {
    let valid_from = filter.valid_from.map(|days| {
        let last = days.end().map(|last| Column::ValidFrom.lte(last));
        Condition::all().add(Column::ValidFrom.gte(days.first)).add_option(last)
    });
    let person = store::same(db, filter.person_id.as_ref()).await?;
    let condition = Condition::all()
        .add(Column::DecisionNumber.gt(after))
        .add(store::listed(&filter.listed, Column::State, Column::RecordedAt))
        .add(persons::reached(Column::PersonId, &filter.reached))
        .add_option(person.map(|ids| Column::PersonId.is_in(ids)))
        .add_option(filter.service.map(|service| Column::Service.eq(service.as_str())))
        .add_option(filter.kind.map(|kind| Column::Kind.eq(kind)))
        .add_option(valid_from);
    let query = Entity::find().select_only().columns([Column::LevelDecisionId, Column::DecisionNumber]);
    let query = query.filter(condition).order_by_asc(Column::DecisionNumber);
    Ok(query.limit(page.limit()).into_tuple().all(db).await?)
}

fn row(decision: &LevelDecision, info: &Info) -> Model {
    Model {
        level_decision_id: decision.level_decision_id.clone(),
        decision_number: decision.decision_number,
        person_id: decision.person_id.clone(),
        service: decision.service.as_str().to_owned(),
        kind: decision.basis.as_str().to_owned(),
        valid_from: decision.valid_from,
        measurement_id: decision.basis.measured().map(|(id, _)| id.clone()),
        revision: info.revision,
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    }
}

/// Level decisions.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use niva_names::{LevelDecisionId, MeasurementId, PersonId};
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "level_decision")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub level_decision_id: LevelDecisionId,
        pub decision_number: i64,
        pub person_id: PersonId,
        pub service: String,
        pub kind: String,
        pub valid_from: Date,
        /// Present where its points are a measurement's.
        pub measurement_id: Option<MeasurementId>,
        pub revision: i64,
        pub state: String,
        pub recorded_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
