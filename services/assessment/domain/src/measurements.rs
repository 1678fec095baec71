use std::collections::BTreeMap;

use niva_calendar::NaiveDate;
use niva_models::{Catalogue, Level};
use niva_names::ServiceKey;

use crate::{Area, Change, Derived, Instrument, NoLevel, derive_level};

/// Whom a measurement is of, in what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Opaque id of the measurement.
    pub measurement_id: String,
    /// The person.
    pub person_id: String,
    /// The service.
    pub service: ServiceKey,
    /// Day of the visit.
    pub visit_date: NaiveDate,
}

/// Scores given with an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The instrument and its version.
    pub instrument_id: String,
    /// Day of the follow-up of the plan (DUR) that came before the visit.
    pub follow_up_date: NaiveDate,
    /// Scores by item.
    pub scores: BTreeMap<String, u16>,
}

/// What a decided measurement stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// Every item scored.
    Scored(Sheet),
    /// A total from before Niva, or from another system.
    Total(u16),
    /// A level that the city stated, without points.
    Stated(Level),
}

/// A measurement whose items are being scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Whom, what, when.
    pub visit: Visit,
    /// The scores so far.
    pub sheet: Sheet,
}

/// A measurement that a level was decided from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Whom, what, when.
    pub visit: Visit,
    /// What the level came from.
    pub basis: Basis,
}

/// A measurement of the resources a provider needs for one person in one service (resursmätning).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measurement {
    /// Items are being scored.
    Open(Open),
    /// A level was decided from it.
    Decided(Decided),
}

/// Why a measurement cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartRefused {
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
}

/// Why a score is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreRefused {
    /// A level was decided from it already.
    #[error("the measurement is decided, and decided measurements never change: start a new one")]
    Decided,
    /// The instrument has no such item.
    #[error("`{item}` is no item of {instrument}: choose one of {known}")]
    ItemUnknown {
        /// The key given.
        item: String,
        /// The instrument.
        instrument: String,
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
}

/// Why no level is decided. Checked in this order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecideRefused {
    /// A level was decided from it already.
    #[error("a level was decided from the measurement already: start a new one")]
    Decided,
    /// The instrument is made up.
    #[error(
        "{0} is an example: a city decides levels with its own instrument, unless examples are allowed at start"
    )]
    ExampleInstrument(String),
    /// Not every item is scored.
    #[error("{} items have no score: {}", .0.len(), .0.join(", "))]
    ItemsMissing(Vec<String>),
    /// The points give no level.
    #[error(transparent)]
    NoLevel(#[from] NoLevel),
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

impl Open {
    /// Opens a measurement after a visit.
    ///
    /// # Errors
    /// All that is wrong with its days.
    pub fn start(
        visit: Visit,
        instrument: &Instrument,
        follow_up_date: NaiveDate,
        today: NaiveDate,
    ) -> Result<Self, Vec<StartRefused>> {
        let day = visit.visit_date;
        let mut refused = Vec::new();
        if day > today {
            refused.push(StartRefused::VisitInFuture { visit: day });
        }
        if follow_up_date > day {
            refused.push(StartRefused::FollowUpAfterVisit { follow_up: follow_up_date, visit: day });
        }
        if !refused.is_empty() {
            return Err(refused);
        }
        let sheet = Sheet { instrument_id: instrument.id.clone(), follow_up_date, scores: BTreeMap::new() };
        Ok(Self { visit, sheet })
    }
}

impl Measurement {
    /// Whom, what, when.
    #[must_use]
    pub fn visit(&self) -> &Visit {
        match self {
            Self::Open(open) => &open.visit,
            Self::Decided(decided) => &decided.visit,
        }
    }

    /// Its scores; `None` for an imported one.
    #[must_use]
    pub fn sheet(&self) -> Option<&Sheet> {
        match self {
            Self::Open(Open { sheet, .. }) | Self::Decided(Decided { basis: Basis::Scored(sheet), .. }) => {
                Some(sheet)
            }
            Self::Decided(_) => None,
        }
    }

    /// Sum of the scores so far, or the imported total; `None` for a stated level.
    #[must_use]
    pub fn points(&self) -> Option<u16> {
        match self {
            Self::Decided(Decided { basis: Basis::Stated(_), .. }) => None,
            Self::Decided(Decided { basis: Basis::Total(points), .. }) => Some(*points),
            _ => self.sheet().map(Sheet::points),
        }
    }

    /// Scores an item, again or for the first time. `instrument` is the sheet's.
    ///
    /// # Errors
    /// When decided, or the item or its score is not the instrument's.
    pub fn score(
        self,
        instrument: &Instrument,
        item: &str,
        score: i64,
    ) -> Result<Change<Self>, ScoreRefused> {
        let Self::Open(mut open) = self else { return Err(ScoreRefused::Decided) };
        let found = instrument.item(item).ok_or_else(|| ScoreRefused::ItemUnknown {
            item: item.to_owned(),
            instrument: instrument.id.clone(),
            known: listed(instrument.items().map(|i| i.key.clone())),
        })?;
        let allowed = u16::try_from(score).ok().filter(|s| found.allows(*s));
        let score = allowed.ok_or_else(|| ScoreRefused::ScoreNotAllowed {
            item: item.to_owned(),
            score,
            allowed: listed(found.grades.iter().map(|g| g.score.to_string())),
        })?;
        if open.sheet.scores.insert(item.to_owned(), score) == Some(score) {
            return Ok(Change::Already(Self::Open(open)));
        }
        Ok(Change::Now(Self::Open(open)))
    }

    /// Decides the level that its points give by the scale in force on `valid_from`. `instrument` is the sheet's.
    ///
    /// # Errors
    /// See [`DecideRefused`], in its order.
    pub fn decide(
        self,
        instrument: &Instrument,
        allow_examples: bool,
        catalogue: &Catalogue,
        valid_from: NaiveDate,
    ) -> Result<(Decided, Derived), DecideRefused> {
        let Self::Open(Open { visit, sheet }) = self else { return Err(DecideRefused::Decided) };
        if instrument.example && !allow_examples {
            return Err(DecideRefused::ExampleInstrument(instrument.id.clone()));
        }
        let missing = sheet.missing(instrument);
        if !missing.is_empty() {
            return Err(DecideRefused::ItemsMissing(missing));
        }
        let derived = derive_level(catalogue, visit.service, i64::from(sheet.points()), valid_from)?;
        Ok((Decided { visit, basis: Basis::Scored(sheet) }, derived))
    }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
