//! Names in tables, one for each value.

use std::fmt;
use std::str::FromStr;

use niva_names::UnknownName;

use crate::{FactKind, HoldReason, Settlement};

macro_rules! names {
    ($type:ident, $kind:literal { $($variant:ident = $name:literal,)+ }) => {
        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in table and page.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text).ok_or_else(|| UnknownName {
                    kind: $kind,
                    name: text.to_owned(),
                    known: [$($name),+].join(", "),
                })
            }
        }
    };
}

names!(Settlement, "settlement" {
    Outgoing = "outgoing",
    InternalVoucher = "internal_voucher",
    OwnUnit = "own_unit",
});

names!(HoldReason, "reason of a hold" {
    LevelMissing = "level_missing",
    NoModel = "no_model",
    RateUnpublished = "rate_unpublished",
    LevelNotPriced = "level_not_priced",
    LevelOfOtherScale = "level_of_other_scale",
    RegimeNotPriced = "regime_not_priced",
    ScopeNotPriced = "scope_not_priced",
    SessionsNotGranted = "sessions_not_granted",
    ScheduleMissing = "schedule_missing",
    ScheduleNotAsGranted = "schedule_not_as_granted",
    RegimeMissing = "regime_missing",
    GrantMissing = "grant_missing",
    AgreementNotApproved = "agreement_not_approved",
    AgreementOfOtherUnit = "agreement_of_other_unit",
    PremisesCostNotApproved = "premises_cost_not_approved",
    VisitMissing = "visit_missing",
    OutcomeMissing = "outcome_missing",
    AbsenceTooLong = "absence_too_long",
    AmountOutOfRange = "amount_out_of_range",
    BeforeLedger = "before_ledger",
    OccasionOutsidePlacement = "occasion_outside_placement",
    PlacementOfAnotherPerson = "placement_of_another_person",
});

names!(FactKind, "kind of fact" {
    Grant = "grant",
    LevelDecision = "level_decision",
    Measurement = "measurement",
    Placement = "placement",
    PlacementOfAnother = "placement_of_another",
    PersonMerge = "person_merge",
    Unit = "unit",
    WeeklySchedule = "weekly_schedule",
    Occasion = "occasion",
    Agreement = "agreement",
    Transition = "transition",
    Visit = "visit",
    Absence = "absence",
    PremisesCost = "premises_cost",
    Special = "special_compensation",
    Model = "model",
});
