//! Whose placements are: payment's facts name a placement, and the audit trail is read by persons.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use niva_audit::Placements;
use niva_names::{PersonId, PlacementId};
use niva_store::{Database, DbError};

use crate::cases::store::{placements_of, places};

/// The placements that payment has heard of.
#[derive(Debug)]
pub(super) struct Known;

#[async_trait]
impl Placements for Known {
    async fn of(&self, db: &Database, person_id: &PersonId) -> Result<Vec<PlacementId>, DbError> {
        let found = placements_of(db.conn(), person_id).await?;
        Ok(found.into_iter().map(|placement| placement.placement_id).collect())
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
