//! Results to messages.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use niva_assessment_domain::{
    Basis, Decided, Grant, Instrument, Instruments, LevelBasis, LevelDecision, Measurement, derive_level,
    distance,
};
use niva_calendar::Interval;
use niva_models::{Catalogue, Extent, Level, Scope, Service};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;

use crate::store::persons::Person;

/// What answers about measurements are made with.
#[derive(Clone, Copy)]
pub(crate) struct Answers<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) instruments: &'a Instruments,
}

impl Answers<'_> {
    pub(crate) fn measurement(self, measurement: &Measurement) -> pb::Measurement {
        let visit = measurement.visit();
        let (service, day) = (visit.service, visit.visit_date);
        let sheet = measurement.sheet();
        let instrument = sheet.and_then(|s| self.instruments.get(&s.instrument_id));
        let missing = sheet.zip(instrument).map(|(s, i)| s.missing(i)).unwrap_or_default();
        let derived =
            |points: u16| derive_level(self.catalogue, service, points.into(), day).ok().map(|d| d.level);
        let level = match measurement {
            Measurement::Decided(Decided { basis: Basis::Stated(level), .. }) => Some(*level),
            _ if !missing.is_empty() => None,
            _ => measurement.points().and_then(derived),
        };
        let away =
            measurement.points().map(|p| distance(self.catalogue, service, p, day)).unwrap_or_default();
        let areas = sheet.zip(instrument).map(|(s, i)| s.areas(i)).unwrap_or_default();
        let state = match measurement {
            Measurement::Open(_) => pb::measurement::State::Open,
            Measurement::Decided(_) => pb::measurement::State::Decided,
        };
        let in_order = instrument.into_iter().flat_map(Instrument::items);
        let scores = in_order.filter_map(|item| {
            let score = *sheet?.scores.get(&item.key)?;
            Some(pb::ItemScore { item_key: item.key.clone(), score: score.into() })
        });
        pb::Measurement {
            measurement_id: visit.measurement_id.clone(),
            person_id: visit.person_id.clone(),
            service: service_type(service).into(),
            instrument_id: sheet.map(|s| s.instrument_id.clone()).unwrap_or_default(),
            visit_date: Some(date(day)),
            follow_up_date: sheet.map(|s| date(s.follow_up_date)),
            state: state.into(),
            scores: scores.collect(),
            missing_items: missing,
            points: measurement.points().unwrap_or_default().into(),
            areas: areas
                .into_iter()
                .map(|a| pb::AreaScore {
                    area: a.area,
                    points: a.points.into(),
                    max_points: a.max_points.into(),
                })
                .collect(),
            level: level.map(self::level),
            points_to_higher_level: away.to_higher.map(i32::from),
            points_to_lower_level: away.to_lower.map(i32::from),
        }
    }
}

pub(crate) fn person(person: &Person) -> pb::Person {
    pb::Person {
        person_id: person.person_id.clone(),
        district: person.district.clone(),
        create_time: Some(timestamp(person.create_time)),
    }
}

pub(crate) fn grant(grant: &Grant) -> pb::Grant {
    let scopes = grant
        .scopes
        .iter()
        .map(|(first, s)| pb::ScopePeriod { valid_from: Some(date(*first)), scope: Some(scope(s)) });
    pb::Grant {
        grant_id: grant.grant_id.clone(),
        person_id: grant.person_id.clone(),
        service: service_type(grant.service).into(),
        district: grant.district.clone(),
        valid: Some(interval(&grant.valid)),
        scopes: scopes.collect(),
        revision: grant.revision,
    }
}

pub(crate) fn level_decision(decision: &LevelDecision) -> pb::LevelDecision {
    let (kind, points, measurement_id, scale_model_id) = match &decision.basis {
        LevelBasis::Measured { points, scale_model_id } => (
            pb::level_decision::Kind::Measured,
            Some(i32::from(*points)),
            decision.measurement_id.clone(),
            scale_model_id.clone(),
        ),
        LevelBasis::Stated => (pb::level_decision::Kind::Stated, None, String::new(), String::new()),
    };
    pb::LevelDecision {
        level_decision_id: decision.level_decision_id.clone(),
        person_id: decision.person_id.clone(),
        service: service_type(decision.service).into(),
        level: Some(level(decision.level)),
        points,
        valid_from: Some(date(decision.valid_from)),
        kind: kind.into(),
        measurement_id,
        scale_model_id,
        decision_number: decision.decision_number,
        decide_time: Some(timestamp(decision.decide_time)),
    }
}

pub(crate) fn instrument(instrument: &Instrument) -> pb::Instrument {
    let items = instrument.areas.iter().flat_map(|area| {
        area.items.iter().map(|item| pb::InstrumentItem {
            item_key: item.key.clone(),
            area: area.key.clone(),
            title: item.title.clone(),
            allowed_scores: item.grades.iter().map(|g| g.score.into()).collect(),
            score_meanings: item.grades.iter().map(|g| g.meaning.clone()).collect(),
            area_title: area.title.clone(),
        })
    });
    pb::Instrument {
        instrument_id: instrument.id.clone(),
        services: instrument.services.iter().map(|s| service_type(*s).into()).collect(),
        items: items.collect(),
        example: instrument.example,
        max_points: instrument.max_points().into(),
    }
}

fn level(level: Level) -> common::Level {
    common::Level { value: level.0.into() }
}

fn scope(scope: &Scope) -> common::GrantScope {
    let extent = match scope.extent {
        None => common::Extent::Unspecified,
        Some(Extent::FullTime) => common::Extent::FullTime,
        Some(Extent::PartTime) => common::Extent::PartTime,
    };
    common::GrantScope {
        extent: extent.into(),
        hours_per_week: scope.hours_per_week.map(|h| h.to_string()).unwrap_or_default(),
        time_interval: scope.time_interval.unwrap_or_default().into(),
        personal_assistance: scope.personal_assistance,
    }
}

fn service_type(service: Service) -> common::ServiceType {
    use common::ServiceType as T;
    match service {
        Service::HousingWithSpecialService => T::HousingWithSpecialService,
        Service::SupportedHousing => T::SupportedHousing,
        Service::HousingSupport => T::HousingSupport,
        Service::Occupation => T::Occupation,
        Service::StudyCircle => T::StudyCircle,
        Service::DailyActivitiesLss => T::DailyActivitiesLss,
        Service::ServiceHousingLss => T::ServiceHousingLss,
        Service::GroupHousingLss => T::GroupHousingLss,
    }
}

fn interval(interval: &Interval) -> common::DateInterval {
    common::DateInterval { first: Some(date(interval.first)), last: interval.end().map(date) }
}

fn date(day: NaiveDate) -> common::Date {
    let part = |n: u32| i32::try_from(n).unwrap_or_default();
    common::Date { year: day.year(), month: part(day.month()), day: part(day.day()) }
}

fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: at.timestamp(), nanos }
}
