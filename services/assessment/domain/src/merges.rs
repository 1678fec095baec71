use std::collections::{BTreeMap, BTreeSet};

use niva_calendar::NaiveDate;
use niva_names::ServiceKey;

use crate::{Grant, LevelDecision, Person, in_force};

/// Something in which two records of one person say different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Where the person lives on a day.
    Residence,
    /// The group of LSS on a day.
    LssGroup,
    /// Whether or when the person died.
    Death,
    /// Two grants of one service have days in common.
    Grants,
    /// Two levels of one service hold on a day.
    Levels,
}

/// All that is told of a person by one record: what stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRecord {
    /// The person.
    pub person: Person,
    /// Grants.
    pub grants: Vec<Grant>,
    /// Level decisions.
    pub levels: Vec<LevelDecision>,
}

/// In what two records say different things. What only one of them says is no difference, but for a death: it is the same
/// person, who cannot be dead by one of them alone.
#[must_use]
pub fn differences(from: &PersonRecord, into: &PersonRecord) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    let (one, other) = (&from.person, &into.person);
    if differ(&one.residences, &other.residences) {
        found.insert(Difference::Residence);
    }
    if differ(&one.lss_groups, &other.lss_groups) {
        found.insert(Difference::LssGroup);
    }
    if one.death_date != other.death_date {
        found.insert(Difference::Death);
    }
    let meet = |one: &Grant, other: &Grant| {
        one.service == other.service && one.valid.intersect(&other.valid).is_some()
    };
    if from.grants.iter().any(|one| into.grants.iter().any(|other| meet(one, other))) {
        found.insert(Difference::Grants);
    }
    if levels_differ(&from.levels, &into.levels) {
        found.insert(Difference::Levels);
    }
    found
}

/// Whether two say different things of a day of which both say something; each holds until the next begins.
fn differ<K: Ord, T: PartialEq>(one: &BTreeMap<K, T>, other: &BTreeMap<K, T>) -> bool {
    let (Some((begun, _)), Some((also, _))) = (one.first_key_value(), other.first_key_value()) else {
        return false;
    };
    let both = begun.max(also);
    let mut days = one.keys().chain(other.keys()).filter(|day| *day >= both);
    days.any(|day| said(one, day) != said(other, day))
}

fn said<'a, K: Ord, T>(of: &'a BTreeMap<K, T>, day: &K) -> Option<&'a T> {
    of.range(..=day).next_back().map(|(_, said)| said)
}

fn levels_differ(one: &[LevelDecision], other: &[LevelDecision]) -> bool {
    let services: BTreeSet<ServiceKey> = one.iter().map(|decision| decision.service).collect();
    services.into_iter().any(|service| {
        let by_day = |of: &[LevelDecision]| -> BTreeMap<NaiveDate, _> {
            let of: Vec<&LevelDecision> = of.iter().filter(|decision| decision.service == service).collect();
            let in_force = |day| in_force(of.iter().copied(), day);
            of.iter()
                .filter_map(|begins| in_force(begins.valid_from))
                .map(|decision| (decision.valid_from, (decision.level, decision.scale_id.clone())))
                .collect()
        };
        differ(&by_day(one), &by_day(other))
    })
}
