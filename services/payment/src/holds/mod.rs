//! Holds of runs: days that should be paid and are not.

pub(crate) mod filter;
pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_names::{CaseId, PersonId, RunNo};
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use pb::hold_service_server::HoldService;
use tonic::Request;

use self::store::HoldRow;
use crate::cases::CaseKey;
use crate::cases::store::facts::cases_as_of;
use crate::cases::store::merges;
use crate::compensation::hold_out;
use crate::runs::find::find;
use crate::runs::store::by_number;
use crate::runs::stored::StoredRun;
use crate::units::store::units_as_of;
use crate::wire::{MAX_LINES, after, size, whole};
use crate::{Answer, App};

/// Holds as tonic sees them.
pub(crate) struct Holds(pub(crate) Arc<App>);

#[tonic::async_trait]
impl HoldService for Holds {
    async fn list_payment_holds(
        &self,
        request: Request<pb::ListPaymentHoldsRequest>,
    ) -> Answer<pb::ListPaymentHoldsResponse> {
        answer!(self.list(request))
    }
}

impl Holds {
    /// A run's holds.
    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListPaymentHoldsRequest,
    ) -> Result<pb::ListPaymentHoldsResponse, OpError> {
        let asked = (size(request.page_size), request.page_token.as_str());
        let mut filter = wire::filter(request, &self.0.city)?;
        let list = pb::ListPaymentHoldsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let list = ["holds", &whole(&list)];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_LINES)?;
        let run = find(self.0.db.conn(), &request.payment_run_id.as_str().into()).await?;
        if run.is_cancelled() {
            return Ok(pb::ListPaymentHoldsResponse::default());
        }
        let records = merges::as_of(self.0.db.conn(), i64::MAX).await?;
        filter.persons = filter.persons.iter().flat_map(|person| records.same(person)).collect();
        let found = store::list(self.0.db.conn(), run.run_no, &filter, after(&page)?, page.limit()).await?;
        let (found, next_page_token) = page.cut(found, |hold| hold.hold_no.to_string());
        let payment_holds = in_words(&self.0, &run, &found).await?;
        Ok(pb::ListPaymentHoldsResponse { payment_holds, next_page_token })
    }
}

/// All holds of a run that are some records', which are one person's.
pub(crate) async fn of_persons(
    app: &App,
    run_no: RunNo,
    persons: &[PersonId],
) -> Result<Vec<pb::PaymentHold>, OpError> {
    let filter = filter::Filter { persons: persons.to_vec(), ..Default::default() };
    let found = store::list(app.db.conn(), run_no, &filter, 0, u64::MAX >> 1).await?;
    let Some(run) = by_number(app.db.conn(), run_no).await?.filter(|_| !found.is_empty()) else {
        return Ok(Vec::new());
    };
    in_words(app, &run, &found).await
}

/// Holds with their reasons in words, which need the facts as the run knew them.
async fn in_words(app: &App, run: &StoredRun, found: &[HoldRow]) -> Result<Vec<pb::PaymentHold>, OpError> {
    let keys = found.iter().map(|hold| &hold.case_key).collect();
    let since = found.iter().map(|row| row.hold.days.first).min();
    let cases = cases_as_of(app.db.conn(), &keys, run.frozen, since).await?;
    let units = units_as_of(app.db.conn(), run.frozen).await?;
    let mut out = Vec::with_capacity(found.len());
    let mut of_case: Option<(&CaseId, Vec<_>)> = None;
    for row in found {
        let key = CaseKey::try_from(&row.case_key).map_err(OpError::internal)?;
        // Holds come in the order of cases: those of one stand together.
        if of_case.as_ref().is_none_or(|(key, _)| **key != row.case_key) {
            of_case = cases.get(&row.case_key).map(|case| (&row.case_key, case.placements(&units)));
        }
        let placed =
            of_case.as_ref().and_then(|(_, all)| all.iter().find(|p| *p.placement_id == row.placement_id));
        let placed =
            placed.ok_or_else(|| OpError::internal(format!("hold {} has no placement", row.hold_no)))?;
        out.push(pb::PaymentHold {
            payment_run_id: (&run.run.id).into(),
            placement_id: (&row.placement_id).into(),
            person_id: key.person_id.into(),
            service: key.service.into(),
            unit_id: (&row.unit_id).into(),
            payer_district: (&row.payer).into(),
            hold: Some(hold_out(&row.hold, &placed.facts(), &app.catalogue)),
        });
    }
    Ok(out)
}
