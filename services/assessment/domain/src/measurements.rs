use std::collections::BTreeMap;

use niva_calendar::NaiveDate;
use niva_facts::Happened;
use niva_names::{InstrumentId, LevelDecisionId, MeasurementId, PersonId, ServiceKey};

use crate::{Area, Instrument};

/// Whom a measurement is of, in what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Opaque id of the measurement.
    pub measurement_id: MeasurementId,
    /// The person.
    pub person_id: PersonId,
    /// The service.
    pub service: ServiceKey,
    /// Day of the visit.
    pub visit_date: NaiveDate,
}

/// Scores given with an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The instrument and its version.
    pub instrument_id: InstrumentId,
    /// Day of the follow-up of the plan (DUR) that came before the visit.
    pub follow_up_date: NaiveDate,
    /// Scores by item.
    pub scores: BTreeMap<String, u16>,
}

/// What a measurement's points are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The sum of its items' scores.
    Scored(Sheet),
    /// A total from before Niva, or from another system.
    Total(u16),
}

/// A measurement of the resources a provider needs for one person in one service (resursmätning).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// Whom, what, when.
    pub visit: Visit,
    /// Its points.
    pub basis: Basis,
    /// A standing decision that stands on its points: while there is one, they do not change.
    pub decided_by: Option<LevelDecisionId>,
}

/// Why a measurement cannot become what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeasurementRefused {
    /// The visit has not been made.
    #[error("the visit on {visit} is in the future: record it when it has been made")]
    VisitInFuture {
        /// Day of the visit.
        visit: NaiveDate,
    },
    /// The follow-up of the plan must come first.
    #[error("the follow-up of the plan on {follow_up} is after the visit on {visit}: it must be made before")]
    FollowUpAfterVisit {
        /// Day of the follow-up.
        follow_up: NaiveDate,
        /// Day of the visit.
        visit: NaiveDate,
    },
    /// A level was decided from it.
    #[error("level decision {0} stands on the measurement: withdraw the decision first")]
    Decided(LevelDecisionId),
    /// Only its total is known.
    #[error("only the total of the measurement is known: it has no items to score")]
    NotScored,
    /// The instrument has no such item.
    #[error("`{item}` is no item of {instrument}: choose one of {known}")]
    ItemUnknown {
        /// The key given.
        item: String,
        /// The instrument.
        instrument: InstrumentId,
        /// Its items.
        known: String,
    },
    /// The item does not have this score.
    #[error("{score} is no score of `{item}`: choose one of {allowed}")]
    ScoreNotAllowed {
        /// The item.
        item: String,
        /// The score given.
        score: i64,
        /// Its scores.
        allowed: String,
    },
    /// Not every item is scored.
    #[error("{} items have no score: {}", .0.len(), .0.join(", "))]
    ItemsMissing(Vec<String>),
    /// The instrument is made up.
    #[error(
        "{0} is an example: a city decides levels with its own instrument, unless examples are allowed at start"
    )]
    ExampleInstrument(InstrumentId),
}

/// Points in one area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaPoints {
    /// The area's key.
    pub area: String,
    /// Sum of the scores given in it.
    pub points: u16,
    /// Highest sum it can give.
    pub max_points: u16,
}

impl Sheet {
    /// Sum of the scores so far.
    #[must_use]
    pub fn points(&self) -> u16 {
        self.scores.values().sum()
    }

    /// Items without a score, in the instrument's order.
    #[must_use]
    pub fn missing(&self, instrument: &Instrument) -> Vec<String> {
        let keys = instrument.items().map(|i| &i.key);
        keys.filter(|key| !self.scores.contains_key(*key)).cloned().collect()
    }

    /// Points by area, in the instrument's order.
    #[must_use]
    pub fn areas(&self, instrument: &Instrument) -> Vec<AreaPoints> {
        let points = |area: &Area| AreaPoints {
            area: area.key.clone(),
            points: area.items.iter().filter_map(|i| self.scores.get(&i.key)).sum(),
            max_points: area.max(),
        };
        instrument.areas.iter().map(points).collect()
    }
}

/// The score that an item of an instrument is given.
///
/// # Errors
/// The item or its score is not the instrument's.
pub fn item_score(instrument: &Instrument, item: &str, score: i64) -> Result<u16, MeasurementRefused> {
    let found = instrument.item(item).ok_or_else(|| MeasurementRefused::ItemUnknown {
        item: item.to_owned(),
        instrument: instrument.id.clone(),
        known: listed(instrument.items().map(|i| i.key.clone())),
    })?;
    let allowed = u16::try_from(score).ok().filter(|s| found.allows(*s));
    allowed.ok_or_else(|| MeasurementRefused::ScoreNotAllowed {
        item: item.to_owned(),
        score,
        allowed: listed(found.grades.iter().map(|g| g.score.to_string())),
    })
}

impl Measurement {
    /// Its scores; `None` where only the total is known.
    #[must_use]
    pub fn sheet(&self) -> Option<&Sheet> {
        match &self.basis {
            Basis::Scored(sheet) => Some(sheet),
            Basis::Total(_) => None,
        }
    }

    /// Sum of the scores so far, or the total.
    #[must_use]
    pub fn points(&self) -> u16 {
        match &self.basis {
            Basis::Scored(sheet) => sheet.points(),
            Basis::Total(points) => *points,
        }
    }

    /// Whether its days fit together.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn check(&self, today: NaiveDate) -> Result<(), Vec<MeasurementRefused>> {
        let visit = self.visit.visit_date;
        let mut refused = Vec::new();
        if visit > today {
            refused.push(MeasurementRefused::VisitInFuture { visit });
        }
        if let Some(follow_up) = self.sheet().map(|s| s.follow_up_date).filter(|day| *day > visit) {
            refused.push(MeasurementRefused::FollowUpAfterVisit { follow_up, visit });
        }
        if refused.is_empty() { Ok(()) } else { Err(refused) }
    }

    /// Whether it may still change or be abandoned.
    ///
    /// # Errors
    /// A level decision stands on it.
    pub fn open(&self) -> Result<(), MeasurementRefused> {
        self.decided_by.clone().map_or(Ok(()), |decision| Err(MeasurementRefused::Decided(decision)))
    }

    /// Scores an item, again or for the first time. `instrument` is the sheet's.
    ///
    /// # Errors
    /// It is decided or has no items; the item or its score is not the instrument's.
    pub fn score(
        mut self,
        instrument: &Instrument,
        item: &str,
        score: i64,
    ) -> Result<Happened<Self>, MeasurementRefused> {
        self.open()?;
        let Basis::Scored(sheet) = &mut self.basis else { return Err(MeasurementRefused::NotScored) };
        let score = item_score(instrument, item, score)?;
        let before = sheet.scores.insert(item.to_owned(), score);
        Ok(if before == Some(score) { Happened::Already(self) } else { Happened::Now(self) })
    }

    /// The points that a level may be decided from. `instrument` is the sheet's.
    ///
    /// # Errors
    /// Items are missing; the instrument is an example, and examples are not allowed.
    pub fn complete(
        &self,
        instrument: Option<&Instrument>,
        allow_examples: bool,
    ) -> Result<u16, MeasurementRefused> {
        if let (Some(sheet), Some(instrument)) = (self.sheet(), instrument) {
            if instrument.example && !allow_examples {
                return Err(MeasurementRefused::ExampleInstrument(instrument.id.clone()));
            }
            let missing = sheet.missing(instrument);
            if !missing.is_empty() {
                return Err(MeasurementRefused::ItemsMissing(missing));
            }
        }
        Ok(self.points())
    }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
