//! Who the new people are.

use niva_models::{Extent, GrantScope};
use niva_names::{ServiceKey, stockholm};

/// What a person says to an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    Nothing,
}

/// When a person is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measured {
    /// Before the offer, at this level.
    First(u8),
    /// Only after the first payment, at this level.
    Late(u8),
    /// The service has no levels.
    Never,
}

/// Somebody new.
pub(super) struct Plan {
    pub(super) service: ServiceKey,
    pub(super) measured: Measured,
    pub(super) answer: Answer,
    pub(super) scope: GrantScope,
}

const PLAIN: GrantScope = GrantScope {
    extent: None,
    hours_per_week: None,
    time_interval: None,
    personal_assistance: false,
    sessions_per_week: None,
};
const FULL: GrantScope = GrantScope { extent: Some(Extent::FullTime), hours_per_week: Some(30), ..PLAIN };
const PART: GrantScope = GrantScope { extent: Some(Extent::PartTime), hours_per_week: Some(18), ..PLAIN };

const fn plan(service: ServiceKey, measured: Measured, answer: Answer, scope: GrantScope) -> Plan {
    Plan { service, measured, answer, scope }
}

pub(super) const PLANS: [Plan; 12] = [
    plan(stockholm::SUPPORTED_HOUSING, Measured::First(2), Answer::Yes, PLAIN),
    plan(stockholm::SUPPORTED_HOUSING, Measured::First(3), Answer::Yes, PLAIN),
    plan(stockholm::HOUSING_WITH_SPECIAL_SERVICE, Measured::First(1), Answer::Yes, PLAIN),
    plan(stockholm::HOUSING_WITH_SPECIAL_SERVICE, Measured::First(3), Answer::Yes, PLAIN),
    plan(stockholm::HOUSING_SUPPORT, Measured::First(2), Answer::Yes, PLAIN),
    plan(stockholm::HOUSING_SUPPORT, Measured::Late(1), Answer::Yes, PLAIN),
    plan(stockholm::OCCUPATION, Measured::Never, Answer::Yes, GrantScope { time_interval: Some(2), ..PLAIN }),
    plan(
        stockholm::STUDY_CIRCLE,
        Measured::Never,
        Answer::Yes,
        GrantScope { sessions_per_week: Some(1), ..PLAIN },
    ),
    plan(stockholm::DAILY_ACTIVITIES_LSS, Measured::First(4), Answer::Yes, FULL),
    plan(
        stockholm::DAILY_ACTIVITIES_LSS,
        Measured::First(6),
        Answer::Yes,
        GrantScope { personal_assistance: true, ..PART },
    ),
    plan(stockholm::DAILY_ACTIVITIES_LSS, Measured::First(2), Answer::No, PART),
    plan(stockholm::SUPPORTED_HOUSING, Measured::First(1), Answer::Nothing, PLAIN),
];
