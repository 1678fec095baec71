//! Lines of the ledger, outwards, and their ids.

use niva_base::{OpError, Violations};
use niva_names::{PaymentRunId, RunNo, ServiceCatalogue};
use niva_payment_domain::ledger::LineId;
use niva_payment_domain::stands::{self, Stand};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::{read, write};

use super::filter::Filter;
use super::line::Line;
use crate::cases::CaseKey;
use crate::wire::{component_out, optional_component, settlement_out, unit_out};

/// Which lines are asked for, but for the placement, whose case is looked up.
pub(crate) fn filter(
    request: &pb::ListPaymentLinesRequest,
    city: &ServiceCatalogue,
) -> Result<Filter, OpError> {
    let mut v = Violations::new();
    let service = read::optional_service(&mut v, "service", &request.service, city);
    let component = optional_component(&mut v, "component", request.component);
    let month = request.month.map(|month| read::month(&mut v, "month", Some(month)));
    let filter = Filter {
        placement: None,
        persons: read::given_id(&request.person_id).into_iter().collect(),
        service: service.flatten(),
        provider: read::given_id(&request.provider_id),
        unit: read::given_id(&request.unit_id),
        district: read::given_id(&request.district),
        component: component.flatten(),
        month: month.flatten(),
        reversal: request.reversal,
        correction: request.correction,
    };
    v.finish_with(Some(filter))
}

/// `2024-03.1/17`.
pub(crate) fn line_id_out(run_id: &PaymentRunId, line_no: i64) -> String {
    format!("{run_id}/{line_no}")
}

/// The run and the number that a line's id names; `None` for a text that is no id of a line.
pub(crate) fn line_id(text: &str) -> Option<(PaymentRunId, i64)> {
    let (run, line) = text.rsplit_once('/')?;
    // Only as it is written: no sign, no zeros before.
    line.parse().ok().filter(|no: &i64| *no > 0 && no.to_string() == line).map(|no| (run.into(), no))
}

/// A line of the ledger. `run_id` names runs by their number.
pub(crate) fn line_out(
    line: &Line,
    key: &CaseKey,
    run_id: impl Fn(RunNo) -> PaymentRunId,
) -> pb::PaymentLine {
    let p = &line.payable;
    let id = |id: LineId| line_id_out(&run_id(id.run_no), id.line_no);
    pb::PaymentLine {
        payment_line_id: id(line.id),
        payment_run_id: run_id(line.id.run_no).into(),
        placement_id: (&line.placement_id).into(),
        person_id: (&key.person_id).into(),
        service: key.service.into(),
        month: Some(write::month(p.month)),
        component: component_out(p.component).into(),
        days: Some(write::interval(p.days)),
        model_id: p.model_id.to_string(),
        level: p.level.map(write::level),
        variant: p.variant.to_string(),
        regime: write::regime(p.regime).into(),
        unit: unit_out(p.unit).into(),
        quantity: p.quantity,
        unit_price: Some(write::money(p.unit_price)),
        amount: Some(write::money(p.amount)),
        payer_district: p.payer.to_string(),
        provider_id: p.provider_id.to_string(),
        payee_district: p.payee_district.to_string(),
        unit_id: p.unit_id.to_string(),
        settlement: settlement_out(p.settlement).into(),
        reversal: line.reversal,
        corrects_line_id: line.corrects.map(id).unwrap_or_default(),
        cause: line.cause.clone(),
        stands_on: stands::read(&line.stands_on).unwrap_or_default().iter().map(ground_out).collect(),
    }
}

pub(super) fn ground_out(stand: &Stand<'_>) -> pb::Ground {
    pb::Ground {
        kind: stand.kind.as_str().to_owned(),
        id: stand.id.to_string(),
        version: stand.version.to_string(),
    }
}
