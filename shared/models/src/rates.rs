//! The price for a component, regime, level and variant, found by arithmetic in a dense table made at load.

use niva_money::Ore;

use crate::amount::{Amount, RegimeAlias};
use crate::{Component, Level, PriceUnit, Regime, Variant};

/// A price and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Rate<'a> {
    /// Per what.
    pub unit: PriceUnit,
    /// How much.
    pub price: Ore,
    /// The published amount.
    pub amount: &'a Amount,
    /// Why another regime's amount is paid, where it is.
    pub alias: Option<&'a RegimeAlias>,
}

/// Why there is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoRate {
    /// The model's amounts are not published in its sources.
    #[error(
        "the amounts are not published in the model's sources: import them in a model file of the city's own"
    )]
    Unpublished,
    /// The grant's scope is none of the model's variants (say, 10.5 hours, or none given).
    #[error(
        "the grant's scope is none of the model's variants: state the extent, hours or interval that it prices"
    )]
    NoVariant,
    /// The service needs a level to be priced.
    #[error("a level is needed to price the service: measure the person, or decide a preliminary level")]
    NoLevel,
    /// The model does not have this level.
    #[error("the model does not have this level: decide the level again from the points")]
    UnknownLevel,
    /// The list has no column for this regime.
    #[error("the model does not price this regime")]
    UnknownRegime,
    /// The model does not pay this component at all.
    #[error("the model does not pay this component")]
    NotPaid,
}

const NONE: u16 = u16::MAX;
const NO_ALIAS: u8 = u8::MAX;

/// Sixteen bytes that say it all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    price: Ore,
    /// Index in `amounts`, or [`NONE`].
    amount: u16,
    unit: PriceUnit,
    /// Index in `aliases`, or [`NO_ALIAS`].
    alias: u8,
}

const _: () = assert!(size_of::<Cell>() == 16);

const EMPTY: Cell = Cell { price: Ore::ZERO, amount: NONE, unit: PriceUnit::Year, alias: NO_ALIAS };

/// Cells by component, regime, level slot and variant, the last running fastest. Slot 0 is *no level*; slot `i + 1`
/// is `levels[i]`. An amount that does not depend on level or variant stands in every slot that it holds for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RateIndex {
    cells: Box<[Cell]>,
    slots: usize,
    variants: usize,
    first_level: u8,
    levels: u8,
}

/// What a table is made of.
pub(crate) struct Priced<'a> {
    /// Levels in order.
    pub(crate) levels: &'a [Level],
    /// Regimes that have a price.
    pub(crate) regimes: &'a [Regime],
    /// How many variants there are.
    pub(crate) variants: usize,
    /// The published amounts.
    pub(crate) amounts: &'a [Amount],
    /// Regimes that take another regime's amounts.
    pub(crate) aliases: &'a [RegimeAlias],
}

/// A price as the table has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// How much.
    pub(crate) price: Ore,
    /// Per what.
    pub(crate) unit: PriceUnit,
    /// Index in `amounts`.
    pub(crate) amount: usize,
    /// Index in `aliases`; beyond them where there is no alias.
    pub(crate) alias: usize,
}

/// Two amounts for one cell: their indexes in `amounts`.
pub(crate) type Clash = (usize, usize);

impl RateIndex {
    /// The table of what is priced, and the pairs of amounts that claim the same cell (the first of each pair stands).
    /// Levels must be consecutive.
    pub(crate) fn of(priced: &Priced<'_>) -> (Self, Vec<Clash>) {
        let variants = priced.variants.max(1);
        let slots = priced.levels.len() + 1;
        let mut index = Self {
            cells: vec![EMPTY; Component::ALL.len() * Regime::ALL.len() * slots * variants].into(),
            slots,
            variants,
            first_level: priced.levels.first().map_or(0, |l| l.0),
            levels: u8::try_from(priced.levels.len()).unwrap_or(u8::MAX),
        };
        let mut clashes = Vec::new();
        for (i, amount) in priced.amounts.iter().enumerate() {
            let regimes = amount.regime.map_or_else(|| priced.regimes.to_vec(), |r| vec![r]);
            for regime in regimes {
                index.fill(amount, regime, i, NO_ALIAS, &mut clashes);
            }
        }
        for (a, alias) in priced.aliases.iter().enumerate() {
            for (i, amount) in priced.amounts.iter().enumerate() {
                if amount.component == alias.component && amount.regime == Some(alias.amount_of) {
                    index.fill(amount, alias.regime, i, u8::try_from(a).unwrap_or(NO_ALIAS), &mut clashes);
                }
            }
        }
        clashes.sort_unstable();
        clashes.dedup();
        (index, clashes)
    }

    fn fill(&mut self, amount: &Amount, regime: Regime, i: usize, alias: u8, clashes: &mut Vec<Clash>) {
        let slots = match amount.level {
            None => 0..self.slots,
            Some(level) => match self.slot(level) {
                Some(slot) => slot..slot + 1,
                None => return,
            },
        };
        let variants = match amount.variant {
            None => 0..self.variants,
            Some(v) => usize::from(v.0)..(usize::from(v.0) + 1).min(self.variants),
        };
        for slot in slots {
            for variant in variants.clone() {
                let at = self.at(amount.component, regime, slot, variant);
                let Some(cell) = self.cells.get_mut(at) else { continue };
                if cell.amount == NONE {
                    let number = u16::try_from(i).unwrap_or(NONE);
                    *cell = Cell { price: amount.price, amount: number, unit: amount.unit, alias };
                } else {
                    clashes.push((usize::from(cell.amount), i));
                }
            }
        }
    }

    /// The price of a component. A level that the amount does not depend on is not looked at.
    #[inline]
    pub(crate) fn find(
        &self,
        component: Component,
        regime: Regime,
        level: Option<Level>,
        variant: Variant,
    ) -> Option<Found> {
        let slot = level.and_then(|l| self.slot(l)).unwrap_or(0);
        let variant = usize::from(variant.0);
        if variant >= self.variants {
            return None;
        }
        let cell = self.cells.get(self.at(component, regime, slot, variant))?;
        let (amount, alias) = (usize::from(cell.amount), usize::from(cell.alias));
        (cell.amount != NONE).then_some(Found { price: cell.price, unit: cell.unit, amount, alias })
    }

    /// Whether a component is priced at all for a regime.
    pub(crate) fn pays(&self, component: Component, regime: Regime) -> bool {
        let row = self.at(component, regime, 0, 0);
        let end = row + self.slots * self.variants;
        self.cells.get(row..end).is_some_and(|cells| cells.iter().any(|c| c.amount != NONE))
    }

    /// Whether there is a variant of this number.
    pub(crate) fn has_variant(&self, variant: Variant) -> bool {
        usize::from(variant.0) < self.variants
    }

    fn slot(&self, level: Level) -> Option<usize> {
        let offset = level.0.checked_sub(self.first_level).filter(|offset| *offset < self.levels)?;
        Some(usize::from(offset) + 1)
    }

    const fn at(&self, component: Component, regime: Regime, slot: usize, variant: usize) -> usize {
        ((component as usize * Regime::ALL.len() + regime as usize) * self.slots + slot) * self.variants
            + variant
    }
}
