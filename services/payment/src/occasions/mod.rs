//! Occasions: what was given and is paid each time.

pub(crate) mod wire;

use std::sync::Arc;

use niva_access::{OUTSIDE_NAMESPACE, Scope};
use niva_base::{OpError, Violations};
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::occasion_service_server::OccasionService;
use tonic::Request;

use crate::facts::{Item, Step, item, operations};
use crate::{Answer, App};

/// Occasions in one request at most.
const MAX_OCCASIONS: usize = 400;

/// Occasions as tonic sees them.
pub(crate) struct Occasions(pub(crate) Arc<App>);

#[tonic::async_trait]
impl OccasionService for Occasions {
    async fn record_occasions(
        &self,
        request: Request<pb::RecordOccasionsRequest>,
    ) -> Answer<pb::RecordOccasionsResponse> {
        answer!(self.record(request))
    }

    async fn correct_occasion(
        &self,
        request: Request<pb::CorrectOccasionRequest>,
    ) -> Answer<pb::CorrectOccasionResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_occasion(
        &self,
        request: Request<pb::WithdrawOccasionRequest>,
    ) -> Answer<pb::WithdrawOccasionResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_occasion(
        &self,
        request: Request<pb::GetOccasionRequest>,
    ) -> Answer<pb::GetOccasionResponse> {
        answer!(self.get(request))
    }

    async fn list_occasions(
        &self,
        request: Request<pb::ListOccasionsRequest>,
    ) -> Answer<pb::ListOccasionsResponse> {
        answer!(self.list(request))
    }

    async fn list_occasion_revisions(
        &self,
        request: Request<pb::ListOccasionRevisionsRequest>,
    ) -> Answer<pb::ListOccasionRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

operations! {
    Occasions: occasion (occasion_id), occasions;
    correct(pb::CorrectOccasionRequest) -> CorrectOccasionResponse;
    withdraw(pb::WithdrawOccasionRequest) -> WithdrawOccasionResponse;
    get(pb::GetOccasionRequest) -> GetOccasionResponse;
    list(pb::ListOccasionsRequest) -> ListOccasionsResponse;
    revisions(pb::ListOccasionRevisionsRequest) -> ListOccasionRevisionsResponse;
}

impl Occasions {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordOccasionsRequest,
    ) -> Result<pb::RecordOccasionsResponse, OpError> {
        let items = &self.read(scope, request)?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                let occasions = self.0.tell(tx, scope, &told, Step::Record, items).await?;
                Ok(pb::RecordOccasionsResponse { occasions })
            })
        });
        work.await
    }

    fn read(
        &self,
        scope: &Scope,
        request: &pb::RecordOccasionsRequest,
    ) -> Result<Vec<Item<pb::Occasion>>, OpError> {
        let today = self.0.clock.today();
        let mut v = Violations::new();
        let fits = (1..=MAX_OCCASIONS).contains(&request.occasions.len());
        let words =
            format!("are none or more than {MAX_OCCASIONS}: send 1 to {MAX_OCCASIONS} in one request");
        v.require(fits, "occasions", "COUNT_OUT_OF_RANGE", words);
        let mut items = Vec::with_capacity(request.occasions.len());
        for (n, given) in request.occasions.iter().enumerate() {
            let path = format!("occasions[{n}]");
            let made = self.0.secrets.short_id(scope.author(), request, &path);
            let item = item(&mut v, path.clone(), Some(given), Some(made.clone()), today);
            if let Some(item) = &item {
                let field = format!("{path}.occasion_id");
                let own = scope.may_name(&item.fact.occasion_id, &made);
                v.require(own, &field, "ID_OUTSIDE_NAMESPACE", OUTSIDE_NAMESPACE);
            }
            items.extend(item);
        }
        v.finish()?;
        Ok(items)
    }
}
