//! Attendance: what was given and is paid by occasion.

pub(crate) mod wire;

use std::sync::Arc;

use niva_kit::auth::Caller;
use niva_kit::request::Call;
use niva_kit::wire::read::id;
use niva_kit::{OpError, Violations};
use niva_payment_domain::Record;
use niva_proto::payment::v1 as pb;
use pb::attendance_service_server::AttendanceService;
use tonic::Request;

use crate::facts::{At, NewFact};
use crate::{Answer, App};

/// Occasions as tonic sees them.
pub(crate) struct Attendance(pub(crate) Arc<App>);

#[tonic::async_trait]
impl AttendanceService for Attendance {
    async fn report_occasions(
        &self,
        request: Request<pb::ReportOccasionsRequest>,
    ) -> Answer<pb::ReportOccasionsResponse> {
        answer!(self.report(request))
    }
}

impl Attendance {
    async fn report(
        &self,
        caller: &Caller,
        request: &pb::ReportOccasionsRequest,
    ) -> Result<pb::ReportOccasionsResponse, OpError> {
        let told = self.read(request)?;
        let call = Call { method: "ReportOccasions", caller, request_id: &request.request_id, request };
        self.0.tell(&call, &told, |fact_number| pb::ReportOccasionsResponse { fact_number }).await
    }

    fn read(&self, request: &pb::ReportOccasionsRequest) -> Result<Vec<NewFact>, OpError> {
        let today = self.0.clock.today();
        let mut v = Violations::new();
        let placement = id(&mut v, "placement_id", &request.placement_id);
        let fits = (1..=400).contains(&request.occasions.len());
        v.require(
            fits,
            "occasions",
            "COUNT_OUT_OF_RANGE",
            "are none or more than 400: send 1 to 400 in one request",
        );
        let mut told = Vec::with_capacity(request.occasions.len());
        for (i, given) in request.occasions.iter().enumerate() {
            let at = format!("occasions[{i}]");
            let read = wire::occasion(&mut v, &at, Some(given), Some(today));
            told.extend(placement.clone().zip(read).map(|(placement_id, occasion)| NewFact {
                at: At::Part(at),
                field: "",
                placement_id,
                id: wire::name(&occasion),
                record: Record::Occasion(occasion),
            }));
        }
        v.finish()?;
        Ok(told)
    }
}
