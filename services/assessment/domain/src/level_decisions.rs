use chrono::Months;
use niva_calendar::{Month, NaiveDate};
use niva_models::{Catalogue, Level};
use niva_names::{LevelDecisionId, MeasurementId, ModelId, PersonId, ScaleId, ServiceKey};

/// A preliminary level is measured within so many months.
const PRELIMINARY_MONTHS: u32 = 3;

/// A level and what it was derived by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// The level.
    pub level: Level,
    /// The points.
    pub points: u16,
    /// The scale.
    pub scale_id: ScaleId,
}

/// Why points give no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoLevel {
    /// No model in force on the day has a scale for the service.
    #[error(
        "no level scale is in force for {service} on {day}: choose a day on which one is, or let the city state the level"
    )]
    NoScale {
        /// The service.
        service: ServiceKey,
        /// The day.
        day: NaiveDate,
    },
    /// The scale has no band for the total.
    #[error(
        "{points} points give no level of {service}: the scale of {model} holds {from} to {to} in steps of {step}; \
         correct the points"
    )]
    PointsWithoutLevel {
        /// The service.
        service: ServiceKey,
        /// The total.
        points: i64,
        /// The model whose scale it is.
        model: ModelId,
        /// Lowest total of the scale.
        from: u16,
        /// Highest total of the scale.
        to: u16,
        /// Distance between totals.
        step: u16,
    },
}

/// The level that points give for a service by the scale in force on a day.
///
/// # Errors
/// When no scale is in force, or none of its bands holds the points.
pub fn derive_level(
    catalogue: &Catalogue,
    service: ServiceKey,
    points: i64,
    day: NaiveDate,
) -> Result<Derived, NoLevel> {
    let in_force = catalogue.on(service, day).ok_or(NoLevel::NoScale { service, day })?;
    let scale = in_force.terms.scale.as_ref().ok_or(NoLevel::NoScale { service, day })?;
    let scale_id = in_force.terms.scale_id.clone().unwrap_or_else(|| ScaleId::none().clone());
    let band = u16::try_from(points).ok().and_then(|points| Some((points, scale.level_of(points)?)));
    match band {
        Some((points, band)) => Ok(Derived { level: band.level, points, scale_id }),
        None => Err(NoLevel::PointsWithoutLevel {
            service,
            points,
            model: in_force.model.id.clone(),
            from: scale.bands.first().map_or(0, |b| b.from),
            to: scale.max_points,
            step: scale.step,
        }),
    }
}

/// How far points are from the neighbouring levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Distance {
    /// Points missing to the next higher level; `None` in the highest.
    pub to_higher: Option<u16>,
    /// Points above the next lower level's highest total; `None` in the lowest.
    pub to_lower: Option<u16>,
}

/// What points give by one scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByScale {
    /// The scale.
    pub scale_id: ScaleId,
    /// The level; `None` for a total that the scale has none for.
    pub level: Option<Level>,
    /// How far the points are from the neighbouring levels.
    pub away: Distance,
}

/// What points give for a service by the scale in force on a day; `None` when none is.
#[must_use]
pub fn by_scale(catalogue: &Catalogue, service: ServiceKey, points: u16, day: NaiveDate) -> Option<ByScale> {
    let in_force = catalogue.on(service, day)?;
    let scale = in_force.terms.scale.as_ref()?;
    let away =
        Distance { to_higher: scale.points_to_higher(points), to_lower: scale.points_to_lower(points) };
    Some(ByScale {
        scale_id: in_force.terms.scale_id.clone()?,
        level: scale.level_of(points).map(|b| b.level),
        away,
    })
}

/// How far points are from the neighbouring levels by the scale in force on a day; neither distance without a scale.
#[must_use]
pub fn distance(catalogue: &Catalogue, service: ServiceKey, points: u16, day: NaiveDate) -> Distance {
    by_scale(catalogue, service, points, day).map_or_else(Distance::default, |by| by.away)
}

/// The scale that levels of a service belong to on a day; `None` without a model in force, or one without levels.
#[must_use]
pub fn scale_on(catalogue: &Catalogue, service: ServiceKey, day: NaiveDate) -> Option<ScaleId> {
    catalogue.on(service, day)?.terms.scale_id.clone()
}

/// The day a level takes effect when nothing else is said: the first day of the next month.
#[must_use]
pub fn default_valid_from(today: NaiveDate) -> NaiveDate {
    Month::of(today).next().first_day()
}

/// The last day by which the level of a preliminary decision must be measured.
#[must_use]
pub fn measure_by(valid_from: NaiveDate) -> NaiveDate {
    valid_from + Months::new(PRELIMINARY_MONTHS)
}

/// What a level decision stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LevelBasis {
    /// A measurement's points.
    Measured {
        /// The measurement.
        measurement_id: MeasurementId,
        /// Its points.
        points: u16,
    },
    /// The same, by a scale that came after.
    Conversion {
        /// The measurement.
        measurement_id: MeasurementId,
        /// Its points.
        points: u16,
    },
    /// The city's word, without points.
    Stated,
    /// The first guess for a new person.
    Preliminary,
}

impl LevelBasis {
    /// Its name: `measured`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Measured { .. } => "measured",
            Self::Conversion { .. } => "conversion",
            Self::Stated => "stated",
            Self::Preliminary => "preliminary",
        }
    }

    /// The measurement and its points.
    #[must_use]
    pub fn measured(&self) -> Option<(&MeasurementId, u16)> {
        match self {
            Self::Measured { measurement_id, points } | Self::Conversion { measurement_id, points } => {
                Some((measurement_id, *points))
            }
            Self::Stated | Self::Preliminary => None,
        }
    }
}

/// A decision of a level, valid from a day until the next decision's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelDecision {
    /// Opaque id.
    pub level_decision_id: LevelDecisionId,
    /// Numbers decisions in the order they were made: of two with the same first day the higher counts.
    pub decision_number: i64,
    /// The person.
    pub person_id: PersonId,
    /// The service.
    pub service: ServiceKey,
    /// The level.
    pub level: Level,
    /// The scale that the level belongs to; `None` where no model was in force.
    pub scale_id: Option<ScaleId>,
    /// What it stands on.
    pub basis: LevelBasis,
    /// First day it takes effect.
    pub valid_from: NaiveDate,
}

/// Why a level is not decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LevelRefused {
    /// The points give no level.
    #[error(transparent)]
    NoLevel(#[from] NoLevel),
    /// The points give another level.
    #[error(
        "{} points are level {} of scale {} on {day}, not level {expected}: look at the measurement again, and decide what it \
         gives or another day", .derived.points, .derived.level, .derived.scale_id
    )]
    Differs {
        /// What they give.
        derived: Derived,
        /// The level expected.
        expected: Level,
        /// The first day.
        day: NaiveDate,
    },
    /// The model in force has no such level.
    #[error("{model} has {} for {service} on {day}, and not {level}: correct the level", listed(.levels))]
    Unknown {
        /// The model in force.
        model: ModelId,
        /// The service.
        service: ServiceKey,
        /// The day.
        day: NaiveDate,
        /// The level stated.
        level: Level,
        /// The model's levels.
        levels: Vec<Level>,
    },
    /// There is nothing to convert.
    #[error("no level of another scale than {scale} is in force on {day}: there is nothing to convert")]
    SameScale {
        /// The scale of the day.
        scale: ScaleId,
        /// The day.
        day: NaiveDate,
    },
    /// The person is not new.
    #[error("level decision {0} is of a measurement already: a preliminary level is for a new person")]
    MeasuredAlready(LevelDecisionId),
}

impl LevelDecision {
    /// The decision with the scale of its first day, if its level is one that can be decided. `standing` are the
    /// decisions that stand for the person and the service.
    ///
    /// # Errors
    /// The points give no level or another; the model in force has no such level; there is nothing to convert.
    pub fn checked(mut self, catalogue: &Catalogue, standing: &[Self]) -> Result<Self, LevelRefused> {
        let (service, day, expected) = (self.service, self.valid_from, self.level);
        let Some((_, points)) = self.basis.measured() else {
            check_stated(catalogue, service, expected, day)?;
            self.scale_id = scale_on(catalogue, service, day);
            return Ok(self);
        };
        let derived = derive_level(catalogue, service, points.into(), day)?;
        if derived.level != expected {
            return Err(LevelRefused::Differs { derived, expected, day });
        }
        if matches!(self.basis, LevelBasis::Conversion { .. }) {
            let others = standing.iter().filter(|d| d.level_decision_id != self.level_decision_id);
            let before = in_force(others, day);
            if before.is_none_or(|d| d.scale_id.as_ref() == Some(&derived.scale_id)) {
                return Err(LevelRefused::SameScale { scale: derived.scale_id, day });
            }
        }
        self.scale_id = Some(derived.scale_id);
        Ok(self)
    }

    /// The decision after its measurement's points were corrected: the level that they give on its first day.
    ///
    /// # Errors
    /// The points give no level.
    pub fn with_points(mut self, catalogue: &Catalogue, corrected: u16) -> Result<Self, LevelRefused> {
        let derived = derive_level(catalogue, self.service, corrected.into(), self.valid_from)?;
        if let LevelBasis::Measured { points, .. } | LevelBasis::Conversion { points, .. } = &mut self.basis {
            *points = corrected;
        }
        (self.level, self.scale_id) = (derived.level, Some(derived.scale_id));
        Ok(self)
    }

    /// Whether a preliminary decision may be recorded beside those that stand.
    ///
    /// # Errors
    /// A level is measured already.
    pub fn new_person(&self, standing: &[Self]) -> Result<(), LevelRefused> {
        let measured = standing.iter().find(|d| d.basis.measured().is_some());
        match (&self.basis, measured) {
            (LevelBasis::Preliminary, Some(measured)) => {
                Err(LevelRefused::MeasuredAlready(measured.level_decision_id.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// The decision in force on a day, of those of one person and service: the one with the greatest first day that is not
/// after it; of two with the same first day, the one decided later.
pub fn in_force<'a>(
    decisions: impl IntoIterator<Item = &'a LevelDecision>,
    day: NaiveDate,
) -> Option<&'a LevelDecision> {
    let begun = decisions.into_iter().filter(|d| d.valid_from <= day);
    begun.max_by_key(|d| (d.valid_from, d.decision_number))
}

/// Whether a level may be stated. Without a model in force on its day any level may, until there is one.
fn check_stated(
    catalogue: &Catalogue,
    service: ServiceKey,
    level: Level,
    day: NaiveDate,
) -> Result<(), LevelRefused> {
    match catalogue.on(service, day) {
        Some(in_force) if !in_force.terms.levels.contains(&level) => Err(LevelRefused::Unknown {
            model: in_force.model.id.clone(),
            service,
            day,
            level,
            levels: in_force.terms.levels.to_vec(),
        }),
        _ => Ok(()),
    }
}

fn listed(levels: &[Level]) -> String {
    let levels: Vec<_> = levels.iter().map(ToString::to_string).collect();
    if levels.is_empty() { "no levels".to_owned() } else { format!("levels {}", levels.join(", ")) }
}
