//! A case as a file: JSON with dates as `2010-03-01`, names of the contract in small letters, money in SEK.

use chrono::NaiveDate;
use niva_calendar::Month;
use niva_models::{Component, Extent, GrantScope, Level, PriceUnit, Regime};
use niva_money::Ore;
use niva_names::{AgreementId, ServiceKey};
use niva_proto::payment::v1 as payment;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::wire;

/// A case to calculate, and the months to calculate it for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuoteFile {
    /// A line for people.
    #[serde(default)]
    pub(super) title: String,
    first_month: Month,
    last_month: Month,
    case: Case,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    service: ServiceKey,
    ordered_start: NaiveDate,
    actual_start: Option<NaiveDate>,
    notice_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    regimes: Vec<RegimePeriod>,
    #[serde(default)]
    levels: Vec<LevelPeriod>,
    #[serde(default)]
    scopes: Vec<ScopePeriod>,
    #[serde(default)]
    schedules: Vec<SchedulePeriod>,
    #[serde(default)]
    occasions: Vec<Occasion>,
    #[serde(default)]
    agreements: Vec<Agreement>,
    #[serde(default)]
    transitions: Vec<Transition>,
    #[serde(default)]
    visits: Vec<NaiveDate>,
    #[serde(default)]
    absences: Vec<Absence>,
    #[serde(default)]
    premises_costs: Vec<PremisesCost>,
    buyer_district: String,
    unit_district: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegimePeriod {
    valid_from: NaiveDate,
    regime: Regime,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelPeriod {
    valid_from: NaiveDate,
    level: Option<u8>,
    points: Option<i32>,
}

/// Hours are kept as they are written: what is not whole is for the service to refuse.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopePeriod {
    valid_from: NaiveDate,
    extent: Option<Extent>,
    hours_per_week: Option<serde_json::Number>,
    time_interval: Option<u8>,
    #[serde(default)]
    personal_assistance: bool,
    sessions_per_week: Option<u8>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SchedulePeriod {
    valid_from: NaiveDate,
    #[serde(default)]
    monday: i32,
    #[serde(default)]
    tuesday: i32,
    #[serde(default)]
    wednesday: i32,
    #[serde(default)]
    thursday: i32,
    #[serde(default)]
    friday: i32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Occasion {
    date: NaiveDate,
    component: Component,
    count: i32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Agreement {
    agreement_id: AgreementId,
    first: NaiveDate,
    last: Option<NaiveDate>,
    unit: PriceUnit,
    #[serde(deserialize_with = "sek")]
    price_sek: Ore,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transition {
    job_start: NaiveDate,
    to: To,
    support_end: Option<NaiveDate>,
    #[serde(default)]
    left: bool,
    return_date: Option<NaiveDate>,
}

/// What a person passes on to.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum To {
    Work,
    Studies,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Absence {
    first: NaiveDate,
    last: Option<NaiveDate>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PremisesCost {
    first: NaiveDate,
    last: Option<NaiveDate>,
    #[serde(deserialize_with = "sek")]
    per_month_sek: Ore,
}

/// Kronor as a whole number or as text: `1347` or `"1347.50"`. No floating-point number ever becomes money.
fn sek<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ore, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "an amount in SEK: a whole number, or text such as \"1347.50\"")]
    enum Sek {
        Whole(i64),
        Text(String),
    }
    match Sek::deserialize(deserializer)? {
        Sek::Whole(sek) => Ore::from_sek(sek),
        Sek::Text(text) => Ore::parse_sek(&text),
    }
    .map_err(D::Error::custom)
}

impl QuoteFile {
    /// Reads a case.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The request that asks for it.
    pub(super) fn request(&self) -> payment::CalculateCompensationRequest {
        payment::CalculateCompensationRequest {
            case: Some(self.case.message()),
            first_month: Some(wire::month(self.first_month)),
            last_month: Some(wire::month(self.last_month)),
        }
    }
}

impl Case {
    fn message(&self) -> payment::CompensationCase {
        let day = |day: NaiveDate| Some(wire::date(day));
        let regimes = self.regimes.iter().map(|r| payment::CaseRegimePeriod {
            valid_from: day(r.valid_from),
            regime: wire::regime(r.regime),
        });
        let levels = self.levels.iter().map(|l| payment::LevelPeriod {
            valid_from: day(l.valid_from),
            level: l.level.map(|level| wire::level(Level(level))),
            points: l.points,
        });
        let occasions = self.occasions.iter().map(|o| payment::Occasion {
            date: day(o.date),
            component: wire::component(o.component),
            count: o.count,
            ..payment::Occasion::default()
        });
        let agreements = self.agreements.iter().map(|a| payment::Agreement {
            agreement_id: a.agreement_id.to_string(),
            valid: Some(wire::dates(a.first, a.last)),
            price: Some(wire::money(a.price_sek)),
            unit: wire::price_unit(a.unit),
            ..payment::Agreement::default()
        });
        let visits =
            self.visits.iter().map(|date| payment::Visit { date: day(*date), ..payment::Visit::default() });
        let absences = self.absences.iter().map(|a| payment::Absence {
            days: Some(wire::dates(a.first, a.last)),
            ..payment::Absence::default()
        });
        let premises_costs = self.premises_costs.iter().map(|c| payment::PremisesCost {
            valid: Some(wire::dates(c.first, c.last)),
            per_month: Some(wire::money(c.per_month_sek)),
            ..payment::PremisesCost::default()
        });
        payment::CompensationCase {
            service: self.service.into(),
            ordered_start: day(self.ordered_start),
            actual_start: self.actual_start.map(wire::date),
            notice_date: self.notice_date.map(wire::date),
            end_date: self.end_date.map(wire::date),
            regimes: regimes.collect(),
            levels: levels.collect(),
            scopes: self.scopes.iter().map(ScopePeriod::message).collect(),
            schedules: self.schedules.iter().map(SchedulePeriod::message).collect(),
            occasions: occasions.collect(),
            agreements: agreements.collect(),
            transitions: self.transitions.iter().map(Transition::message).collect(),
            visits: visits.collect(),
            absences: absences.collect(),
            premises_costs: premises_costs.collect(),
            buyer_district: self.buyer_district.clone(),
            unit_district: self.unit_district.clone(),
        }
    }
}

impl Transition {
    fn message(&self) -> payment::Transition {
        use payment::transition::{Outcome, To as Out};
        let to = match self.to {
            To::Work => Out::Work,
            To::Studies => Out::Studies,
        };
        let back = self.return_date.map(|day| Outcome::ReturnDate(wire::date(day)));
        payment::Transition {
            job_start: Some(wire::date(self.job_start)),
            to: to.into(),
            support_end: self.support_end.map(wire::date),
            outcome: back.or_else(|| self.left.then_some(Outcome::Left(true))),
            ..payment::Transition::default()
        }
    }
}

impl ScopePeriod {
    fn message(&self) -> payment::CaseScopePeriod {
        let mut scope = wire::scope(&GrantScope {
            extent: self.extent,
            hours_per_week: None,
            time_interval: self.time_interval,
            personal_assistance: self.personal_assistance,
            sessions_per_week: self.sessions_per_week,
        });
        scope.hours_per_week = self.hours_per_week.as_ref().map_or_else(String::new, ToString::to_string);
        payment::CaseScopePeriod { valid_from: Some(wire::date(self.valid_from)), scope: Some(scope) }
    }
}

impl SchedulePeriod {
    fn message(&self) -> payment::Schedule {
        payment::Schedule {
            valid_from: Some(wire::date(self.valid_from)),
            week: Some(payment::WeeklySchedule {
                monday: self.monday,
                tuesday: self.tuesday,
                wednesday: self.wednesday,
                thursday: self.thursday,
                friday: self.friday,
            }),
            ..payment::Schedule::default()
        }
    }
}
