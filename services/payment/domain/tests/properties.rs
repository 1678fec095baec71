//! What holds for every placement.

use niva_calendar::{Month, Timeline, plus_days};
use niva_payment_domain::{Engine, Owed, owed};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use crate::{
    population::{self, Random},
    support::{Facts, OWN},
};

/// In order of month: what a window owes is what its months owe.
fn by_month(owed: &Owed) -> Owed {
    let mut owed = owed.clone();
    owed.lines.sort_by_key(|l| (l.month(), l.component, l.days));
    owed.holds.sort_by_key(|h| (Month::of(h.days.first), h.component, h.days, h.reason));
    owed
}

fn some_placement(seed: u64) -> (Facts, (Month, Month), Random) {
    let mut random = Random::new(seed);
    let facts = population::placement(&mut random);
    let months = population::window(&mut random, &facts);
    (facts, months, random)
}

/// The same values, each span cut in two.
fn cut<T: Clone + PartialEq>(timeline: &Timeline<T>, random: &mut Random) -> Timeline<T> {
    let mut out = Timeline::new();
    for (days, value) in timeline.spans() {
        let at = plus_days(days.first, random.below(90));
        let (before, after) = days.split_at(at);
        for part in [before, after].into_iter().flatten() {
            out.set(part, value.clone());
        }
    }
    out
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for i in (1..items.len()).rev() {
        let j = usize::try_from(random.below(i64::try_from(i).unwrap() + 1)).unwrap();
        items.swap(i, j);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn splitting_the_window_changes_nothing(seed in any::<u64>(), parts in 0_i64..9) {
        let (facts, (first, last), _) = some_placement(seed);
        let whole = owed(&facts.view(), &OWN, (first, last));
        let mut middle = first;
        for _ in 0..parts {
            middle = middle.next().min(last);
        }
        let mut pieces = owed(&facts.view(), &OWN, (first, middle));
        if middle < last {
            let rest = owed(&facts.view(), &OWN, (middle.next(), last));
            pieces.lines.extend(rest.lines);
            pieces.holds.extend(rest.holds);
        }
        prop_assert_eq!(by_month(&whole), by_month(&pieces));
    }

    #[test]
    fn splitting_spans_of_facts_changes_nothing(seed in any::<u64>()) {
        let (facts, months, mut random) = some_placement(seed);
        let before = owed(&facts.view(), &OWN, months);
        let mut split = facts.clone();
        split.levels = cut(&facts.levels, &mut random);
        split.grants = cut(&facts.grants, &mut random);
        split.unit = cut(&facts.unit, &mut random);
        split.schedules = cut(&facts.schedules, &mut random);
        split.agreements = cut(&facts.agreements, &mut random);
        split.costs = cut(&facts.costs, &mut random);
        prop_assert_eq!(owed(&split.view(), &OWN, months), before);
    }

    #[test]
    fn the_order_of_facts_changes_nothing(seed in any::<u64>()) {
        let (facts, months, mut random) = some_placement(seed);
        let before = owed(&facts.view(), &OWN, months);
        let mut shuffled = facts;
        shuffle(&mut shuffled.occasions, &mut random);
        shuffle(&mut shuffled.absences, &mut random);
        prop_assert_eq!(&owed(&shuffled.view(), &OWN, months), &before);
    }

    #[test]
    fn an_engine_used_again_forgets_the_placement_before(seeds in proptest::collection::vec(any::<u64>(), 1..6)) {
        let mut engine = Engine::new(&OWN);
        let mut out = Owed::default();
        for seed in seeds {
            let (facts, months, _) = some_placement(seed);
            engine.owed_into(&facts.view(), months, &mut out);
            prop_assert_eq!(&out, &owed(&facts.view(), &OWN, months));
            prop_assert!(out.lines.iter().all(|l| months.0 <= l.month() && l.month() <= months.1));
        }
    }
}
