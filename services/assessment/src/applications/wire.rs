//! Applications: messages to values and back.

use niva_access::Scope;
use niva_assessment_domain::{Appeal, AppealOutcome, Application, ApplicationDecision, Outcome};
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_facts::{Fact, Info};
use niva_names::{ApplicationId, ServiceCatalogue};
use niva_proto::assessment::v1 as pb;
use niva_rpc::wire::{read, write};
use niva_store::Secrets;
use niva_store::page::PageRequest;

use crate::applications::Filter;
use crate::grants::wire::scope;
use crate::wire::{district, fact_id, listed, page, service};

/// An application as a caller tells of one; `made` is the id of one that is recorded without.
pub(super) fn told(
    given: Option<&pb::Application>,
    made: Option<ApplicationId>,
    city: &ServiceCatalogue,
) -> Result<Application, OpError> {
    let mut v = Violations::new();
    let given = v.required("application", given);
    let read = given.and_then(|given| v.nested("application", |v| application(v, given, made, Some(city))));
    v.finish_with(read)
}

/// An application as stored.
pub(super) fn stored(given: &pb::Application) -> Result<Application, OpError> {
    let mut v = Violations::new();
    let read = application(&mut v, given, None, None);
    v.finish_with(read).map_err(|e| OpError::internal(format!("application {}: {e}", given.application_id)))
}

pub(crate) fn application(
    v: &mut Violations,
    given: &pb::Application,
    made: Option<ApplicationId>,
    city: Option<&ServiceCatalogue>,
) -> Option<Application> {
    let application_id = fact_id(v, "application_id", &given.application_id, made);
    let person_id = read::id(v, "person_id", &given.person_id);
    let service = service(v, "service", &given.service, city);
    let district = district(v, "district", &given.district, city, given.apply_date);
    let day = read::date(v, "apply_date", given.apply_date);
    let scope = match &given.scope {
        None => Some(None),
        given => scope(v, given.as_ref()).map(Some),
    };
    let decision = match &given.decision {
        None => Some(None),
        Some(given) => v.nested("decision", |v| decision(v, given)).map(Some),
    };
    let appeal = match &given.appeal {
        None => Some(None),
        Some(given) => v.nested("appeal", |v| appeal(v, given)).map(Some),
    };
    Some(Application {
        application_id: application_id?,
        person_id: person_id?,
        service: service?,
        district: district?,
        day: day?,
        scope: scope?,
        decision: decision?,
        appeal: appeal?,
    })
}

fn decision(v: &mut Violations, given: &pb::ApplicationDecision) -> Option<ApplicationDecision> {
    let outcome = outcome(v, "outcome", given.outcome);
    let outcome = v.required("outcome", outcome?);
    let day = read::date(v, "decision_date", given.decision_date);
    Some(ApplicationDecision { outcome: outcome?, day: day?, reason: given.reason.trim().to_owned() })
}

/// An outcome; `Some(None)` when it is not given.
fn outcome(v: &mut Violations, field: &str, given: i32) -> Option<Option<Outcome>> {
    use pb::application_decision::Outcome as Told;
    let outcome = Told::try_from(given).map(|outcome| match outcome {
        Told::Unspecified => None,
        Told::Granted => Some(Outcome::Granted),
        Told::PartlyGranted => Some(Outcome::PartlyGranted),
        Told::Refused => Some(Outcome::Refused),
    });
    v.check(field, "FIELD_INVALID", outcome)
}

fn appeal(v: &mut Violations, given: &pb::Appeal) -> Option<Appeal> {
    let day = read::date(v, "appeal_date", given.appeal_date);
    let outcome = appeal_outcome(v, given.outcome);
    let outcome_date = read::optional_date(v, "outcome_date", given.outcome_date);
    let ended = match (outcome?, outcome_date?) {
        (Some(outcome), Some(day)) => Some((outcome, day)),
        (None, None) => None,
        _ => {
            v.add("outcome_date", "OUTCOME_WITHOUT_DAY", "an outcome and its day come together: give both");
            return None;
        }
    };
    Some(Appeal { day: day?, ended })
}

fn appeal_outcome(v: &mut Violations, given: i32) -> Option<Option<AppealOutcome>> {
    use pb::appeal::Outcome as Told;
    let outcome = Told::try_from(given).map(|outcome| match outcome {
        Told::Unspecified => None,
        Told::Dismissed => Some(AppealOutcome::Dismissed),
        Told::Changed => Some(AppealOutcome::Changed),
        Told::SentBack => Some(AppealOutcome::SentBack),
        Told::TakenBack => Some(AppealOutcome::TakenBack),
    });
    v.check("outcome", "FIELD_INVALID", outcome)
}

/// DecideApplication: the application and what is decided.
pub(crate) fn decided(
    request: &pb::DecideApplicationRequest,
) -> Result<(ApplicationId, ApplicationDecision), OpError> {
    let mut v = Violations::new();
    let id = read::id(&mut v, "application_id", &request.application_id);
    let given = v.required("decision", request.decision.as_ref());
    let decision = given.and_then(|given| v.nested("decision", |v| decision(v, given)));
    v.finish_with(id.zip(decision))
}

/// AppealApplication: the application and the day.
pub(super) fn appealed(
    request: &pb::AppealApplicationRequest,
) -> Result<(ApplicationId, NaiveDate), OpError> {
    let mut v = Violations::new();
    let id = read::id(&mut v, "application_id", &request.application_id);
    let day = read::date(&mut v, "appeal_date", request.appeal_date);
    v.finish_with(id.zip(day))
}

/// DecideAppeal: the application, how its appeal ended, and when.
pub(crate) fn appeal_ended(
    request: &pb::DecideAppealRequest,
) -> Result<(ApplicationId, (AppealOutcome, NaiveDate)), OpError> {
    let mut v = Violations::new();
    let id = read::id(&mut v, "application_id", &request.application_id);
    let outcome = appeal_outcome(&mut v, request.outcome).and_then(|outcome| v.required("outcome", outcome));
    let day = read::date(&mut v, "outcome_date", request.outcome_date);
    v.finish_with(id.zip(outcome.zip(day)))
}

/// ListApplications.
pub(super) fn filter(
    request: &pb::ListApplicationsRequest,
    (scope, secrets): (&Scope, &Secrets),
    city: &ServiceCatalogue,
) -> Result<(PageRequest, Filter), OpError> {
    let mut v = Violations::new();
    let service = read::optional_service(&mut v, "service", &request.service, city);
    let outcome = outcome(&mut v, "outcome", request.outcome);
    let listed = listed(&mut v, request.recorded_since, request.include_withdrawn);
    let filter = (|| {
        Some(Filter {
            person_id: read::filter_id(&request.person_id),
            service: service?,
            district: read::filter_id(&request.district),
            outcome: outcome?,
            undecided: request.undecided,
            appealed: request.appealed,
            reached: scope.clone(),
            listed: listed?,
        })
    })();
    let filter = v.finish_with(filter)?;
    let asked = pb::ListApplicationsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    Ok((page(secrets, scope, "applications", &asked, (request.page_size, &request.page_token))?, filter))
}

/// An application as a message.
pub(crate) fn message(application: &Application, info: Option<&Info>) -> pb::Application {
    use pb::application_decision::Outcome as Told;
    let decision = application.decision.as_ref().map(|decision| pb::ApplicationDecision {
        outcome: match decision.outcome {
            Outcome::Granted => Told::Granted,
            Outcome::PartlyGranted => Told::PartlyGranted,
            Outcome::Refused => Told::Refused,
        }
        .into(),
        decision_date: Some(write::date(decision.day)),
        reason: decision.reason.clone(),
    });
    let appeal = application.appeal.map(|appeal| pb::Appeal {
        appeal_date: Some(write::date(appeal.day)),
        outcome: match appeal.ended.map(|(outcome, _)| outcome) {
            None => pb::appeal::Outcome::Unspecified,
            Some(AppealOutcome::Dismissed) => pb::appeal::Outcome::Dismissed,
            Some(AppealOutcome::Changed) => pb::appeal::Outcome::Changed,
            Some(AppealOutcome::SentBack) => pb::appeal::Outcome::SentBack,
            Some(AppealOutcome::TakenBack) => pb::appeal::Outcome::TakenBack,
        }
        .into(),
        outcome_date: appeal.ended.map(|(_, day)| write::date(day)),
    });
    let mut message = pb::Application {
        application_id: application.application_id.to_string(),
        person_id: application.person_id.to_string(),
        service: application.service.into(),
        district: application.district.to_string(),
        apply_date: Some(write::date(application.day)),
        scope: application.scope.as_ref().map(write::scope),
        decision,
        appeal,
        info: None,
    };
    message.set_info(info);
    message
}
