//! What was paid for a fact is taken back when the fact is: by the next run, with a reversal that names it.

use niva_testing::requests::payment::{
    record_occasions, record_premises_cost, record_transition, record_visit,
};
use std::path::Path;
use std::sync::Arc;

use niva_models::Catalogue;
use niva_names::{ServiceCatalogue, stockholm};
use niva_proto::choice::v1::choice_feed_event::Fact;
use niva_proto::choice::v1::{ChoiceFeedEvent, UnitPeriod, placement};
use niva_proto::common::v1::{self as wire, GrantScope, Regime};
use niva_proto::payment::v1::{self as pb, Component, HoldReason, transition::To};

use crate::common::city::{Person, days, on, placed, revision, unit};
use crate::common::told::{agreed, approved_by, evening, schedule};
use crate::common::{Start, World, brief, day, ore};

/// `PL-0001` in supported housing at level 1, from March 2024.
async fn settle(world: &World) {
    let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
    world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
}

/// What a run takes back and pays for months before its own: quantity, öre, and the fact behind it.
async fn corrections(world: &World, run: &pb::PaymentRun) -> Vec<(i64, i64, String)> {
    let month = run.month;
    let lines = world.lines(run).await;
    let earlier = lines.iter().filter(|l| l.month != month);
    earlier.map(|l| (brief(l).3, brief(l).4, l.cause.clone())).collect()
}

niva_testing::on_both_databases! {
    async fn an_agreement(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let agreement = Some(agreed("IA-1", day(2024, 3, 11), Some(day(2024, 3, 20)), 60_000));
        let request = pb::RecordAgreementRequest { min_positions: Vec::new(), request_id: world.request(), validate_only: false, agreement };
        world.maker().agreements.record_agreement(request).await.unwrap();
        // A second person approves each telling before it is paid: the approval is a revision of its own.
        approved_by(&world, "approver", "IA-1", 1).await.unwrap();
        world.paid(2024, 3).await;
        let dearer = Some(agreed("IA-1", day(2024, 3, 11), Some(day(2024, 3, 20)), 70_000));
        let request = pb::CorrectAgreementRequest { request_id: world.request(), expected_revision: 2, reason: "misread".to_owned(), agreement: dearer, ..Default::default() };
        world.maker().agreements.correct_agreement(request).await.unwrap();
        approved_by(&world, "approver", "IA-1", 3).await.unwrap();
        let cause = "agreement IA-1 revision 4".to_owned();
        let april = world.paid(2024, 4).await;
        assert_eq!(corrections(&world, &april).await, [(-10, -600_000, cause.clone()), (10, 700_000, cause)]);
        let request = pb::WithdrawAgreementRequest { request_id: world.request(), expected_revision: 4, reason: "never signed".to_owned(), agreement_id: "IA-1".to_owned(), ..Default::default() };
        world.maker().agreements.withdraw_agreement(request).await.unwrap();
        let may = world.paid(2024, 5).await;
        // The ordinary rate again, as if it had never been agreed: one line for all of March.
        let corrected = corrections(&world, &may).await;
        let amounts: Vec<_> = corrected.iter().map(|(quantity, ore, _)| (*quantity, *ore)).collect();
        assert_eq!(amounts, [(-10, -300_000), (-10, -700_000), (-11, -330_000), (31, 930_000)]);
        let cause = "agreement IA-1 revision 5, withdrawn";
        assert_eq!((corrected[1].2.as_str(), corrected[3].2.as_str()), (cause, cause));
        world.stop().await;
    }

    async fn an_occasion(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let record = |occasions| record_occasions(occasions);
        let told = world.maker().occasions.record_occasions(record(vec![evening((2024, 3, 3), 2)])).await.unwrap().into_inner().occasions;
        world.paid(2024, 3).await;
        let id = told[0].occasion_id.clone();
        let withdraw = pb::WithdrawOccasionRequest { request_id: world.request(), expected_revision: 1, reason: "another person".to_owned(), occasion_id: id.clone(), ..Default::default() };
        world.maker().occasions.withdraw_occasion(withdraw).await.unwrap();
        let april = world.paid(2024, 4).await;
        assert_eq!(corrections(&world, &april).await, [(-2, -64_000, format!("occasion {id} revision 2, withdrawn"))]);
        // The day is free again.
        let again = world.maker().occasions.record_occasions(record(vec![evening((2024, 3, 3), 1)])).await.unwrap().into_inner().occasions;
        let may = world.paid(2024, 5).await;
        assert_eq!(corrections(&world, &may).await, [(1, 32_000, format!("occasion {}", again[0].occasion_id))]);
        world.stop().await;
    }

    async fn an_occasion_that_is_told_and_taken_back_between_two_runs_moves_no_money(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        world.paid(2024, 3).await;
        let request = record_occasions(vec![evening((2024, 3, 3), 2)]);
        let told = world.maker().occasions.record_occasions(request).await.unwrap().into_inner().occasions;
        let withdraw = pb::WithdrawOccasionRequest { request_id: world.request(), expected_revision: 1, reason: "another person".to_owned(), occasion_id: told[0].occasion_id.clone(), ..Default::default() };
        world.maker().occasions.withdraw_occasion(withdraw).await.unwrap();
        let april = world.paid(2024, 4).await;
        assert_eq!(corrections(&world, &april).await, []);
        world.stop().await;
    }

    async fn a_schedule(db: &TestDb) {
        let world = World::start(db, Start { today: day(2013, 4, 2), ..Default::default() }).await;
        let person = Person { district: "Bromma", ..Person::new(1, stockholm::OCCUPATION, day(2013, 3, 1)) };
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
        let scope = GrantScope { sessions_per_week: 3, ..Default::default() };
        world.assessed(&[person.grant_of(1, None, scope), person.level(1, 2, person.start)]).await;
        let given = Some(schedule("PL-0001", (2013, 3, 1), [1, 0, 1, 0, 1]));
        let request = pb::RecordScheduleRequest { min_positions: Vec::new(), request_id: world.request(), validate_only: false, schedule: given };
        let kept = world.maker().schedules.record_schedule(request).await.unwrap().into_inner().schedule.unwrap();
        let march = world.paid(2013, 3).await;
        let paid: Vec<_> = world.lines(&march).await.iter().map(|l| (l.component(), brief(l).3)).collect();
        assert_eq!(paid, [(Component::Rate, 13), (Component::Premises, 13)]);
        let withdraw = pb::WithdrawScheduleRequest { request_id: world.request(), expected_revision: 1, reason: "not decided".to_owned(), schedule_id: kept.schedule_id.clone(), ..Default::default() };
        world.maker().schedules.withdraw_schedule(withdraw).await.unwrap();
        let april = world.paid(2013, 4).await;
        let cause = format!("weekly_schedule {} revision 2, withdrawn", kept.schedule_id);
        let back: Vec<_> = corrections(&world, &april).await.into_iter().map(|(quantity, _, cause)| (quantity, cause)).collect();
        assert_eq!(back, [(-13, cause.clone()), (-13, cause)]);
        let held: Vec<_> = world.holds(&april).await.iter().map(|h| h.hold.as_ref().unwrap().reason()).collect();
        assert!(held.contains(&HoldReason::ScheduleMissing), "{held:?}");
        world.stop().await;
    }

    async fn a_transition(db: &TestDb) {
        let invented = Path::new(env!("CARGO_MANIFEST_DIR")).join("domain/tests/invented");
        let catalogue = Catalogue::of_city(&Arc::new(ServiceCatalogue::shipped().unwrap()), Some(&invented)).unwrap();
        let world = World::start(db, Start { today: day(2025, 4, 2), catalogue, ..Default::default() }).await;
        let person = Person::new(1, stockholm::DAILY_ACTIVITIES_LSS, day(2025, 3, 1));
        let scope = GrantScope { hours_per_week: "30".to_owned(), ..Default::default() };
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
        world.assessed(&[person.grant_of(1, None, scope), person.level(1, 3, person.start)]).await;
        let transition = pb::Transition { placement_id: "PL-0001".to_owned(), job_start: on(day(2025, 3, 17)), to: To::Work.into(), ..Default::default() };
        let request = record_transition(transition);
        let kept = world.maker().transitions.record_transition(request).await.unwrap().into_inner().transition.unwrap();
        // Nobody has visited the workplace: what the support is paid for is held.
        let early = world.calculated(2025, 3).await;
        assert_eq!(world.holds(&early).await[0].hold.as_ref().unwrap().reason(), HoldReason::VisitMissing);
        world.discard(&early).await.unwrap();
        let visit = pb::Visit { placement_id: "PL-0001".to_owned(), date: on(day(2025, 3, 25)), ..Default::default() };
        let request = record_visit(visit);
        world.provider("PR-1").visits.record_visit(request).await.unwrap();
        let march = world.paid(2025, 3).await;
        let paid: Vec<_> = world.lines(&march).await.iter().map(|l| brief(l).3).collect();
        assert_eq!(paid, [10, 11], "level 3 until the job begins, then the transition's rate");
        let withdraw = pb::WithdrawTransitionRequest { request_id: world.request(), expected_revision: 1, reason: "the job came to nothing".to_owned(), transition_id: kept.transition_id.clone(), ..Default::default() };
        world.maker().transitions.withdraw_transition(withdraw).await.unwrap();
        let april = world.paid(2025, 4).await;
        let corrected = corrections(&world, &april).await;
        assert_eq!(corrected.iter().map(|c| c.0).collect::<Vec<_>>(), [-10, -11, 21]);
        assert_eq!(corrected[2].1, 21 * 150_000, "level 3 all through");
        let cause = format!("transition {} revision 2, withdrawn", kept.transition_id);
        assert_eq!((&corrected[1].2, &corrected[2].2), (&cause, &cause));
        world.stop().await;
    }

    async fn a_premises_cost(db: &TestDb) {
        let world = World::new(db).await;
        let person = Person { district: "Bromma", ..Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1)) };
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
        world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
        let cost = pb::PremisesCost { placement_id: "PL-0001".to_owned(), valid: days(day(2024, 3, 1), None), per_month: Some(wire::Money { ore: 310_000 }), ..Default::default() };
        let request = record_premises_cost(cost);
        let kept = world.maker().premises_costs.record_premises_cost(request).await.unwrap().into_inner().premises_cost.unwrap();
        world.paid(2024, 3).await;
        let withdraw = pb::WithdrawPremisesCostRequest { request_id: world.request(), expected_revision: 1, reason: "not sold".to_owned(), premises_cost_id: kept.premises_cost_id.clone(), ..Default::default() };
        world.maker().premises_costs.withdraw_premises_cost(withdraw).await.unwrap();
        let april = world.paid(2024, 4).await;
        assert_eq!(corrections(&world, &april).await, [(-31, -310_000, format!("premises_cost {} revision 2, withdrawn", kept.premises_cost_id))]);
        world.stop().await;
    }

    /// C5: everything that the end took back is paid anew.
    async fn an_end_of_stay(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        world.paid(2024, 3).await;
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        let mut ended = person.placement("U-1");
        (ended.notice_date, ended.end_date, ended.info) = (on(day(2024, 3, 10)), on(day(2024, 3, 12)), revision(2));
        world.chosen(&[placed(ended)]).await;
        world.paid(2024, 4).await;
        let mut open = person.placement("U-1");
        open.info = revision(3);
        world.chosen(&[placed(open)]).await;
        let may = world.paid(2024, 5).await;
        let sums = corrections(&world, &may).await;
        let amounts: Vec<_> = sums.iter().map(|(quantity, ore, _)| (*quantity, *ore)).collect();
        assert_eq!(amounts, [(-14, -420_000), (31, 930_000), (-7, -210_000), (30, 900_000)]);
        world.stop().await;
    }

    /// C11: the first person's months are taken back, the second's are paid.
    async fn a_placement_of_the_wrong_person(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        world.paid(2024, 3).await;
        let [wrong, right] = [1, 2].map(|n| Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1)));
        let mut withdrawn = wrong.placement("U-1");
        withdrawn.state = placement::State::Withdrawn.into();
        let taken_back = wire::fact_info::State::Withdrawn.into();
        withdrawn.info = Some(wire::FactInfo { revision: 2, state: taken_back, ..Default::default() });
        world.chosen(&[placed(withdrawn), right.placed("U-1")]).await;
        world.assessed(&[right.grant(), right.level(2, 1, right.start)]).await;
        let april = world.paid(2024, 4).await;
        let lines = world.lines(&april).await;
        let of: Vec<_> = lines.iter().map(|l| (l.person_id.as_str(), brief(l).4)).collect();
        assert_eq!(of, [("P-0001", -930_000), ("P-0002", 930_000), ("P-0002", 900_000)]);
        world.stop().await;
    }

    /// C7: only the days from the takeover move to the new payee.
    async fn a_provider_until_a_past_date(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        world.paid(2024, 3).await;
        let ChoiceFeedEvent { fact: Some(Fact::Unit(mut taken_over)), .. } = unit("U-1", "PR-1", "Farsta", Regime::Municipal) else { panic!("a unit") };
        let later = UnitPeriod { valid_from: on(day(2024, 3, 16)), provider_id: "PR-2".to_owned(), ..taken_over.periods[0].clone() };
        taken_over.periods.push(later);
        taken_over.info.as_mut().unwrap().revision = 2;
        world.chosen(&[ChoiceFeedEvent { info: None, fact: Some(Fact::Unit(taken_over)) }]).await;
        let april = world.paid(2024, 4).await;
        let lines = world.lines(&april).await;
        let of: Vec<_> = lines.iter().map(|l| (l.provider_id.as_str(), brief(l).3)).collect();
        assert_eq!(of, [("PR-1", -31), ("PR-1", 15), ("PR-2", 16), ("PR-2", 30)]);
        assert_eq!(lines.iter().map(|l| ore(l.amount)).sum::<i64>(), 30 * 30_000);
        world.stop().await;
    }
}
