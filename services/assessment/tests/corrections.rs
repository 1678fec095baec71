//! What a correction cannot say, nor a record that builds on what others have told: each refused in its own words, and
//! nothing has changed then.

use niva_testing::requests;
use niva_testing::requests::assessment::{record_application, record_level_decision, record_person};
use std::sync::Arc;

use niva_models::Catalogue;
use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use pb::appeal::Outcome as AppealOutcome;
use pb::application_decision::Outcome;
use pb::level_decision::Kind;

use crate::rig::{
    Rig, date, grant_of, hours, living, measure, measurement_request, record, refused, scope, visit,
};

const SERVICE: ServiceKey = stockholm::DAILY_ACTIVITIES_LSS;

fn application(id: &str) -> pb::Application {
    pb::Application {
        application_id: id.into(),
        person_id: "p".into(),
        service: SERVICE.into(),
        district: "Farsta".into(),
        apply_date: date(2024, 1, 10),
        ..Default::default()
    }
}

fn apply(application: pb::Application) -> pb::RecordApplicationRequest {
    let request_id = format!("apply {}", application.application_id);
    pb::RecordApplicationRequest { request_id, ..record_application(application) }
}

fn decided(outcome: Outcome) -> Option<pb::ApplicationDecision> {
    let (decision_date, reason) = (date(2024, 2, 1), "as the law says".into());
    Some(pb::ApplicationDecision { outcome: outcome.into(), decision_date, reason })
}

fn appeal(outcome: AppealOutcome) -> Option<pb::Appeal> {
    Some(pb::Appeal { appeal_date: date(2024, 2, 20), outcome: outcome.into(), outcome_date: None })
}

/// A request that corrects the first revision.
macro_rules! correct {
    ($request:ident { $resource:ident: $value:expr }) => {
        pb::$request {
            request_id: "correct".into(),
            expected_revision: 1,
            reason: "told wrongly".into(),
            $resource: Some($value),
            ..Default::default()
        }
    };
}

fn decision(id: &str, kind: Kind, value: i32, from: Option<common::Date>) -> pb::LevelDecision {
    pb::LevelDecision {
        kind: kind.into(),
        measurement_id: "m".into(),
        ..requests::assessment::level_decision(id, "p", SERVICE, value, from)
    }
}

fn tell(decision: pb::LevelDecision) -> pb::RecordLevelDecisionRequest {
    let request_id = format!("record {}", decision.level_decision_id);
    pb::RecordLevelDecisionRequest { request_id, ..record_level_decision(decision) }
}

fn total(service: ServiceKey, points: i32) -> pb::RecordMeasurementRequest {
    let measurement = pb::Measurement {
        measurement_id: "m".into(),
        follow_up_date: None,
        total: Some(points),
        ..visit("p", service)
    };
    measure("m", measurement)
}

on_both_databases! {
    async fn an_appeal_is_of_a_refusal(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        let granted = pb::Application { decision: decided(Outcome::Granted), appeal: appeal(AppealOutcome::Unspecified), ..application("a") };
        refused!(rig, applications.record_application(apply(granted.clone())), FailedPrecondition, "NOTHING_TO_APPEAL");
        rig.client.clone().applications.record_application(apply(application("a"))).await.unwrap();
        let early = pb::AppealApplicationRequest { request_id: "e".into(), application_id: "a".into(), appeal_date: date(2024, 2, 20), ..Default::default() };
        refused!(rig, applications.appeal_application(early), FailedPrecondition, "NOT_DECIDED");
        let anew = |application| correct!(CorrectApplicationRequest { application: application });
        refused!(rig, applications.correct_application(anew(granted)), FailedPrecondition, "NOTHING_TO_APPEAL");
        let undecided = pb::Application { appeal: appeal(AppealOutcome::Unspecified), ..application("a") };
        refused!(rig, applications.correct_application(anew(undecided)), FailedPrecondition, "NOT_DECIDED");
        let ended = pb::Application { decision: decided(Outcome::Refused), appeal: appeal(AppealOutcome::Dismissed), ..application("a") };
        refused!(rig, applications.correct_application(anew(ended)), InvalidArgument, "OUTCOME_WITHOUT_DAY");
    }

    async fn nothing_begins_after_a_death(db: &TestDb) {
        let rig = Rig::new(db).await;
        let late = || pb::ResidencePeriod { valid_from: date(2024, 3, 2), district: "Bromma".into() };
        let dead = |id: &str| {
            let mut person = pb::Person { death_date: date(2024, 3, 1), ..living(id, "Farsta") };
            person.residences.push(late());
            person
        };
        let request = pb::RecordPersonRequest { request_id: "r".into(), ..record_person(dead("p")) };
        refused!(rig, persons.record_person(request), InvalidArgument, "AFTER_DEATH");
        rig.person("p").await;
        rig.grant("g", "p", SERVICE).await;
        refused!(rig, persons.correct_person(correct!(CorrectPersonRequest { person: dead("p") })), InvalidArgument, "AFTER_DEATH");
        let death = pb::RecordDeathRequest { request_id: "d".into(), person_id: "p".into(), death_date: date(2024, 3, 1), ..Default::default() };
        rig.client.clone().persons.record_death(death).await.unwrap();
        let group = pb::LssGroupPeriod { valid_from: date(2024, 3, 2), group: pb::LssGroup::LssGroup1.into() };
        let assign = pb::AssignLssGroupRequest { request_id: "l".into(), person_id: "p".into(), lss_group: Some(group), ..Default::default() };
        refused!(rig, persons.assign_lss_group(assign), InvalidArgument, "AFTER_DEATH");
        let days = Some(common::DateInterval { first: date(2024, 3, 2), last: None });
        let later = pb::Grant { valid: days, scopes: Vec::new(), ..grant_of("g", "p", SERVICE) };
        refused!(rig, grants.correct_grant(correct!(CorrectGrantRequest { grant: later })), InvalidArgument, "AFTER_DEATH");
    }

    async fn a_grant_keeps_to_its_days_and_its_application(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        let outside = pb::Grant { scopes: vec![scope(date(2025, 1, 1), hours("20"))], ..grant_of("g", "p", SERVICE) };
        refused!(rig, grants.record_grant(record("r", outside)), InvalidArgument, "OUTSIDE_GRANT");
        rig.grant("g", "p", SERVICE).await;
        let other = pb::Application { service: stockholm::OCCUPATION.into(), ..application("a") };
        rig.client.clone().applications.record_application(apply(other)).await.unwrap();
        let answers = pb::Grant { application_id: "a".into(), ..grant_of("g", "p", SERVICE) };
        refused!(rig, grants.correct_grant(correct!(CorrectGrantRequest { grant: answers })), FailedPrecondition, "APPLICATION_OF_OTHER");
    }

    async fn a_visit_is_made_while_there_is_a_grant(db: &TestDb) {
        let rig = Rig::new(db).await;
        let id = rig.measurement("p", SERVICE).await;
        let anew = |measurement| correct!(CorrectMeasurementRequest { measurement: measurement });
        let visit = || pb::Measurement { measurement_id: id.clone(), ..visit("p", SERVICE) };
        refused!(rig, measurements.correct_measurement(anew(pb::Measurement { follow_up_date: date(2024, 3, 19), ..visit() })), InvalidArgument, "FOLLOW_UP_AFTER_VISIT");
        let gone = pb::WithdrawGrantRequest { request_id: "w".into(), expected_revision: 1, reason: "x".into(), grant_id: "grant of p".into(), ..Default::default() };
        rig.client.clone().grants.withdraw_grant(gone).await.unwrap();
        refused!(rig, measurements.correct_measurement(anew(visit())), FailedPrecondition, "NO_GRANT");
    }

    async fn a_level_is_of_the_scale_of_its_day(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        let open = pb::Grant { valid: Some(common::DateInterval { first: date(2024, 1, 1), last: None }), ..grant_of("g", "p", SERVICE) };
        client.grants.record_grant(record("g", open)).await.unwrap();
        client.measurements.record_measurement(total(SERVICE, 60)).await.unwrap();
        let long_ago = date(1999, 1, 1);
        refused!(rig, level_decisions.record_level_decision(tell(decision("d", Kind::Measured, 5, long_ago))), FailedPrecondition, "NO_SCALE");
        client.level_decisions.record_level_decision(tell(decision("d", Kind::Measured, 5, date(2024, 4, 1)))).await.unwrap();
        client.level_decisions.record_level_decision(tell(decision("c", Kind::Conversion, 4, date(2025, 1, 1)))).await.unwrap();
        let anew = |decision| correct!(CorrectLevelDecisionRequest { level_decision: decision });
        refused!(rig, level_decisions.correct_level_decision(anew(decision("d", Kind::Measured, 5, long_ago))), FailedPrecondition, "NO_SCALE");
        // In May 2024 the scale is the one that the measured level is of.
        refused!(rig, level_decisions.correct_level_decision(anew(decision("c", Kind::Conversion, 5, date(2024, 5, 1)))), FailedPrecondition, "SAME_SCALE");
    }

    /// A city's own scale of 2024 reaches to 120, the one of 2025 to 110.
    async fn a_level_is_not_moved_to_a_day_whose_scale_has_none_for_its_points(db: &TestDb) {
        let mut own = Catalogue::shipped().unwrap();
        for terms in own.models.iter_mut().filter(|m| m.id == "daily-activities-2024").flat_map(|m| &mut m.services) {
            let scale = terms.scale.as_mut().unwrap();
            scale.max_points = 120;
            scale.bands.last_mut().unwrap().to = Some(120);
        }
        let rig = Rig::with_models(db, true, Arc::new(own)).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        rig.grant("g", "p", SERVICE).await;
        client.measurements.record_measurement(total(SERVICE, 115)).await.unwrap();
        let from = |day| decision("d", Kind::Measured, 7, day);
        client.level_decisions.record_level_decision(tell(from(date(2024, 4, 1)))).await.unwrap();
        let anew = correct!(CorrectLevelDecisionRequest { level_decision: from(date(2025, 1, 1)) });
        refused!(rig, level_decisions.correct_level_decision(anew), FailedPrecondition, "POINTS_WITHOUT_LEVEL");
    }

    async fn a_level_is_recorded_of_points_that_have_one(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        rig.grant("g", "p", stockholm::SUPPORTED_HOUSING).await;
        let measured = |value| pb::LevelDecision { service: stockholm::SUPPORTED_HOUSING.into(), ..decision("d", Kind::Measured, value, date(2024, 4, 1)) };
        rig.client.clone().measurements.record_measurement(total(stockholm::SUPPORTED_HOUSING, 13)).await.unwrap();
        refused!(rig, level_decisions.record_level_decision(tell(measured(2))), FailedPrecondition, "POINTS_WITHOUT_LEVEL");
        let open = measurement_request("open", "p", stockholm::SUPPORTED_HOUSING);
        let open = rig.client.clone().measurements.record_measurement(open).await.unwrap().into_inner().measurement.unwrap();
        let unscored = pb::LevelDecision { measurement_id: open.measurement_id, ..measured(2) };
        refused!(rig, level_decisions.record_level_decision(tell(unscored)), FailedPrecondition, "ITEMS_MISSING");
    }

    async fn an_example_is_no_ground_for_a_level(db: &TestDb) {
        let rig = Rig::with_examples(db, false).await;
        let measurement_id = rig.measurement("p", stockholm::SUPPORTED_HOUSING).await;
        rig.score_all(&measurement_id, 1).await;
        let by_example = pb::LevelDecision { service: stockholm::SUPPORTED_HOUSING.into(), measurement_id, ..decision("d", Kind::Measured, 2, date(2024, 4, 1)) };
        refused!(rig, level_decisions.record_level_decision(tell(by_example)), FailedPrecondition, "EXAMPLE_INSTRUMENT");
    }
}
