//! Records as lines of their files.

use chrono::NaiveDate;

use crate::records::{
    FileSpec, GRANTS, Grant, MEASUREMENTS, Measurement, OCCASIONS, Occasion, PERSONS, PLACEMENTS, PROVIDERS,
    Person, Placement, Provider, SESSIONS, Schedule, UNITS, Unit, Verdict,
};

/// A record that is a line of a file.
pub(super) trait Line {
    /// Its file.
    const FILE: &'static FileSpec;
    /// Its cells, in the order of the file's columns.
    fn cells(&self) -> Vec<String>;
}

/// The text of a file.
pub(super) fn file<T: Line>(records: &[T]) -> String {
    let mut text = T::FILE.columns.join(",");
    text.push('\n');
    for record in records {
        let cells: Vec<String> = record.cells().iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

/// A cell, in quotes where a comma, a quote or an end of line asks for them (RFC 4180).
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |v| v.to_string())
}

fn date(day: Option<NaiveDate>) -> String {
    or_empty(day)
}

impl Line for Person {
    const FILE: &'static FileSpec = &PERSONS;
    fn cells(&self) -> Vec<String> {
        vec![self.person_id.to_string(), self.district.to_string()]
    }
}

impl Line for Grant {
    const FILE: &'static FileSpec = &GRANTS;
    fn cells(&self) -> Vec<String> {
        vec![
            self.grant_id.to_string(),
            self.person_id.to_string(),
            self.service.to_string(),
            self.district.to_string(),
            self.valid_from.to_string(),
            date(self.valid_to),
            or_empty(self.scope.extent),
            or_empty(self.scope.hours_per_week),
            or_empty(self.scope.time_interval),
            if self.scope.personal_assistance { "yes" } else { "no" }.to_owned(),
            or_empty(self.scope.sessions_per_week),
        ]
    }
}

impl Line for Measurement {
    const FILE: &'static FileSpec = &MEASUREMENTS;
    fn cells(&self) -> Vec<String> {
        let (points, stated) = match self.verdict {
            Verdict::Points(points) => (points.to_string(), String::new()),
            Verdict::Stated(level) => (String::new(), level.0.to_string()),
        };
        vec![
            self.measurement_id.to_string(),
            self.person_id.to_string(),
            self.service.to_string(),
            self.visit_date.to_string(),
            points,
            stated,
            self.valid_from.to_string(),
        ]
    }
}

impl Line for Provider {
    const FILE: &'static FileSpec = &PROVIDERS;
    fn cells(&self) -> Vec<String> {
        vec![self.provider_id.to_string(), self.name.clone()]
    }
}

impl Line for Unit {
    const FILE: &'static FileSpec = &UNITS;
    fn cells(&self) -> Vec<String> {
        vec![
            self.unit_id.to_string(),
            self.provider_id.to_string(),
            self.name.clone(),
            self.service.to_string(),
            self.district.to_string(),
            self.regime.to_string(),
            self.regime_from.to_string(),
            self.places.to_string(),
            self.places_from.to_string(),
        ]
    }
}

impl Line for Placement {
    const FILE: &'static FileSpec = &PLACEMENTS;
    fn cells(&self) -> Vec<String> {
        vec![
            self.placement_id.to_string(),
            self.grant_id.to_string(),
            self.person_id.to_string(),
            self.service.to_string(),
            self.unit_id.to_string(),
            self.ordered_start.to_string(),
            date(self.actual_start),
            date(self.notice_date),
            date(self.end_date),
        ]
    }
}

impl Line for Schedule {
    const FILE: &'static FileSpec = &SESSIONS;
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.placement_id.to_string(), self.valid_from.to_string()];
        cells.extend(self.sessions.iter().map(ToString::to_string));
        cells
    }
}

impl Line for Occasion {
    const FILE: &'static FileSpec = &OCCASIONS;
    fn cells(&self) -> Vec<String> {
        vec![
            self.placement_id.to_string(),
            self.date.to_string(),
            self.component.to_string(),
            self.count.to_string(),
        ]
    }
}
