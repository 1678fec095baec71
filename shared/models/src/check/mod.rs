//! What holds among the published figures, what does not, and how old they are. Nothing here changes an amount.

mod identities;

use niva_names::ModelId;
use std::fmt;

use chrono::NaiveDate;

use crate::{Band, Catalogue, Model, Scale, Status};

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// All figures agree to the öre.
    Holds,
    /// All figures agree within the stated tolerance.
    WithinTolerance,
    /// At least one figure does not agree.
    Off,
    /// There was nothing to check it on: another model it needs is not loaded.
    NotChecked,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::WithinTolerance => "within tolerance",
            Self::Off => "off",
            Self::NotChecked => "not checked",
        })
    }
}

/// An identity, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The model's id.
    pub model: ModelId,
    /// The identity in words.
    pub name: String,
    /// How many figures were compared, and those that differ most.
    pub detail: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// A place where a source cannot be used as printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedAnomaly {
    /// The model's id.
    pub model: ModelId,
    /// Where in the source.
    pub place: String,
    /// What it says.
    pub printed: String,
    /// What we do.
    pub done: String,
}

/// When a model's amounts were last published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The model's id.
    pub model: ModelId,
    /// Its title.
    pub title: String,
    /// Whether payments may use it.
    pub status: Status,
    /// Its first day.
    pub valid_from: NaiveDate,
    /// The day, or `None` when they never were.
    pub amounts: Option<NaiveDate>,
}

/// All that `models check` shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Identities.
    pub checks: Vec<Check>,
    /// Anomalies: those of the bands first, with the gap that the printed ones have.
    pub anomalies: Vec<ReportedAnomaly>,
    /// A model each, in order of first day.
    pub published: Vec<Published>,
}

impl Report {
    /// Whether no identity is off.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.checks.iter().all(|c| c.outcome != Outcome::Off)
    }
}

impl Catalogue {
    /// Checks the identities of all models, and lists anomalies and ages.
    #[must_use]
    pub fn check(&self) -> Report {
        let mut report = Report::default();
        for model in &self.models {
            report.checks.extend(model.identities.iter().map(|i| identities::check(self, model, i)));
            report.anomalies.extend(
                model.services.iter().filter_map(|s| s.scale.as_ref().map(|c| (s, c))).flat_map(
                    |(terms, scale)| {
                        let place = format!("{}, points of the levels", terms.service);
                        scale.bands.iter().filter_map(move |band| printed(model, &place, scale, band))
                    },
                ),
            );
            report.anomalies.extend(model.anomalies.iter().map(|a| ReportedAnomaly {
                model: model.id.clone(),
                place: a.place.clone(),
                printed: a.printed.clone(),
                done: a.done.clone(),
            }));
            report.published.push(Published {
                model: model.id.clone(),
                title: model.title.clone(),
                status: model.status,
                valid_from: model.valid.first,
                amounts: model.amounts_published,
            });
        }
        report
    }
}

fn points((from, to): (u16, Option<u16>)) -> String {
    to.map_or_else(|| format!("{from}-"), |to| format!("{from}-{to}"))
}

fn printed(model: &Model, place: &str, scale: &Scale, band: &Band) -> Option<ReportedAnomaly> {
    let text = points(band.printed?);
    let missed: Vec<String> = scale.printed_gap().iter().map(ToString::to_string).collect();
    let gap = match &missed[..] {
        [] => String::new(),
        [one] => format!(": as printed, the total {one} has no level"),
        many => format!(": as printed, the totals {} have no level", many.join(", ")),
    };
    let note = band.note.as_ref().map(|n| format!(" ({n})")).unwrap_or_default();
    Some(ReportedAnomaly {
        model: model.id.clone(),
        place: format!("{place}, level {}", band.level),
        printed: format!("{text}{gap}"),
        done: format!("{}{note}", points((band.from, band.to))),
    })
}
