//! Published amounts.

use niva_money::Ore;
use niva_names::file::Source;
use serde::{Deserialize, Serialize};

use crate::{Component, Level, PriceUnit, Regime, Variant};

/// A published amount that payments use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// What it pays for.
    pub component: Component,
    /// For which regime; `None` for all of them.
    pub regime: Option<Regime>,
    /// At which level; `None` when the amount does not depend on it.
    pub level: Option<Level>,
    /// For which variant; `None` for all of them.
    pub variant: Option<Variant>,
    /// Per what.
    pub unit: PriceUnit,
    /// How much.
    pub price: Ore,
    /// Where it stands.
    pub source: Source,
    /// What the source prints or leaves out, where that needs saying.
    pub note: Option<String>,
}

/// What a district board's budget gets per person and year (schablon).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// At which level.
    pub level: Level,
    /// For which variant key, as the source prints it.
    pub variant: String,
    /// A year's amount.
    pub per_year: Ore,
    /// Where it stands.
    pub source: Source,
}

/// A regime that the source does not price takes another regime's amount of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegimeAlias {
    /// The regime without amounts of its own.
    pub regime: Regime,
    /// Of what.
    pub component: Component,
    /// The regime whose amount it takes.
    pub amount_of: Regime,
    /// Why.
    pub note: String,
}
