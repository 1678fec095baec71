//! Erasing who a person is, where nothing forbids it.

use niva_access::Scope;
use niva_assessment_domain::Identity;
use niva_base::OpError;
use niva_facts::{Info, State};
use niva_names::PersonId;
use niva_proto::assessment::v1 as pb;
use niva_retention::Kept;
use niva_rpc::wire::read;
use niva_store::{Tx, facts, persons as same};

use super::sealed::SealedIdentity;
use super::{Held, Identities, answered, merged, ring, store};
use crate::{grants, persons};

impl Identities {
    pub(super) async fn erase(
        &self,
        scope: &Scope,
        request: &pb::ErasePersonIdentityRequest,
    ) -> Result<pb::ErasePersonIdentityResponse, OpError> {
        let ring = &*ring(&self.0)?;
        let id = &read::only_id("person_id", &request.person_id)?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let Held { identity, info, .. } = self.held(tx, scope, ring, id).await?;
                    if request.expected_revision != info.revision {
                        let (expected, newest) = (request.expected_revision, info.revision);
                        return Err(niva_facts::Refused::RevisionNotNewest { expected, newest }.into());
                    }
                    let mut all = vec![(identity, info)];
                    for other in merged::others(tx, id).await? {
                        let Held { identity, info, .. } = self.held(tx, scope, ring, &other).await?;
                        all.push((identity, info));
                    }
                    for (identity, _) in &all {
                        self.may_be_erased(tx, identity).await?;
                    }
                    let mut erased = None;
                    for (Identity { person_id, .. }, Info { fact_id, revision, .. }) in all {
                        let (revision, told) = (revision + 1, told.clone());
                        let info = Info { fact_id, revision, state: State::Withdrawn, told };
                        store::update(tx, &person_id, &info).await?;
                        store::erase(tx, &person_id).await?;
                        facts::append(tx, &[SealedIdentity::erased(&person_id, &info)]).await?;
                        erased = erased.or_else(|| Some(answered(&person_id, &info)));
                    }
                    Ok(pb::ErasePersonIdentityResponse { identity: erased })
                })
            })
            .await
    }

    /// Refuses to erase who somebody is who has support, or whom a rule of retention holds.
    async fn may_be_erased(&self, tx: &Tx<'_>, identity: &Identity) -> Result<(), OpError> {
        let (id, today) = (&identity.person_id, self.0.clock.today());
        let last_grant = grants::store::last_day(tx, id).await?;
        if last_grant.is_some_and(|last| last >= today) {
            let words = "a grant of the person is valid today or later: it must have ended first";
            return Err(OpError::precondition("PERSON_IN_USE", words));
        }
        let records = same::same(tx, id).await?;
        if niva_audit::is_held(tx, &records).await? {
            let words = "not while a legal hold on the person stands";
            return Err(OpError::precondition("RETENTION_HOLDS", words)
                .with("rule", "legal_hold")
                .with("until", ""));
        }
        let mut last_told = None;
        for record in &records {
            last_told = last_told.max(store::last_told(tx, record).await?);
        }
        let last_record = last_told.map_or(today, |at| at.date_naive());
        let kept =
            Kept { last_record, last_grant, death: death(tx, id).await?, born: identity.number.born() };
        let Some(hold) = self.0.retention.holds(&kept, today) else { return Ok(()) };
        let until = hold.until.map(|day| day.to_string()).unwrap_or_default();
        let how_long = if until.is_empty() { "for good".to_owned() } else { format!("before {until}") };
        let words = format!("not {how_long}, by the rule {}: {}", hold.rule, hold.law);
        Err(OpError::precondition("RETENTION_HOLDS", words).with("rule", hold.rule).with("until", until))
    }
}

async fn death(tx: &Tx<'_>, id: &PersonId) -> Result<Option<niva_calendar::NaiveDate>, OpError> {
    let into = same::merged_into(tx, id).await?;
    let person = facts::newest::<pb::Person>(tx, into.as_ref().unwrap_or(id)).await?;
    let person = person.as_ref().map(persons::wire::stored).transpose()?;
    Ok(person.and_then(|person| person.death_date))
}
