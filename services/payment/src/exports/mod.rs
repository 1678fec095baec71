//! All that payment has of a person, for that person.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use niva_access::{Reach, Scope};
use niva_audit::told_to;
use niva_base::OpError;
use niva_names::{CaseId, DistrictId, PersonId, RunNo};
use niva_proto::payment::v1 as pb;
use niva_rpc::status;
use niva_rpc::wire::read;
use pb::export_person_data_response::Fact as Exported;
use pb::export_service_server::ExportService;
use tonic::{Request, Response, Status};

use crate::cases::store::{facts::cases_as_of, merges};
use crate::facts::told_of;
use crate::placement_fact::PlacementFact;
use crate::runs::store as runs;
use crate::{Answer, App, audit, holds, lines};

/// Exports as tonic sees them.
pub(crate) struct Exports(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ExportService for Exports {
    type ExportPersonDataStream =
        Pin<Box<dyn Stream<Item = Result<pb::ExportPersonDataResponse, Status>> + Send>>;

    async fn export_person_data(
        &self,
        request: Request<pb::ExportPersonDataRequest>,
    ) -> Answer<Self::ExportPersonDataStream> {
        let scope = niva_rpc::scope(&request)?;
        let id = &read::only_id("person_id", &request.get_ref().person_id).map_err(status)?;
        let told = self.told(scope, id).await.map_err(status)?;
        let calls = told_to(&self.0.db, &*audit::people(), id).await.map_err(status)?;
        let told = stream::iter(told).map(Ok).chain(calls.map_ok(Exported::AuditRecord));
        let messages = told.map_ok(|fact| pb::ExportPersonDataResponse { fact: Some(fact) });
        Ok(Response::new(messages.map_err(status).boxed()))
    }
}

impl Exports {
    /// One life is read at once: some thousand days at most.
    async fn told(&self, scope: &Scope, id: &PersonId) -> Result<Vec<Exported>, OpError> {
        let same = merges::as_of(self.0.db.conn(), i64::MAX).await?.same(id);
        self.reached(scope, id, &same).await?;
        let same: Vec<PersonId> = same.into_iter().collect();
        let mut found = Vec::new();
        self.facts(&same, Exported::Schedule, &mut found).await?;
        self.facts(&same, Exported::Occasion, &mut found).await?;
        self.facts(&same, Exported::Absence, &mut found).await?;
        self.facts(&same, Exported::Visit, &mut found).await?;
        self.facts(&same, Exported::Agreement, &mut found).await?;
        self.facts(&same, Exported::SpecialCompensation, &mut found).await?;
        self.facts(&same, Exported::Transition, &mut found).await?;
        self.facts(&same, Exported::PremisesCost, &mut found).await?;
        self.paid(&same, &mut found).await?;
        Ok(found)
    }

    /// A person of whom payment has heard nothing, and one to whom none of the call's districts has granted anything, is not there.
    async fn reached(&self, scope: &Scope, id: &PersonId, same: &BTreeSet<PersonId>) -> Result<(), OpError> {
        let conn = self.0.db.conn();
        let keys: BTreeSet<CaseId> =
            merges::cases_of(conn, same).await?.into_iter().map(|(key, _)| key).collect();
        let cases = cases_as_of(conn, &keys.iter().collect(), i64::MAX, None).await?;
        let granted: BTreeSet<&DistrictId> = cases.values().flat_map(|case| case.granted_by()).collect();
        let reached = match scope.reach() {
            Reach::City => !cases.is_empty(),
            Reach::Districts(districts) => granted.iter().any(|district| districts.contains(*district)),
            Reach::Provider(_) | Reach::Person(_) | Reach::Author(_) => false,
        };
        if reached { Ok(()) } else { Err(OpError::not_found("person", id)) }
    }

    /// All revisions of all facts of a kind.
    async fn facts<M: PlacementFact>(
        &self,
        same: &[PersonId],
        exported: fn(M) -> Exported,
        found: &mut Vec<Exported>,
    ) -> Result<(), OpError> {
        found.extend(told_of::<M>(self.0.db.conn(), same).await?.into_iter().map(exported));
        Ok(())
    }

    /// Lines and holds of the runs that were approved.
    async fn paid(&self, same: &[PersonId], found: &mut Vec<Exported>) -> Result<(), OpError> {
        let conn = self.0.db.conn();
        let (mut paid, mut held) = (Vec::new(), Vec::new());
        for (run_no, _) in runs::approved_until(conn, RunNo(i32::MAX)).await? {
            let of_run = lines::store::of_persons(conn, run_no, same).await?;
            paid.extend(lines::lines_out(conn, &of_run).await?.into_iter().map(Exported::PaymentLine));
            let of_run = holds::of_persons(&self.0, run_no, same).await?;
            held.extend(of_run.into_iter().map(Exported::PaymentHold));
        }
        found.extend(paid);
        found.extend(held);
        Ok(())
    }
}
