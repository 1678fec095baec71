use niva_calendar::{Interval, NaiveDate, Timeline, plus_days};
use niva_choice_domain::{
    Acceptance, Around, Grant, Offer, OfferState, Opening, Periods, Placement, PlacementState, Unit,
    UnitChange, capacity::first_day_over,
};
use niva_facts::Happened;
use niva_names::stockholm;
use proptest::prelude::*;
use stockholm::OCCUPATION;

use crate::{day, grant, info, terms, unit, wish};

/// Days looked at, and persons who want a place.
const DAYS: i64 = 60;
const PERSONS: usize = 3;

fn nth(n: i64) -> NaiveDate {
    plus_days(day(2024, 3, 1), n)
}

fn held() -> impl Strategy<Value = Interval> {
    (0..DAYS, proptest::option::of(0..20_i64)).prop_map(|(first, length)| match length {
        Some(length) => Interval { first: nth(first), last: nth(first + length) },
        None => Interval::from(nth(first)),
    })
}

fn places() -> impl Strategy<Value = Timeline<u32>> {
    proptest::collection::btree_map(0..DAYS, 0_u32..4, 1..4).prop_map(|periods| {
        let periods = periods.into_iter().map(|(n, places)| (nth(n), terms(places))).collect();
        Periods::new(periods).unwrap().capacities()
    })
}

fn on(held: &[Interval], day: NaiveDate) -> usize {
    held.iter().filter(|days| days.contains(day)).count()
}

proptest! {
    #[test]
    fn the_sweep_finds_what_looking_at_each_day_finds(
        capacities in places(),
        occupied in proptest::collection::vec(held(), 0..6),
        wanted in proptest::collection::vec(held(), 0..4),
    ) {
        let slow = (-1..DAYS + 30).map(nth).find(|day| {
            let places = capacities.at(*day).copied().unwrap_or(0) as usize;
            on(&wanted, *day) > 0 && on(&occupied, *day) + on(&wanted, *day) > places
        });
        prop_assert_eq!(first_day_over(&capacities, &occupied, &wanted), slow);
    }
}

/// One unit, and people who come and go.
struct World {
    today: i64,
    /// Placements ordered so far.
    made: usize,
    unit: Unit,
    offers: Vec<Offer>,
    placements: Vec<Placement>,
}

#[derive(Debug, Clone)]
enum Step {
    Tick(i64),
    Offer(usize),
    Yes(usize, i64),
    No(usize),
    Lapse,
    Start(usize, i64),
    Notice(usize, i64),
    End(usize, i64),
    Withdraw(usize),
    Correct(usize, i64, Option<i64>),
    Capacity(i64, u32),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PERSONS;
    // Counted from the newest.
    let placement = 0..3_usize;
    prop_oneof![
        2 => (1..4_i64).prop_map(Step::Tick),
        4 => who.clone().prop_map(Step::Offer),
        4 => (who.clone(), 0..10_i64).prop_map(|(w, n)| Step::Yes(w, n)),
        1 => who.prop_map(Step::No),
        1 => Just(Step::Lapse),
        3 => (placement.clone(), 0..6_i64).prop_map(|(p, n)| Step::Start(p, n)),
        2 => (placement.clone(), 0..12_i64).prop_map(|(p, n)| Step::Notice(p, n)),
        4 => (placement.clone(), -2..12_i64).prop_map(|(p, n)| Step::End(p, n)),
        1 => placement.clone().prop_map(Step::Withdraw),
        3 => (placement, -6..6_i64, proptest::option::of(0..12_i64)).prop_map(|(p, n, e)| Step::Correct(p, n, e)),
        1 => (0..DAYS, 0_u32..4).prop_map(|(n, places)| Step::Capacity(n, places)),
    ]
}

impl World {
    fn new(places: u32) -> Self {
        Self {
            today: 0,
            made: 0,
            unit: unit("unit-1", OCCUPATION, places),
            offers: vec![],
            placements: vec![],
        }
    }

    /// Held by all but one offer and one placement.
    fn occupied(&self, except_offer: Option<usize>, except_placement: Option<usize>) -> Vec<Interval> {
        let today = nth(self.today);
        let offers = self.offers.iter().enumerate().filter(|(i, _)| Some(*i) != except_offer);
        let placements = self.placements.iter().enumerate().filter(|(i, _)| Some(*i) != except_placement);
        offers.filter_map(|(_, o)| o.occupies(today)).chain(placements.map(|(_, p)| p.occupies())).collect()
    }

    fn of_person<T: Clone>(all: &[T], person: usize, id: impl Fn(&T) -> &str) -> Vec<T> {
        all.iter().filter(|x| id(x) == format!("person of {person}")).cloned().collect()
    }

    /// Does the step if the rules allow it.
    fn apply(&mut self, step: &Step) {
        let today = nth(self.today);
        match *step {
            Step::Tick(days) => self.today += days,
            Step::Lapse => {
                self.offers = self.offers.drain(..).map(|o| o.lapse(today).value()).collect();
            }
            Step::Capacity(from, places) => {
                let change = UnitChange { capacity: Some(places), ..UnitChange::default() };
                if let Ok(done) = self.unit.clone().change(nth(from), &change) {
                    self.unit = done.value();
                }
            }
            Step::Offer(person) => self.offer(person),
            Step::Yes(person, ahead) => self.yes(person, ahead),
            Step::No(person) => {
                for offer in self.offers.iter_mut().filter(|o| o.person_id == format!("person of {person}")) {
                    *offer = offer.clone().decline(today).unwrap_or(offer.clone());
                }
            }
            Step::Start(n, ahead) => self.placed(n, |p, _| p.start(plus_days(today, ahead)).ok()),
            Step::Notice(n, ahead) => self.placed(n, |p, _| p.give_notice(plus_days(today, ahead)).ok()),
            Step::End(n, ahead) => self.placed(n, |p, _| p.end(plus_days(today, ahead)).ok()),
            Step::Withdraw(n) => {
                let Some(n) = self.placements.len().checked_sub(n + 1) else { return };
                if self.placements[n].may_be_withdrawn(today, false).is_ok() {
                    self.placements.remove(n);
                }
            }
            // Any days in place of those that stand.
            Step::Correct(n, begins, length) => self.placed(n, |p, around| {
                let actual_start = plus_days(p.ordered_start, begins);
                let state = match length {
                    None => PlacementState::Started { actual_start, notice: None },
                    Some(length) => PlacementState::Ended {
                        actual_start,
                        notice: None,
                        end: plus_days(actual_start, length),
                    },
                };
                let to = Placement { ordered_start: actual_start, state, ..p.clone() };
                to.check(Some(&p), around).ok().map(|()| Happened::Now(to))
            }),
        }
    }

    fn offer(&mut self, person: usize) {
        let grant = grant(&person.to_string(), OCCUPATION);
        let opening = Opening {
            grant: &grant,
            service: info(OCCUPATION),
            unit: &self.unit,
            occupied: &self.occupied(None, None),
            offers: &Self::of_person(&self.offers, person, |o| o.person_id.as_str()),
            placements: &Self::of_person(&self.placements, person, |p| p.person_id.as_str()),
            today: nth(self.today),
        };
        let wish = wish(grant.grant_id.as_str(), &["unit-1"]);
        let made = Offer::make(format!("offer-{}", self.offers.len()).into(), Some(&wish), &opening, 3);
        self.offers.extend(made.ok());
    }

    fn yes(&mut self, person: usize, ahead: i64) {
        let name = format!("person of {person}");
        let Some(n) = self.offers.iter().rposition(|o| o.person_id == name) else { return };
        let grant = grant(&person.to_string(), OCCUPATION);
        let mine = Self::of_person(&self.placements, person, |p| p.person_id.as_str());
        self.made += 1;
        let order = Acceptance {
            placement_id: format!("placement-{}", self.made).into(),
            around: Around {
                service: info(OCCUPATION),
                unit: &self.unit,
                occupied: &self.occupied(Some(n), None),
                grants: &[grant],
                others: &mine,
            },
            placements: &mine,
            ordered_start: nth(self.today + ahead),
            today: nth(self.today),
            start_days: 7,
        };
        if let Ok((offer, placement)) = self.offers[n].clone().accept(&order) {
            self.offers[n] = offer;
            self.placements.push(placement);
        }
    }

    fn placed(&mut self, n: usize, verb: impl Fn(Placement, &Around<'_>) -> Option<Happened<Placement>>) {
        let Some(n) = self.placements.len().checked_sub(n + 1) else { return };
        let now = self.placements[n].clone();
        let grants = [Grant { person_id: now.person_id.clone(), ..grant(now.grant_id.as_str(), OCCUPATION) }];
        let mut others = self.placements.clone();
        others.retain(|p| p.person_id == now.person_id && p.placement_id != now.placement_id);
        let around = Around {
            service: info(OCCUPATION),
            unit: &self.unit,
            occupied: &self.occupied(None, Some(n)),
            grants: &grants,
            others: &others,
        };
        if let Some(done) = verb(now, &around) {
            self.placements[n] = done.value();
        }
    }

    /// Day by day: how many are there or may come, and how many places there are. Told from the states alone, without
    /// the rules' own idea of who holds a place when.
    fn map(&self) -> Vec<(usize, usize)> {
        let here = |p: &Placement, day: NaiveDate| {
            day >= p.ordered_start
                && match p.state {
                    PlacementState::Ordered | PlacementState::Started { .. } => true,
                    PlacementState::NoShow { notice } => day <= notice,
                    PlacementState::Ended { end, .. } => day <= end,
                }
        };
        let today = nth(self.today);
        let may_come = |o: &Offer, day: NaiveDate| {
            o.state == OfferState::Open && o.answer_by >= today && day >= o.offer_date
        };
        let on = |day: NaiveDate| {
            let here = self.placements.iter().filter(|p| here(p, day)).count();
            here + self.offers.iter().filter(|o| may_come(o, day)).count()
        };
        let places = |day| self.unit.periods.at(day).map_or(0, |terms| terms.capacity) as usize;
        (0..2 * DAYS).map(nth).map(|day| (on(day), places(day))).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// No step but a lowered capacity leaves more people at the unit than it has places, and after one nobody else gets
    /// in: on every day there are at most as many as there are places, or fewer or as many as before.
    #[test]
    fn occupancy_never_passes_capacity(
        first in 1_u32..3,
        steps in proptest::collection::vec(step(), 20..80),
    ) {
        let mut world = World::new(first);
        for step in &steps {
            let before = world.map();
            world.apply(step);
            for (n, (now, before)) in world.map().into_iter().zip(before).enumerate() {
                prop_assert!(now.0 <= now.1.max(before.0), "{step:?} made day {n} {before:?} into {now:?}");
            }
            for person in 0..PERSONS {
                let mine = World::of_person(&world.placements, person, |p| p.person_id.as_str());
                let count = |f: fn(&PlacementState) -> bool| mine.iter().filter(|p| f(&p.state)).count();
                prop_assert!(count(|s| matches!(s, PlacementState::Ordered)) <= 1);
                let running = |s: &PlacementState| matches!(s, PlacementState::Ordered | PlacementState::Started { notice: None, .. });
                prop_assert!(count(running) <= 2);
            }
        }
    }

    /// With a capacity that stands still nobody is ever there without a place.
    #[test]
    fn occupancy_stays_within_a_standing_capacity(
        places in 1_u32..3,
        steps in proptest::collection::vec(step(), 20..80),
    ) {
        let mut world = World::new(places);
        for step in steps.iter().filter(|step| !matches!(step, Step::Capacity(..))) {
            world.apply(step);
            for (occupied, places) in world.map() {
                prop_assert!(occupied <= places);
            }
        }
    }
}

#[test]
fn an_offer_that_lapses_frees_its_place() {
    let mut world = World::new(1);
    world.apply(&Step::Offer(0));
    world.apply(&Step::Offer(1));
    assert_eq!(world.offers.len(), 1);
    world.apply(&Step::Tick(30));
    world.apply(&Step::Offer(1));
    assert_eq!(world.offers.len(), 2);
    world.apply(&Step::Lapse);
    assert_eq!(world.offers[0].state, OfferState::Lapsed);
}
