//! Which facts a person has, by whichever id.

use niva_names::{OfferId, PersonId, PlacementId, WishId};
use niva_store::DbError;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{offers, placements, wishes};

pub(super) async fn wishes(db: &impl ConnectionTrait, persons: &[PersonId]) -> Result<Vec<WishId>, DbError> {
    use wishes::store::{Column, Entity};
    ids::<Entity, _>(db, (Column::WishId, Column::PersonId), persons).await
}

pub(super) async fn offers(db: &impl ConnectionTrait, persons: &[PersonId]) -> Result<Vec<OfferId>, DbError> {
    use offers::store::{Column, Entity};
    ids::<Entity, _>(db, (Column::OfferId, Column::PersonId), persons).await
}

pub(super) async fn placements(
    db: &impl ConnectionTrait,
    persons: &[PersonId],
) -> Result<Vec<PlacementId>, DbError> {
    use placements::store::{Column, Entity};
    ids::<Entity, _>(db, (Column::PlacementId, Column::PersonId), persons).await
}

/// Ids in order; withdrawn facts too.
async fn ids<E, I>(
    db: &impl ConnectionTrait,
    (id, person): (E::Column, E::Column),
    persons: &[PersonId],
) -> Result<Vec<I>, DbError>
where
    E: EntityTrait,
    I: From<String>,
{
    let of = person.is_in(persons.iter().map(PersonId::as_str));
    let query = E::find().select_only().column(id).filter(of).order_by_asc(id);
    let found: Vec<String> = query.into_tuple().all(db).await?;
    Ok(found.into_iter().map(I::from).collect())
}
