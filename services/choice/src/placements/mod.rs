//! Placements, from order to end.

mod ground;
pub(crate) mod import;
mod reads;
pub(crate) mod store;
pub(crate) mod wire;

use niva_names::{GrantId, PlacementId};
use std::sync::Arc;

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_choice_domain::{Grant, Placement, Refusal};
use niva_facts::{Happened, Info, Telling};
use niva_feed::NewEvent;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1::Date;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts, persons};
use pb::placement_service_server::PlacementService;
use tonic::Request;

use crate::occupancy::{Except, Surroundings, occupied};
use crate::refused::{id_taken, refused};
use crate::{Answer, App, feed, grants, standing, units};

/// Placements as tonic sees them.
pub(crate) struct Placements(pub(crate) Arc<App>);

#[tonic::async_trait]
impl PlacementService for Placements {
    async fn record_placement(
        &self,
        request: Request<pb::RecordPlacementRequest>,
    ) -> Answer<pb::RecordPlacementResponse> {
        answer!(self.record(request))
    }

    async fn correct_placement(
        &self,
        request: Request<pb::CorrectPlacementRequest>,
    ) -> Answer<pb::CorrectPlacementResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_placement(
        &self,
        request: Request<pb::WithdrawPlacementRequest>,
    ) -> Answer<pb::WithdrawPlacementResponse> {
        answer!(self.withdraw(request))
    }

    async fn start_placement(
        &self,
        request: Request<pb::StartPlacementRequest>,
    ) -> Answer<pb::StartPlacementResponse> {
        answer!(self.start(request))
    }

    async fn give_notice(&self, request: Request<pb::GiveNoticeRequest>) -> Answer<pb::GiveNoticeResponse> {
        answer!(self.give_notice_on(request))
    }

    async fn end_placement(
        &self,
        request: Request<pb::EndPlacementRequest>,
    ) -> Answer<pb::EndPlacementResponse> {
        answer!(self.end(request))
    }

    async fn get_placement(
        &self,
        request: Request<pb::GetPlacementRequest>,
    ) -> Answer<pb::GetPlacementResponse> {
        answer!(self.get(request))
    }

    async fn list_placements(
        &self,
        request: Request<pb::ListPlacementsRequest>,
    ) -> Answer<pb::ListPlacementsResponse> {
        answer!(self.list(request))
    }

    async fn list_placement_revisions(
        &self,
        request: Request<pb::ListPlacementRevisionsRequest>,
    ) -> Answer<pb::ListPlacementRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Placements {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordPlacementRequest,
    ) -> Result<pb::RecordPlacementResponse, OpError> {
        let made = PlacementId::from(self.0.secrets.id(scope.author(), request, "placement"));
        let given = &self.0.reader().read_placement(request.placement.as_ref(), Some(&made))?;
        scope.own_name("placement.placement_id", given.placement_id.as_str(), made.as_str())?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    // Before anything else: the id is in use.
                    if store::is_taken(tx, &given.placement_id).await? {
                        return Err(id_taken("placement", &given.placement_id));
                    }
                    let placement = self.checked(tx, scope, given.clone(), None).await?;
                    let info = Info::first(&placement.placement_id, told);
                    if !store::insert_new(tx, &placement, &info).await? {
                        return Err(id_taken("placement", &placement.placement_id));
                    }
                    let (placement, event) = tell(tx, &placement, &info).await?;
                    let placement = Some(placement);
                    Ok((pb::RecordPlacementResponse { placement, feed_position: 0 }, vec![event]))
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectPlacementRequest,
    ) -> Result<pb::CorrectPlacementResponse, OpError> {
        let given = &self.0.reader().read_placement(request.placement.as_ref(), None)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (before, info) = held(tx, scope, &given.placement_id).await?;
                    let info = info.corrected(request.expected_revision, told)?;
                    let placement = self.checked(tx, scope, given.clone(), Some(&before)).await?;
                    store::update(tx, &placement, &info).await?;
                    let (placement, event) = tell(tx, &placement, &info).await?;
                    let placement = Some(placement);
                    Ok((pb::CorrectPlacementResponse { placement, feed_position: 0 }, vec![event]))
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawPlacementRequest,
    ) -> Result<pb::WithdrawPlacementResponse, OpError> {
        let id = &read::only_id("placement_id", &request.placement_id)?;
        let today = self.0.clock.today();
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (placement, info) = held(tx, scope, id).await?;
                    let info = info.withdrawn(request.expected_revision, told)?;
                    placement.may_be_withdrawn(today, request.told_by_mistake).map_err(refused)?;
                    store::update(tx, &placement, &info).await?;
                    let (placement, event) = tell(tx, &placement, &info).await?;
                    let placement = Some(placement);
                    Ok((pb::WithdrawPlacementResponse { placement, feed_position: 0 }, vec![event]))
                })
            })
            .await
    }

    async fn start(
        &self,
        scope: &Scope,
        request: &pb::StartPlacementRequest,
    ) -> Result<pb::StartPlacementResponse, OpError> {
        let (id, day) = &self.dated(&request.placement_id, "actual_start", request.actual_start)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (placement, events) = happened(tx, scope, id, told, |p| p.start(*day)).await?;
                    Ok((pb::StartPlacementResponse { placement, feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn give_notice_on(
        &self,
        scope: &Scope,
        request: &pb::GiveNoticeRequest,
    ) -> Result<pb::GiveNoticeResponse, OpError> {
        let (id, day) = &self.dated(&request.placement_id, "notice_date", request.notice_date)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (placement, events) = happened(tx, scope, id, told, |p| p.give_notice(*day)).await?;
                    Ok((pb::GiveNoticeResponse { placement, feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn end(
        &self,
        scope: &Scope,
        request: &pb::EndPlacementRequest,
    ) -> Result<pb::EndPlacementResponse, OpError> {
        let (id, day) = &self.dated(&request.placement_id, "end_date", request.end_date)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (placement, events) = happened(tx, scope, id, told, |p| p.end(*day)).await?;
                    Ok((pb::EndPlacementResponse { placement, feed_position: 0 }, events))
                })
            })
            .await
    }

    /// A placement's id and a day.
    fn dated(
        &self,
        given: &str,
        field: &str,
        day: Option<Date>,
    ) -> Result<(PlacementId, NaiveDate), OpError> {
        let mut v = Violations::new();
        let id = read::id(&mut v, "placement_id", given);
        let day = self.0.reader().day(&mut v, field, day);
        v.finish_with(id.zip(day))
    }

    /// A placement by the rules, among what stands around it: its grants and its unit are held from here on.
    async fn checked(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        mut placement: Placement,
        before: Option<&Placement>,
    ) -> Result<Placement, OpError> {
        let (today, service) = (self.0.clock.today(), self.0.service(placement.service)?);
        let grants = grants::of_person(tx, scope, &placement.person_id, placement.service).await?;
        if before.is_none() && !grants.is_empty() {
            grants::stays(tx, &placement.person_id).await?;
        }
        placement.grant_id = ordered_under(tx, scope, &placement, before, &grants).await?;
        let Placement { person_id, unit_id, placement_id, .. } = &placement;
        let others = store::of_person(tx, person_id, placement.service, Some(placement_id)).await?;
        let unknown = || wire::refused(&Refusal::UnitUnknown(unit_id.clone()));
        let unit = units::store::hold(tx, unit_id).await?.ok_or_else(unknown)?;
        let from = before.map_or(placement.ordered_start, |b| b.ordered_start.min(placement.ordered_start));
        let occupied = occupied(tx, &unit, from, today, Except::Placement(placement_id)).await?;
        let surroundings = Surroundings { unit, occupied, grants, others };
        placement.check(before, &surroundings.around(service)).map_err(|wrong| wire::refused(&wrong))?;
        Ok(placement)
    }
}

/// The grant that a placement is ordered under: the one that it names, or one that is valid on its ordered day.
async fn ordered_under(
    tx: &Tx<'_>,
    scope: &Scope,
    placement: &Placement,
    before: Option<&Placement>,
    grants: &[Grant],
) -> Result<GrantId, OpError> {
    let Placement { grant_id, person_id, service, ordered_start, .. } = placement;
    if grant_id.as_str().is_empty() {
        let valid = grants.iter().find(|grant| grant.valid.contains(*ordered_start));
        let known = valid.or(grants.first()).map(|grant| grant.grant_id.clone());
        let known = known.or_else(|| before.map(|before| before.grant_id.clone()));
        return known.ok_or_else(|| grants::none(person_id, *service));
    }
    let named =
        grants::store::find(tx, scope, grant_id).await?.ok_or_else(|| grants::unknown(grant_id))?.grant;
    let same = persons::same(tx, person_id).await?;
    if !same.contains(&named.person_id) || named.service != *service {
        return Err(wire::mismatch(&named));
    }
    Ok(grant_id.clone())
}

/// What happened to a placement. What has happened already, exactly so, changes nothing.
async fn happened(
    tx: &Tx<'_>,
    scope: &Scope,
    id: &PlacementId,
    told: Telling,
    verb: impl FnOnce(Placement) -> Result<Happened<Placement>, Refusal>,
) -> Result<(Option<pb::Placement>, Vec<NewEvent>), OpError> {
    let (placement, info) = held(tx, scope, id).await?;
    let next = info.happened(told)?;
    match verb(placement).map_err(refused)? {
        Happened::Already(placement) => {
            Ok((Some(standing(tx, &placement.placement_id).await?.0), Vec::new()))
        }
        Happened::Now(placement) => {
            store::update(tx, &placement, &next).await?;
            let (placement, event) = tell(tx, &placement, &next).await?;
            Ok((Some(placement), vec![event]))
        }
    }
}

/// The placement and which revision it is, held to the transaction's end with the grants of its person: the grants
/// first, as everywhere, so that nobody waits for each other.
async fn held(tx: &Tx<'_>, scope: &Scope, id: &PlacementId) -> Result<(Placement, Info), OpError> {
    let missing = || OpError::not_found("placement", id);
    let placement = store::find(tx, scope, id).await?.ok_or_else(missing)?;
    grants::of_person(tx, scope, &placement.person_id, placement.service).await?;
    let placement = store::lock(tx, id).await?.ok_or_else(missing)?;
    let (_, info) = standing::<pb::Placement>(tx, id).await?;
    Ok((placement, info))
}

/// Keeps a revision whose row is written, and what others hear of it.
pub(crate) async fn tell(
    tx: &Tx<'_>,
    placement: &Placement,
    info: &Info,
) -> Result<(pb::Placement, NewEvent), OpError> {
    let placement = wire::write(placement, info);
    facts::append(tx, std::slice::from_ref(&placement)).await?;
    let event = feed::placement(&placement);
    Ok((placement, event))
}
