use niva_calendar::{Interval, Month};
use niva_models::{Component, Level, PriceUnit, Regime, Variant};
use niva_money::Ore;

/// Where a line's price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The model's published amount for the level, regime and scope of the day.
    Published,
    /// The individual agreement of the days.
    Agreement,
    /// The model's amount for the level and hours that transition to work is paid at.
    Transition,
    /// A reported cost: the actual premises cost of the days.
    ActualCost,
}

/// How a payer settles with a payee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Settlement {
    /// Paid out to a provider.
    Outgoing,
    /// Internal voucher: a municipal unit of another district.
    InternalVoucher,
    /// The granting district's own municipal unit.
    OwnUnit,
}

/// The longest run of days in one month with the same component, model, level, unit price, payer and payee. A change of
/// regime, variant or basis ends a run as well, because the explanation changes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// What it pays for.
    pub component: Component,
    /// Its days, within one month.
    pub days: Interval,
    /// Index of the model in the catalogue.
    pub model: u16,
    /// Where the price comes from.
    pub basis: Basis,
    /// Level of the price; `None` where it has none.
    pub level: Option<Level>,
    /// Points that gave the level in force; `None` where there are none, or where the level does not set the price.
    pub points: Option<u16>,
    /// Variant of the price.
    pub variant: Variant,
    /// The unit's regime.
    pub regime: Regime,
    /// What the price is per.
    pub unit: PriceUnit,
    /// Days, weekdays, sessions or occasions paid; calendar days for a prorated month.
    pub quantity: i64,
    /// Price per unit.
    pub unit_price: Ore,
    /// Amount: quantity × price, or the prorated month.
    pub amount: Ore,
    /// How it is settled.
    pub settlement: Settlement,
}

impl Line {
    /// The month that its days lie in.
    #[must_use]
    pub fn month(&self) -> Month {
        Month::of(self.days.first)
    }
}

/// Why a day that should be paid is not paid yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldReason {
    /// No level is decided for the day.
    LevelMissing,
    /// No model is in force for the service on the day.
    NoModel,
    /// The model's amounts are not published.
    RateUnpublished,
    /// The model prices no such level.
    LevelNotPriced,
    /// The model has no price for the unit's regime.
    RegimeNotPriced,
    /// The grant's scope is none of the model's variants.
    ScopeNotPriced,
    /// Paid by session, and no weekly schedule is known.
    ScheduleMissing,
    /// The unit, or its regime on the day, is not known.
    RegimeMissing,
    /// The grant is not known, or not valid on the day.
    GrantMissing,
    /// An occasion was reported for a day outside the placement.
    OccasionOutsidePlacement,
}

/// Days of one month that should be paid and are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hold {
    /// What would be paid.
    pub component: Component,
    /// Its days, within one month.
    pub days: Interval,
    /// Why not.
    pub reason: HoldReason,
}

/// What is owed for one placement in some months.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owed {
    /// In order of component and first day.
    pub lines: Vec<Line>,
    /// In order of component and first day.
    pub holds: Vec<Hold>,
}
