use niva_kit::auth::{Policy, Role};
use niva_proto::payment::v1::{
    agreement_service_server, attendance_service_server, compensation_service_server, feed_service_server,
    hold_service_server, import_service_server, line_service_server, premises_cost_service_server,
    run_service_server, schedule_service_server, transition_service_server,
};

/// Who may call what. A provider sees and tells of its own units alone; that is checked where the data is known.
#[must_use]
pub fn policy() -> Policy {
    use Role::{
        Administrator, Analyst, Auditor, CaseOfficer, FinanceApprover, FinanceMaker, Provider, Service,
    };
    let readers: &[Role] = &[FinanceMaker, FinanceApprover, Analyst, Auditor, Administrator];
    let line_readers: &[Role] = &[FinanceMaker, FinanceApprover, Analyst, Auditor, Administrator, Provider];
    let attendance: &[Role] = &[Provider, Administrator];
    let agreements: &[Role] = &[FinanceMaker, Administrator];
    let quotes: &[Role] =
        &[Service, CaseOfficer, Provider, FinanceMaker, FinanceApprover, Analyst, Auditor, Administrator];
    let feeds: &[Role] = &[Service, Analyst, Auditor, Administrator, FinanceMaker, FinanceApprover];
    Policy::new()
        .service(schedule_service_server::SERVICE_NAME, &[("SetWeeklySchedule", attendance)])
        .service(attendance_service_server::SERVICE_NAME, &[("ReportOccasions", attendance)])
        .service(agreement_service_server::SERVICE_NAME, &[("RecordAgreement", agreements)])
        .service(transition_service_server::SERVICE_NAME, &[("RecordTransition", agreements)])
        .service(premises_cost_service_server::SERVICE_NAME, &[("RecordPremisesCost", agreements)])
        .service(compensation_service_server::SERVICE_NAME, &[("CalculateCompensation", quotes)])
        .service(
            run_service_server::SERVICE_NAME,
            &[
                ("CreatePaymentRun", &[FinanceMaker, Administrator]),
                ("GetPaymentRun", readers),
                ("ListPaymentRuns", readers),
                ("WatchPaymentRun", readers),
                ("ApprovePaymentRun", &[FinanceApprover]),
                ("DiscardPaymentRun", &[FinanceMaker, Administrator]),
            ],
        )
        .service(
            line_service_server::SERVICE_NAME,
            &[("ListPaymentLines", line_readers), ("ExplainPaymentLine", line_readers)],
        )
        .service(hold_service_server::SERVICE_NAME, &[("ListPaymentHolds", readers)])
        .service(import_service_server::SERVICE_NAME, &[("ImportPayment", &[Service, Administrator])])
        .service(feed_service_server::SERVICE_NAME, &[("GetFeedStatus", feeds)])
}
