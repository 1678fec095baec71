//! Two facts of a kind that have days of their own, and a correction that takes a day of the other.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{self as wire, Regime};
use niva_proto::payment::v1::{self as pb, Component, create_import_request::Record, transition::To};
use niva_testing::requests::payment::record_occasions;

use crate::common::city::{Person, days, on, unit};
use crate::common::told::{agreed, evening, schedule};
use crate::common::{World, day, reason};

/// `PL-0001` in supported housing, at a unit of `PR-1`.
async fn settle(world: &World) {
    let one = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal)]).await;
    world.chosen(&[one.placed("U-1")]).await;
    world.assessed(&[one.grant()]).await;
}

fn march(first: u32, last: u32) -> Option<wire::DateInterval> {
    days(day(2024, 3, first), Some(day(2024, 3, last)))
}

fn here() -> String {
    "PL-0001".to_owned()
}

/// Records two facts, and corrects the second to what is given: it shares a day with the first.
macro_rules! overlaps {
    ($world:ident, $clients:ident, $one:ident ($id:ident): $record:ident by $call:ident, $correct:ident by $anew:ident;
     $first:expr, $second:expr, $changed:expr) => {{
        let mut client = $world.maker().$clients;
        let mut told = Vec::new();
        for fact in [$first, $second] {
            let request =
                pb::$record { request_id: $world.request(), $one: Some(fact), ..Default::default() };
            told.push(client.$call(request).await.unwrap().into_inner().$one.unwrap());
        }
        let changed: fn(_) -> _ = $changed;
        let request = pb::$correct {
            request_id: $world.request(),
            expected_revision: 1,
            reason: "misread".to_owned(),
            $one: Some(changed(told[1].clone())),
            ..Default::default()
        };
        let status = client.$anew(request).await.unwrap_err();
        let other = niva_rpc::metadata(&status, "fact_id");
        assert_eq!((reason(&status).as_str(), other), ("PERIOD_OVERLAPS", Some(told[0].$id.clone())));
    }};
}

niva_testing::on_both_databases! {
    async fn a_correction_takes_no_day_of_another(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        overlaps!(world, schedules, schedule (schedule_id): RecordScheduleRequest by record_schedule, CorrectScheduleRequest by correct_schedule;
            schedule("PL-0001", (2024, 3, 4), [1; 5]), schedule("PL-0001", (2024, 3, 11), [1; 5]),
            |s: pb::Schedule| pb::Schedule { valid_from: on(day(2024, 3, 4)), ..s });
        let absent = |days| pb::Absence { placement_id: here(), days, ..Default::default() };
        overlaps!(world, absences, absence (absence_id): RecordAbsenceRequest by record_absence, CorrectAbsenceRequest by correct_absence;
            absent(march(4, 8)), absent(march(11, 15)), |a: pb::Absence| pb::Absence { days: march(8, 15), ..a });
        overlaps!(world, agreements, agreement (agreement_id): RecordAgreementRequest by record_agreement, CorrectAgreementRequest by correct_agreement;
            agreed("A", day(2024, 3, 1), Some(day(2024, 3, 10)), 100), agreed("B", day(2024, 3, 11), None, 100),
            |a: pb::Agreement| pb::Agreement { valid: march(10, 31), ..a });
        let costs = |valid| pb::PremisesCost { placement_id: here(), valid, per_month: Some(wire::Money { ore: 310_000 }), ..Default::default() };
        overlaps!(world, premises_costs, premises_cost (premises_cost_id): RecordPremisesCostRequest by record_premises_cost, CorrectPremisesCostRequest by correct_premises_cost;
            costs(march(4, 10)), costs(march(11, 31)), |c: pb::PremisesCost| pb::PremisesCost { valid: march(10, 31), ..c });
        let moved = |first, last| pb::Transition {
            placement_id: here(), job_start: on(day(2024, 3, first)), support_end: on(day(2024, 3, last)), to: To::Work.into(), ..Default::default()
        };
        overlaps!(world, transitions, transition (transition_id): RecordTransitionRequest by record_transition, CorrectTransitionRequest by correct_transition;
            moved(4, 8), moved(11, 15), |t: pb::Transition| pb::Transition { job_start: on(day(2024, 3, 8)), ..t });
    }

    async fn an_occasion_is_of_a_day_and_of_what_is_reported(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let mut client = world.maker().occasions;
        let occasions = vec![evening((2024, 3, 11), 1), evening((2024, 3, 12), 1)];
        let request = record_occasions(occasions);
        let told = client.record_occasions(request).await.unwrap().into_inner().occasions;
        let anew = |occasion| pb::CorrectOccasionRequest {
            request_id: world.request(), expected_revision: 1, reason: "misread".to_owned(), occasion: Some(occasion), ..Default::default()
        };
        let same_day = pb::Occasion { date: told[0].date, ..told[1].clone() };
        assert_eq!(reason(&client.correct_occasion(anew(same_day)).await.unwrap_err()), "PERIOD_OVERLAPS");
        let rent = pb::Occasion { component: Component::Premises.into(), ..told[1].clone() };
        assert_eq!(reason(&client.correct_occasion(anew(rent)).await.unwrap_err()), "COMPONENT_NOT_REPORTED");
        let get = pb::GetOccasionRequest { occasion_id: told[1].occasion_id.clone(), as_of: None };
        assert_eq!(client.get_occasion(get).await.unwrap().into_inner().occasion.as_ref(), Some(&told[1]));
    }

    async fn an_import_is_one_stream_of_records_that_are_no_files(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let mut client = world.by(Caller::new("import", [Role::Importer])).imports;
        let message = |request_id: &str, occasion| pb::CreateImportRequest {
            request_id: request_id.to_owned(), record: Some(Record::Occasion(occasion)), ..Default::default()
        };
        let twice = vec![message("i", evening((2024, 3, 11), 1)), message("i", evening((2024, 3, 12), 1))];
        let status = client.create_import(tokio_stream::iter(twice)).await.unwrap_err();
        assert_eq!(reason(&status), "REQUEST_ID_REPEATED");
        let long = pb::Occasion { occasion_id: "x".repeat(70_000), ..evening((2024, 3, 11), 1) };
        let status = client.create_import(tokio_stream::iter(vec![message("j", long)])).await.unwrap_err();
        assert_eq!(reason(&status), "IMPORT_TOO_LARGE");
    }
}
