//! Who a person is who has several records.

use niva_access::Scope;
use niva_assessment_domain::NumberKind;
use niva_base::OpError;
use niva_names::PersonId;
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, facts, persons as same};

use super::sealed::SealedIdentity;
use super::{Ring, own, ring, shown, store, wire};
use crate::App;

/// Refuses to merge two records that both have a personal identity number. What was erased says nothing.
pub(crate) async fn one_number(
    app: &App,
    tx: &Tx<'_>,
    from: &PersonId,
    into: &PersonId,
) -> Result<(), OpError> {
    let (one, other) = (told(tx, from).await?, told(tx, into).await?);
    if one.is_empty() || other.is_empty() {
        return Ok(());
    }
    let ring = &*ring(app)?;
    if is_personal(app, tx, ring, &one).await? && is_personal(app, tx, ring, &other).await? {
        let words = "both records have a personal identity number: they are of two people, or one of the numbers is wrong";
        return Err(OpError::precondition("MERGE_OF_TWO_NUMBERS", words));
    }
    Ok(())
}

/// The record that stays of a person who was found by a number, and who that is.
pub(super) async fn found(
    tx: &Tx<'_>,
    scope: &Scope,
    ring: &Ring,
    found: PersonId,
) -> Result<(PersonId, Option<pb::PersonIdentity>), OpError> {
    let id = same::merged_into(tx, &found).await?.unwrap_or(found);
    if store::key(tx, &id).await?.is_none() {
        return Ok((id, None));
    }
    let told = facts::newest::<SealedIdentity>(tx, &id).await?;
    let identity = shown(tx, scope, ring, &id, told.as_slice()).await?.pop();
    Ok((id, identity))
}

/// The other records of a person of whom it is told who that is, withdrawn or not.
pub(super) async fn others(tx: &Tx<'_>, person: &PersonId) -> Result<Vec<PersonId>, OpError> {
    let mut found = Vec::new();
    for id in same::same(tx, person).await?.into_iter().filter(|id| id != person) {
        if store::key(tx, &id).await?.is_some() {
            found.push(id);
        }
    }
    Ok(found)
}

/// The identities that stand of a person, by whichever record.
async fn told(tx: &Tx<'_>, person: &PersonId) -> Result<Vec<(PersonId, SealedIdentity)>, OpError> {
    let mut found = Vec::new();
    for id in same::same(tx, person).await? {
        if store::key(tx, &id).await?.is_none() {
            continue;
        }
        if let Some(told) = facts::newest::<SealedIdentity>(tx, &id).await?
            && crate::info(&told)?.stands()
        {
            found.push((id, told));
        }
    }
    Ok(found)
}

async fn is_personal(
    app: &App,
    tx: &Tx<'_>,
    ring: &Ring,
    told: &[(PersonId, SealedIdentity)],
) -> Result<bool, OpError> {
    for (id, told) in told {
        let message = told.open(&own(tx, ring, id).await?)?;
        if wire::stored(&message, app.clock.today())?.number.kind() == NumberKind::Personal {
            return Ok(true);
        }
    }
    Ok(false)
}
