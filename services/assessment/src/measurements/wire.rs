//! Measurements: messages to values and back.

use std::collections::BTreeMap;

use niva_access::Scope;
use niva_assessment_domain::{
    AreaPoints, Basis, Instrument, Instruments, Measurement, MeasurementRefused, Sheet, Visit, by_scale,
    item_score,
};
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_facts::{Fact, Info};
use niva_models::Catalogue;
use niva_names::{LevelDecisionId, MeasurementId, ServiceCatalogue, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use niva_rpc::wire::{read, write};
use niva_store::Secrets;
use niva_store::page::PageRequest;
use pb::measurement::State;

use crate::measurements::Filter;
use crate::wire::{fact_id, listed, page, service};

/// What a caller says of a measurement.
pub(crate) struct Given {
    pub(crate) visit: Visit,
    pub(crate) points: Points,
}

/// Where its points come from.
pub(crate) enum Points {
    Total(u16),
    /// Scores that an instrument has not judged yet.
    Scored {
        follow_up_date: NaiveDate,
        scores: Vec<pb::ItemScore>,
    },
}

/// A measurement as a caller tells of one; `made` is the id of one that is recorded without.
pub(super) fn told(
    given: Option<&pb::Measurement>,
    made: Option<MeasurementId>,
    city: &ServiceCatalogue,
) -> Result<Given, OpError> {
    let mut v = Violations::new();
    let given = v.required("measurement", given);
    let read = given.and_then(|given| v.nested("measurement", |v| self::given(v, given, made, Some(city))));
    v.finish_with(read)
}

/// What a caller says of a measurement.
pub(crate) fn given(
    v: &mut Violations,
    given: &pb::Measurement,
    made: Option<MeasurementId>,
    city: Option<&ServiceCatalogue>,
) -> Option<Given> {
    let visit = visit(v, given, made, city);
    let points = if let Some(total) = given.total {
        let alone = given.follow_up_date.is_none() && given.scores.is_empty();
        let words = "a measurement has either a total, or a follow-up and scores: leave one of them out";
        v.require(alone, "total", "SCORES_OR_TOTAL", words);
        let total = u16::try_from(total).map_err(|_| format!("{total} is no total: give 0 or more"));
        v.check("total", "FIELD_INVALID", total).map(Points::Total)
    } else {
        read::date(v, "follow_up_date", given.follow_up_date)
            .map(|follow_up_date| Points::Scored { follow_up_date, scores: given.scores.clone() })
    };
    Some(Given { visit: visit?, points: points? })
}

fn visit(
    v: &mut Violations,
    given: &pb::Measurement,
    made: Option<MeasurementId>,
    city: Option<&ServiceCatalogue>,
) -> Option<Visit> {
    let measurement_id = fact_id(v, "measurement_id", &given.measurement_id, made);
    let person_id = read::id(v, "person_id", &given.person_id);
    let service = service(v, "service", &given.service, city);
    let visit_date = read::date(v, "visit_date", given.visit_date);
    Some(Visit {
        measurement_id: measurement_id?,
        person_id: person_id?,
        service: service?,
        visit_date: visit_date?,
    })
}

/// Scores as an instrument allows them.
pub(super) fn sheet(
    instrument: &Instrument,
    follow_up_date: NaiveDate,
    given: &[pb::ItemScore],
) -> Result<Sheet, OpError> {
    let mut v = Violations::new();
    let mut scores = BTreeMap::new();
    for (i, score) in given.iter().enumerate() {
        let item = score.item_key.trim();
        match item_score(instrument, item, score.score.into()) {
            Ok(points) => {
                let free = scores.insert(item.to_owned(), points).is_none();
                let words = format!("`{item}` is scored twice: keep one of them");
                v.require(free, "measurement.scores", "ITEM_TWICE", words);
            }
            Err(error) => {
                let (field, reason) = score_field(&error);
                v.add(&format!("measurement.scores[{i}].{field}"), reason, error.to_string());
            }
        }
    }
    v.finish()?;
    Ok(Sheet { instrument_id: instrument.id.clone(), follow_up_date, scores })
}

/// The field of an item's score that is wrong, and the reason.
pub(super) const fn score_field(error: &MeasurementRefused) -> (&'static str, &'static str) {
    match error {
        MeasurementRefused::ItemUnknown { .. } => ("item_key", "ITEM_UNKNOWN"),
        _ => ("score", "SCORE_NOT_ALLOWED"),
    }
}

/// A measurement as stored; `decided_by` is the decision that stands on it.
pub(crate) fn stored(
    told: &pb::Measurement,
    decided_by: Option<LevelDecisionId>,
) -> Result<Measurement, OpError> {
    let bad = |what: String| OpError::internal(format!("measurement {}: {what}", told.measurement_id));
    let mut v = Violations::new();
    let given = given(&mut v, told, None, None);
    let Given { visit, points } = v.finish_with(given).map_err(|e| bad(e.to_string()))?;
    let basis = match points {
        Points::Total(total) => Basis::Total(total),
        Points::Scored { follow_up_date, scores } => {
            let score =
                |s: pb::ItemScore| Ok((s.item_key, u16::try_from(s.score).map_err(|e| bad(e.to_string()))?));
            let scores = scores.into_iter().map(score).collect::<Result<_, OpError>>()?;
            Basis::Scored(Sheet { instrument_id: told.instrument_id.clone().into(), follow_up_date, scores })
        }
    };
    Ok(Measurement { visit, basis, decided_by })
}

/// RecordScore: the measurement, the item and its score.
pub(crate) fn score(request: &pb::RecordScoreRequest) -> Result<(MeasurementId, String, i64), OpError> {
    let mut v = Violations::new();
    let measurement_id = read::id(&mut v, "measurement_id", &request.measurement_id);
    let given = v.required("score", request.score.as_ref());
    let score = given.and_then(|given| {
        v.nested("score", |v| read::id(v, "item_key", &given.item_key).zip(Some(i64::from(given.score))))
    });
    v.finish_with((|| {
        let (item, score) = score?;
        Some((measurement_id?, item, score))
    })())
}

/// ListMeasurements.
pub(super) fn filter(
    request: &pb::ListMeasurementsRequest,
    (scope, secrets): (&Scope, &Secrets),
    city: &ServiceCatalogue,
) -> Result<(PageRequest, Filter), OpError> {
    let mut v = Violations::new();
    let service = read::optional_service(&mut v, "service", &request.service, city);
    let decided =
        v.check("state", "FIELD_INVALID", State::try_from(request.state)).map(|state| match state {
            State::Unspecified => None,
            State::Open => Some(false),
            State::Decided => Some(true),
        });
    let visited = match request.visited {
        None => Some(None),
        given => read::interval(&mut v, "visited", given).map(Some),
    };
    let listed = listed(&mut v, request.recorded_since, request.include_withdrawn);
    let filter = (|| {
        Some(Filter {
            person_id: read::filter_id(&request.person_id),
            service: service?,
            decided: decided?,
            visited: visited?,
            reached: scope.clone(),
            listed: listed?,
        })
    })();
    let filter = v.finish_with(filter)?;
    let asked = pb::ListMeasurementsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    Ok((page(secrets, scope, "measurements", &asked, (request.page_size, &request.page_token))?, filter))
}

/// A measurement as it is stored: what was told of it.
pub(crate) fn message(measurement: &Measurement, info: Option<&Info>) -> pb::Measurement {
    let visit = &measurement.visit;
    let sheet = measurement.sheet();
    let scores = sheet.into_iter().flat_map(|s| &s.scores);
    let scores = scores.map(|(item, score)| pb::ItemScore { item_key: item.clone(), score: (*score).into() });
    let mut message = pb::Measurement {
        measurement_id: visit.measurement_id.to_string(),
        person_id: visit.person_id.to_string(),
        service: visit.service.into(),
        instrument_id: sheet.map(|s| s.instrument_id.to_string()).unwrap_or_default(),
        visit_date: Some(write::date(visit.visit_date)),
        follow_up_date: sheet.map(|s| write::date(s.follow_up_date)),
        scores: scores.collect(),
        total: sheet.is_none().then(|| measurement.points().into()),
        ..pb::Measurement::default()
    };
    message.set_info(info);
    message
}

/// What shows what a measurement's points give.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) instruments: &'a Instruments,
    /// The day that a level would take effect which is decided without another.
    pub(super) default_effect: NaiveDate,
}

impl Shown<'_> {
    /// A stored measurement with all that is derived from it; `decided` is the decision that stands on it.
    pub(super) fn measurement(
        self,
        mut message: pb::Measurement,
        decided: Option<&pb::LevelDecision>,
    ) -> Result<pb::Measurement, OpError> {
        let measurement = stored(&message, None)?;
        let sheet = measurement.sheet();
        let instrument = sheet.and_then(|s| self.instruments.get(&s.instrument_id));
        if let Some((sheet, instrument)) = sheet.zip(instrument) {
            // As the instrument has them.
            let given = |item: &str| sheet.scores.get(item).copied();
            let scores = instrument.items().filter_map(|item| Some((item.key.clone(), given(&item.key)?)));
            let score = |(item_key, score): (String, u16)| pb::ItemScore { item_key, score: score.into() };
            message.scores = scores.map(score).collect();
            message.missing_items = sheet.missing(instrument);
            let area = |a: AreaPoints| pb::AreaScore {
                area: a.area,
                points: a.points.into(),
                max_points: a.max_points.into(),
            };
            message.areas = sheet.areas(instrument).into_iter().map(area).collect();
        }
        message.points = measurement.points().into();
        let complete = message.missing_items.is_empty();
        let (service, points) = (measurement.visit.service, measurement.points());
        let effect = decided.and_then(|decision| day(decision.valid_from)).unwrap_or(self.default_effect);
        message.state = if decided.is_some() { State::Decided } else { State::Open }.into();
        message.by_visit = self.by_scale(service, points, measurement.visit.visit_date, complete);
        message.by_effect = self.by_scale(service, points, effect, complete);
        Ok(message)
    }

    /// What points give by the scale in force on a day; the level only when they are all there.
    fn by_scale(
        self,
        service: ServiceKey,
        points: u16,
        day: NaiveDate,
        complete: bool,
    ) -> Option<pb::LevelByScale> {
        let by = by_scale(self.catalogue, service, points, day)?;
        Some(pb::LevelByScale {
            scale_id: by.scale_id.into(),
            day: Some(write::date(day)),
            level: by.level.filter(|_| complete).map(write::level),
            points_to_higher_level: by.away.to_higher.map(i32::from),
            points_to_lower_level: by.away.to_lower.map(i32::from),
        })
    }
}

fn day(date: Option<common::Date>) -> Option<NaiveDate> {
    read::date(&mut Violations::new(), "day", date)
}
