//! What is refused of visits, transitions to work, schedules and special compensation, beyond what every fact is.

use niva_access::{Caller, Role};
use niva_calendar::NaiveDate;
use niva_names::stockholm;
use niva_proto::common::v1::{self as wire, GrantScope, Regime};
use niva_proto::payment::v1::{
    self as pb, SpecialCompensation, Transition, Visit, transition::Outcome, transition::To,
};
use niva_testing::requests::payment::{record_schedule, record_special, record_transition, record_visit};

use crate::common::city::{Person, days, on, unit, unit_of};
use crate::common::told::schedule;
use crate::common::{Client, World, day, reason};

/// `PL-0001` and `PL-0003` in supported housing, at units of `PR-1` and `PR-2`; `PL-0002` in occupation of 2013, three sessions a
/// week.
async fn settle(world: &World) {
    let [one, three] = [1, 3].map(|n| Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1)));
    let two = Person::new(2, stockholm::OCCUPATION, day(2013, 3, 1));
    let units =
        [unit("U-1", "PR-1", "Farsta", Regime::Municipal), unit("U-2", "PR-2", "Farsta", Regime::Private)];
    world.chosen(&units).await;
    world.chosen(&[one.placed("U-1"), three.placed("U-2"), two.placed("U-1")]).await;
    let sessions = GrantScope { sessions_per_week: 3, ..Default::default() };
    world.assessed(&[one.grant(), three.grant(), two.grant_of(1, None, sessions)]).await;
}

fn visit(placement_id: &str, made: NaiveDate) -> Visit {
    Visit { placement_id: placement_id.to_owned(), date: on(made), ..Default::default() }
}

fn transition(support_end: Option<NaiveDate>, outcome: Outcome) -> Transition {
    Transition {
        transition_id: "T-1".to_owned(),
        placement_id: "PL-0001".to_owned(),
        job_start: on(day(2024, 3, 4)),
        support_end: support_end.and_then(on),
        to: To::Work.into(),
        outcome: Some(outcome),
        ..Default::default()
    }
}

fn special() -> SpecialCompensation {
    SpecialCompensation {
        special_compensation_id: "SC-1".to_owned(),
        placement_id: "PL-0001".to_owned(),
        valid: days(day(2024, 3, 20), Some(day(2024, 4, 18))),
        amount: Some(wire::Money { ore: 100_000 }),
        apply_date: on(day(2024, 3, 10)),
        purpose: "a second member of staff at night".to_owned(),
        ..Default::default()
    }
}

fn nobody(world: &World) -> Client {
    world.by(Caller::new("x", [Role::Provider]))
}

macro_rules! refused {
    ($call:expr, $reason:literal) => {
        assert_eq!(reason(&$call.await.unwrap_err()), $reason)
    };
}

niva_testing::on_both_databases! {
    async fn of_visits(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        // PR-2 takes over on 16 March.
        let periods = [(day(2000, 1, 1), "PR-1", Regime::Municipal), (day(2024, 3, 16), "PR-2", Regime::Private)];
        world.chosen(&[unit_of("U-1", "Farsta", 2, &periods)]).await;
        let record = |visit| record_visit(visit);
        let named = |id: &str, visit| Visit { visit_id: id.to_owned(), ..visit };
        for (id, placement, n) in [("V-1", "PL-0001", 4), ("V-2", "PL-0001", 5), ("V-3", "PL-0003", 4)] {
            world.maker().visits.record_visit(record(named(id, visit(placement, day(2024, 3, n))))).await.unwrap();
        }
        let own = visit("PL-0001", day(2024, 3, 6));
        refused!(world.maker().visits.record_visit(record(named("V-1", own.clone()))), "ID_TAKEN");
        refused!(world.maker().visits.record_visit(record(visit("PL-9", day(2024, 3, 6)))), "PLACEMENT_UNKNOWN");
        refused!(world.provider("PR-1").visits.record_visit(record(visit("PL-0003", day(2024, 3, 6)))), "PLACEMENT_UNKNOWN");
        refused!(nobody(&world).visits.record_visit(record(own.clone())), "SCOPE_MISSING");

        let correct = |visit| pb::CorrectVisitRequest { request_id: world.request(), expected_revision: 1, reason: "misread".to_owned(), visit: Some(visit), ..Default::default() };
        refused!(world.maker().visits.correct_visit(correct(named("V-1", visit("PL-0001", day(2024, 3, 5))))), "PERIOD_OVERLAPS");
        refused!(world.maker().visits.correct_visit(correct(named("V-1", visit("PL-0001", day(2024, 4, 3))))), "DATE_IN_FUTURE");
        refused!(world.provider("PR-1").visits.correct_visit(correct(named("V-1", visit("PL-0001", day(2024, 3, 20))))), "PLACEMENT_UNKNOWN");
        refused!(nobody(&world).visits.correct_visit(correct(named("V-1", own))), "SCOPE_MISSING");
        let withdraw = |id: &str| pb::WithdrawVisitRequest { request_id: world.request(), expected_revision: 1, reason: "misread".to_owned(), visit_id: id.to_owned(), ..Default::default() };
        refused!(world.maker().visits.withdraw_visit(withdraw("V-9")), "NOT_FOUND");
        refused!(nobody(&world).visits.withdraw_visit(withdraw("V-1")), "SCOPE_MISSING");

        let get = pb::GetVisitRequest { visit_id: "V-1".to_owned(), as_of: None };
        refused!(nobody(&world).visits.get_visit(get), "SCOPE_MISSING");
        let list = pb::ListVisitsRequest::default();
        refused!(nobody(&world).visits.list_visits(list.clone()), "SCOPE_MISSING");
        let backwards = days(day(2024, 3, 2), Some(day(2024, 3, 1)));
        refused!(world.maker().visits.list_visits(pb::ListVisitsRequest { days: backwards, ..list }), "END_BEFORE_START");
        let revisions = pb::ListVisitRevisionsRequest { visit_id: "V-1".to_owned(), ..Default::default() };
        refused!(nobody(&world).visits.list_visit_revisions(revisions.clone()), "SCOPE_MISSING");
        let of = |page_size, page_token: &str| pb::ListVisitRevisionsRequest { page_size, page_token: page_token.to_owned(), ..revisions.clone() };
        refused!(world.maker().visits.list_visit_revisions(of(-1, "")), "PAGE_SIZE_NEGATIVE");
        refused!(world.maker().visits.list_visit_revisions(of(0, "forged")), "PAGE_TOKEN_INVALID");
        let unknown = pb::ListVisitRevisionsRequest { visit_id: "V-9".to_owned(), ..revisions };
        refused!(world.maker().visits.list_visit_revisions(unknown), "NOT_FOUND");
        world.stop().await;
    }

    async fn of_transitions_and_schedules(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let record = |transition| record_transition(transition);
        let open = transition(None, Outcome::Left(true));
        let early = transition(Some(day(2024, 3, 20)), Outcome::ReturnDate(on(day(2024, 3, 3)).unwrap()));
        refused!(world.maker().transitions.record_transition(record(open.clone())), "OUTCOME_WITHOUT_SUPPORT_END");
        refused!(world.maker().transitions.record_transition(record(early.clone())), "RETURN_BEFORE_JOB");
        world.maker().transitions.record_transition(record(transition(Some(day(2024, 3, 20)), Outcome::Left(true)))).await.unwrap();
        let correct = |transition| pb::CorrectTransitionRequest { request_id: world.request(), expected_revision: 1, reason: "misread".to_owned(), transition: Some(transition), ..Default::default() };
        refused!(world.maker().transitions.correct_transition(correct(open)), "OUTCOME_WITHOUT_SUPPORT_END");
        refused!(world.maker().transitions.correct_transition(correct(early)), "RETURN_BEFORE_JOB");

        let week = |sessions| pb::Schedule { schedule_id: "S-1".to_owned(), ..schedule("PL-0002", (2013, 3, 1), sessions) };
        let request = record_schedule(week([1, 0, 1, 0, 1]));
        world.maker().schedules.record_schedule(request).await.unwrap();
        let correct = pb::CorrectScheduleRequest { request_id: world.request(), expected_revision: 1, reason: "misread".to_owned(), schedule: Some(week([1, 1, 1, 0, 1])), ..Default::default() };
        refused!(world.maker().schedules.correct_schedule(correct), "SCHEDULE_EXCEEDS_GRANT");
        world.stop().await;
    }

    async fn of_special_compensation(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let request = record_special(special());
        world.maker().special_compensations.record_special_compensation(request).await.unwrap();
        let mut client = world.maker().special_compensations;
        let withdraw = |id: &str, expected_revision, why: &str| pb::WithdrawSpecialCompensationRequest { request_id: world.request(), expected_revision, reason: why.to_owned(), special_compensation_id: id.to_owned(), ..Default::default() };
        refused!(client.withdraw_special_compensation(withdraw("SC-9", 1, "misread")), "NOT_FOUND");
        refused!(client.withdraw_special_compensation(withdraw("SC-1", 2, "misread")), "REVISION_NOT_NEWEST");
        refused!(client.withdraw_special_compensation(withdraw("SC-1", 1, "")), "REASON_MISSING");
        client.withdraw_special_compensation(withdraw("SC-1", 1, "misread")).await.unwrap();
        refused!(client.withdraw_special_compensation(withdraw("SC-1", 2, "misread")), "FACT_WITHDRAWN");
        let correct = |why: &str| pb::CorrectSpecialCompensationRequest { request_id: world.request(), expected_revision: 2, reason: why.to_owned(), special_compensation: Some(special()), ..Default::default() };
        refused!(client.correct_special_compensation(correct("")), "REASON_MISSING");
        refused!(client.correct_special_compensation(correct("misread")), "FACT_WITHDRAWN");

        let get = |id: &str, as_of| pb::GetSpecialCompensationRequest { special_compensation_id: id.to_owned(), as_of };
        refused!(client.get_special_compensation(get("SC-9", None)), "NOT_FOUND");
        let future = prost_types::Timestamp { seconds: world.now.now().timestamp() + 86_400, nanos: 0 };
        refused!(client.get_special_compensation(get("SC-1", Some(future))), "AS_OF_IN_FUTURE");
        refused!(nobody(&world).special_compensations.get_special_compensation(get("SC-1", None)), "SCOPE_MISSING");
        let list = pb::ListSpecialCompensationsRequest::default();
        refused!(nobody(&world).special_compensations.list_special_compensations(list.clone()), "SCOPE_MISSING");
        let backwards = days(day(2024, 3, 2), Some(day(2024, 3, 1)));
        refused!(client.list_special_compensations(pb::ListSpecialCompensationsRequest { days: backwards, ..list.clone() }), "END_BEFORE_START");
        refused!(client.list_special_compensations(pb::ListSpecialCompensationsRequest { page_size: -1, ..list.clone() }), "PAGE_SIZE_NEGATIVE");
        refused!(client.list_special_compensations(pb::ListSpecialCompensationsRequest { page_token: "forged".to_owned(), ..list }), "PAGE_TOKEN_INVALID");
        let revisions = pb::ListSpecialCompensationRevisionsRequest { special_compensation_id: "SC-1".to_owned(), ..Default::default() };
        refused!(nobody(&world).special_compensations.list_special_compensation_revisions(revisions.clone()), "SCOPE_MISSING");
        let of = |page_size, page_token: &str| pb::ListSpecialCompensationRevisionsRequest { page_size, page_token: page_token.to_owned(), ..revisions.clone() };
        refused!(client.list_special_compensation_revisions(of(-1, "")), "PAGE_SIZE_NEGATIVE");
        refused!(client.list_special_compensation_revisions(of(0, "forged")), "PAGE_TOKEN_INVALID");
        let unknown = pb::ListSpecialCompensationRevisionsRequest { special_compensation_id: "SC-9".to_owned(), ..revisions };
        refused!(client.list_special_compensation_revisions(unknown), "NOT_FOUND");
        world.stop().await;
    }
}
