use chrono::NaiveDate;
use niva_calendar::Interval;
use niva_names::{ModelId, ScaleId, ServiceKey, file::Source};
use serde::{Deserialize, Serialize};

use crate::amount::{Allocation, Amount, RegimeAlias};
use crate::{Extent, GrantScope, Level, PriceUnit, Regime, Variant, identity::Identity, rates::RateIndex};

/// Whether payments may use a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Decided: payments use it on its dates.
    InForce,
    /// Proposed, or a template to fill in: for simulation only.
    Proposal,
}

/// The most days that a parameter of a model may count: somebody who left long ago is then sure to be owed nothing more.
pub const MAX_DAY_COUNT: u16 = 60;

/// What notice, no-show and vacancy days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayCount {
    /// Calendar days.
    Calendar,
    /// Swedish working days.
    Working,
}

/// Whether the difference between a preliminary and a measured level is paid back in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreliminaryDifference {
    /// It is paid (or taken back).
    Pay,
    /// The preliminary level stands until the measured one is decided.
    None,
}

/// On which days a premises supplement is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PremisesDays {
    /// On all days of full compensation.
    FullCompensation,
    /// On the days from the first to the last that the person takes part.
    Participation,
}

/// What a board that sells a place to another board may charge for premises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoldPremises {
    /// The actual cost.
    ActualCost,
    /// The supplement that private units get, where the unit has chosen so.
    PrivateSupplement,
}

/// What is charged for the premises of a place that is sold to another board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldTerms {
    /// What.
    pub premises: SoldPremises,
    /// Where it stands.
    pub source: Source,
}

/// The rules of one service under one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Days of full compensation after notice.
    pub notice_days: u16,
    /// Days of full compensation when the person never starts.
    pub no_show_days: u16,
    /// Days of vacancy compensation after full compensation ends.
    pub vacancy_days: u16,
    /// What the three above count.
    pub day_count: DayCount,
    /// Whether a reported weekday that is a public holiday is paid (260 days a year are 52 × 5).
    pub holidays_paid: bool,
    /// What becomes of the difference when a measured level follows a preliminary one.
    pub preliminary_difference: PreliminaryDifference,
    /// On which days the premises supplement is counted.
    pub premises_days: PremisesDays,
    /// Days in a row that a person may be away before the days that follow are held; `None` where absence changes nothing.
    pub absence_days: Option<u16>,
    /// Working days to answer an offer.
    pub reflection_days: u16,
    /// Working days from yes to start.
    pub start_days: u16,
}

/// Level `level` is for totals `from ..= to`; no upper end only in the last band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// The level.
    pub level: Level,
    /// Lowest total.
    pub from: u16,
    /// Highest total; `None` is open.
    pub to: Option<u16>,
    /// The totals that the source prints, where these differ from them.
    pub printed: Option<(u16, Option<u16>)>,
    /// Why they differ.
    pub note: Option<String>,
}

/// From points to levels. Checked at load: in order, no overlap, no gap over the totals that can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// Highest total that the instrument can give.
    pub max_points: u16,
    /// Distance between attainable totals (2 where every score is even).
    pub step: u16,
    /// Bands in order.
    pub bands: Vec<Band>,
    /// Where the bands stand.
    pub source: Source,
}

/// How a scope chooses a variant: every condition given must hold. A rule with both extent and hours knows two ways to say
/// how much; the grant must state one of them, and what it states must fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantRule {
    /// Name in tables: `full_time+personal_assistance`, `11-24 h`.
    pub key: String,
    /// Required extent.
    pub extent: Option<Extent>,
    /// Required hours a week, both ends included.
    pub hours: Option<(u8, u8)>,
    /// Required time interval.
    pub time_interval: Option<u8>,
    /// Required answer on personal assistance.
    pub personal_assistance: Option<bool>,
}

/// Transition to work: from the job's first day a fixed level and hours count for some months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitionTerms {
    /// For how many months at most.
    pub max_months: u16,
    /// At which level.
    pub level: Level,
    /// At how many hours a week (chooses the variant; assistance stays as granted).
    pub hours_per_week: u8,
    /// Whether each month needs a recorded visit to the workplace.
    pub monthly_visit: bool,
    /// Whether studies count as a job does.
    pub studies: bool,
    /// Where it stands.
    pub source: Source,
}

/// How many sessions can be granted and scheduled, of a service that is paid by session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTerms {
    /// Fewest and most a week.
    pub a_week: (u8, u8),
    /// Most on one weekday.
    pub a_day: u8,
    /// Where it stands.
    pub source: Source,
}

/// What a source says that cannot be used as printed, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anomaly {
    /// Where: table, row, sentence.
    pub place: String,
    /// What it says.
    pub printed: String,
    /// What we do.
    pub done: String,
}

/// One service under one model. Made by the loader alone, which has checked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceTerms {
    /// The service.
    pub service: ServiceKey,
    /// What the rate is per.
    pub unit: PriceUnit,
    /// Levels that the rate has, in order; empty when it has none.
    pub levels: Vec<Level>,
    /// Regimes that a price can be had for, by an amount of their own or by an alias.
    pub regimes: Vec<Regime>,
    /// Regimes that take another regime's amounts.
    pub aliases: Vec<RegimeAlias>,
    /// How a grant's scope chooses a price; empty when it does not.
    pub variants: Vec<VariantRule>,
    /// Names the scale that the levels belong to: models whose levels mean the same share it. `None` without levels.
    pub scale_id: Option<ScaleId>,
    /// From points to levels, where the source has it.
    pub scale: Option<Scale>,
    /// The rules.
    pub parameters: Parameters,
    /// Where the rules stand.
    pub parameters_source: Option<Source>,
    /// Transition to work, where the model has it.
    pub transition: Option<TransitionTerms>,
    /// What is charged for premises of a sold place, where anything is.
    pub sold: Option<SoldTerms>,
    /// How many sessions there can be, where the service is paid by session.
    pub sessions: Option<SessionTerms>,
    /// Why there are no amounts to pay by, where that is so (they are not in the published sources).
    pub rates_unpublished: Option<String>,
    /// Amounts to pay by.
    pub amounts: Vec<Amount>,
    /// Allocations per year.
    pub allocations: Vec<Allocation>,
    /// Names the content that prices: the same in two files that price alike, whatever else they say.
    pub version: String,
    /// Every price by component, regime, level and variant.
    #[serde(skip)]
    pub(crate) index: RateIndex,
}

/// A dated set of rules and amounts: one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Model {
    /// `socialpsychiatry-2010`.
    pub id: ModelId,
    /// A line for people.
    pub title: String,
    /// Whether payments may use it.
    pub status: Status,
    /// First day, and last day where one is stated. Without one it stays in force until a successor begins.
    pub valid: Interval,
    /// When its amounts were last published; `None` when they never were.
    pub amounts_published: Option<NaiveDate>,
    /// Its services.
    pub services: Vec<ServiceTerms>,
    /// Anomalies of the sources and what was done about them.
    pub anomalies: Vec<Anomaly>,
    /// What holds among the published figures: checked and reported, never a source of amounts.
    #[serde(skip)]
    pub identities: Vec<Identity>,
    /// What else a reader must know.
    pub notes: Vec<String>,
}

impl Model {
    /// Its terms for a service.
    #[must_use]
    pub fn terms(&self, service: ServiceKey) -> Option<&ServiceTerms> {
        self.services.iter().find(|s| s.service == service)
    }
}

impl VariantRule {
    fn fits_how_much(&self, scope: &GrantScope) -> bool {
        let extent = self.extent.map(|extent| scope.extent.map(|stated| stated == extent));
        let hours = self.hours.map(|(from, to)| scope.hours_per_week.map(|h| (from..=to).contains(&h)));
        match (extent, hours) {
            (None, None) => true,
            (Some(fits), None) | (None, Some(fits)) => fits.unwrap_or(false),
            (Some(extent), Some(hours)) => {
                extent.or(hours).is_some() && extent.unwrap_or(true) && hours.unwrap_or(true)
            }
        }
    }
}

impl ServiceTerms {
    /// Which variant a scope is. Terms without variants have the single variant 0.
    #[must_use]
    pub fn variant_of(&self, scope: &GrantScope) -> Option<Variant> {
        if self.variants.is_empty() {
            return Some(Variant(0));
        }
        let holds = |rule: &VariantRule| {
            rule.fits_how_much(scope)
                && rule.time_interval.is_none_or(|t| scope.time_interval == Some(t))
                && rule.personal_assistance.is_none_or(|p| scope.personal_assistance == p)
        };
        self.variants.iter().position(holds).and_then(|i| u8::try_from(i).ok()).map(Variant)
    }

    /// The variant's name in tables; empty when there are none.
    #[must_use]
    pub fn variant_key(&self, variant: Variant) -> &str {
        self.variants.get(usize::from(variant.0)).map_or("", |rule| &rule.key)
    }

    /// The variant with a name in tables.
    #[must_use]
    pub fn variant_named(&self, key: &str) -> Option<Variant> {
        self.variants.iter().position(|rule| rule.key == key).and_then(|i| u8::try_from(i).ok()).map(Variant)
    }
}
