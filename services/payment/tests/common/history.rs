//! Random histories of facts, the same for the same seed.

use niva_calendar::{NaiveDate, plus_days};
use niva_names::stockholm;
use niva_proto::assessment::v1::AssessmentFeedEvent;
use niva_proto::choice::v1::ChoiceFeedEvent;
use niva_proto::common::v1::{Extent, GrantScope, Regime};

use super::city::{self, Person, on, placed, unit, unit_of};
use super::day;

/// Something that a feed tells.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    Assessment(Box<AssessmentFeedEvent>),
    Choice(Box<ChoiceFeedEvent>),
}

/// Small and good enough (xorshift*); every run of the tests sees the same numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn day(&mut self) -> NaiveDate {
        plus_days(day(2024, 1, 20), i64::try_from(self.roll(150)).unwrap())
    }
}

/// Facts of some people in random order: grants, levels, placements, late ends, notices, shortened grants, a unit that
/// changes hands.
pub(crate) fn history(seed: u64, people: u32) -> Vec<Told> {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let periods = [(day(2000, 1, 1), "PR-1", Regime::Municipal), (dice.day(), "PR-3", Regime::Private)];
    let mut facts = vec![
        Told::Choice(Box::new(unit("U-1", "PR-1", "Farsta", Regime::Municipal))),
        Told::Choice(Box::new(unit_of("U-1", "Farsta", 2, &periods))),
        Told::Choice(Box::new(unit("U-2", "PR-2", "Bromma", Regime::Private))),
    ];
    for n in 1..=people {
        of_person(&mut dice, n, &mut facts);
    }
    for i in (1..facts.len()).rev() {
        facts.swap(i, usize::try_from(dice.roll(i as u64 + 1)).unwrap());
    }
    facts
}

fn of_person(dice: &mut Dice, n: u32, facts: &mut Vec<Told>) {
    let services = [
        stockholm::SUPPORTED_HOUSING,
        stockholm::HOUSING_WITH_SPECIAL_SERVICE,
        stockholm::HOUSING_SUPPORT,
        stockholm::DAILY_ACTIVITIES_LSS,
    ];
    let service = services[usize::try_from(dice.roll(4)).unwrap()];
    let person = Person::new(n, service, dice.day());
    let scope = GrantScope { extent: Extent::FullTime.into(), ..Default::default() };
    facts.push(Told::Assessment(Box::new(person.grant_of(1, None, scope.clone()))));
    if dice.roll(4) == 0 {
        let last = plus_days(person.start, i64::try_from(dice.roll(120)).unwrap());
        facts.push(Told::Assessment(Box::new(person.grant_of(2, Some(last), scope))));
    }
    for number in 1..=1 + i64::try_from(dice.roll(3)).unwrap() {
        let level = 1 + i32::try_from(dice.roll(3)).unwrap();
        let from = if number == 1 { person.start } else { dice.day() };
        facts.push(Told::Assessment(Box::new(person.level(number, level, from))));
    }
    let at = ["U-1", "U-2"][usize::try_from(dice.roll(2)).unwrap()];
    facts.push(Told::Choice(Box::new(person.placed(at))));
    let mut order = person.placement(at);
    for revision in 2..=1 + i64::try_from(dice.roll(3)).unwrap() {
        let last = plus_days(person.start, i64::try_from(dice.roll(100)).unwrap());
        (order.end_date, order.info) = (on(last), city::revision(revision));
        order.notice_date = if dice.roll(2) == 0 { on(last) } else { None };
        facts.push(Told::Choice(Box::new(placed(order.clone()))));
    }
}
