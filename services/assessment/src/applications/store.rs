//! Applications as they now stand.

use niva_access::Scope;
use niva_assessment_domain::{Application, Outcome};
use niva_base::OpError;
use niva_facts::Info;
use niva_names::{ApplicationId, PersonId};
use niva_proto::assessment::v1 as pb;
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::applications::Filter;
use crate::persons::store as persons;
use crate::store;
use entity::{ActiveModel, Column, Entity, Model};

/// Inserts an application unless its id is taken; whether it was inserted.
pub(super) async fn insert(tx: &Tx<'_>, application: &Application, info: &Info) -> Result<bool, DbError> {
    store::insert_new::<ActiveModel, _>(tx, row(application, info)).await
}

/// Inserts applications whose ids were found free in this transaction.
pub(super) async fn insert_all(tx: &Tx<'_>, applications: &[(Application, Info)]) -> Result<(), OpError> {
    let rows: Vec<_> = applications.iter().map(|(a, info)| ActiveModel::from(row(a, info))).collect();
    store::insert_all(tx, rows).await
}

/// Writes an application over the one with its id.
pub(super) async fn update(tx: &Tx<'_>, application: &Application, info: &Info) -> Result<(), OpError> {
    store::update(tx, row(application, info)).await
}

impl persons::OfPerson for pb::Application {
    type Entity = Entity;
    const PERSON: Column = Column::PersonId;

    fn row(id: &ApplicationId) -> Select<Entity> {
        Entity::find_by_id(id.clone())
    }
}

/// Of whom an application is; what the call does not reach is not there.
pub(super) async fn person(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: &ApplicationId,
) -> Result<Option<PersonId>, DbError> {
    let found = Entity::find_by_id(id.clone()).filter(persons::reached(Column::PersonId, scope));
    Ok(found.one(db).await?.map(|found| found.person_id))
}

/// A page of ids, in order.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<ApplicationId>, DbError> {
    let person = store::same(db, filter.person_id.as_ref()).await?;
    let condition = Condition::all()
        .add(store::listed(&filter.listed, Column::State, Column::RecordedAt))
        .add_option(person.map(|ids| Column::PersonId.is_in(ids)))
        .add_option(filter.service.map(|service| Column::Service.eq(service.as_str())))
        .add_option(filter.district.as_ref().map(|board| Column::District.eq(board.as_str())))
        .add_option(filter.outcome.map(|outcome| Column::Outcome.eq(outcome_text(outcome))))
        .add_option(filter.undecided.then(|| Column::Outcome.is_null()))
        .add_option(filter.appealed.then(|| Column::Appealed.eq(true)))
        .add(persons::reached(Column::PersonId, &filter.reached))
        .add_option(page.after.as_ref().map(|after| Column::ApplicationId.gt(after.as_str())));
    let query = Entity::find().select_only().column(Column::ApplicationId).filter(condition);
    Ok(query.order_by_asc(Column::ApplicationId).limit(page.limit()).into_tuple().all(db).await?)
}

const fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Granted => "granted",
        Outcome::PartlyGranted => "partly_granted",
        Outcome::Refused => "refused",
    }
}

fn row(application: &Application, info: &Info) -> Model {
    Model {
        application_id: application.application_id.clone(),
        person_id: application.person_id.clone(),
        service: application.service.as_str().to_owned(),
        district: application.district.clone(),
        outcome: application.decision.as_ref().map(|decision| outcome_text(decision.outcome).to_owned()),
        appealed: application.appeal.is_some(),
        revision: info.revision,
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    }
}

/// Applications.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use niva_names::{ApplicationId, DistrictId, PersonId};
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "application")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub application_id: ApplicationId,
        pub person_id: PersonId,
        pub service: String,
        pub district: DistrictId,
        /// Absent until it is decided.
        pub outcome: Option<String>,
        pub appealed: bool,
        pub revision: i64,
        pub state: String,
        pub recorded_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
