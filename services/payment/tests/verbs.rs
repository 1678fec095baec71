//! What every fact of a placement can do: be recorded, corrected, withdrawn, and read back as it stood; and what is
//! refused on the way.

use chrono::TimeDelta;
use niva_testing::requests::payment::{
    record_absence, record_agreement, record_occasions, record_premises_cost, record_schedule,
    record_transition, record_visit,
};

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{self as wire, Regime, fact_info::State};
use niva_proto::payment::v1::{
    self as pb, Absence, Agreement, Occasion, PremisesCost, Schedule, Transition, Visit, WeeklySchedule,
    transition::To,
};

use crate::common::city::{Person, days, on, unit};
use crate::common::told::{agreed, evening, schedule};
use crate::common::{World, day, reason};

/// `PL-0001` in supported housing and `PL-0003` beside it, at units of `PR-1` and `PR-2`.
async fn settle(world: &World) {
    let [one, three] = [1, 3].map(|n| Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1)));
    let units =
        [unit("U-1", "PR-1", "Farsta", Regime::Municipal), unit("U-2", "PR-2", "Farsta", Regime::Private)];
    world.chosen(&units).await;
    world.chosen(&[one.placed("U-1"), three.placed("U-2")]).await;
    let levels = [one.level(1, 1, one.start), three.level(2, 1, three.start)];
    world.assessed(&[one.grant(), three.grant()]).await;
    world.assessed(&levels).await;
}

fn hour(world: &World) {
    world.clock.advance(TimeDelta::hours(1));
}

fn stamp(world: &World) -> Option<prost_types::Timestamp> {
    Some(niva_rpc::wire::write::timestamp(world.now.now()))
}

/// Walks a fact that was recorded through everything that can happen to it. `changed` says something else of the same days,
/// `overlapping` is another fact on one of them.
macro_rules! walk {
    (
        $world:ident, $clients:ident: $one:ident ($id:ident), $many:ident;
        $correct:ident, $withdraw:ident, $get:ident, $list:ident, $revisions:ident;
        $recorded:expr, $changed:expr, $placement:ident
    ) => {{
        let world = &$world;
        let mut client = world.maker().$clients;
        let kept = $recorded;
        let id = kept.$id.clone();
        let info = kept.info.clone().unwrap();
        let author = info.author.clone().unwrap();
        assert_eq!((info.fact_id.as_str(), info.revision, info.state()), (id.as_str(), 1, State::Stands));
        assert_eq!((author.subject.as_str(), author.role.as_str()), ("maker", "finance_maker"));
        let get = |as_of| pb::$get { $id: id.clone(), as_of };
        let told_at = stamp(world);

        // Corrections that are refused, and one that is only rehearsed.
        hour(world);
        let correction = |request_id: &str, expected_revision, reason: &str, validate_only| pb::$correct {
            request_id: request_id.to_owned(),
            validate_only,
            expected_revision,
            reason: reason.to_owned(),
            $one: Some($changed(kept.clone())),
        };
        walk!(@refused client, $correct, correction("c", 0, "why", false), "REVISION_NOT_NEWEST");
        walk!(@refused client, $correct, correction("c", 2, "why", false), "REVISION_NOT_NEWEST");
        walk!(@refused client, $correct, correction("c", 1, " ", false), "REASON_MISSING");
        let mut elsewhere = correction("c", 1, "why", false);
        elsewhere.$one.as_mut().unwrap().$placement = "PL-0003".to_owned();
        walk!(@refused client, $correct, elsewhere, "PLACEMENT_DIFFERS");
        let mut unknown = correction("c", 1, "why", false);
        unknown.$one.as_mut().unwrap().$id = "nobody".to_owned();
        walk!(@refused client, $correct, unknown, "NOT_FOUND");
        let rehearsed = walk!(@call client, $correct, correction("c", 1, "why", true)).$one.unwrap();
        assert_eq!(rehearsed.info.unwrap().revision, 2);
        assert_eq!(walk!(@call client, $get, get(None)).$one, Some(kept.clone()), "nothing has changed");

        // One that is not; repeated, it is the same.
        let request_id = world.request();
        let second = walk!(@call client, $correct, correction(&request_id, 1, "told wrongly", false)).$one.unwrap();
        let again = walk!(@call client, $correct, correction(&request_id, 1, "told wrongly", false)).$one.unwrap();
        let info = second.info.clone().unwrap();
        assert_eq!((info.revision, info.state(), info.reason.as_str()), (2, State::Stands, "told wrongly"));
        assert_eq!((&again, walk!(@call client, $get, get(None)).$one.as_ref()), (&second, Some(&second)));
        assert_eq!(walk!(@call client, $get, get(told_at)).$one, Some(kept.clone()), "as it stood");
        let before = Some(prost_types::Timestamp { seconds: told_at.unwrap().seconds - 1, nanos: 0 });
        walk!(@refused client, $get, get(before), "NOT_FOUND");
        let future = Some(prost_types::Timestamp { seconds: told_at.unwrap().seconds + 86_400, nanos: 0 });
        walk!(@refused client, $get, get(future), "AS_OF_IN_FUTURE");

        // Lists.
        let (found, gone) = (vec![second.clone()], Vec::new());
        let all = pb::$list { placement_id: "PL-0001".to_owned(), ..Default::default() };
        let lists = client.clone();
        let listed = |request: pb::$list| {
            let mut client = lists.clone();
            async move { walk!(@call client, $list, request).$many }
        };
        let march = |first, last| days(day(2024, 3, first), Some(day(2024, 3, last)));
        assert_eq!(listed(all.clone()).await, found);
        assert_eq!(listed(pb::$list { days: march(1, 31), ..all.clone() }).await, found);
        assert_eq!(listed(pb::$list { days: days(day(2023, 3, 1), Some(day(2023, 3, 2))), ..all.clone() }).await, gone);
        assert_eq!(listed(pb::$list { person_id: "P-0001".to_owned(), ..Default::default() }).await, found);
        assert_eq!(listed(pb::$list { person_id: "P-0003".to_owned(), ..Default::default() }).await, gone);
        assert_eq!(listed(pb::$list { recorded_since: stamp(world), ..all.clone() }).await, found);
        walk!(@refused client, $list, pb::$list { page_token: "forged".to_owned(), ..all.clone() }, "PAGE_TOKEN_INVALID");
        walk!(@refused client, $list, pb::$list { page_size: -1, ..all.clone() }, "PAGE_SIZE_NEGATIVE");

        // Withdrawn, it counts no more, and stays readable.
        hour(world);
        let since = stamp(world);
        let withdrawal = |request_id: String, expected_revision, reason: &str| pb::$withdraw {
            request_id,
            validate_only: false,
            expected_revision,
            reason: reason.to_owned(),
            $id: id.clone(),
        };
        walk!(@refused client, $withdraw, withdrawal("w".to_owned(), 1, "why"), "REVISION_NOT_NEWEST");
        walk!(@refused client, $withdraw, withdrawal("w".to_owned(), 2, ""), "REASON_MISSING");
        let third = walk!(@call client, $withdraw, withdrawal(world.request(), 2, "wrong person")).$one.unwrap();
        let info = third.info.clone().unwrap();
        assert_eq!((info.revision, info.state()), (3, State::Withdrawn));
        walk!(@refused client, $withdraw, withdrawal("w".to_owned(), 3, "why"), "FACT_WITHDRAWN");
        walk!(@refused client, $correct, correction("c", 3, "why", false), "FACT_WITHDRAWN");
        assert_eq!(listed(all.clone()).await, gone);
        assert_eq!(listed(pb::$list { include_withdrawn: true, recorded_since: since, ..all }).await, vec![third.clone()]);
        assert_eq!(walk!(@call client, $get, get(None)).$one, Some(third.clone()));

        let request = pb::$revisions { $id: id.clone(), page_size: 2, ..Default::default() };
        let first_page = walk!(@call client, $revisions, request.clone());
        assert_eq!(first_page.revisions, [kept, second]);
        let request = pb::$revisions { page_token: first_page.next_page_token, ..request };
        let last_page = walk!(@call client, $revisions, request);
        assert_eq!((last_page.revisions, last_page.next_page_token.as_str()), (vec![third], ""));
    }};
    (@call $client:ident, $request:ident, $message:expr) => {
        call!($client, $request, $message).await.unwrap().into_inner()
    };
    (@refused $client:ident, $request:ident, $message:expr, $reason:literal) => {
        assert_eq!(reason(&call!($client, $request, $message).await.unwrap_err()), $reason)
    };
}

niva_testing::on_both_databases! {
    async fn a_schedule_is_recorded_corrected_withdrawn_and_read_back(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let record = |schedule| record_schedule(schedule);
        let given = schedule("PL-0001", (2024, 3, 11), [1, 0, 1, 0, 1]);
        let kept = world.maker().schedules.record_schedule(record(given.clone())).await.unwrap().into_inner().schedule.unwrap();
        let second = world.maker().schedules.record_schedule(record(given)).await.unwrap_err();
        assert_eq!((reason(&second), niva_rpc::metadata(&second, "fact_id")), ("PERIOD_OVERLAPS".to_owned(), Some(kept.schedule_id.clone())));
        let other = |s: Schedule| Schedule { week: Some(WeeklySchedule { monday: 2, ..Default::default() }), ..s };
        walk!(
            world, schedules: schedule (schedule_id), schedules;
            CorrectScheduleRequest, WithdrawScheduleRequest, GetScheduleRequest, ListSchedulesRequest, ListScheduleRevisionsRequest;
            kept, other, placement_id
        );
        world.stop().await;
    }

    async fn occasions_are_recorded_corrected_withdrawn_and_read_back(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let record = |occasions| record_occasions(occasions);
        let kept = world.maker().occasions.record_occasions(record(vec![evening((2024, 3, 11), 2)])).await.unwrap().into_inner().occasions;
        assert_eq!(reason(&world.maker().occasions.record_occasions(record(vec![evening((2024, 3, 10), 1), evening((2024, 3, 11), 2)])).await.unwrap_err()), "PERIOD_OVERLAPS");
        assert_eq!(reason(&world.maker().occasions.record_occasions(record(vec![evening((2024, 3, 12), 1), evening((2024, 3, 12), 2)])).await.unwrap_err()), "PERIOD_OVERLAPS");
        let other = |o: Occasion| Occasion { count: 0, ..o };
        walk!(
            world, occasions: occasion (occasion_id), occasions;
            CorrectOccasionRequest, WithdrawOccasionRequest, GetOccasionRequest, ListOccasionsRequest, ListOccasionRevisionsRequest;
            kept[0].clone(), other, placement_id
        );
        world.stop().await;
    }

    async fn an_absence_is_recorded_corrected_withdrawn_and_read_back(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let before = world.preview(2024, 3).await.unwrap();
        let absence = Absence { placement_id: "PL-0001".to_owned(), days: days(day(2024, 3, 4), Some(day(2024, 3, 8))), ..Default::default() };
        let record = |absence| record_absence(absence);
        let kept = world.maker().absences.record_absence(record(absence.clone())).await.unwrap().into_inner().absence.unwrap();
        assert_eq!(reason(&world.maker().absences.record_absence(record(absence)).await.unwrap_err()), "PERIOD_OVERLAPS");
        let after = world.preview(2024, 3).await.unwrap();
        assert_eq!(after.control, before.control, "it changes no money");
        let other = |a: Absence| Absence { days: days(day(2024, 3, 4), Some(day(2024, 3, 9))), ..a };
        walk!(
            world, absences: absence (absence_id), absences;
            CorrectAbsenceRequest, WithdrawAbsenceRequest, GetAbsenceRequest, ListAbsencesRequest, ListAbsenceRevisionsRequest;
            kept, other, placement_id
        );
        world.stop().await;
    }

    async fn an_agreement_is_recorded_corrected_withdrawn_and_read_back(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let record = |agreement| record_agreement(agreement);
        let given = agreed("IA-1", day(2024, 3, 4), Some(day(2024, 3, 8)), 70_000);
        let incomplete = Agreement { unit: 0, agreed_by: String::new(), ..given.clone() };
        let refused = world.maker().agreements.record_agreement(record(incomplete)).await.unwrap_err();
        assert_eq!(niva_rpc::reasons(&refused), ["AGREEMENT_UNIT_UNKNOWN", "FIELD_REQUIRED"]);
        let kept = world.maker().agreements.record_agreement(record(given)).await.unwrap().into_inner().agreement.unwrap();
        let other = |a: Agreement| Agreement { price: Some(wire::Money { ore: 60_000 }), ..a };
        walk!(
            world, agreements: agreement (agreement_id), agreements;
            CorrectAgreementRequest, WithdrawAgreementRequest, GetAgreementRequest, ListAgreementsRequest, ListAgreementRevisionsRequest;
            kept, other, placement_id
        );
        world.stop().await;
    }

    async fn a_transition_is_recorded_corrected_withdrawn_and_read_back(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let transition = Transition { placement_id: "PL-0001".to_owned(), job_start: on(day(2024, 3, 4)), to: To::Work.into(), ..Default::default() };
        let record = |transition| record_transition(transition);
        let kept = world.maker().transitions.record_transition(record(transition.clone())).await.unwrap().into_inner().transition.unwrap();
        let later = Transition { job_start: on(day(2024, 5, 4)), ..transition };
        assert_eq!(reason(&world.maker().transitions.record_transition(record(later)).await.unwrap_err()), "PERIOD_OVERLAPS");
        let other = |t: Transition| Transition { support_end: on(day(2024, 3, 31)), ..t };
        walk!(
            world, transitions: transition (transition_id), transitions;
            CorrectTransitionRequest, WithdrawTransitionRequest, GetTransitionRequest, ListTransitionsRequest, ListTransitionRevisionsRequest;
            kept, other, placement_id
        );
        world.stop().await;
    }

    async fn a_visit_is_recorded_corrected_withdrawn_and_read_back(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let visit = Visit { placement_id: "PL-0001".to_owned(), date: on(day(2024, 3, 4)), ..Default::default() };
        let record = |visit| record_visit(visit);
        let tomorrow = Visit { date: on(day(2024, 4, 3)), ..visit.clone() };
        assert_eq!(reason(&world.maker().visits.record_visit(record(tomorrow)).await.unwrap_err()), "DATE_IN_FUTURE");
        let kept = world.maker().visits.record_visit(record(visit.clone())).await.unwrap().into_inner().visit.unwrap();
        assert_eq!(reason(&world.maker().visits.record_visit(record(visit)).await.unwrap_err()), "PERIOD_OVERLAPS");
        let other = |v: Visit| Visit { date: on(day(2024, 3, 5)), ..v };
        walk!(
            world, visits: visit (visit_id), visits;
            CorrectVisitRequest, WithdrawVisitRequest, GetVisitRequest, ListVisitsRequest, ListVisitRevisionsRequest;
            kept, other, placement_id
        );
        world.stop().await;
    }

    async fn a_premises_cost_is_recorded_corrected_withdrawn_and_read_back(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let cost = PremisesCost { placement_id: "PL-0001".to_owned(), valid: days(day(2024, 3, 4), None), per_month: Some(wire::Money { ore: 310_000 }), ..Default::default() };
        let record = |premises_cost| record_premises_cost(premises_cost);
        let kept = world.maker().premises_costs.record_premises_cost(record(cost.clone())).await.unwrap().into_inner().premises_cost.unwrap();
        assert_eq!(reason(&world.maker().premises_costs.record_premises_cost(record(cost)).await.unwrap_err()), "PERIOD_OVERLAPS");
        let other = |c: PremisesCost| PremisesCost { valid: days(day(2024, 3, 4), Some(day(2024, 3, 31))), ..c };
        walk!(
            world, premises_costs: premises_cost (premises_cost_id), premises_costs;
            CorrectPremisesCostRequest, WithdrawPremisesCostRequest, GetPremisesCostRequest, ListPremisesCostsRequest, ListPremisesCostRevisionsRequest;
            kept, other, placement_id
        );
        world.stop().await;
    }

    async fn a_provider_tells_and_reads_of_its_own_units_alone(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let record = |occasions| record_occasions(occasions);
        let told = world.provider("PR-1").occasions.record_occasions(record(vec![evening((2024, 3, 11), 2)])).await.unwrap().into_inner().occasions;
        let other = Occasion { placement_id: "PL-0003".to_owned(), ..evening((2024, 3, 11), 1) };
        world.maker().occasions.record_occasions(record(vec![other.clone()])).await.unwrap();
        assert_eq!(reason(&world.provider("PR-1").occasions.record_occasions(record(vec![other])).await.unwrap_err()), "PLACEMENT_UNKNOWN");
        let id = told[0].occasion_id.clone();
        let get = pb::GetOccasionRequest { occasion_id: id.clone(), as_of: None };
        assert!(world.provider("PR-1").occasions.get_occasion(get.clone()).await.is_ok());
        assert_eq!(reason(&world.provider("PR-2").occasions.get_occasion(get).await.unwrap_err()), "NOT_FOUND");
        let revisions = pb::ListOccasionRevisionsRequest { occasion_id: id.clone(), ..Default::default() };
        assert_eq!(reason(&world.provider("PR-2").occasions.list_occasion_revisions(revisions).await.unwrap_err()), "NOT_FOUND");
        let withdraw = pb::WithdrawOccasionRequest { request_id: world.request(), expected_revision: 1, reason: "not mine".to_owned(), occasion_id: id.clone(), ..Default::default() };
        assert_eq!(reason(&world.provider("PR-2").occasions.withdraw_occasion(withdraw).await.unwrap_err()), "NOT_FOUND");
        let correct = pb::CorrectOccasionRequest { request_id: world.request(), expected_revision: 1, reason: "not mine".to_owned(), occasion: Some(told[0].clone()), ..Default::default() };
        assert_eq!(reason(&world.provider("PR-2").occasions.correct_occasion(correct).await.unwrap_err()), "NOT_FOUND");
        for (provider, expected) in [("PR-1", "PL-0001"), ("PR-2", "PL-0003")] {
            let listed = world.provider(provider).occasions.list_occasions(pb::ListOccasionsRequest::default()).await.unwrap().into_inner().occasions;
            assert_eq!(listed.iter().map(|o| o.placement_id.as_str()).collect::<Vec<_>>(), [expected]);
        }
        let nothing = world.provider("PR-9").occasions.list_occasions(pb::ListOccasionsRequest::default()).await.unwrap().into_inner();
        assert_eq!(nothing.occasions, []);
        let nobody = world.by(Caller::new("x", [Role::Provider])).occasions.list_occasions(pb::ListOccasionsRequest::default()).await.unwrap_err();
        assert_eq!(reason(&nobody), "SCOPE_MISSING");
        world.stop().await;
    }

    async fn lists_come_in_pages_that_are_good_for_one_list_and_caller(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let occasions = (1..=5).map(|n| evening((2024, 3, n), 1)).collect();
        let record = record_occasions(occasions);
        world.maker().occasions.record_occasions(record).await.unwrap();
        let mut client = world.maker().occasions;
        let request = pb::ListOccasionsRequest { page_size: 2, ..Default::default() };
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = client.list_occasions(pb::ListOccasionsRequest { page_token: token, ..request.clone() }).await.unwrap().into_inner();
            seen.extend(page.occasions.into_iter().map(|o| o.occasion_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
            let other = pb::ListOccasionsRequest { page_token: token.clone(), placement_id: "PL-0001".to_owned(), ..request.clone() };
            assert_eq!(reason(&client.list_occasions(other).await.unwrap_err()), "PAGE_TOKEN_INVALID");
            let stolen = pb::ListOccasionsRequest { page_token: token.clone(), ..request.clone() };
            assert_eq!(reason(&world.by(Caller::new("y", [Role::Auditor])).occasions.list_occasions(stolen).await.unwrap_err()), "PAGE_TOKEN_INVALID");
        }
        let mut sorted = seen.clone();
        sorted.sort();
        assert_eq!((seen.len(), seen == sorted), (5, true));
        world.stop().await;
    }
}
