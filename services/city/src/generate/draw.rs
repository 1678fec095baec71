use chrono::{Datelike, NaiveDate};
use niva_calendar::{day_after, plus_days};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Draws from a seed. The ranges are cut here, by multiplication, so that the files do not depend on how a library
/// does it.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `n`; 0 when `n` is 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * u128::try_from(n).unwrap_or(0);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `from` to `to`, both included.
    pub(super) fn between(&mut self, from: u16, to: u16) -> u16 {
        from + u16::try_from(self.below(usize::from(to - from) + 1)).unwrap_or(0)
    }

    /// Whether something with a chance in a hundred happens.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// An index, each as likely as its weight.
    pub(super) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            if left < *weight {
                return i;
            }
            left -= weight;
        }
        0
    }

    /// All in another order.
    pub(super) fn shuffle<T>(&mut self, all: &mut [T]) {
        for i in (1..all.len()).rev() {
            let j = self.below(i + 1);
            all.swap(i, j);
        }
    }

    /// A day from `first` to `last`, both included.
    pub(super) fn day(&mut self, first: NaiveDate, last: NaiveDate) -> NaiveDate {
        let days = usize::try_from((last - first).num_days()).unwrap_or(0);
        plus_days(first, i64::try_from(self.below(days + 1)).unwrap_or(0))
    }

    /// A day from Monday to Friday from `first` to `last`, or the first such day after `last`.
    pub(super) fn weekday(&mut self, first: NaiveDate, last: NaiveDate) -> NaiveDate {
        let mut day = self.day(first, last);
        while day.weekday().num_days_from_monday() > 4 {
            day = day_after(day);
        }
        day
    }
}
