//! What payment is told, and asked for.

use niva_proto::common::v1::{DateInterval, Money, Month};
use niva_proto::payment::v1::{
    Absence, Account, Agreement, ApproveAgreementRequest, ApprovePayeeRequest, ApprovePaymentRunRequest,
    Clients, Component, CreatePaymentRunRequest, DiscardPaymentRunRequest, ExplainPaymentLineRequest,
    ListPaymentHoldsRequest, ListPaymentLinesRequest, Occasion, Payee, PaymentHold, PaymentLine, PaymentRun,
    PremisesCost, PriceUnit, RecordAbsenceRequest, RecordAgreementRequest, RecordOccasionsRequest,
    RecordPayeeRequest, RecordPremisesCostRequest, RecordScheduleRequest, RecordSpecialCompensationRequest,
    RecordTransitionRequest, RecordVisitRequest, Schedule, SpecialCompensation, Transition, Visit,
    WatchPaymentRunRequest, WeeklySchedule, account,
};
use niva_rpc::client::Channel;

use super::{Day, recorded};
use crate::values::new_request;

recorded! {
    record_schedule: RecordScheduleRequest { schedule: Schedule },
    record_occasions: RecordOccasionsRequest { occasions: Vec<Occasion> },
    record_absence: RecordAbsenceRequest { absence: Absence },
    record_agreement: RecordAgreementRequest { agreement: Agreement },
    record_special: RecordSpecialCompensationRequest { special_compensation: SpecialCompensation },
    record_transition: RecordTransitionRequest { transition: Transition },
    record_visit: RecordVisitRequest { visit: Visit },
    record_premises_cost: RecordPremisesCostRequest { premises_cost: PremisesCost },
    record_payee: RecordPayeeRequest { payee: Payee },
}

/// A weekly schedule from a day on: sessions from Monday to Friday.
pub fn schedule(placement: &str, valid_from: impl Day, sessions: [i32; 5]) -> Schedule {
    let [monday, tuesday, wednesday, thursday, friday] = sessions;
    Schedule {
        placement_id: placement.to_owned(),
        valid_from: valid_from.field(),
        week: Some(WeeklySchedule { monday, tuesday, wednesday, thursday, friday }),
        ..Schedule::default()
    }
}

/// How a provider is paid from a day on: by an account that nobody has, but whose check digit fits.
pub fn payee(id: &str, provider: &str, from: impl Day, bankgiro: &str) -> Payee {
    Payee {
        payee_id: id.to_owned(),
        provider_id: provider.to_owned(),
        valid: Some(DateInterval { first: from.field(), last: None }),
        name: format!("Utförare {provider}"),
        account: Some(Account { kind: account::Kind::Bankgiro.into(), number: bankgiro.to_owned() }),
        ..Payee::default()
    }
}

/// Approves a revision of a payee.
#[must_use]
pub fn approve_payee(payee: &str, expected_revision: i64) -> ApprovePayeeRequest {
    let (request_id, payee_id) = (new_request(), payee.to_owned());
    ApprovePayeeRequest { request_id, validate_only: false, expected_revision, payee_id }
}

/// Evenings of a day.
pub fn evenings(placement: &str, day: impl Day, count: i32) -> Occasion {
    Occasion {
        placement_id: placement.to_owned(),
        date: day.field(),
        component: Component::EveningNight.into(),
        count,
        ..Occasion::default()
    }
}

/// An agreement per calendar day.
#[must_use]
pub fn agreement(id: &str, placement: &str, valid: Option<DateInterval>, ore: i64) -> Agreement {
    Agreement {
        agreement_id: id.to_owned(),
        placement_id: placement.to_owned(),
        valid,
        price: Some(Money { ore }),
        unit: PriceUnit::CalendarDay.into(),
        agreed_by: "OFFICER-1".to_owned(),
        ..Agreement::default()
    }
}

/// Approves a revision of an agreement.
#[must_use]
pub fn approve_agreement(agreement: &str, expected_revision: i64) -> ApproveAgreementRequest {
    let (request_id, agreement_id) = (new_request(), agreement.to_owned());
    ApproveAgreementRequest { request_id, validate_only: false, expected_revision, agreement_id }
}

/// Makes a run.
#[must_use]
pub fn create_run(month: Month) -> CreatePaymentRunRequest {
    CreatePaymentRunRequest {
        request_id: new_request(),
        month: Some(month),
        ..CreatePaymentRunRequest::default()
    }
}

/// Approves a run by what it shows.
#[must_use]
pub fn approve_run(run: &PaymentRun) -> ApprovePaymentRunRequest {
    let control = run.control.clone().unwrap_or_default();
    ApprovePaymentRunRequest {
        request_id: new_request(),
        payment_run_id: run.payment_run_id.clone(),
        amount: control.amount,
        lines_sha256: control.lines_sha256,
        repriced: control.repriced,
    }
}

/// Discards a run.
#[must_use]
pub fn discard_run(run: &str) -> DiscardPaymentRunRequest {
    DiscardPaymentRunRequest {
        request_id: new_request(),
        payment_run_id: run.to_owned(),
        reason: "a look was enough".to_owned(),
    }
}

/// Asks why a line pays what it pays.
#[must_use]
pub fn explain(line: &str) -> ExplainPaymentLineRequest {
    ExplainPaymentLineRequest { payment_line_id: line.to_owned() }
}

/// A run when it is no longer being calculated.
///
/// # Panics
/// When a call fails.
pub async fn settled(client: &Clients<Channel>, run: &str) -> PaymentRun {
    let watch = WatchPaymentRunRequest { payment_run_id: run.to_owned() };
    let told = client.clone().runs.watch_payment_run(watch).await.expect("its progress");
    let (mut told, mut last) = (told.into_inner(), None);
    while let Some(message) = told.message().await.expect("its progress") {
        last = message.payment_run;
    }
    last.expect("a run")
}

/// All lines of a run, page by page.
///
/// # Panics
/// When a call fails.
pub async fn lines(client: &Clients<Channel>, run: &str, page_size: i32) -> Vec<PaymentLine> {
    let (mut client, mut all) = (client.lines.clone(), Vec::new());
    let payment_run_id = run.to_owned();
    let mut request = ListPaymentLinesRequest { payment_run_id, page_size, ..Default::default() };
    loop {
        let page = client.list_payment_lines(request.clone()).await.expect("lines").into_inner();
        all.extend(page.payment_lines);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return all;
        }
    }
}

/// All holds of a run, page by page.
///
/// # Panics
/// When a call fails.
pub async fn holds(client: &Clients<Channel>, run: &str, page_size: i32) -> Vec<PaymentHold> {
    let (mut client, mut all) = (client.holds.clone(), Vec::new());
    let payment_run_id = run.to_owned();
    let mut request = ListPaymentHoldsRequest { payment_run_id, page_size, ..Default::default() };
    loop {
        let page = client.list_payment_holds(request.clone()).await.expect("holds").into_inner();
        all.extend(page.payment_holds);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return all;
        }
    }
}
