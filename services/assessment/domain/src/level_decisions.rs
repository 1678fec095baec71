use chrono::{DateTime, Utc};
use niva_calendar::{Month, NaiveDate};
use niva_models::{Catalogue, Level};
use niva_names::ServiceKey;

/// A level and what it was derived by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// The level.
    pub level: Level,
    /// The points.
    pub points: u16,
    /// The compensation model whose scale was used.
    pub scale_model_id: String,
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
        model: String,
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
    let band = u16::try_from(points).ok().and_then(|points| Some((points, scale.level_of(points)?)));
    let model = in_force.model.id.clone();
    match band {
        Some((points, band)) => Ok(Derived { level: band.level, points, scale_model_id: model }),
        None => Err(NoLevel::PointsWithoutLevel {
            service,
            points,
            model,
            from: scale.bands.first().map_or(0, |b| b.from),
            to: scale.max_points,
            step: scale.step,
        }),
    }
}

/// A stated level that the model in force does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{model} has {} for {service} on {day}, and not {level}: correct the level", listed(.levels))]
pub struct LevelUnknown {
    /// The model in force.
    pub model: String,
    /// The service.
    pub service: ServiceKey,
    /// The day.
    pub day: NaiveDate,
    /// The level stated.
    pub level: Level,
    /// The model's levels.
    pub levels: Vec<Level>,
}

/// Whether a level may be stated. Without a model in force on its day any level may, until there is one.
///
/// # Errors
/// When the model in force has other levels.
pub fn check_stated(
    catalogue: &Catalogue,
    service: ServiceKey,
    level: Level,
    day: NaiveDate,
) -> Result<(), LevelUnknown> {
    match catalogue.on(service, day) {
        Some(in_force) if !in_force.terms.levels.contains(&level) => {
            let (model, levels) = (in_force.model.id.clone(), in_force.terms.levels.to_vec());
            Err(LevelUnknown { model, service, day, level, levels })
        }
        _ => Ok(()),
    }
}

fn listed(levels: &[Level]) -> String {
    let levels: Vec<_> = levels.iter().map(ToString::to_string).collect();
    if levels.is_empty() { "no levels".to_owned() } else { format!("levels {}", levels.join(", ")) }
}

/// How far points are from the neighbouring levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Distance {
    /// Points missing to the next higher level; `None` in the highest.
    pub to_higher: Option<u16>,
    /// Points above the next lower level's highest total; `None` in the lowest.
    pub to_lower: Option<u16>,
}

/// How far points are from the neighbouring levels by the scale in force on a day; neither distance without a scale.
#[must_use]
pub fn distance(catalogue: &Catalogue, service: ServiceKey, points: u16, day: NaiveDate) -> Distance {
    let in_force = catalogue.on(service, day);
    in_force.and_then(|f| f.terms.scale.as_ref()).map_or_else(Distance::default, |scale| Distance {
        to_higher: scale.points_to_higher(points),
        to_lower: scale.points_to_lower(points),
    })
}

/// The day a level takes effect when nothing else is said: the first day of the next month.
#[must_use]
pub fn default_valid_from(today: NaiveDate) -> NaiveDate {
    Month::of(today).next().first_day()
}

/// What a level decision stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LevelBasis {
    /// A measurement's points.
    Measured {
        /// The points.
        points: u16,
        /// The compensation model whose scale was used.
        scale_model_id: String,
    },
    /// The city's word, without points.
    Stated,
}

/// A decision of a level, valid from a day until the next decision's. Never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelDecision {
    /// Opaque id.
    pub level_decision_id: String,
    /// Numbers decisions in the order they were made: of two with the same first day the higher stands.
    pub decision_number: i64,
    /// The person.
    pub person_id: String,
    /// The service.
    pub service: ServiceKey,
    /// The level.
    pub level: Level,
    /// What it stands on.
    pub basis: LevelBasis,
    /// The measurement that it was decided from or stated in.
    pub measurement_id: String,
    /// First day it takes effect.
    pub valid_from: NaiveDate,
    /// When it was decided.
    pub decide_time: DateTime<Utc>,
}
