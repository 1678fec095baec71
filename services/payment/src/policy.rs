use niva_kit::auth::{Policy, Role};

use crate::SERVICE;

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
    Policy::new().service(
        SERVICE,
        &[
            ("CalculateCompensation", quotes),
            ("SetWeeklySchedule", attendance),
            ("ReportOccasions", attendance),
            ("RecordAgreement", agreements),
            ("RecordTransition", agreements),
            ("RecordPremisesCost", agreements),
            ("ImportPayment", &[Service, Administrator]),
            ("CreatePaymentRun", &[FinanceMaker, Administrator]),
            ("GetPaymentRun", readers),
            ("ListPaymentRuns", readers),
            ("WatchPaymentRun", readers),
            ("ApprovePaymentRun", &[FinanceApprover]),
            ("DiscardPaymentRun", &[FinanceMaker, Administrator]),
            ("ListPaymentLines", line_readers),
            ("ListPaymentHolds", readers),
            ("ExplainPaymentLine", line_readers),
            ("GetFeedStatus", &[Service, Analyst, Auditor, Administrator, FinanceMaker, FinanceApprover]),
        ],
    )
}
