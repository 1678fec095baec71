//! By whom records are found: people by all their ids, and placements whose records name no person.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use niva_names::{PersonId, PlacementId};
use niva_store::{Database, DbError, persons};

/// By whom records are found, as the service knows people.
#[async_trait]
pub trait People: fmt::Debug + Send + Sync {
    /// All ids of the person who has this one, itself first.
    ///
    /// # Errors
    /// The database's.
    async fn same(&self, db: &Database, person_id: &PersonId) -> Result<Vec<PersonId>, DbError>;

    /// The placements of a person, by whichever id, in a service that tells facts of placements without their person.
    ///
    /// # Errors
    /// The database's.
    async fn placements(&self, _: &Database, _: &[PersonId]) -> Result<Vec<PlacementId>, DbError> {
        Ok(Vec::new())
    }

    /// The persons of placements, by placement, in such a service.
    ///
    /// # Errors
    /// The database's.
    async fn persons(
        &self,
        _: &Database,
        _: &BTreeSet<PlacementId>,
    ) -> Result<BTreeMap<PlacementId, PersonId>, DbError> {
        Ok(BTreeMap::new())
    }
}

/// In a service that always names the person, and knows who is one by `niva_store::persons`.
#[derive(Debug, Clone, Copy)]
pub struct Named;

#[async_trait]
impl People for Named {
    async fn same(&self, db: &Database, person_id: &PersonId) -> Result<Vec<PersonId>, DbError> {
        persons::same(db.conn(), person_id).await
    }
}

/// All that records name a person by.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    persons: Vec<PersonId>,
    placements: Vec<PlacementId>,
}

impl Ids {
    pub(crate) async fn of(
        people: &dyn People,
        db: &Database,
        person_id: &PersonId,
    ) -> Result<Self, DbError> {
        let persons = people.same(db, person_id).await?;
        let placements = people.placements(db, &persons).await?;
        Ok(Self { persons, placements })
    }

    pub(crate) fn persons(&self) -> impl Iterator<Item = &str> {
        self.persons.iter().map(PersonId::as_str)
    }

    pub(crate) fn placements(&self) -> impl Iterator<Item = &str> {
        self.placements.iter().map(PlacementId::as_str)
    }
}
