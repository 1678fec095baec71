//! Applications: what people apply for, what is decided, and appeals. Nobody else acts on them: what is granted is told
//! as a grant.

pub(crate) mod import;
mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_assessment_domain::{Application, ApplicationRefused, Outcome, Person};
use niva_base::OpError;
use niva_facts::{Info, Telling};
use niva_names::{ApplicationId, DistrictId, PersonId, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
use pb::application_service_server::ApplicationService;
use tonic::Request;

use crate::grants::store as grants;
use crate::{Answer, App, Listed, fixed, id_taken, persons};

/// Applications as tonic sees them.
pub(crate) struct Applications(pub(crate) Arc<App>);

/// Which applications are looked for; what is empty does not matter.
pub(crate) struct Filter {
    person_id: Option<PersonId>,
    service: Option<ServiceKey>,
    district: Option<DistrictId>,
    outcome: Option<Outcome>,
    undecided: bool,
    appealed: bool,
    /// What the call reaches.
    reached: Scope,
    listed: Listed,
}

#[tonic::async_trait]
impl ApplicationService for Applications {
    async fn record_application(
        &self,
        request: Request<pb::RecordApplicationRequest>,
    ) -> Answer<pb::RecordApplicationResponse> {
        answer!(self.record(request))
    }

    async fn decide_application(
        &self,
        request: Request<pb::DecideApplicationRequest>,
    ) -> Answer<pb::DecideApplicationResponse> {
        answer!(self.decide(request))
    }

    async fn appeal_application(
        &self,
        request: Request<pb::AppealApplicationRequest>,
    ) -> Answer<pb::AppealApplicationResponse> {
        answer!(self.appeal(request))
    }

    async fn decide_appeal(
        &self,
        request: Request<pb::DecideAppealRequest>,
    ) -> Answer<pb::DecideAppealResponse> {
        answer!(self.end_appeal(request))
    }

    async fn correct_application(
        &self,
        request: Request<pb::CorrectApplicationRequest>,
    ) -> Answer<pb::CorrectApplicationResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_application(
        &self,
        request: Request<pb::WithdrawApplicationRequest>,
    ) -> Answer<pb::WithdrawApplicationResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_application(
        &self,
        request: Request<pb::GetApplicationRequest>,
    ) -> Answer<pb::GetApplicationResponse> {
        answer!(self.get(request))
    }

    async fn list_applications(
        &self,
        request: Request<pb::ListApplicationsRequest>,
    ) -> Answer<pb::ListApplicationsResponse> {
        answer!(self.list(request))
    }

    async fn list_application_revisions(
        &self,
        request: Request<pb::ListApplicationRevisionsRequest>,
    ) -> Answer<pb::ListApplicationRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Applications {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordApplicationRequest,
    ) -> Result<pb::RecordApplicationResponse, OpError> {
        let made = ApplicationId::from(self.0.secrets.id(scope.author(), request, "application"));
        let application = &wire::told(request.application.as_ref(), Some(made.clone()), &self.0.city)?;
        scope.own_name("application.application_id", application.application_id.as_str(), made.as_str())?;
        scope.in_district(&application.district)?;
        application.check(self.0.clock.today()).map_err(|e| refused(&e))?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    alive(&persons::told_of(tx, scope, &application.person_id).await?, application)?;
                    let info = Info::first(application.application_id.as_str(), told);
                    if !store::insert(tx, application, &info).await? {
                        return Err(id_taken("application", &application.application_id));
                    }
                    let application = Some(keep(tx, application, &info).await?);
                    Ok(pb::RecordApplicationResponse { application })
                })
            })
            .await
    }

    async fn decide(
        &self,
        scope: &Scope,
        request: &pb::DecideApplicationRequest,
    ) -> Result<pb::DecideApplicationResponse, OpError> {
        let (id, decision) = &wire::decided(request)?;
        let today = self.0.clock.today();
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = held(tx, scope, id).await?;
                    let decide = |application: Application| application.decide(decision.clone(), today);
                    let application = Some(happened(tx, held, told, decide).await?);
                    Ok(pb::DecideApplicationResponse { application })
                })
            })
            .await
    }

    async fn appeal(
        &self,
        scope: &Scope,
        request: &pb::AppealApplicationRequest,
    ) -> Result<pb::AppealApplicationResponse, OpError> {
        let (id, day) = &wire::appealed(request)?;
        let today = self.0.clock.today();
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = held(tx, scope, id).await?;
                    let appeal = |application: Application| application.appeal(*day, today);
                    let application = Some(happened(tx, held, told, appeal).await?);
                    Ok(pb::AppealApplicationResponse { application })
                })
            })
            .await
    }

    async fn end_appeal(
        &self,
        scope: &Scope,
        request: &pb::DecideAppealRequest,
    ) -> Result<pb::DecideAppealResponse, OpError> {
        let (id, (outcome, day)) = &wire::appeal_ended(request)?;
        let today = self.0.clock.today();
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = held(tx, scope, id).await?;
                    let end = |application: Application| application.end_appeal(*outcome, *day, today);
                    let application = Some(happened(tx, held, told, end).await?);
                    Ok(pb::DecideAppealResponse { application })
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectApplicationRequest,
    ) -> Result<pb::CorrectApplicationResponse, OpError> {
        let application = &wire::told(request.application.as_ref(), None, &self.0.city)?;
        scope.in_district(&application.district)?;
        application.check(self.0.clock.today()).map_err(|e| refused(&e))?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let (standing, info) = held(tx, scope, &application.application_id).await?;
                    let info = info.corrected(request.expected_revision, told)?;
                    subject_fixed(&standing, application)?;
                    store::update(tx, application, &info).await?;
                    let application = Some(keep(tx, application, &info).await?);
                    Ok(pb::CorrectApplicationResponse { application })
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawApplicationRequest,
    ) -> Result<pb::WithdrawApplicationResponse, OpError> {
        let id = &read::only_id("application_id", &request.application_id)?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let (application, info) = held(tx, scope, id).await?;
                    let info = info.withdrawn(request.expected_revision, told)?;
                    if let Some(grant) = grants::naming(tx, id).await? {
                        let words =
                            format!("grant {grant} names the application: withdraw or correct it first");
                        return Err(
                            OpError::precondition("APPLICATION_IN_USE", words).with("grant_id", grant)
                        );
                    }
                    store::update(tx, &application, &info).await?;
                    let application = Some(keep(tx, &application, &info).await?);
                    Ok(pb::WithdrawApplicationResponse { application })
                })
            })
            .await
    }

    async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetApplicationRequest,
    ) -> Result<pb::GetApplicationResponse, OpError> {
        let (id, at) = &read::id_as_of("application_id", &request.application_id, request.as_of.as_ref())?;
        let application = self.0.get(scope, id, *at).await?;
        Ok(pb::GetApplicationResponse { application: Some(application) })
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListApplicationsRequest,
    ) -> Result<pb::ListApplicationsResponse, OpError> {
        let (page, filter) = &wire::filter(request, (scope, &self.0.secrets), &self.0.city)?;
        let (applications, next_page_token) =
            self.0.listed(page, &|tx| Box::pin(store::list(tx, filter, page))).await?;
        Ok(pb::ListApplicationsResponse { applications, next_page_token })
    }

    async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListApplicationRevisionsRequest,
    ) -> Result<pb::ListApplicationRevisionsResponse, OpError> {
        let id = &read::only_id("application_id", &request.application_id)?;
        let page = (request.page_size, request.page_token.as_str());
        let (applications, next_page_token) = self.0.revisions(scope, id, page).await?;
        Ok(pb::ListApplicationRevisionsResponse { applications, next_page_token })
    }
}

/// An application that is about to change, held with its person to the transaction's end.
async fn held(tx: &Tx<'_>, scope: &Scope, id: &ApplicationId) -> Result<(Application, Info), OpError> {
    let unknown = || OpError::not_found("application", id);
    let person = store::person(tx, scope, id).await?.ok_or_else(unknown)?;
    persons::standing(tx, scope, &person).await?;
    let message = facts::newest::<pb::Application>(tx, id).await?.ok_or_else(unknown)?;
    let (application, info) = (wire::stored(&message)?, crate::info(&message)?);
    scope.in_district(&application.district)?;
    Ok((application, info))
}

/// Refuses to correct what an application is about.
fn subject_fixed(standing: &Application, given: &Application) -> Result<(), OpError> {
    fixed("application.person_id", &standing.person_id, &given.person_id)?;
    fixed("application.service", &standing.service, &given.service)
}

fn alive(person: &Person, application: &Application) -> Result<(), OpError> {
    person.lives_on(application.day).map_err(|e| persons::refused("application.apply_date", &e))
}

async fn happened(
    tx: &Tx<'_>,
    (application, info): (Application, Info),
    told: Telling,
    transition: impl FnOnce(Application) -> Result<Application, ApplicationRefused>,
) -> Result<pb::Application, OpError> {
    let next = info.happened(told)?;
    let application = transition(application).map_err(|e| refused(&e))?;
    store::update(tx, &application, &next).await?;
    keep(tx, &application, &next).await
}

/// Keeps the revision.
async fn keep(tx: &Tx<'_>, application: &Application, info: &Info) -> Result<pb::Application, OpError> {
    let message = wire::message(application, Some(info));
    facts::append(tx, std::slice::from_ref(&message)).await?;
    Ok(message)
}

fn refused(error: &ApplicationRefused) -> OpError {
    let words = error.to_string();
    match error {
        ApplicationRefused::DayInFuture { .. } => OpError::invalid("application", "DAY_IN_FUTURE", words),
        ApplicationRefused::DaysOutOfOrder { .. } => {
            OpError::invalid("application", "DAYS_OUT_OF_ORDER", words)
        }
        ApplicationRefused::DecisionWithoutReason => {
            OpError::invalid("decision.reason", "DECISION_WITHOUT_REASON", words)
        }
        ApplicationRefused::Decided => OpError::precondition("APPLICATION_DECIDED", words),
        ApplicationRefused::NotDecided => OpError::precondition("NOT_DECIDED", words),
        ApplicationRefused::NothingToAppeal => OpError::precondition("NOTHING_TO_APPEAL", words),
        ApplicationRefused::Appealed => OpError::precondition("APPLICATION_APPEALED", words),
        ApplicationRefused::NotAppealed => OpError::precondition("NOT_APPEALED", words),
        ApplicationRefused::AppealDecided => OpError::precondition("APPEAL_DECIDED", words),
    }
}
