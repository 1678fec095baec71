//! A parser a file.

use niva_models::{Component, GrantScope, Level, Regime};
use niva_names::{ServiceCatalogue, ServiceKey};

use super::Lost;
use super::table::{Cells, date, hours, id, name, read as table, whole, words, yes_no};
use crate::problem::Problem;
use crate::records::{
    CityData, FileSpec, GRANTS, Grant, MEASUREMENTS, Measurement, OCCASIONS, Occasion, PERSONS, PLACEMENTS,
    PROVIDERS, Person, Placement, Provider, Row, SESSIONS, Schedule, UNITS, Unit, Verdict,
};

/// Everything that can be read from the files; the rest goes to `problems`.
pub(super) fn read(
    files: &[(&'static str, Vec<u8>)],
    city: &ServiceCatalogue,
    problems: &mut Vec<Problem>,
    lost: &mut Lost,
) -> CityData {
    let mut from = Files { bytes: files, problems, lost };
    CityData {
        fingerprint: String::new(),
        parts: [const { String::new() }; 3],
        persons: from.file(&PERSONS, person),
        grants: from.file(&GRANTS, |cells| grant(cells, city)),
        measurements: from.file(&MEASUREMENTS, |cells| measurement(cells, city)),
        providers: from.file(&PROVIDERS, provider),
        units: from.file(&UNITS, |cells| unit(cells, city)),
        placements: from.file(&PLACEMENTS, |cells| placement(cells, city)),
        schedules: from.file(&SESSIONS, schedule),
        occasions: from.file(&OCCASIONS, occasion),
    }
}

struct Files<'a> {
    bytes: &'a [(&'static str, Vec<u8>)],
    problems: &'a mut Vec<Problem>,
    lost: &'a mut Lost,
}

impl Files<'_> {
    fn file<T>(
        &mut self,
        spec: &'static FileSpec,
        parse: impl Fn(&mut Cells<'_>) -> Option<T>,
    ) -> Vec<Row<T>> {
        // A file that is not there has been reported.
        let file = self.bytes.iter().find(|(name, _)| *name == spec.name);
        file.map_or_else(Vec::new, |(_, bytes)| table(spec, bytes, self.problems, self.lost, parse))
    }
}

// Each parser asks for every cell before it gives up, so that all problems of a line are reported.

/// A service of the city.
fn service_of(city: &ServiceCatalogue) -> impl Fn(&str) -> Result<ServiceKey, String> {
    |text| city.service(text).map(|service| service.key).map_err(|unknown| unknown.to_string())
}

fn person(cells: &mut Cells<'_>) -> Option<Person> {
    let person_id = cells.required("person_id", id);
    let district = cells.required("district", words);
    Some(Person { person_id: person_id?.into(), district: district?.into() })
}

fn grant(cells: &mut Cells<'_>, city: &ServiceCatalogue) -> Option<Grant> {
    let grant_id = cells.required("grant_id", id);
    let person_id = cells.required("person_id", id);
    let service = cells.required("service", service_of(city));
    let district = cells.required("district", words);
    let valid_from = cells.required("valid_from", date);
    let valid_to = cells.optional("valid_to", date);
    let scope = scope(cells);
    if let (Some(from), Some(Some(to))) = (valid_from, valid_to)
        && to < from
    {
        cells.refuse::<()>(
            "valid_to",
            format!("the grant ends {to}, before it begins {from}: correct one of them"),
        );
    }
    Some(Grant {
        grant_id: grant_id?.into(),
        person_id: person_id?.into(),
        service: service?,
        district: district?.into(),
        valid_from: valid_from?,
        valid_to: valid_to?,
        scope: scope?,
    })
}

fn scope(cells: &mut Cells<'_>) -> Option<GrantScope> {
    let extent = cells.optional("extent", name);
    let hours_per_week = cells.optional("hours_per_week", hours);
    let time_interval = cells.optional("time_interval", whole(1..=3_u8));
    let personal_assistance = cells.optional("personal_assistance", yes_no);
    let sessions_per_week = cells.optional("sessions_per_week", whole(1..=20_u8));
    Some(GrantScope {
        extent: extent?,
        hours_per_week: hours_per_week?,
        time_interval: time_interval?,
        personal_assistance: personal_assistance?.unwrap_or(false),
        sessions_per_week: sessions_per_week?,
    })
}

fn measurement(cells: &mut Cells<'_>, city: &ServiceCatalogue) -> Option<Measurement> {
    let measurement_id = cells.required("measurement_id", id);
    let person_id = cells.required("person_id", id);
    let service = cells.required("service", service_of(city));
    let visit_date = cells.required("visit_date", date);
    let points = cells.optional("points", whole(0..=999_u16));
    let stated = cells.optional("stated_level", whole(0..=20_u8));
    let valid_from = cells.required("valid_from", date);
    let verdict = match (points?, stated?) {
        (Some(points), None) => Some(Verdict::Points(points)),
        (None, Some(level)) => Some(Verdict::Stated(Level(level))),
        (None, None) => cells.refuse("points", "neither points nor a stated level: give the points"),
        (Some(_), Some(_)) => cells.refuse(
            "stated_level",
            "both points and a stated level: the level follows from the points, leave it out",
        ),
    };
    Some(Measurement {
        measurement_id: measurement_id?.into(),
        person_id: person_id?.into(),
        service: service?,
        visit_date: visit_date?,
        verdict: verdict?,
        valid_from: valid_from?,
    })
}

fn provider(cells: &mut Cells<'_>) -> Option<Provider> {
    let provider_id = cells.required("provider_id", id);
    let name = cells.required("name", words);
    Some(Provider { provider_id: provider_id?.into(), name: name? })
}

fn unit(cells: &mut Cells<'_>, city: &ServiceCatalogue) -> Option<Unit> {
    let unit_id = cells.required("unit_id", id);
    let provider_id = cells.required("provider_id", id);
    let title = cells.required("name", words);
    let service = cells.required("service", service_of(city));
    let district = cells.required("district", words);
    let regime = cells.required("regime", name);
    let regime_from = cells.required("regime_from", date);
    let places = cells.required("places", whole(0..=9999_u16));
    let places_from = cells.required("places_from", date);
    if regime == Some(Regime::OtherMunicipality) {
        cells.refuse::<()>("regime", "no unit has this regime: it is municipal, contracted or private");
    }
    Some(Unit {
        unit_id: unit_id?.into(),
        provider_id: provider_id?.into(),
        name: title?,
        service: service?,
        district: district?.into(),
        regime: regime?,
        regime_from: regime_from?,
        places: places?,
        places_from: places_from?,
    })
}

fn placement(cells: &mut Cells<'_>, city: &ServiceCatalogue) -> Option<Placement> {
    let placement_id = cells.required("placement_id", id);
    let grant_id = cells.required("grant_id", id);
    let person_id = cells.required("person_id", id);
    let service = cells.required("service", service_of(city));
    let unit_id = cells.required("unit_id", id);
    let ordered_start = cells.required("ordered_start", date);
    let actual_start = cells.optional("actual_start", date);
    let notice_date = cells.optional("notice_date", date);
    let end_date = cells.optional("end_date", date);
    let (ordered_start, actual_start, notice_date, end_date) =
        (ordered_start?, actual_start?, notice_date?, end_date?);
    if actual_start.is_some_and(|day| day < ordered_start) {
        cells.refuse::<()>(
            "actual_start",
            format!("the person came before the ordered day {ordered_start}: correct one of them"),
        );
    }
    if notice_date.is_some_and(|day| day < ordered_start) {
        cells.refuse::<()>(
            "notice_date",
            format!("the notice is before the ordered day {ordered_start}: an order given up before it is withdrawn, leave it out"),
        );
    }
    match (actual_start, end_date) {
        (None, Some(_)) => {
            cells.refuse::<()>(
                "end_date",
                "an end without a start: give actual_start, or a notice only if the person never came",
            );
        }
        (Some(start), Some(end)) if end < start => {
            cells.refuse::<()>(
                "end_date",
                format!("the end is before the start {start}: correct one of them"),
            );
        }
        _ => {}
    }
    Some(Placement {
        placement_id: placement_id?.into(),
        grant_id: grant_id?.into(),
        person_id: person_id?.into(),
        service: service?,
        unit_id: unit_id?.into(),
        ordered_start,
        actual_start,
        notice_date,
        end_date,
    })
}

fn schedule(cells: &mut Cells<'_>) -> Option<Schedule> {
    let placement_id = cells.required("placement_id", id);
    let valid_from = cells.required("valid_from", date);
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let sessions = days.map(|day| cells.required(day, whole(0..=2_u8)));
    let [Some(monday), Some(tuesday), Some(wednesday), Some(thursday), Some(friday)] = sessions else {
        return None;
    };
    let sessions = [monday, tuesday, wednesday, thursday, friday];
    let week: u8 = sessions.iter().sum();
    if week > 8 {
        cells.refuse::<()>("monday", format!("{week} sessions a week: at most 8 can be decided"));
    }
    Some(Schedule { placement_id: placement_id?.into(), valid_from: valid_from?, sessions })
}

fn occasion(cells: &mut Cells<'_>) -> Option<Occasion> {
    let placement_id = cells.required("placement_id", id);
    let day = cells.required("date", date);
    let component = cells.required("component", |text| {
        name::<Component>(text)
            .ok()
            .filter(|component| *component == Component::EveningNight)
            .ok_or_else(|| format!("`{text}` is not reported by occasion: only evening_night is"))
    });
    let count = cells.required("count", whole(0..=9_u8));
    Some(Occasion { placement_id: placement_id?.into(), date: day?, component: component?, count: count? })
}
