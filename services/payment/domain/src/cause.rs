//! Which fact a correction is due to.

use std::fmt;
use std::str::FromStr;

use niva_calendar::Interval;
use niva_models::Component;
use niva_names::UnknownName;

/// What a recorded fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// A grant, as it now stands.
    Grant,
    /// A level decision.
    LevelDecision,
    /// A placement, as it now stands.
    Placement,
    /// A unit, as it now stands.
    Unit,
    /// A weekly schedule.
    WeeklySchedule,
    /// Reported occasions.
    Occasion,
    /// An individual agreement.
    Agreement,
    /// A transition to work.
    Transition,
    /// Actual premises cost.
    PremisesCost,
}

impl FactKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Grant,
        Self::LevelDecision,
        Self::Placement,
        Self::Unit,
        Self::WeeklySchedule,
        Self::Occasion,
        Self::Agreement,
        Self::Transition,
        Self::PremisesCost,
    ];

    /// The name in table and contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::LevelDecision => "level_decision",
            Self::Placement => "placement",
            Self::Unit => "unit",
            Self::WeeklySchedule => "weekly_schedule",
            Self::Occasion => "occasion",
            Self::Agreement => "agreement",
            Self::Transition => "transition",
            Self::PremisesCost => "premises_cost",
        }
    }

    /// Whether it can change what is paid for a component.
    #[must_use]
    pub const fn touches(self, component: Component) -> bool {
        match self {
            Self::Grant | Self::Placement | Self::Unit => true,
            Self::LevelDecision | Self::Agreement | Self::Transition => matches!(component, Component::Rate),
            Self::WeeklySchedule => {
                matches!(component, Component::Rate | Component::Premises | Component::Vacancy)
            }
            Self::Occasion => matches!(component, Component::Rate | Component::EveningNight),
            Self::PremisesCost => matches!(component, Component::ActualPremises),
        }
    }
}

impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FactKind {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|k| k.as_str() == text).ok_or_else(|| UnknownName {
            kind: "kind of fact",
            name: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

/// A fact as it was recorded: when, of what, and which days it may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its number: ascending in the order that facts arrived.
    pub number: i64,
    /// The placement; `None` when it is about a whole case or unit.
    pub placement_id: Option<String>,
    /// What it is about.
    pub kind: FactKind,
    /// What names it beside its kind.
    pub reference: String,
    /// The days whose payment it may change.
    pub days: Interval,
}

/// The newest fact that changed what is paid to a placement for a component on some days: one whose kind touches the
/// component before one that only has a day in common.
#[must_use]
pub fn cause<'a>(
    facts: impl IntoIterator<Item = &'a Recorded>,
    placement_id: &str,
    component: Component,
    days: Interval,
) -> Option<&'a Recorded> {
    let about = facts.into_iter().filter(|f| {
        f.placement_id.as_deref().is_none_or(|id| id == placement_id) && f.days.intersect(&days).is_some()
    });
    about.max_by_key(|f| (f.kind.touches(component), f.number))
}

#[cfg(test)]
mod tests {
    use niva_calendar::date;

    use super::*;

    fn recorded(number: i64, kind: FactKind, placement: Option<&str>, from: u32) -> Recorded {
        Recorded {
            number,
            placement_id: placement.map(str::to_owned),
            kind,
            reference: format!("F-{number}"),
            days: Interval::from(date(2024, from, 1).unwrap()),
        }
    }

    #[test]
    fn the_cause_is_the_newest_fact_that_touches_the_component_on_the_days() {
        let facts = [
            recorded(1, FactKind::LevelDecision, None, 3),
            recorded(2, FactKind::Placement, Some("PL-2"), 1),
            recorded(3, FactKind::Occasion, Some("PL-1"), 3),
            recorded(4, FactKind::PremisesCost, Some("PL-1"), 3),
            recorded(5, FactKind::LevelDecision, None, 4),
        ];
        let of = |component, month| {
            let days = niva_calendar::Month::new(2024, month).unwrap().interval();
            cause(&facts, "PL-1", component, days).map(|f| f.number)
        };
        assert_eq!(of(Component::Rate, 3), Some(3));
        assert_eq!(of(Component::Rate, 4), Some(5));
        assert_eq!(of(Component::ActualPremises, 3), Some(4));
        assert_eq!(of(Component::EveningNight, 3), Some(3));
        assert_eq!(of(Component::Rate, 2), None);
    }

    #[test]
    fn every_kind_reads_back() {
        for kind in FactKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
