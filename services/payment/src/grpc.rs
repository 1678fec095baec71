//! The generated trait; a line an rpc.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use niva_kit::auth::caller;
use niva_kit::import::Import;
use niva_kit::request::Call;
use niva_kit::rpc::{self, answer};
use niva_kit::wire::read;
use niva_kit::{OpError, Violations};
use niva_payment_domain::Record;
use niva_proto::payment::v1 as pb;
use niva_proto::payment::v1::payment_service_server::PaymentService;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::ops::facts::{At, Placed, record};
use crate::ops::{Context, explain, import, lists, quote, runs, status};
use crate::wire::records;

type Answer<T> = Result<Response<T>, Status>;

/// The service behind the contract.
pub(crate) struct Api {
    pub(crate) context: Arc<Context>,
    pub(crate) shutdown: CancellationToken,
}

/// Reads the placement and one record of a request, every violation at once.
fn one(
    placement_id: &str,
    field: &'static str,
    record: impl FnOnce(&mut Violations, &str) -> Option<Record>,
) -> Result<Vec<Placed>, OpError> {
    let mut v = Violations::new();
    let placement_id = read::id(&mut v, "placement_id", placement_id);
    let record = record(&mut v, field);
    let placed = placement_id.zip(record);
    v.finish_with(
        placed.map(|(placement_id, record)| vec![Placed { at: At::Request, field, placement_id, record }]),
    )
}

impl Api {
    async fn record<R: Message + Default + 'static>(
        &self,
        call: Call<'_, impl Message>,
        records: Result<Vec<Placed>, OpError>,
        respond: impl Fn(i64) -> R + Send + Sync,
    ) -> Answer<R> {
        let records = records.map_err(rpc::status)?;
        answer(record(&self.context, &call, &records, respond).await)
    }

    fn occasions(&self, m: &pb::ReportOccasionsRequest) -> Result<Vec<Placed>, OpError> {
        let today = self.context.clock.today();
        let mut v = Violations::new();
        let placement = read::id(&mut v, "placement_id", &m.placement_id);
        let fits = (1..=400).contains(&m.occasions.len());
        v.require(
            fits,
            "occasions",
            "COUNT_OUT_OF_RANGE",
            "are none or more than 400: send 1 to 400 in one request",
        );
        let mut records = Vec::with_capacity(m.occasions.len());
        for (i, given) in m.occasions.iter().enumerate() {
            let at = format!("occasions[{i}]");
            let read = records::occasion(&mut v, &at, Some(given), Some(today));
            records.extend(placement.clone().zip(read).map(|(placement_id, occasion)| Placed {
                at: At::Part(at),
                field: "",
                placement_id,
                record: Record::Occasion(occasion),
            }));
        }
        v.finish()?;
        Ok(records)
    }
}

#[tonic::async_trait]
impl PaymentService for Api {
    type WatchPaymentRunStream = BoxStream<'static, Result<pb::WatchPaymentRunResponse, Status>>;

    async fn calculate_compensation(
        &self,
        request: Request<pb::CalculateCompensationRequest>,
    ) -> Answer<pb::CalculateCompensationResponse> {
        let Context { catalogue, city, clock, .. } = &*self.context;
        answer(quote::calculate(request.get_ref(), catalogue, city, clock.today()))
    }

    async fn set_weekly_schedule(
        &self,
        request: Request<pb::SetWeeklyScheduleRequest>,
    ) -> Answer<pb::SetWeeklyScheduleResponse> {
        let (caller, m) = (caller(&request)?, request.get_ref());
        let read =
            one(&m.placement_id, "schedule", |v, field| records::schedule(v, field, m.schedule.as_ref()));
        let respond = |fact_number| pb::SetWeeklyScheduleResponse { fact_number };
        self.record(
            Call { method: "SetWeeklySchedule", caller, request_id: &m.request_id, request: m },
            read,
            respond,
        )
        .await
    }

    async fn report_occasions(
        &self,
        request: Request<pb::ReportOccasionsRequest>,
    ) -> Answer<pb::ReportOccasionsResponse> {
        let (caller, m) = (caller(&request)?, request.get_ref());
        let respond = |fact_number| pb::ReportOccasionsResponse { fact_number };
        self.record(
            Call { method: "ReportOccasions", caller, request_id: &m.request_id, request: m },
            self.occasions(m),
            respond,
        )
        .await
    }

    async fn record_agreement(
        &self,
        request: Request<pb::RecordAgreementRequest>,
    ) -> Answer<pb::RecordAgreementResponse> {
        let (caller, m) = (caller(&request)?, request.get_ref());
        let read = one(&m.placement_id, "agreement", |v, field| {
            records::agreement(v, field, m.agreement.as_ref()).map(Record::Agreement)
        });
        let respond = |fact_number| pb::RecordAgreementResponse { fact_number };
        self.record(
            Call { method: "RecordAgreement", caller, request_id: &m.request_id, request: m },
            read,
            respond,
        )
        .await
    }

    async fn record_transition(
        &self,
        request: Request<pb::RecordTransitionRequest>,
    ) -> Answer<pb::RecordTransitionResponse> {
        let (caller, m) = (caller(&request)?, request.get_ref());
        let read = one(&m.placement_id, "transition", |v, field| {
            records::transition(v, field, m.transition.as_ref()).map(Record::Transition)
        });
        let respond = |fact_number| pb::RecordTransitionResponse { fact_number };
        self.record(
            Call { method: "RecordTransition", caller, request_id: &m.request_id, request: m },
            read,
            respond,
        )
        .await
    }

    async fn record_premises_cost(
        &self,
        request: Request<pb::RecordPremisesCostRequest>,
    ) -> Answer<pb::RecordPremisesCostResponse> {
        let (caller, m) = (caller(&request)?, request.get_ref());
        let read = one(&m.placement_id, "premises_cost", |v, field| {
            records::premises_cost(v, field, m.premises_cost.as_ref()).map(Record::PremisesCost)
        });
        let respond = |fact_number| pb::RecordPremisesCostResponse { fact_number };
        self.record(
            Call { method: "RecordPremisesCost", caller, request_id: &m.request_id, request: m },
            read,
            respond,
        )
        .await
    }

    async fn import_payment(
        &self,
        request: Request<Streaming<pb::ImportPaymentRequest>>,
    ) -> Answer<pb::ImportPaymentResponse> {
        let caller = caller(&request)?.clone();
        let import = Import::gather(request.into_inner()).await?;
        answer(import::import(&self.context, &caller, import).await)
    }

    async fn create_payment_run(
        &self,
        request: Request<pb::CreatePaymentRunRequest>,
    ) -> Answer<pb::CreatePaymentRunResponse> {
        answer(runs::create(&self.context, caller(&request)?, request.get_ref()).await)
    }

    async fn get_payment_run(
        &self,
        request: Request<pb::GetPaymentRunRequest>,
    ) -> Answer<pb::GetPaymentRunResponse> {
        answer(lists::run(&self.context, request.get_ref()).await)
    }

    async fn list_payment_runs(
        &self,
        request: Request<pb::ListPaymentRunsRequest>,
    ) -> Answer<pb::ListPaymentRunsResponse> {
        answer(lists::runs(&self.context, request.get_ref()).await)
    }

    async fn watch_payment_run(
        &self,
        request: Request<pb::WatchPaymentRunRequest>,
    ) -> Answer<Self::WatchPaymentRunStream> {
        let watched =
            status::watch(Arc::clone(&self.context), request.into_inner(), self.shutdown.clone()).await;
        Ok(Response::new(watched.map_err(rpc::status)?.map_err(rpc::status).boxed()))
    }

    async fn approve_payment_run(
        &self,
        request: Request<pb::ApprovePaymentRunRequest>,
    ) -> Answer<pb::ApprovePaymentRunResponse> {
        answer(runs::approve(&self.context, caller(&request)?, request.get_ref()).await)
    }

    async fn discard_payment_run(
        &self,
        request: Request<pb::DiscardPaymentRunRequest>,
    ) -> Answer<pb::DiscardPaymentRunResponse> {
        answer(runs::discard(&self.context, caller(&request)?, request.get_ref()).await)
    }

    async fn list_payment_lines(
        &self,
        request: Request<pb::ListPaymentLinesRequest>,
    ) -> Answer<pb::ListPaymentLinesResponse> {
        answer(lists::lines(&self.context, caller(&request)?, request.get_ref()).await)
    }

    async fn list_payment_holds(
        &self,
        request: Request<pb::ListPaymentHoldsRequest>,
    ) -> Answer<pb::ListPaymentHoldsResponse> {
        answer(lists::holds(&self.context, request.get_ref()).await)
    }

    async fn explain_payment_line(
        &self,
        request: Request<pb::ExplainPaymentLineRequest>,
    ) -> Answer<pb::ExplainPaymentLineResponse> {
        answer(explain::line(&self.context, caller(&request)?, request.get_ref()).await)
    }

    async fn get_feed_status(
        &self,
        _: Request<pb::GetFeedStatusRequest>,
    ) -> Answer<pb::GetFeedStatusResponse> {
        answer(status::feeds(&self.context).await)
    }
}
