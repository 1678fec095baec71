//! Measurements as they now stand.

use niva_names::{LevelDecisionId, MeasurementId, PersonId};
use std::collections::BTreeMap;

use niva_access::Scope;
use niva_assessment_domain::Measurement;
use niva_base::OpError;
use niva_facts::Info;
use niva_proto::assessment::v1 as pb;
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Statement,
};

use crate::measurements::Filter;
use crate::persons::store as persons;
use crate::store;
use entity::{ActiveModel, Column, Entity, Model};

/// Inserts a measurement unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, measurement: &Measurement, info: &Info) -> Result<bool, DbError> {
    store::insert_new::<ActiveModel, _>(tx, row(measurement, info)).await
}

/// Inserts measurements whose ids were found free in this transaction.
pub(crate) async fn insert_all(tx: &Tx<'_>, measurements: &[(Measurement, Info)]) -> Result<(), OpError> {
    let rows: Vec<_> = measurements.iter().map(|(m, info)| ActiveModel::from(row(m, info))).collect();
    store::insert_all(tx, rows).await
}

/// Writes a measurement over the one with its id.
pub(crate) async fn update(tx: &Tx<'_>, measurement: &Measurement, info: &Info) -> Result<(), OpError> {
    store::update(tx, row(measurement, info)).await
}

impl persons::OfPerson for pb::Measurement {
    type Entity = Entity;
    const PERSON: Column = Column::PersonId;

    fn row(id: &MeasurementId) -> Select<Entity> {
        Entity::find_by_id(id.clone())
    }
}

/// Of whom a measurement is; what the call does not reach is not there.
pub(crate) async fn person(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: &MeasurementId,
) -> Result<Option<PersonId>, DbError> {
    let found = Entity::find_by_id(id.clone()).filter(persons::reached(Column::PersonId, scope));
    Ok(found.one(db).await?.map(|found| found.person_id))
}

/// The decisions that were ever made from measurements, withdrawn ones too, by measurement and in order of number.
pub(crate) async fn decisions(
    db: &impl ConnectionTrait,
    ids: &[&MeasurementId],
) -> Result<BTreeMap<MeasurementId, Vec<LevelDecisionId>>, DbError> {
    let mut found: BTreeMap<MeasurementId, Vec<LevelDecisionId>> = BTreeMap::new();
    for chunk in ids.chunks(store::CHUNK) {
        let binds: Vec<String> = (1..=chunk.len()).map(|n| format!("${n}")).collect();
        let select = Statement::from_sql_and_values(
            db.get_database_backend(),
            format!(
                "SELECT measurement_id, level_decision_id FROM level_decision WHERE measurement_id IN ({}) \
                 ORDER BY decision_number",
                binds.join(", ")
            ),
            chunk.iter().map(|id| id.as_str().into()),
        );
        for row in db.query_all_raw(select).await? {
            found
                .entry(row.try_get("", "measurement_id")?)
                .or_default()
                .push(row.try_get("", "level_decision_id")?);
        }
    }
    Ok(found)
}

/// Whether a standing decision stands on a measurement.
fn decided() -> SimpleExpr {
    const DECIDED: &str = "EXISTS (SELECT 1 FROM level_decision d WHERE d.measurement_id = measurement.measurement_id \
                           AND d.state = 'stands')";
    Expr::cust(DECIDED)
}

/// A page of ids, in order.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<MeasurementId>, DbError> {
    let visited = filter.visited.map(|days| {
        let last = days.end().map(|last| Column::VisitDate.lte(last));
        Condition::all().add(Column::VisitDate.gte(days.first)).add_option(last)
    });
    let person = store::same(db, filter.person_id.as_ref()).await?;
    let condition = Condition::all()
        .add(store::listed(&filter.listed, Column::State, Column::RecordedAt))
        .add(persons::reached(Column::PersonId, &filter.reached))
        .add_option(person.map(|ids| Column::PersonId.is_in(ids)))
        .add_option(filter.service.map(|service| Column::Service.eq(service.as_str())))
        .add_option(filter.decided.map(|yes| if yes { decided() } else { decided().not() }))
        .add_option(visited)
        .add_option(page.after.as_ref().map(|after| Column::MeasurementId.gt(after.as_str())));
    let query = Entity::find().select_only().column(Column::MeasurementId).filter(condition);
    Ok(query.order_by_asc(Column::MeasurementId).limit(page.limit()).into_tuple().all(db).await?)
}

fn row(measurement: &Measurement, info: &Info) -> Model {
    let visit = &measurement.visit;
    Model {
        measurement_id: visit.measurement_id.clone(),
        person_id: visit.person_id.clone(),
        service: visit.service.as_str().to_owned(),
        visit_date: visit.visit_date,
        revision: info.revision,
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    }
}

/// Measurements.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use niva_names::{MeasurementId, PersonId};
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "measurement")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub measurement_id: MeasurementId,
        pub person_id: PersonId,
        pub service: String,
        pub visit_date: Date,
        pub revision: i64,
        pub state: String,
        pub recorded_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
