//! Who is paid: the accounts of providers, which a second person approves.

pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_facts::{Fact as _, Info, Telling};
use niva_names::{PayeeId, ProviderId};
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
use pb::payee_service_server::PayeeService;
use prost_types::Timestamp;
use tonic::Request;

use self::store::Filter;
use self::wire::Said;
use crate::approval::{Approvable as _, approval, second_person};
use crate::cases::store::draw_numbers;
use crate::wire::whole;
use crate::{Answer, App, bound_to};

/// Payees on a page at most.
const MAX_PAGE: u32 = 1_000;

/// Payees as tonic sees them.
pub(crate) struct Payees(pub(crate) Arc<App>);

#[tonic::async_trait]
impl PayeeService for Payees {
    async fn record_payee(
        &self,
        request: Request<pb::RecordPayeeRequest>,
    ) -> Answer<pb::RecordPayeeResponse> {
        answer!(self.record(request))
    }

    async fn correct_payee(
        &self,
        request: Request<pb::CorrectPayeeRequest>,
    ) -> Answer<pb::CorrectPayeeResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_payee(
        &self,
        request: Request<pb::WithdrawPayeeRequest>,
    ) -> Answer<pb::WithdrawPayeeResponse> {
        answer!(self.withdraw(request))
    }

    async fn approve_payee(
        &self,
        request: Request<pb::ApprovePayeeRequest>,
    ) -> Answer<pb::ApprovePayeeResponse> {
        answer!(self.approve(request))
    }

    async fn get_payee(&self, request: Request<pb::GetPayeeRequest>) -> Answer<pb::GetPayeeResponse> {
        answer!(self.get(request))
    }

    async fn list_payees(&self, request: Request<pb::ListPayeesRequest>) -> Answer<pb::ListPayeesResponse> {
        answer!(self.list(request))
    }

    async fn list_payee_revisions(
        &self,
        request: Request<pb::ListPayeeRevisionsRequest>,
    ) -> Answer<pb::ListPayeeRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Payees {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordPayeeRequest,
    ) -> Result<pb::RecordPayeeResponse, OpError> {
        let made = PayeeId::from(self.0.secrets.id(scope.author(), request, "payee"));
        let mut v = Violations::new();
        let said = wire::payee(&mut v, request.payee.as_ref(), Some(&made));
        let said = &v.finish_with(said)?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                draw_numbers(tx, 0).await?;
                let id = PayeeId::from(said.message.payee_id.as_str());
                if facts::newest::<pb::Payee>(tx, &id).await?.is_some() {
                    let words =
                        format!("there is a payee {id} already: choose another id, or correct that one");
                    return Err(OpError::already_exists("ID_TAKEN", words));
                }
                let payee = tell(tx, said, &Info::first(&id, told)).await?;
                Ok(pb::RecordPayeeResponse { payee: Some(payee) })
            })
        });
        work.await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectPayeeRequest,
    ) -> Result<pb::CorrectPayeeResponse, OpError> {
        let mut v = Violations::new();
        let said = wire::payee(&mut v, request.payee.as_ref(), None);
        let said = &v.finish_with(said)?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                let (before, newest) = known(tx, &said.message.payee_id.as_str().into()).await?;
                let info = newest.corrected(request.expected_revision, told)?;
                if before.provider_id != said.message.provider_id {
                    let words =
                        "is another than before: withdraw the payee, and record it for the right provider";
                    return Err(OpError::invalid("payee.provider_id", "PROVIDER_DIFFERS", words));
                }
                let mut said = said.clone();
                wire::carry(&mut said.message, &before);
                Ok(pb::CorrectPayeeResponse { payee: Some(tell(tx, &said, &info).await?) })
            })
        });
        work.await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawPayeeRequest,
    ) -> Result<pb::WithdrawPayeeResponse, OpError> {
        let id = &read::only_id::<PayeeId>("payee_id", &request.payee_id)?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                let (payee, newest) = known(tx, id).await?;
                let info = newest.withdrawn(request.expected_revision, told)?;
                Ok(pb::WithdrawPayeeResponse { payee: Some(renew(tx, payee, &info).await?) })
            })
        });
        work.await
    }

    /// Approves a payee. Errors are looked for in this order: NOT_FOUND, FACT_WITHDRAWN, REVISION_NOT_NEWEST,
    /// ALREADY_APPROVED, SAME_PERSON.
    async fn approve(
        &self,
        scope: &Scope,
        request: &pb::ApprovePayeeRequest,
    ) -> Result<pb::ApprovePayeeResponse, OpError> {
        let id = &read::only_id::<PayeeId>("payee_id", &request.payee_id)?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                let (mut payee, newest) = known(tx, id).await?;
                let info = approval(&payee, &newest, request.expected_revision, told)?;
                let since = payee.approved_revision().unwrap_or_default();
                second_person(&facts::authors_since::<pb::Payee>(tx, id, since).await?, scope)?;
                let Telling { author, recorded_at, .. } = &info.told;
                payee.set_approval(info.revision, author, *recorded_at);
                Ok(pb::ApprovePayeeResponse { payee: Some(renew(tx, payee, &info).await?) })
            })
        });
        work.await
    }

    async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetPayeeRequest,
    ) -> Result<pb::GetPayeeResponse, OpError> {
        let (id, at) = read::id_as_of::<PayeeId>("payee_id", &request.payee_id, request.as_of.as_ref())?;
        let found = facts::read(self.0.db.conn(), &id, at, self.0.clock.now()).await?;
        let payee = seen(scope, found)?.ok_or_else(|| OpError::not_found("payee", &id))?;
        Ok(pb::GetPayeeResponse { payee: Some(payee) })
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListPayeesRequest,
    ) -> Result<pb::ListPayeesResponse, OpError> {
        let mut v = Violations::new();
        let since: Option<&Timestamp> = request.recorded_since.as_ref();
        let since = read::timestamp(&mut v, "recorded_since", since);
        let days = match request.days {
            None => Some(None),
            days => read::interval(&mut v, "days", days).map(Some),
        };
        let (recorded_since, days) = v.finish_with(since.zip(days))?;
        let list = pb::ListPayeesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.0.secrets.page(scope.author(), asked, &["payees", &whole(&list)], MAX_PAGE)?;
        let provider: Option<ProviderId> = read::given_id(&request.provider_id);
        let withdrawn_too = request.include_withdrawn;
        let filter = Filter { provider: provider.as_ref(), days, recorded_since, withdrawn_too };
        let conn = self.0.db.conn();
        let ids = store::list(conn, &filter, bound_to(scope)?, &page).await?;
        let (payees, next_page_token) = facts::listed(conn, &page, ids).await?;
        Ok(pb::ListPayeesResponse { payees, next_page_token })
    }

    async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListPayeeRevisionsRequest,
    ) -> Result<pb::ListPayeeRevisionsResponse, OpError> {
        let id = read::only_id::<PayeeId>("payee_id", &request.payee_id)?;
        let asked = (request.page_size, request.page_token.as_str());
        let page =
            self.0.secrets.page(scope.author(), asked, &["revisions", "payee", id.as_str()], MAX_PAGE)?;
        let conn = self.0.db.conn();
        seen(scope, facts::newest(conn, &id).await?)?.ok_or_else(|| OpError::not_found("payee", &id))?;
        let (revisions, next_page_token) = facts::revisions::<pb::Payee>(conn, &id, &page).await?;
        Ok(pb::ListPayeeRevisionsResponse { revisions, next_page_token })
    }
}

/// What a call reaches: a provider its own.
fn seen(scope: &Scope, payee: Option<pb::Payee>) -> Result<Option<pb::Payee>, OpError> {
    let bound = bound_to(scope)?;
    Ok(payee.filter(|payee| bound.is_none_or(|own| *own == payee.provider_id)))
}

/// A payee in its newest revision. Nobody tells other facts until the transaction ends.
async fn known(tx: &Tx<'_>, id: &PayeeId) -> Result<(pb::Payee, Info), OpError> {
    draw_numbers(tx, 0).await?;
    let newest: Option<pb::Payee> = facts::newest(tx, id).await?;
    let payee = newest.ok_or_else(|| OpError::not_found("payee", id))?;
    let info = payee.info().ok_or_else(|| OpError::internal("a payee has no FactInfo"))?;
    Ok((payee, info))
}

/// Keeps a revision that says what the one before said.
async fn renew(tx: &Tx<'_>, payee: pb::Payee, info: &Info) -> Result<pb::Payee, OpError> {
    let mut v = Violations::new();
    let said = wire::payee(&mut v, Some(&payee), None);
    let kept = || OpError::internal(format!("payee {} cannot be read", payee.payee_id));
    let said = said.filter(|_| v.is_empty()).ok_or_else(kept)?;
    tell(tx, &Said { message: payee, ..said }, info).await
}

/// Keeps a revision, where no other payee of the provider has its days. `PERIOD_OVERLAPS`.
async fn tell(tx: &Tx<'_>, said: &Said, info: &Info) -> Result<pb::Payee, OpError> {
    if let Some(other) = store::overlapping(tx, said).await?.filter(|_| info.stands()) {
        let words = format!("shares days with payee {other}, which stands: correct or withdraw that one");
        return Err(OpError::precondition("PERIOD_OVERLAPS", words).with("fact_id", other));
    }
    let mut payee = said.message.clone();
    payee.set_info(Some(info));
    facts::append(tx, std::slice::from_ref(&payee)).await?;
    store::keep(tx, said, info).await?;
    Ok(payee)
}
