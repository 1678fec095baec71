use niva_money::Ore;
use niva_names::{ModelId, ServiceKey};
use rust_decimal::Decimal;

use crate::{Level, Regime};

/// What holds among the published figures of a model. Checked and reported; never a source of amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// In words: `private = municipal × 1.024`.
    pub name: String,
    /// Only for this service; `None` for all of the model.
    pub service: Option<ServiceKey>,
    /// By how much figures may differ from it.
    pub tolerance: Ore,
    /// What must hold.
    pub rule: IdentityRule,
}

/// The kinds of identities. Products are rounded half away from zero to whole kronor, as the lists are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityRule {
    /// Every amount of regime `of` is the same amount of regime `from` × `factor`.
    RegimeFactor {
        /// The derived regime.
        of: Regime,
        /// The regime it is derived from.
        from: Regime,
        /// By what.
        factor: Decimal,
    },
    /// Every amount of regime `of` less that of `from` lies in `between`.
    RegimeDifference {
        /// The larger.
        of: Regime,
        /// The smaller.
        from: Regime,
        /// Lowest and highest difference.
        between: (Ore, Ore),
        /// Only these variants; empty for all.
        variants: Vec<String>,
    },
    /// The rates of a regime are `base` × a factor a level.
    LevelFactors {
        /// The regime.
        regime: Regime,
        /// What the factors multiply.
        base: Ore,
        /// One a level.
        factors: Vec<Decimal>,
    },
    /// The allocations of a variant are `base` × a factor a level.
    AllocationLevels {
        /// The variant.
        variant: String,
        /// What the factors multiply.
        base: Ore,
        /// One a level.
        factors: Vec<Decimal>,
    },
    /// The allocations of variant `of` are those of `from` × `factor`.
    AllocationFactor {
        /// The derived variant.
        of: String,
        /// The variant it is derived from.
        from: String,
        /// By what.
        factor: Decimal,
    },
    /// Points keep their person's level along this map from another model's levels.
    LevelMap {
        /// The earlier model.
        model: ModelId,
        /// Level there and level here.
        map: Vec<(Level, Level)>,
    },
}
