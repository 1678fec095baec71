//! When the file has a new first key, what other keys encrypted is encrypted by that one; when a key is out of the file,
//! nobody is found by it any more.

use std::sync::Arc;

use async_trait::async_trait;
use niva_base::{OpError, chain};
use niva_jobs::{Found, Signals, Work, Worked, spawn};
use niva_names::PersonId;
use niva_store::{Tx, facts};
use tokio::task::JoinHandle;

use super::keys::{IdentityKeys, Ring};
use super::sealed::SealedIdentity;
use super::{hashes, store, wire};
use crate::App;

/// People at a time.
const PART: u64 = 200;

/// What follows the file of keys.
struct Rotation {
    app: Arc<App>,
    keys: IdentityKeys,
}

/// Starts it, where there are keys.
pub(crate) fn start(app: &Arc<App>) -> Option<JoinHandle<()>> {
    let keys = app.identity_keys.clone()?;
    let rotation = Rotation { app: Arc::clone(app), keys };
    Some(spawn(rotation, Signals::default(), app.shutdown.clone()))
}

#[async_trait]
impl Work for Rotation {
    type Job = Vec<PersonId>;
    type Place = ();

    async fn find(&self) -> Result<Option<Found<Vec<PersonId>, ()>>, OpError> {
        self.keys.look_again();
        let (ring, db) = (self.keys.ring(), self.app.db.conn());
        let behind = store::behind(db, ring.others(), PART).await?;
        if behind.is_empty() && !store::has_stale(db, ring.first().id(), ring.ids()).await? {
            return Ok(None);
        }
        // Two who are at it wait for each other, person by person, and the second finds it done.
        Ok(Some(Found { job: behind, place: None }))
    }

    async fn work(&self, people: Vec<PersonId>) -> Worked {
        let ring = &*self.keys.ring();
        let count = people.len();
        match self.renew_all(ring, &people).await {
            Ok(()) => {
                tracing::info!(people = count, key = ring.first().id(), "identities have a new key");
                Worked::Ended
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "identities cannot be given a new key, trying again");
                Worked::Later
            }
        }
    }
}

impl Rotation {
    async fn renew_all(&self, ring: &Ring, people: &[PersonId]) -> Result<(), OpError> {
        for id in people {
            self.app.db.write(|tx| Box::pin(self.renew(tx, ring, id))).await?;
        }
        let (first, known) = (ring.first().id(), &ring.ids());
        self.app.db.write(|tx| Box::pin(store::forget_stale(tx, first, known.clone()))).await
    }

    async fn renew(&self, tx: &Tx<'_>, ring: &Ring, id: &PersonId) -> Result<(), OpError> {
        let Some(wrapped) = store::held_key(tx, id).await? else { return Ok(()) };
        let first = ring.first();
        if wrapped.key_id == first.id() {
            return Ok(());
        }
        let own = ring.find(&wrapped.key_id)?.open(id.as_str(), &wrapped.key)?;
        let told = facts::newest::<SealedIdentity>(tx, id).await?;
        let told = told.ok_or_else(|| OpError::internal(format!("the identity of {id} has no fact")))?;
        let identity = wire::stored(&told.open(&own.sealer()?)?, self.app.clock.today())?;
        if !store::find_by(tx, id, hashes(ring, &identity, &crate::info(&told)?)).await? {
            return Err(OpError::internal(format!("somebody else is found by a number of {id}")));
        }
        let renewed = store::Wrapped { key_id: first.id().to_owned(), key: first.seal(id.as_str(), &own)? };
        Ok(store::rewrap(tx, id, renewed).await?)
    }
}
