//! Whose placements are: payment's facts name a placement, and the audit trail is read by persons.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use niva_audit::People;
use niva_names::{PersonId, PlacementId};
use niva_store::{Database, DbError};

use crate::cases::store::{merges, placements_of, places};

/// The people and the placements that payment has heard of.
#[derive(Debug)]
pub(super) struct Known;

#[async_trait]
impl People for Known {
    async fn same(&self, db: &Database, person_id: &PersonId) -> Result<Vec<PersonId>, DbError> {
        Ok(merges::as_of(db.conn(), i64::MAX).await?.same(person_id).into_iter().collect())
    }

    async fn placements(&self, db: &Database, persons: &[PersonId]) -> Result<Vec<PlacementId>, DbError> {
        let mut found = Vec::new();
        for person in persons {
            found.extend(
                placements_of(db.conn(), person).await?.into_iter().map(|placement| placement.placement_id),
            );
        }
        Ok(found)
    }

    async fn persons(
        &self,
        db: &Database,
        placements: &BTreeSet<PlacementId>,
    ) -> Result<BTreeMap<PlacementId, PersonId>, DbError> {
        let known = places(db.conn(), placements).await?;
        Ok(known.into_iter().map(|(placement, place)| (placement, place.key.person_id)).collect())
    }
}
