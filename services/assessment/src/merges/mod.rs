//! Merges: two records of one person, put together. Nothing that was told of either is told anew.

mod filter;
pub(crate) mod known;
mod store;
pub(crate) mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;

use niva_access::Scope;
use niva_assessment_domain::{Difference, PersonRecord, differences};
use niva_base::OpError;
use niva_facts::{Info, Refused, Telling};
use niva_names::{Merge, PersonId, PersonMergeId};
use niva_proto::assessment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts, persons as same};
use pb::person_merge_service_server::PersonMergeService;
use tonic::Request;

use crate::persons::store::ids;
use crate::{Answer, App, Told, feed, grants, id_taken, identities, level_decisions, persons};

/// Merges as tonic sees them.
pub(crate) struct PersonMerges(pub(crate) Arc<App>);

#[tonic::async_trait]
impl PersonMergeService for PersonMerges {
    async fn merge_persons(
        &self,
        request: Request<pb::MergePersonsRequest>,
    ) -> Answer<pb::MergePersonsResponse> {
        answer!(self.merge(request))
    }

    async fn withdraw_person_merge(
        &self,
        request: Request<pb::WithdrawPersonMergeRequest>,
    ) -> Answer<pb::WithdrawPersonMergeResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_person_merge(
        &self,
        request: Request<pb::GetPersonMergeRequest>,
    ) -> Answer<pb::GetPersonMergeResponse> {
        answer!(self.get(request))
    }

    async fn list_person_merges(
        &self,
        request: Request<pb::ListPersonMergesRequest>,
    ) -> Answer<pb::ListPersonMergesResponse> {
        answer!(self.list(request))
    }

    async fn list_person_merge_revisions(
        &self,
        request: Request<pb::ListPersonMergeRevisionsRequest>,
    ) -> Answer<pb::ListPersonMergeRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl PersonMerges {
    async fn merge(
        &self,
        scope: &Scope,
        request: &pb::MergePersonsRequest,
    ) -> Result<pb::MergePersonsResponse, OpError> {
        let made = PersonMergeId::from(self.0.secrets.id(scope.author(), request, "person merge"));
        let asked = &wire::asked(request, made)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    reason(&told)?;
                    let id = &asked.id;
                    if facts::newest::<pb::PersonMerge>(tx, id).await?.is_some() {
                        return Err(id_taken("merge", id));
                    }
                    let differences = self.differences(tx, scope, asked).await?;
                    let (from, into) = (asked.from.0.clone(), asked.into.0.clone());
                    let merge = Merge { id: id.clone(), revision: 1, from, into, stands: true };
                    let info = Info::first(id, told);
                    let (merge, events) = tell(tx, &wire::message(&merge, &differences, &info)).await?;
                    Ok((pb::MergePersonsResponse { person_merge: Some(merge), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawPersonMergeRequest,
    ) -> Result<pb::WithdrawPersonMergeResponse, OpError> {
        let id = &read::only_id("person_merge_id", &request.person_merge_id)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let mut merge: pb::PersonMerge = self.0.told(tx, scope, id, None).await?;
                    persons::store::lock(tx, scope, &merge.from_person_id.as_str().into()).await?;
                    let info = crate::info(&merge)?.withdrawn(request.expected_revision, told)?;
                    niva_facts::Fact::set_info(&mut merge, Some(&info));
                    let (merge, events) = tell(tx, &merge).await?;
                    let (person_merge, feed_position) = (Some(merge), 0);
                    Ok((pb::WithdrawPersonMergeResponse { person_merge, feed_position }, events))
                })
            })
            .await
    }

    async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetPersonMergeRequest,
    ) -> Result<pb::GetPersonMergeResponse, OpError> {
        let (id, at) = &read::id_as_of("person_merge_id", &request.person_merge_id, request.as_of.as_ref())?;
        let person_merge = self.0.get(scope, id, *at).await?;
        Ok(pb::GetPersonMergeResponse { person_merge: Some(person_merge) })
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListPersonMergesRequest,
    ) -> Result<pb::ListPersonMergesResponse, OpError> {
        let (page, filter) = &wire::filter(request, (scope, &self.0.secrets))?;
        let (person_merges, next_page_token) =
            self.0.listed(page, &|tx| Box::pin(store::list(tx, filter, page))).await?;
        Ok(pb::ListPersonMergesResponse { person_merges, next_page_token })
    }

    async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListPersonMergeRevisionsRequest,
    ) -> Result<pb::ListPersonMergeRevisionsResponse, OpError> {
        let id = &read::only_id("person_merge_id", &request.person_merge_id)?;
        let page = (request.page_size, request.page_token.as_str());
        let (person_merges, next_page_token) = self.0.revisions(scope, id, page).await?;
        Ok(pb::ListPersonMergeRevisionsResponse { person_merges, next_page_token })
    }

    /// In what two records say different things, which the caller has accepted; both are held to the transaction's end.
    async fn differences(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        asked: &wire::Asked,
    ) -> Result<BTreeSet<Difference>, OpError> {
        let mut both = [&asked.from, &asked.into];
        // In order, so that two who merge the same do not wait for each other.
        both.sort();
        for (id, expected) in both {
            persons::standing(tx, scope, id).await?;
            persons::stays(tx, id).await?;
            let newest =
                facts::newest::<pb::Person>(tx, id).await?.ok_or_else(|| crate::person_unknown(id))?;
            let newest = crate::info(&newest)?.revision;
            if newest != *expected {
                return Err(Refused::RevisionNotNewest { expected: *expected, newest }.into());
            }
        }
        let (from, into) = (&asked.from.0, &asked.into.0);
        identities::one_number(&self.0, tx, from, into).await?;
        let found = differences(&record(tx, from).await?, &record(tx, into).await?);
        let unseen: BTreeSet<Difference> = found.difference(&asked.accepted).copied().collect();
        if unseen.is_empty() {
            return Ok(found);
        }
        let names = wire::names(&unseen);
        let words = format!(
            "the records say different things ({names}): correct one of them, or accept the difference"
        );
        Err(OpError::precondition("MERGE_DIFFERS", words).with("differences", names))
    }
}

/// All that stands of a person, by whichever id; who the person is, by the record that stays.
async fn record(tx: &Tx<'_>, id: &PersonId) -> Result<PersonRecord, OpError> {
    let person = facts::newest::<pb::Person>(tx, id).await?.ok_or_else(|| crate::person_unknown(id))?;
    let mut record =
        PersonRecord { person: persons::wire::stored(&person)?, grants: Vec::new(), levels: Vec::new() };
    for id in same::same(tx, id).await? {
        for grant in facts::in_order::<pb::Grant>(tx, &ids::<pb::Grant>(tx, &id).await?).await? {
            if crate::info(&grant)?.stands() {
                record.grants.push(grants::wire::stored(&grant)?);
            }
        }
        let levels = ids::<pb::LevelDecision>(tx, &id).await?;
        for decision in facts::in_order::<pb::LevelDecision>(tx, &levels).await? {
            if crate::info(&decision)?.stands() {
                record.levels.push(level_decisions::wire::stored(&decision)?);
            }
        }
    }
    Ok(record)
}

/// Keeps the revision, what follows from it, and what the feed is to tell of it.
async fn tell(tx: &Tx<'_>, message: &pb::PersonMerge) -> Result<Told<pb::PersonMerge>, OpError> {
    let recorded_at = crate::info(message)?.told.recorded_at;
    same::put(tx, &wire::stored(message)?, recorded_at).await?;
    facts::append(tx, std::slice::from_ref(message)).await?;
    Ok((message.clone(), vec![feed::person_merge(message)]))
}

/// A merge needs a reason, as a correction does.
fn reason(told: &Telling) -> Result<(), OpError> {
    let length = told.reason.trim().chars().count();
    if (1..=niva_facts::MAX_REASON).contains(&length) { Ok(()) } else { Err(Refused::ReasonMissing.into()) }
}
