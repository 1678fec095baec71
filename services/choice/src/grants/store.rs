//! Grants, as assessment told of them.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use std::collections::BTreeMap;

use niva_access::{Reach, Scope};
use niva_calendar::Interval;
use niva_choice_domain::Grant;
use niva_names::{DistrictId, GrantId, PersonId, ServiceKey};
use niva_store::{DbError, Tx, persons};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::{Condition, IntoActiveModel, QueryOrder, QuerySelect};

use super::known::Known;

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
    pub state: String,
    pub revision: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Rows in one INSERT.
const ROWS: usize = 1_000;

/// Keeps the higher revision of what is known and what is told: whatever the order, and however often.
pub(crate) async fn apply(tx: &Tx<'_>, told: impl IntoIterator<Item = Known>) -> Result<(), DbError> {
    // One statement cannot write the same row twice.
    let mut newest: BTreeMap<GrantId, Known> = BTreeMap::new();
    for known in told {
        match newest.get(&known.grant.grant_id) {
            Some(before) if before.revision >= known.revision => {}
            _ => {
                newest.insert(known.grant.grant_id.clone(), known);
            }
        }
    }
    let mut rows = newest.into_values().map(row).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<_> = rows.by_ref().take(ROWS).map(IntoActiveModel::into_active_model).collect();
        let newer =
            Expr::col((Alias::new("excluded"), Column::Revision)).gt(Expr::col((Entity, Column::Revision)));
        let replace = OnConflict::column(Column::GrantId)
            .update_columns([
                Column::PersonId,
                Column::Service,
                Column::District,
                Column::FirstDay,
                Column::LastDay,
                Column::State,
                Column::Revision,
            ])
            .action_and_where(newer)
            .to_owned();
        Entity::insert_many(chunk).on_conflict(replace).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The grant, also a withdrawn one; what the call does not reach is not there.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: &GrantId,
) -> Result<Option<Known>, DbError> {
    Entity::find_by_id(id.clone()).filter(reached(scope)).one(db).await?.map(known).transpose()
}

/// Grants that a call reaches: of people to whom one of its districts has granted the service, whichever grant it is; the
/// person's own; of a provider's, none.
pub(crate) fn reached(scope: &Scope) -> Condition {
    let all = Condition::all();
    match scope.reach() {
        Reach::City => all,
        Reach::Districts(districts) => {
            all.add(crate::store::granted_beside("grant", "other", districts.iter()))
        }
        Reach::Person(person) => all.add(persons::is(Expr::col(("grant", "person_id")), person)),
        Reach::Provider(_) | Reach::Author(_) => all.add(Expr::cust("1 = 0")),
    }
}

/// Whether a call reaches somebody by any grant of these records, which are one person's; a withdrawn grant too.
pub(crate) async fn are_reached(
    db: &impl ConnectionTrait,
    scope: &Scope,
    persons: &[PersonId],
) -> Result<bool, DbError> {
    let of = Column::PersonId.is_in(persons.iter().map(PersonId::as_str));
    Ok(Entity::find().filter(of).filter(reached(scope)).one(db).await?.is_some())
}

/// All grants of a service to a person whom the call reaches, by whichever record, in order of id, held to the transaction's end: whoever offers or orders holds
/// them, so that a person has one offer and one order of a service at a time.
pub(crate) async fn hold(
    tx: &Tx<'_>,
    scope: &Scope,
    person_id: &PersonId,
    service: ServiceKey,
) -> Result<Vec<Known>, DbError> {
    mine(&persons::same(tx, person_id).await?, service)
        .filter(reached(scope))
        .lock_exclusive()
        .all(tx)
        .await?
        .into_iter()
        .map(known)
        .collect()
}

/// All grants of some people, in order of id, held to the transaction's end.
pub(crate) async fn hold_all(tx: &Tx<'_>, person_ids: &[&PersonId]) -> Result<Vec<Known>, DbError> {
    let mut found = Vec::new();
    for chunk in person_ids.chunks(crate::store::CHUNK) {
        let query = Entity::find().filter(Column::PersonId.is_in(chunk.iter().map(|id| id.as_str())));
        for row in query.order_by_asc(Column::GrantId).lock_exclusive().all(tx).await? {
            found.push(known(row)?);
        }
    }
    Ok(found)
}

fn mine(records: &[PersonId], service: ServiceKey) -> Select<Entity> {
    let query = Entity::find().filter(Column::PersonId.is_in(records.iter().map(PersonId::as_str)));
    query.filter(Column::Service.eq(service.as_str())).order_by_asc(Column::GrantId)
}

/// Those of `ids` that are known.
pub(crate) async fn find_all(
    db: &impl ConnectionTrait,
    ids: &[&GrantId],
) -> Result<BTreeMap<GrantId, Known>, DbError> {
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(crate::store::CHUNK) {
        for row in
            Entity::find().filter(Column::GrantId.is_in(chunk.iter().map(|id| id.as_str()))).all(db).await?
        {
            found.insert(row.grant_id.clone(), known(row)?);
        }
    }
    Ok(found)
}

fn row(known: Known) -> Model {
    let Known { grant, stands, revision } = known;
    Model {
        service: grant.service.as_str().to_owned(),
        first_day: grant.valid.first,
        last_day: grant.valid.end(),
        grant_id: grant.grant_id,
        person_id: grant.person_id,
        district: grant.district,
        state: if stands { "stands" } else { "withdrawn" }.to_owned(),
        revision,
    }
}

fn known(row: Model) -> Result<Known, DbError> {
    let grant = Grant {
        service: crate::store::service("grant", row.grant_id.as_str(), &row.service)?,
        valid: Interval::between(row.first_day, row.last_day)
            .ok_or_else(|| DbError::row("grant", "last_day", row.grant_id.clone(), "is before first_day"))?,
        grant_id: row.grant_id,
        person_id: row.person_id,
        district: row.district,
    };
    Ok(Known { grant, stands: row.state == "stands", revision: row.revision })
}
