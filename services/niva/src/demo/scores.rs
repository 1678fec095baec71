//! Measuring item by item, as an assessor does it.

use niva_calendar::NaiveDate;
use niva_models::Catalogue;
use niva_names::{PersonId, ServiceKey};
use niva_proto::assessment::v1 as assessment;
use niva_proto::common::v1::Level;

use crate::failure::{Asked, Failure};
use crate::wire;
use niva_city::Clients;

/// What to measure.
pub(super) struct Wanted<'a> {
    /// Begins every request id of the measurement.
    pub(super) request: String,
    pub(super) person_id: &'a PersonId,
    pub(super) service: ServiceKey,
    /// The level that the points shall give.
    pub(super) level: u8,
    /// Day of the visit.
    pub(super) visit: NaiveDate,
    /// First day of the level; the first of the next month when `None`.
    pub(super) valid_from: Option<NaiveDate>,
}

/// A measurement from the visit to the decision.
pub(super) async fn measure(
    assessor: &Clients,
    catalogue: &Catalogue,
    wanted: &Wanted<'_>,
) -> Result<assessment::LevelDecision, Failure> {
    let mut client = assessor.assessment.clone();
    let Wanted { request, person_id, service, .. } = wanted;
    let follow_up = niva_calendar::plus_days(wanted.visit, -6);
    let started = client
        .measurements
        .record_measurement(assessment::RecordMeasurementRequest {
            request_id: format!("{request}-measure"),
            measurement: Some(assessment::Measurement {
                person_id: (*person_id).into(),
                service: (*service).into(),
                visit_date: Some(wire::date(wanted.visit)),
                follow_up_date: Some(wire::date(follow_up)),
                ..Default::default()
            }),
            ..Default::default()
        })
        .await
        .to(format_args!("start the measurement of {person_id}"))?;
    let measurement_id = started.measurement.to("start a measurement")?.measurement_id;
    let items = instrument(assessor, *service).await?.items;
    let points = points_of(catalogue, wanted)?;
    for (number, (item, score)) in (1..).zip(scores(&items, points)) {
        client
            .measurements
            .record_score(assessment::RecordScoreRequest {
                request_id: format!("{request}-score-{number}"),
                measurement_id: measurement_id.clone(),
                score: Some(assessment::ItemScore { item_key: item, score }),
                ..Default::default()
            })
            .await
            .to(format_args!("score item {number} of {person_id}"))?;
    }
    let decided = client
        .level_decisions
        .decide_level(assessment::DecideLevelRequest {
            request_id: format!("{request}-decide"),
            measurement_id,
            valid_from: wanted.valid_from.map(wire::date),
            expected_level: Some(Level { value: wanted.level.into() }),
            ..Default::default()
        })
        .await
        .to(format_args!("decide the level of {person_id}"))?;
    decided.level_decision.to("decide a level")
}

async fn instrument(assessor: &Clients, service: ServiceKey) -> Result<assessment::Instrument, Failure> {
    let request = assessment::ListInstrumentsRequest { page_size: 1000, page_token: String::new() };
    let instruments = assessor
        .assessment
        .instruments
        .clone()
        .list_instruments(request)
        .await
        .to("list the instruments")?
        .instruments;
    let found = instruments.into_iter().rfind(|i| i.services.contains(&service.into()));
    found.to(format_args!("find an instrument for {service}"))
}

/// The highest total but one of the level's band, so that the way to the next level shows.
fn points_of(catalogue: &Catalogue, wanted: &Wanted<'_>) -> Result<i32, Failure> {
    let scale = catalogue.on(wanted.service, wanted.visit).and_then(|in_force| in_force.terms.scale.as_ref());
    let total = scale.and_then(|scale| {
        let of_level: Vec<u16> = scale
            .totals()
            .filter(|total| scale.level_of(*total).is_some_and(|band| band.level.0 == wanted.level))
            .collect();
        of_level.iter().rev().nth(1).or(of_level.last()).copied()
    });
    total.map(i32::from).to(format_args!("find points for level {} of {}", wanted.level, wanted.service))
}

/// Scores that add up to `points`, where the items allow it: the first items get as much as fits.
fn scores(items: &[assessment::InstrumentItem], points: i32) -> Vec<(String, i32)> {
    let mut left = points;
    let mut score = |item: &assessment::InstrumentItem| {
        let given = item.allowed_scores.iter().copied().filter(|s| *s <= left).max().unwrap_or(0);
        left -= given;
        (item.item_key.clone(), given)
    };
    items.iter().map(&mut score).collect()
}

#[cfg(test)]
mod tests {
    use niva_proto::assessment::v1::InstrumentItem;

    use super::scores;

    #[test]
    fn scores_add_up_to_the_points_and_every_item_has_one() {
        let item = |key: &str, allowed: &[i32]| InstrumentItem {
            item_key: key.to_owned(),
            allowed_scores: allowed.to_vec(),
            ..InstrumentItem::default()
        };
        let items = [item("a", &[0, 2, 4]), item("b", &[0, 2, 4]), item("c", &[0, 2, 4])];
        let given = scores(&items, 6);
        assert_eq!(given, [("a".to_owned(), 4), ("b".to_owned(), 2), ("c".to_owned(), 0)]);
    }
}
