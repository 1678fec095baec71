//! What must hold between lines and between files.

use std::collections::BTreeMap;
use std::fmt::Display;

use niva_calendar::NaiveDate;
use niva_models::Component;
use niva_names::{
    DistrictId, GrantId, Id, OccasionKind, PersonId, PlacementId, ProviderId, ServiceCatalogue, ServiceKey,
    UnitId,
};

use super::Lost;
use crate::problem::Problem;
use crate::records::{CityData, GRANTS, Grant, Occasion, Person, Placement, Provider, Row, Unit};

type Index<'a, I, T> = BTreeMap<&'a I, &'a Row<T>>;

/// Checks a city. Where lines could not be read (`whole` is false because a file or a column is missing), references
/// to them are not reported as unknown: the one cause has been.
pub(super) fn check(city: &CityData, catalogue: &ServiceCatalogue, whole: bool, lost: &Lost) -> Vec<Problem> {
    let mut problems = Vec::new();
    let persons = index(&city.persons, "person_id", |p| &p.person_id, &mut problems);
    let grants = index(&city.grants, "grant_id", |g| &g.grant_id, &mut problems);
    index(&city.measurements, "measurement_id", |m| &m.measurement_id, &mut problems);
    let providers = index(&city.providers, "provider_id", |p| &p.provider_id, &mut problems);
    let units = index(&city.units, "unit_id", |u| &u.unit_id, &mut problems);
    let placements = index(&city.placements, "placement_id", |p| &p.placement_id, &mut problems);
    let mut checker =
        Checker { problems, catalogue, whole, lost, persons, grants, providers, units, placements };
    checker.assessment(city);
    checker.choice(city);
    checker.attendance(city);
    checker.problems
}

/// Rows by id; the second row with an id is a problem.
fn index<'a, I: Id, T>(
    rows: &'a [Row<T>],
    column: &str,
    id: impl Fn(&'a T) -> &'a I,
    problems: &mut Vec<Problem>,
) -> Index<'a, I, T> {
    let mut index: Index<'a, I, T> = BTreeMap::new();
    for row in rows {
        let id = id(&row.value);
        if let Some(first) = index.get(id) {
            problems.push(twice(row, column, id, first.line));
        } else {
            index.insert(id, row);
        }
    }
    index
}

fn twice<T>(row: &Row<T>, column: &str, what: impl Display, first: u32) -> Problem {
    row.problem(
        column,
        format!("`{what}` stands already on line {first}: take one away, or give it another id"),
    )
}

struct Checker<'a> {
    problems: Vec<Problem>,
    catalogue: &'a ServiceCatalogue,
    whole: bool,
    lost: &'a Lost,
    persons: Index<'a, PersonId, Person>,
    grants: Index<'a, GrantId, Grant>,
    providers: Index<'a, ProviderId, Provider>,
    units: Index<'a, UnitId, Unit>,
    placements: Index<'a, PlacementId, Placement>,
}

impl<'a> Checker<'a> {
    fn assessment(&mut self, city: &'a CityData) {
        for row in &city.persons {
            self.district(row, &row.value.district, None);
        }
        let mut granted: BTreeMap<(&PersonId, ServiceKey), ()> = BTreeMap::new();
        for row in &city.grants {
            let grant = &row.value;
            self.district(row, &grant.district, Some(grant.valid_from));
            if !self.persons.contains_key(&grant.person_id) {
                self.unknown(row, "person_id", &grant.person_id, "persons.csv");
            }
            granted.insert((&grant.person_id, grant.service), ());
        }
        let grants_read = self.whole && self.lost.iter().all(|(file, _)| *file != GRANTS.name);
        for row in &city.measurements {
            let measurement = &row.value;
            if !self.persons.contains_key(&measurement.person_id) {
                self.unknown(row, "person_id", &measurement.person_id, "persons.csv");
            } else if !granted.contains_key(&(&measurement.person_id, measurement.service)) && grants_read {
                let message = format!(
                    "`{}` has no grant of {}: add the grant, or measure for the service granted",
                    measurement.person_id, measurement.service
                );
                self.problems.push(row.problem("service", message));
            }
        }
    }

    fn choice(&mut self, city: &'a CityData) {
        for row in &city.units {
            self.district(row, &row.value.district, Some(row.value.regime_from));
            if !self.providers.contains_key(&row.value.provider_id) {
                self.unknown(row, "provider_id", &row.value.provider_id, "providers.csv");
            }
        }
        for row in &city.placements {
            self.placement(row);
        }
    }

    fn placement(&mut self, row: &Row<Placement>) {
        let placement = &row.value;
        if !self.persons.contains_key(&placement.person_id) {
            self.unknown(row, "person_id", &placement.person_id, "persons.csv");
        }
        match self.grants.get(&placement.grant_id).map(|found| (&found.value, found.line)) {
            None => self.unknown(row, "grant_id", &placement.grant_id, "grants.csv"),
            Some((grant, line)) => self.against_grant(row, grant, line),
        }
        match self.units.get(&placement.unit_id).map(|found| &found.value) {
            None => self.unknown(row, "unit_id", &placement.unit_id, "units.csv"),
            Some(unit) if unit.service != placement.service => {
                let message = format!(
                    "`{}` gives {}: place the person at a unit of the service",
                    unit.unit_id, unit.service
                );
                self.problems.push(row.problem("unit_id", message));
            }
            Some(_) => {}
        }
    }

    fn against_grant(&mut self, row: &Row<Placement>, grant: &Grant, line: u32) {
        let placement = &row.value;
        if grant.person_id != placement.person_id {
            let message = format!(
                "the grant on line {line} of grants.csv is another person's: give that person's grant"
            );
            self.problems.push(row.problem("grant_id", message));
        }
        if grant.service != placement.service {
            let message = format!(
                "the grant on line {line} of grants.csv is for {}: they must be the same",
                grant.service
            );
            self.problems.push(row.problem("service", message));
        }
        let start = placement.ordered_start;
        if start < grant.valid_from || grant.valid_to.is_some_and(|last| last < start) {
            let message =
                format!("{start} is outside the grant on line {line} of grants.csv: order within the grant");
            self.problems.push(row.problem("ordered_start", message));
        }
    }

    fn attendance(&mut self, city: &'a CityData) {
        let mut seen = BTreeMap::new();
        for row in &city.schedules {
            let schedule = &row.value;
            if !self.placements.contains_key(&schedule.placement_id) {
                self.unknown(row, "placement_id", &schedule.placement_id, "placements.csv");
            }
            if let Some(first) = seen.insert((&schedule.placement_id, schedule.valid_from), row.line) {
                self.problems.push(twice(row, "valid_from", schedule.valid_from, first));
            }
        }
        let mut seen = BTreeMap::new();
        for row in &city.occasions {
            let occasion = &row.value;
            let service = self.placements.get(&occasion.placement_id).map(|p| p.value.service);
            match service {
                None => self.unknown(row, "placement_id", &occasion.placement_id, "placements.csv"),
                Some(service) => self.reported(row, service),
            }
            if let Some(first) =
                seen.insert((&occasion.placement_id, occasion.date, occasion.component), row.line)
            {
                self.problems.push(twice(row, "date", occasion.date, first));
            }
        }
    }

    /// What is reported must be what is reported for the service.
    fn reported(&mut self, row: &Row<Occasion>, service: ServiceKey) {
        let info = self.catalogue.service(service.as_str());
        let evenings = info.is_ok_and(|info| info.occasions.contains(&OccasionKind::EveningNight));
        if !evenings || row.value.component != Component::EveningNight {
            let message = format!(
                "{} is not reported for {service}: report evening_night where the city's catalogue has such occasions",
                row.value.component
            );
            self.problems.push(row.problem("component", message));
        }
    }

    /// A board of the city, which was there on `day` where there is one to ask for.
    fn district<T>(&mut self, row: &Row<T>, district: &DistrictId, day: Option<NaiveDate>) {
        let refused = match day {
            Some(day) => self.catalogue.district_on(district, day).err().map(|refused| refused.to_string()),
            None => self.catalogue.district(district).err().map(|unknown| unknown.to_string()),
        };
        self.problems.extend(refused.map(|message| row.problem("district", message)));
    }

    fn unknown<T>(&mut self, row: &Row<T>, column: &str, named: &impl Id, file: &str) {
        if self.whole && !self.lost.iter().any(|(at, what)| *at == file && *what == named.as_ref()) {
            self.problems.push(
                row.problem(column, format!("`{named}` is not in {file}: add it there, or correct it here")),
            );
        }
    }
}
