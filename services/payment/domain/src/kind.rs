use niva_models::Component;

/// What a fact is about, or what else a line stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// A grant.
    Grant,
    /// A level decision.
    LevelDecision,
    /// The measurement behind a level decision.
    Measurement,
    /// A placement.
    Placement,
    /// A placement whose id is known as another case's.
    PlacementOfAnother,
    /// That two records are of one person.
    PersonMerge,
    /// A unit.
    Unit,
    /// A weekly schedule.
    WeeklySchedule,
    /// Reported evenings and nights.
    Occasion,
    /// An individual agreement.
    Agreement,
    /// A transition to work.
    Transition,
    /// A visit to the workplace.
    Visit,
    /// Days away.
    Absence,
    /// Actual premises cost.
    PremisesCost,
    /// Special compensation.
    Special,
    /// A compensation model.
    Model,
}

impl FactKind {
    /// Whether it can change what is paid for a component.
    #[must_use]
    pub const fn touches(self, component: Component) -> bool {
        match self {
            Self::PlacementOfAnother => false,
            Self::Grant
            | Self::Placement
            | Self::PersonMerge
            | Self::Unit
            | Self::Model
            | Self::Transition => true,
            Self::LevelDecision | Self::Measurement => {
                !matches!(component, Component::Vacancy | Component::ActualPremises | Component::Special)
            }
            Self::Agreement | Self::Visit => matches!(component, Component::Rate),
            Self::WeeklySchedule => {
                matches!(component, Component::Rate | Component::Premises | Component::Vacancy)
            }
            Self::Occasion => matches!(component, Component::EveningNight),
            Self::Absence => matches!(component, Component::Rate | Component::Premises),
            Self::PremisesCost => matches!(component, Component::ActualPremises),
            Self::Special => matches!(component, Component::Special),
        }
    }
}
