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
    /// The premises supplement of private units, which a board charges that sells a place.
    PrivatePremises,
    /// The special compensation with this index in the placement's.
    Special(u16),
}

/// Who is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payee {
    /// The provider that runs the unit.
    Provider,
    /// The board of the district that the unit lies in, which sells the place.
    Board,
}

/// How a payer settles with a payee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Settlement {
    /// Paid out to a provider.
    Outgoing,
    /// Internal voucher: a municipal unit of another district, or what its board charges itself.
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
    /// Who is paid.
    pub payee: Payee,
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
    /// The level belongs to another scale than the model's.
    LevelOfOtherScale,
    /// The model has no price for the unit's regime.
    RegimeNotPriced,
    /// The grant's scope is none of the model's variants.
    ScopeNotPriced,
    /// Paid by session, and the grant does not say how many.
    SessionsNotGranted,
    /// Paid by session, and no weekly schedule is known, or the last has ended.
    ScheduleMissing,
    /// The weekly schedule has another number of sessions than are granted.
    ScheduleNotAsGranted,
    /// The unit, or its regime on the day, is not known.
    RegimeMissing,
    /// The grant is not known, or not valid on the day.
    GrantMissing,
    /// The individual agreement is not approved by a second person.
    AgreementNotApproved,
    /// The individual agreement is per another unit than the model's.
    AgreementOfOtherUnit,
    /// The actual premises cost is over the city's limit, and not approved by a second person.
    PremisesCostNotApproved,
    /// A month of transition to work without a recorded visit to the workplace.
    VisitMissing,
    /// Transition to work is over, and how it ended is not recorded.
    OutcomeMissing,
    /// The person has been away for longer than the model pays for.
    AbsenceTooLong,
    /// An amount is out of all reason.
    AmountOutOfRange,
    /// The days are before the ledger's first month, and what is known of them has changed.
    BeforeLedger,
    /// An occasion was reported for a day outside the placement.
    OccasionOutsidePlacement,
    /// The placement's id is known as another person's, or another service's.
    PlacementOfAnotherPerson,
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

impl Owed {
    /// Pays nothing: all that would be paid or held is held for one reason.
    pub(crate) fn hold_all(&mut self, reason: HoldReason) {
        let lines =
            self.lines.drain(..).map(|line| Hold { component: line.component, days: line.days, reason });
        self.holds.iter_mut().for_each(|hold| hold.reason = reason);
        self.holds.extend(lines);
        self.holds.sort_unstable();
        self.holds.dedup();
    }
}
