use niva_money::{Ore, round};
use niva_names::ModelId;
use rust_decimal::Decimal;

use super::{Check, Outcome};
use crate::{
    Amount, Catalogue, Component, Identity, IdentityRule, Level, Model, Regime, ServiceTerms, Variant,
};

/// A figure beside what the identity says it should be: from `low` to `high`.
struct Pair {
    what: String,
    printed: Ore,
    low: Ore,
    high: Ore,
}

impl Pair {
    fn new(what: String, printed: Ore, expected: Ore) -> Self {
        Self { what, printed, low: expected, high: expected }
    }

    /// How far the figure is from where it should be.
    const fn off(&self) -> i64 {
        if self.printed.0 < self.low.0 {
            self.low.0 - self.printed.0
        } else if self.printed.0 > self.high.0 {
            self.printed.0 - self.high.0
        } else {
            0
        }
    }
}

pub(super) fn check(catalogue: &Catalogue, model: &Model, identity: &Identity) -> Check {
    if let IdentityRule::LevelMap { model: earlier, map } = &identity.rule {
        return level_map(catalogue, model, identity, earlier, map);
    }
    let services = model.services.iter().filter(|s| identity.service.is_none_or(|only| only == s.service));
    let pairs: Vec<Pair> = services.flat_map(|terms| pairs(terms, &identity.rule)).collect();
    let (outcome, detail) = judge(&pairs, identity.tolerance);
    result(model, identity, detail, outcome)
}

fn result(model: &Model, identity: &Identity, detail: String, outcome: Outcome) -> Check {
    Check { model: model.id.clone(), name: identity.name.clone(), detail, outcome }
}

fn judge(pairs: &[Pair], tolerance: Ore) -> (Outcome, String) {
    if pairs.is_empty() {
        let detail = "there is nothing to compare: the model lacks these regimes, levels or variants";
        return (Outcome::NotChecked, detail.to_owned());
    }
    let mut off: Vec<&Pair> = pairs.iter().filter(|p| p.off() > 0).collect();
    off.sort_by_key(|p| std::cmp::Reverse(p.off()));
    let outcome = match off.first() {
        None => Outcome::Holds,
        Some(worst) if worst.off() <= tolerance.0 => Outcome::WithinTolerance,
        Some(_) => Outcome::Off,
    };
    let mut detail = format!("{} of {} figures agree", pairs.len() - off.len(), pairs.len());
    if outcome == Outcome::WithinTolerance {
        detail.push_str(&format!(", the others within {tolerance} SEK"));
    }
    let shown = off.iter().take(3).map(|p| {
        if p.low == p.high {
            format!("{}: {} is not {}", p.what, p.printed, p.low)
        } else {
            format!("{}: {} is not within {} and {}", p.what, p.printed, p.low, p.high)
        }
    });
    for text in shown {
        detail.push_str("; ");
        detail.push_str(&text);
    }
    (outcome, detail)
}

/// `base × factor` in whole kronor, halves away from zero.
fn product(base: Ore, factor: Decimal) -> Ore {
    let sek = base.to_decimal_sek().checked_mul(factor).map(round);
    // Beyond what öre can hold nothing agrees, and the check says so.
    sek.and_then(|sek| Ore::from_decimal_sek(sek).ok()).unwrap_or(Ore(i64::MAX))
}

fn pairs(terms: &ServiceTerms, rule: &IdentityRule) -> Vec<Pair> {
    match rule {
        IdentityRule::RegimeFactor { of, from, factor } => both(terms, *of, *from)
            .map(|(a, b)| Pair::new(place(terms, a), a.price, product(b.price, *factor)))
            .collect(),
        IdentityRule::RegimeDifference { of, from, between, variants } => both(terms, *of, *from)
            .filter(|(a, _)| {
                variants.is_empty()
                    || a.variant.is_some_and(|v| variants.iter().any(|k| k == terms.variant_key(v)))
            })
            .map(|(a, b)| Pair {
                what: format!("{}, difference", place(terms, a)),
                printed: Ore(a.price.0.saturating_sub(b.price.0)),
                low: between.0,
                high: between.1,
            })
            .collect(),
        IdentityRule::LevelFactors { regime, base, factors } => terms
            .levels
            .iter()
            .zip(factors)
            .filter_map(|(level, factor)| {
                let rate = terms.rate(Component::Rate, *regime, Some(*level), Variant(0)).ok()?;
                Some(Pair::new(place(terms, rate.amount), rate.price, product(*base, *factor)))
            })
            .collect(),
        IdentityRule::AllocationLevels { variant, base, factors } => terms
            .levels
            .iter()
            .zip(factors)
            .filter_map(|(level, factor)| {
                let printed = allocation(terms, variant, *level)?;
                Some(Pair::new(format!("level {level} of {variant}"), printed, product(*base, *factor)))
            })
            .collect(),
        IdentityRule::AllocationFactor { of, from, factor } => terms
            .levels
            .iter()
            .filter_map(|level| {
                let (printed, base) = (allocation(terms, of, *level)?, allocation(terms, from, *level)?);
                Some(Pair::new(format!("level {level} of {of}"), printed, product(base, *factor)))
            })
            .collect(),
        IdentityRule::LevelMap { .. } => Vec::new(),
    }
}

/// The amounts printed for two regimes in the same place.
fn both(terms: &ServiceTerms, of: Regime, from: Regime) -> impl Iterator<Item = (&Amount, &Amount)> {
    terms.amounts.iter().filter(move |a| a.regime == Some(of)).filter_map(move |a| {
        let same = |b: &&Amount| {
            b.regime == Some(from)
                && b.component == a.component
                && b.level == a.level
                && b.variant == a.variant
        };
        Some((a, terms.amounts.iter().find(same)?))
    })
}

fn allocation(terms: &ServiceTerms, variant: &str, level: Level) -> Option<Ore> {
    terms.allocations.iter().find(|a| a.level == level && a.variant == variant).map(|a| a.per_year)
}

fn place(terms: &ServiceTerms, amount: &Amount) -> String {
    let mut place = format!("{} {}", terms.service, amount.component);
    if let Some(level) = amount.level {
        place.push_str(&format!(", level {level}"));
    }
    if let Some(variant) = amount.variant {
        place.push_str(&format!(", {}", terms.variant_key(variant)));
    }
    place
}

/// Every total of the instrument must take its level there to the level here that the map says.
fn level_map(
    catalogue: &Catalogue,
    model: &Model,
    identity: &Identity,
    earlier: &ModelId,
    map: &[(Level, Level)],
) -> Check {
    let services = model.services.iter().filter(|s| identity.service.is_none_or(|only| only == s.service));
    let scales = services.filter_map(|here| {
        let there = catalogue.model(earlier)?.terms(here.service)?.scale.as_ref()?;
        Some((there, here.scale.as_ref()?))
    });
    let (mut totals, mut off) = (0_usize, Vec::new());
    for (there, here) in scales {
        for points in there.totals() {
            totals += 1;
            let old = there.level_of(points).map(|b| b.level);
            let new = here.level_of(points).map(|b| b.level);
            let mapped = map.iter().find(|(from, _)| Some(*from) == old).map(|(_, to)| *to);
            if new.is_none() || new != mapped {
                off.push(points.to_string());
            }
        }
    }
    let (outcome, detail) = if totals == 0 {
        (Outcome::NotChecked, format!("model {earlier} is not loaded"))
    } else if off.is_empty() {
        (Outcome::Holds, format!("{totals} of {totals} totals keep the level that the map says"))
    } else {
        (Outcome::Off, format!("the map does not hold for the totals {}", off.join(", ")))
    };
    result(model, identity, detail, outcome)
}
