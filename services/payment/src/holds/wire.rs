//! Which holds are asked for.

use niva_base::{OpError, Violations};
use niva_names::ServiceCatalogue;
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read;

use super::filter::Filter;
use crate::compensation::optional_hold_reason;

pub(crate) fn filter(
    request: &pb::ListPaymentHoldsRequest,
    city: &ServiceCatalogue,
) -> Result<Filter, OpError> {
    let mut v = Violations::new();
    let service = read::optional_service(&mut v, "service", &request.service, city);
    let reason = optional_hold_reason(&mut v, "reason", request.reason);
    let filter = Filter {
        persons: read::given_id(&request.person_id).into_iter().collect(),
        service: service.flatten(),
        placement: read::given_id(&request.placement_id),
        unit: read::given_id(&request.unit_id),
        district: read::given_id(&request.district),
        reason: reason.flatten(),
    };
    v.finish_with(Some(filter))
}
