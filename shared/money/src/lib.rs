//! Whole öre, checked; the one rounding function; splitting without loss.
//!
//! Every amount in Niva is an [`Ore`]: an `i64` count of öre (1/100 krona). Arithmetic that could overflow is
//! checked. Nothing else in the workspace rounds money: [`div_round`] is the one rounding function, half away
//! from zero, and [`prorate`] is the one way to pay a part of a month.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A whole number of öre. 100 öre are 1 SEK. May be negative (a reversal).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ore(pub i64);

/// Why an amount cannot be made or added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit in an `i64` of öre.
    #[error("the amount is too large to hold in whole öre")]
    Overflow,
    /// The text or decimal has a part smaller than an öre.
    #[error("{0} SEK is not a whole number of öre")]
    FractionalOre(String),
    /// The text is not a decimal number.
    #[error("`{0}` is not an amount in SEK")]
    NotANumber(String),
}

impl Ore {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole kronor.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the öre do not fit.
    pub fn from_sek(sek: i64) -> Result<Self, MoneyError> {
        sek.checked_mul(100).map(Self).ok_or(MoneyError::Overflow)
    }

    /// Kronor with at most two decimals, written with a point: `1347.50`.
    ///
    /// # Errors
    /// When the text is no number, has a fraction of an öre, or is too large.
    pub fn parse_sek(text: &str) -> Result<Self, MoneyError> {
        let digits = text.trim();
        // Decimal's own parser would also take underscores and round what it cannot hold.
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
        let decimal = if plain { Decimal::from_str_exact(digits).ok() } else { None };
        Self::from_decimal_sek(decimal.ok_or_else(|| MoneyError::NotANumber(text.to_owned()))?)
    }

    /// A decimal number of kronor that is a whole number of öre.
    ///
    /// # Errors
    /// When it has a fraction of an öre, or is too large.
    pub fn from_decimal_sek(sek: Decimal) -> Result<Self, MoneyError> {
        let ore = sek.checked_mul(Decimal::ONE_HUNDRED).ok_or(MoneyError::Overflow)?;
        if !ore.fract().is_zero() {
            return Err(MoneyError::FractionalOre(sek.to_string()));
        }
        i64::try_from(ore.trunc()).map(Self).map_err(|_| MoneyError::Overflow)
    }

    /// The amount in kronor, exact.
    #[must_use]
    pub fn to_decimal_sek(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// Sum, or `None` beyond an `i64`.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(ore) => Some(Self(ore)),
            None => None,
        }
    }

    /// Difference, or `None` beyond an `i64`.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(ore) => Some(Self(ore)),
            None => None,
        }
    }

    /// Quantity × price, or `None` beyond an `i64`.
    #[must_use]
    pub const fn checked_mul(self, quantity: i64) -> Option<Self> {
        match self.0.checked_mul(quantity) {
            Some(ore) => Some(Self(ore)),
            None => None,
        }
    }

    /// The same amount with the other sign: what a reversal pays. The one amount without an opposite, `i64::MIN` öre
    /// (92 quadrillion SEK), becomes `i64::MAX`.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// Adds up amounts, or `None` beyond an `i64`.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

/// Kronor with two decimals and a point, for machines and tables: `-9300.00`.
impl fmt::Display for Ore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let ore = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", ore / 100, ore % 100))
    }
}

/// `numerator / denominator` rounded to the nearest whole number, halves away from zero. **The** rounding
/// function. `denominator` must be positive.
#[must_use]
pub const fn div_round(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    if numerator >= 0 { (numerator + half) / denominator } else { -((-numerator + half) / denominator) }
}

/// A decimal rounded to a whole number, halves away from zero (the same rule as [`div_round`]).
#[must_use]
pub fn round(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

/// The share of a monthly `price` that days `first ..= last` (1-based) of a month of `days` days are worth:
/// `round(P·last/D) − round(P·(first−1)/D)`.
///
/// Splitting `first ..= last` at any day never changes the sum, because the terms telescope. Days outside the month
/// are not in it: `last` counts at most to `days`, and a share of no days is nothing.
#[must_use]
pub fn prorate(price: Ore, first: u32, last: u32, days: u32) -> Ore {
    let until = |day: u32| until_day(price.0, day.min(days), days.max(1));
    let before = first.saturating_sub(1);
    if last <= before { Ore::ZERO } else { Ore(until(last) - until(before)) }
}

/// `round(price·day/days)` for `day ≤ days`, so that it lies between 0 and `price`.
fn until_day(price: i64, day: u32, days: u32) -> i64 {
    // Division of an i128 is several times slower, and no real price needs it.
    if let Some(product) = price.checked_mul(i64::from(day))
        && let Some(product) = product.checked_add(product.signum() * i64::from(days / 2))
    {
        return product / i64::from(days);
    }
    let share = div_round(i128::from(price) * i128::from(day), i128::from(days));
    // Never out of range, as it is no further from 0 than the price.
    i64::try_from(share).unwrap_or(price)
}
