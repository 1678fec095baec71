mod load;

use niva_names::{InstrumentId, ModelId, ServiceKey};
use std::collections::BTreeSet;

use niva_calendar::{Interval, NaiveDate};
use niva_models::Catalogue;

pub use load::InstrumentError;

/// A score that may be given, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    /// Points.
    pub score: u16,
    /// When to give it, in Swedish.
    pub meaning: String,
}

/// One scored item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Key within the instrument.
    pub key: String,
    /// What is scored, in Swedish.
    pub title: String,
    /// Its grades by ascending score; at least two.
    pub grades: Vec<Grade>,
}

/// A life area, or a variable, of an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Key within the instrument.
    pub key: String,
    /// Name, in Swedish.
    pub title: String,
    /// Its items in order; at least one.
    pub items: Vec<Item>,
}

/// A measuring instrument (mätinstrument): data, versioned. Made by the loader alone, which has checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Key and version: `supported-housing-example/1`.
    pub id: InstrumentId,
    /// Its version, 1 and up; of two for a service the higher is the newer.
    pub version: u16,
    /// For people.
    pub title: String,
    /// Made up to the published ranges, because the city's own is not public.
    pub example: bool,
    /// Services that it measures for, as the city's catalogue says.
    pub services: Vec<ServiceKey>,
    /// Its areas in order.
    pub areas: Vec<Area>,
}

impl Item {
    /// Highest score.
    #[must_use]
    pub fn max(&self) -> u16 {
        self.grades.last().map_or(0, |g| g.score)
    }

    /// Whether a score is one of its grades'.
    #[must_use]
    pub fn allows(&self, score: u16) -> bool {
        self.grades.iter().any(|g| g.score == score)
    }
}

impl Area {
    /// Highest sum.
    #[must_use]
    pub fn max(&self) -> u16 {
        self.items.iter().map(Item::max).sum()
    }
}

impl Instrument {
    /// All items in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.areas.iter().flat_map(|area| &area.items)
    }

    /// The item with a key.
    #[must_use]
    pub fn item(&self, key: &str) -> Option<&Item> {
        self.items().find(|item| item.key == key)
    }

    /// Highest total.
    #[must_use]
    pub fn max_points(&self) -> u16 {
        self.areas.iter().map(Area::max).sum()
    }

    /// Every total that some scoring of all items gives.
    #[must_use]
    pub fn totals(&self) -> BTreeSet<u16> {
        self.items().fold(BTreeSet::from([0]), |sums, item| {
            sums.iter().flat_map(|sum| item.grades.iter().map(move |g| sum + g.score)).collect()
        })
    }
}

/// A total that an instrument gives and that no band of a scale holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "instrument {instrument} can give {total} points, which no level of {service} in model {model} holds: correct the \
     instrument's scores or the model's bands"
)]
pub struct UncoveredTotal {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The model whose scale it is.
    pub model: ModelId,
    /// The service.
    pub service: ServiceKey,
    /// The lowest such total.
    pub total: u16,
}

/// The instruments that a service measures with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instruments {
    by_id: Vec<Instrument>,
}

impl Instruments {
    /// In order of id; ids are unique, which the loader has checked.
    fn new(mut instruments: Vec<Instrument>) -> Self {
        instruments.sort_by(|a, b| a.id.cmp(&b.id));
        Self { by_id: instruments }
    }

    /// All, in order of id.
    #[must_use]
    pub fn all(&self) -> &[Instrument] {
        &self.by_id
    }

    /// The instrument with an id.
    #[must_use]
    pub fn get(&self, id: &InstrumentId) -> Option<&Instrument> {
        self.by_id.iter().find(|i| i.id == *id)
    }

    /// The newest instrument that measures for a service.
    #[must_use]
    pub fn newest(&self, service: ServiceKey) -> Option<&Instrument> {
        self.by_id.iter().filter(|i| i.services.contains(&service)).max_by_key(|i| i.version)
    }

    /// Whether every total of each service's newest instrument has a level in every scale in force on some of `days`.
    ///
    /// # Errors
    /// For each instrument and model the lowest total without a level.
    pub fn check(&self, catalogue: &Catalogue, days: Interval) -> Result<(), Vec<UncoveredTotal>> {
        let mut found = Vec::new();
        let services: BTreeSet<ServiceKey> =
            self.by_id.iter().flat_map(|i| i.services.iter().copied()).collect();
        for service in services {
            let Some(instrument) = self.newest(service) else { continue };
            let totals = instrument.totals();
            for in_force in catalogue.in_force(service, days) {
                let Some(scale) = &in_force.terms.scale else { continue };
                if let Some(total) = totals.iter().find(|total| scale.level_of(**total).is_none()) {
                    found.push(UncoveredTotal {
                        instrument: instrument.id.clone(),
                        model: in_force.model.id.clone(),
                        service,
                        total: *total,
                    });
                }
            }
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// [`Instruments::check`] for today and every later day: what may be decided from now on by default.
    ///
    /// # Errors
    /// As [`Instruments::check`].
    pub fn check_from(&self, catalogue: &Catalogue, today: NaiveDate) -> Result<(), Vec<UncoveredTotal>> {
        self.check(catalogue, Interval::from(today))
    }
}
