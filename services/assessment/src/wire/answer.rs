//! Results to messages.

use niva_assessment_domain::{
    Basis, Decided, Grant, Instrument, Instruments, LevelBasis, LevelDecision, Measurement, derive_level,
    distance,
};
use niva_kit::wire::write::{self, date, interval, level, scope, timestamp};
use niva_models::Catalogue;
use niva_proto::assessment::v1 as pb;

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
            service: write::service(service).into(),
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
            level: level.map(write::level),
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
        service: write::service(grant.service).into(),
        district: grant.district.clone(),
        valid: Some(interval(grant.valid)),
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
        service: write::service(decision.service).into(),
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
        services: instrument.services.iter().map(|s| write::service(*s).into()).collect(),
        items: items.collect(),
        example: instrument.example,
        max_points: instrument.max_points().into(),
    }
}
