//! The rpcs, by the names of their requests.

/// The rpc that takes a request.
macro_rules! call {
    ($client:ident, CorrectScheduleRequest, $message:expr) => {
        $client.correct_schedule($message)
    };
    ($client:ident, WithdrawScheduleRequest, $message:expr) => {
        $client.withdraw_schedule($message)
    };
    ($client:ident, GetScheduleRequest, $message:expr) => {
        $client.get_schedule($message)
    };
    ($client:ident, ListSchedulesRequest, $message:expr) => {
        $client.list_schedules($message)
    };
    ($client:ident, ListScheduleRevisionsRequest, $message:expr) => {
        $client.list_schedule_revisions($message)
    };
    ($client:ident, CorrectOccasionRequest, $message:expr) => {
        $client.correct_occasion($message)
    };
    ($client:ident, WithdrawOccasionRequest, $message:expr) => {
        $client.withdraw_occasion($message)
    };
    ($client:ident, GetOccasionRequest, $message:expr) => {
        $client.get_occasion($message)
    };
    ($client:ident, ListOccasionsRequest, $message:expr) => {
        $client.list_occasions($message)
    };
    ($client:ident, ListOccasionRevisionsRequest, $message:expr) => {
        $client.list_occasion_revisions($message)
    };
    ($client:ident, CorrectAbsenceRequest, $message:expr) => {
        $client.correct_absence($message)
    };
    ($client:ident, WithdrawAbsenceRequest, $message:expr) => {
        $client.withdraw_absence($message)
    };
    ($client:ident, GetAbsenceRequest, $message:expr) => {
        $client.get_absence($message)
    };
    ($client:ident, ListAbsencesRequest, $message:expr) => {
        $client.list_absences($message)
    };
    ($client:ident, ListAbsenceRevisionsRequest, $message:expr) => {
        $client.list_absence_revisions($message)
    };
    ($client:ident, CorrectAgreementRequest, $message:expr) => {
        $client.correct_agreement($message)
    };
    ($client:ident, WithdrawAgreementRequest, $message:expr) => {
        $client.withdraw_agreement($message)
    };
    ($client:ident, GetAgreementRequest, $message:expr) => {
        $client.get_agreement($message)
    };
    ($client:ident, ListAgreementsRequest, $message:expr) => {
        $client.list_agreements($message)
    };
    ($client:ident, ListAgreementRevisionsRequest, $message:expr) => {
        $client.list_agreement_revisions($message)
    };
    ($client:ident, CorrectTransitionRequest, $message:expr) => {
        $client.correct_transition($message)
    };
    ($client:ident, WithdrawTransitionRequest, $message:expr) => {
        $client.withdraw_transition($message)
    };
    ($client:ident, GetTransitionRequest, $message:expr) => {
        $client.get_transition($message)
    };
    ($client:ident, ListTransitionsRequest, $message:expr) => {
        $client.list_transitions($message)
    };
    ($client:ident, ListTransitionRevisionsRequest, $message:expr) => {
        $client.list_transition_revisions($message)
    };
    ($client:ident, CorrectVisitRequest, $message:expr) => {
        $client.correct_visit($message)
    };
    ($client:ident, WithdrawVisitRequest, $message:expr) => {
        $client.withdraw_visit($message)
    };
    ($client:ident, GetVisitRequest, $message:expr) => {
        $client.get_visit($message)
    };
    ($client:ident, ListVisitsRequest, $message:expr) => {
        $client.list_visits($message)
    };
    ($client:ident, ListVisitRevisionsRequest, $message:expr) => {
        $client.list_visit_revisions($message)
    };
    ($client:ident, CorrectPremisesCostRequest, $message:expr) => {
        $client.correct_premises_cost($message)
    };
    ($client:ident, WithdrawPremisesCostRequest, $message:expr) => {
        $client.withdraw_premises_cost($message)
    };
    ($client:ident, GetPremisesCostRequest, $message:expr) => {
        $client.get_premises_cost($message)
    };
    ($client:ident, ListPremisesCostsRequest, $message:expr) => {
        $client.list_premises_costs($message)
    };
    ($client:ident, ListPremisesCostRevisionsRequest, $message:expr) => {
        $client.list_premises_cost_revisions($message)
    };
}
