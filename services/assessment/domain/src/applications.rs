use niva_calendar::NaiveDate;
use niva_models::GrantScope;
use niva_names::{ApplicationId, DistrictId, PersonId, ServiceKey};

/// What a decision on an application says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All that was applied for is granted.
    Granted,
    /// Less is granted than was applied for.
    PartlyGranted,
    /// Nothing is granted.
    Refused,
}

/// What was decided on an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationDecision {
    /// The outcome.
    pub outcome: Outcome,
    /// Its day.
    pub day: NaiveDate,
    /// Why; never empty where not all is granted.
    pub reason: String,
}

/// How an appeal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppealOutcome {
    /// The decision stands.
    Dismissed,
    /// The court changed the decision.
    Changed,
    /// The board must decide anew.
    SentBack,
    /// The person took it back.
    TakenBack,
}

/// An appeal against a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appeal {
    /// The day it was made.
    pub day: NaiveDate,
    /// How it ended, and when.
    pub ended: Option<(AppealOutcome, NaiveDate)>,
}

/// An application for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Opaque id.
    pub application_id: ApplicationId,
    /// The person.
    pub person_id: PersonId,
    /// The service applied for.
    pub service: ServiceKey,
    /// The district board that decides.
    pub district: DistrictId,
    /// Day of the application.
    pub day: NaiveDate,
    /// The scope applied for.
    pub scope: Option<GrantScope>,
    /// What was decided.
    pub decision: Option<ApplicationDecision>,
    /// The appeal against it.
    pub appeal: Option<Appeal>,
}

/// Why an application cannot become what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationRefused {
    /// What has not happened yet is not recorded.
    #[error("{day} is in the future: record it when it has happened")]
    DayInFuture {
        /// The day.
        day: NaiveDate,
    },
    /// Days come in the order application, decision, appeal, its outcome.
    #[error("{day} is before {before}, which it follows: correct one of them")]
    DaysOutOfOrder {
        /// The later event's day.
        day: NaiveDate,
        /// The earlier event's day.
        before: NaiveDate,
    },
    /// Not all is granted, and nobody says why.
    #[error("not all that was applied for is granted: say why in `reason`")]
    DecisionWithoutReason,
    /// There is a decision.
    #[error("the application is decided: correct it if the decision was told wrongly")]
    Decided,
    /// There is no decision.
    #[error("the application is not decided: record the decision first")]
    NotDecided,
    /// Nothing was refused.
    #[error("all that was applied for is granted: there is nothing to appeal")]
    NothingToAppeal,
    /// There is an appeal.
    #[error("the decision is appealed already")]
    Appealed,
    /// There is no appeal.
    #[error("the decision is not appealed: record the appeal first")]
    NotAppealed,
    /// The appeal has ended.
    #[error("the appeal has ended: correct the application if its outcome was told wrongly")]
    AppealDecided,
}

impl Application {
    /// Whether all that is said fits together.
    ///
    /// # Errors
    /// The first that does not, from the application to the appeal's outcome.
    pub fn check(&self, today: NaiveDate) -> Result<(), ApplicationRefused> {
        let happened = |day: NaiveDate, before: NaiveDate| match day {
            _ if day > today => Err(ApplicationRefused::DayInFuture { day }),
            _ if day < before => Err(ApplicationRefused::DaysOutOfOrder { day, before }),
            _ => Ok(day),
        };
        happened(self.day, self.day)?;
        let Some(decision) = &self.decision else {
            return if self.appeal.is_some() { Err(ApplicationRefused::NotDecided) } else { Ok(()) };
        };
        let decided = happened(decision.day, self.day)?;
        if decision.outcome != Outcome::Granted && decision.reason.trim().is_empty() {
            return Err(ApplicationRefused::DecisionWithoutReason);
        }
        let Some(appeal) = &self.appeal else { return Ok(()) };
        if decision.outcome == Outcome::Granted {
            return Err(ApplicationRefused::NothingToAppeal);
        }
        let appealed = happened(appeal.day, decided)?;
        appeal.ended.map_or(Ok(()), |(_, ended)| happened(ended, appealed).map(|_| ()))
    }

    /// Decides it.
    ///
    /// # Errors
    /// It is decided; as for [`Application::check`].
    pub fn decide(
        mut self,
        decision: ApplicationDecision,
        today: NaiveDate,
    ) -> Result<Self, ApplicationRefused> {
        if self.decision.replace(decision).is_some() {
            return Err(ApplicationRefused::Decided);
        }
        self.check(today).map(|()| self)
    }

    /// The decision is appealed.
    ///
    /// # Errors
    /// It is appealed; as for [`Application::check`].
    pub fn appeal(mut self, day: NaiveDate, today: NaiveDate) -> Result<Self, ApplicationRefused> {
        if self.appeal.replace(Appeal { day, ended: None }).is_some() {
            return Err(ApplicationRefused::Appealed);
        }
        self.check(today).map(|()| self)
    }

    /// The appeal has ended.
    ///
    /// # Errors
    /// There is none, or it has ended; as for [`Application::check`].
    pub fn end_appeal(
        mut self,
        outcome: AppealOutcome,
        day: NaiveDate,
        today: NaiveDate,
    ) -> Result<Self, ApplicationRefused> {
        let appeal = self.appeal.as_mut().ok_or(ApplicationRefused::NotAppealed)?;
        if appeal.ended.replace((outcome, day)).is_some() {
            return Err(ApplicationRefused::AppealDecided);
        }
        self.check(today).map(|()| self)
    }
}
