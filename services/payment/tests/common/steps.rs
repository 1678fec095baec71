//! What a random history is made of: steps, what is told in each, and the dice.

use std::sync::{Arc, LazyLock};

use niva_calendar::{NaiveDate, plus_days};
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_proto::assessment::v1::AssessmentFeedEvent;
use niva_proto::choice::v1::ChoiceFeedEvent;
use niva_proto::payment::v1::{SpecialCompensation, create_import_request::Record};

use super::day;

/// In how many steps a history is told; runs are made between them.
pub(crate) const STEPS: usize = 5;

/// The city of the histories.
pub(crate) static CITY: LazyLock<Arc<ServiceCatalogue>> =
    LazyLock::new(|| Arc::new(ServiceCatalogue::shipped().unwrap()));

/// The models of the histories: those that are shipped, and of what these do not price what was invented.
pub(crate) static MODELS: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut files = Catalogue::shipped().unwrap().files;
    files.retain(|(id, _)| id != "daily-activities-2025");
    let invented = [
        ("daily-activities-2025", include_str!("../../domain/tests/invented/daily-activities-2025.toml")),
        ("occupation-2022", include_str!("../../domain/tests/invented/occupation-2022.toml")),
    ];
    files.extend(invented.map(|(id, text)| (id.to_owned(), text.to_owned())));
    Catalogue::kept(&CITY, files).unwrap()
});

/// The facts of some people.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) steps: [Step; STEPS],
    /// What is told in payment itself as it stands in the end, in an order that nothing stands in the way of.
    pub(crate) in_the_end: Vec<Told>,
}

/// What is told before a run.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) assessed: Vec<AssessmentFeedEvent>,
    pub(crate) chosen: Vec<ChoiceFeedEvent>,
    pub(crate) told: Vec<Told>,
}

/// Small and good enough (xorshift*); every run of the tests sees the same numbers.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).max(1))
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % sides
    }

    pub(crate) fn number(&mut self, from: i32, to: i32) -> i32 {
        from + i32::try_from(self.roll(usize::try_from(to - from + 1).unwrap())).unwrap()
    }

    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.roll(all.len())]
    }

    /// One time in so many.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.roll(n) == 0
    }

    pub(crate) fn after(&mut self, day: NaiveDate, most: usize) -> NaiveDate {
        plus_days(day, i64::try_from(self.roll(most + 1)).unwrap())
    }

    pub(crate) fn day(&mut self) -> NaiveDate {
        self.after(day(2024, 10, 15), 169)
    }
}

/// Something that payment is told.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    /// New or corrected, by import.
    Record(Record),
    /// An application, new or corrected.
    Applied(SpecialCompensation),
    /// The newest revision of an agreement or premises cost is approved.
    Approved(Kind, String),
    /// The newest revision of an application is granted or refused.
    Decided(String, bool),
    Withdrawn(Kind, String),
}

/// A resource that is taken back by its own rpc.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Schedule,
    Occasion,
    Absence,
    Agreement,
    Transition,
    PremisesCost,
    Visit,
    Special,
}
