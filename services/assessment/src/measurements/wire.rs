//! Measurements: messages to commands and back.

use niva_assessment_domain::{Basis, Decided, Instrument, Instruments, Measurement, derive_level, distance};
use niva_calendar::NaiveDate;
use niva_kit::wire::read::{date, id, service};
use niva_kit::wire::write;
use niva_kit::{OpError, Violations};
use niva_models::Catalogue;
use niva_names::{ServiceCatalogue, ServiceKey};
use niva_proto::assessment::v1 as pb;

/// A measurement as asked for.
pub(super) struct NewMeasurement {
    pub(super) person_id: String,
    pub(super) service: ServiceKey,
    pub(super) visit_date: NaiveDate,
    pub(super) follow_up_date: NaiveDate,
}

/// StartMeasurement.
pub(super) fn new_measurement(
    request: &pb::StartMeasurementRequest,
    city: &ServiceCatalogue,
) -> Result<NewMeasurement, OpError> {
    let mut v = Violations::new();
    let person_id = id(&mut v, "person_id", &request.person_id);
    let service = service(&mut v, "service", &request.service, city);
    let visit_date = date(&mut v, "visit_date", request.visit_date);
    let follow_up_date = date(&mut v, "follow_up_date", request.follow_up_date);
    let measurement = (|| {
        Some(NewMeasurement {
            person_id: person_id?,
            service: service?,
            visit_date: visit_date?,
            follow_up_date: follow_up_date?,
        })
    })();
    v.finish_with(measurement)
}

/// RecordScore: the measurement and the item.
pub(super) fn new_score(request: &pb::RecordScoreRequest) -> Result<(String, String), OpError> {
    let mut v = Violations::new();
    let measurement_id = id(&mut v, "measurement_id", &request.measurement_id);
    let item_key = id(&mut v, "item_key", &request.item_key);
    v.finish_with(measurement_id.zip(item_key))
}

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
            service: service.into(),
            instrument_id: sheet.map(|s| s.instrument_id.clone()).unwrap_or_default(),
            visit_date: Some(write::date(day)),
            follow_up_date: sheet.map(|s| write::date(s.follow_up_date)),
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
